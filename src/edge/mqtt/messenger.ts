/**
 * Sends notifications over MQTT (clause 7): one message per notification, one connection per MQTT broker, user and version.
 *
 * Publishing uses the client of the package `mqtt`. Receiving (ingest/session.ts) uses only its codec, the package `mqtt-packet`.
 * The client acknowledges each message before it emits the next, so several messages could not share one commit.
 */
import type { LookupFunction } from 'node:net';
import type { Attempt, Delivery, Message, Messenger } from '../../core/port/messenger.ts';
import { objectionToHost } from '../address.ts';
import { type Connection, openConnection } from './connection.ts';
import { payloadOf } from './payload.ts';
import { type PublishOptions, type Objection, readPublishOptions, readTarget, type Target } from './target.ts';

export interface MqttMessengerOptions {
  /** Time in milliseconds within which an MQTT broker must take a message. A message may set its own timeout. */
  readonly timeoutMs: number;
  /** Time in milliseconds for which an idle connection is kept; absent: a minute. */
  readonly idleMs?: number;
  /** Resolves names to permitted addresses only; absent: all addresses are permitted. */
  readonly lookupPublic?: LookupFunction;
}

/** A connection that several attempts share. */
interface Shared {
  readonly key: string;
  readonly connection: Connection;
  /** Number of attempts in progress. */
  users: number;
  timer: NodeJS.Timeout | undefined;
}

interface Pool extends MqttMessengerOptions {
  readonly shared: Map<string, Shared>;
  /** Functions that stop the attempts in progress. */
  readonly stops: Set<(reason: string) => void>;
}

export function createMqttMessenger(options: MqttMessengerOptions): Messenger {
  const pool: Pool = { ...options, shared: new Map(), stops: new Set() };
  return {
    schemes: ['mqtt', 'mqtts'],
    objection(uri, notifierInfo = {}) {
      const route = routeOf(pool, uri, notifierInfo);
      return 'objection' in route ? route.objection : undefined;
    },
    send: (message) => begin(pool, message),
    async close() {
      for (const stop of pool.stops) stop('the broker stops');
      await Promise.all([...pool.shared.values()].map(({ timer, connection }) => endWith(timer, connection)));
      pool.shared.clear();
    },
  };
}

interface Route {
  readonly target: Target;
  readonly options: PublishOptions;
}

function routeOf({ lookupPublic }: Pool, uri: string, notifierInfo: Message['notifierInfo']): Route | Objection {
  const target = readTarget(uri);
  if ('objection' in target) return target;
  const objection = objectionToHost(target.host, lookupPublic === undefined);
  if (objection !== undefined) return { objection };
  const publishOptions = readPublishOptions(notifierInfo);
  return 'objection' in publishOptions ? publishOptions : { target, options: publishOptions };
}

function begin(pool: Pool, message: Message): Attempt {
  const route = routeOf(pool, message.uri, message.notifierInfo);
  if ('objection' in route)
    return { done: Promise.resolve({ kind: 'refused', reason: route.objection }), abandon: () => undefined };
  let abandon = (_reason: string): void => undefined;
  const abandoned = new Promise<Delivery>((resolve) => {
    abandon = (reason) => resolve({ kind: 'unreached', reason });
  });
  pool.stops.add(abandon);
  const timeoutMs = message.timeoutMs ?? pool.timeoutMs;
  const timer = setTimeout(() => abandon(`the MQTT broker did not take it within ${timeoutMs} ms`), timeoutMs);
  const shared = use(pool, route);
  const { target, options: publishOptions } = route;
  const published = shared.connection.publish({
    topic: target.topic,
    payload: payloadOf(message),
    qos: publishOptions.qos,
    isRetained: publishOptions.isRetained,
  });
  const done = Promise.race([published, abandoned]).finally(() => {
    clearTimeout(timer);
    pool.stops.delete(abandon);
    release(pool, shared);
  });
  return { done, abandon: () => abandon('it was given up') };
}

/** Returns the shared connection for this route, and opens it when there is none. */
function use(pool: Pool, { target, options: { version } }: Route): Shared {
  const { topic: _, ...channel } = target;
  const key = JSON.stringify({ ...channel, version });
  const shared = pool.shared.get(key) ?? open(pool, key, { target, version });
  shared.users += 1;
  clearTimeout(shared.timer);
  return shared;
}

function open(
  { shared, timeoutMs, lookupPublic }: Pool,
  key: string,
  channel: { readonly target: Target; readonly version: PublishOptions['version'] },
): Shared {
  const lookup = lookupPublic ? { lookup: lookupPublic } : undefined;
  const connection = openConnection({ ...channel, timeoutMs, ...lookup });
  const made: Shared = { key, connection, users: 0, timer: undefined };
  shared.set(key, made);
  void connection.closed.then(() => forget(shared, made));
  return made;
}

function forget(shared: Pool['shared'], made: Shared): void {
  clearTimeout(made.timer);
  if (shared.get(made.key) === made) shared.delete(made.key);
}

function release({ shared, idleMs = 60_000 }: Pool, made: Shared): void {
  made.users -= 1;
  if (made.users > 0 || shared.get(made.key) !== made) return;
  made.timer = setTimeout(() => {
    forget(shared, made);
    void made.connection.end();
  }, idleMs);
}

async function endWith(timer: NodeJS.Timeout | undefined, connection: Connection): Promise<void> {
  clearTimeout(timer);
  await connection.end();
}
