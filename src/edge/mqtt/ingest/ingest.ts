/** Ingests messages of an MQTT broker into the store, and reconnects after failures (docs/mqtt.md). */
import { setTimeout as wait } from 'node:timers/promises';
import type { Identity } from '../../../core/access/identity.ts';
import type { Services } from '../../../core/operation/operation.ts';
import { backoffMs } from '../../../core/subscription/backoff.ts';
import { createDeadLetterPublisher, type DeadLetterPublisher } from './dead-letter-publisher.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import type { IngestPlan } from './plan.ts';
import { readMessage } from './read-message.ts';
import { createRejections, type Rejections } from './rejections.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';
import { createWriter } from './write-elements.ts';

export interface IngestOptions {
  readonly plan: IngestPlan;
  readonly services: Services;
  readonly limits: {
    /** Maximum packet size in bytes that the MQTT broker may send (MQTT 5.0 only). */
    readonly bytesMax: number;
    readonly depthMax: number;
    /** Time in milliseconds within which the MQTT broker must accept the connection. */
    readonly timeoutMs: number;
  };
}

export interface Ingest {
  /** Finishes messages in progress, then disconnects. */
  stop(): Promise<void>;
}

/** Maximum total bytes of messages in progress. */
const inFlightBytesMax = 64 * 2 ** 20;

/** State that persists across sessions. */
interface IngestState extends IngestOptions {
  readonly signal: AbortSignal;
  readonly rejections: Rejections;
  /** Ids of QoS 2 messages that are durable already. */
  readonly durableIds: Set<number>;
  /** The current session; undefined without a connection. */
  session: Session | undefined;
  readonly deadLetterPublisher: DeadLetterPublisher | undefined;
}

export function startIngest(options: IngestOptions): Ingest {
  const stop = new AbortController();
  const { plan, services, limits } = options;
  const state: IngestState = {
    ...options,
    signal: stop.signal,
    rejections: createRejections(plan.clientId, services.observe),
    durableIds: new Set(),
    session: undefined,
    deadLetterPublisher: createDeadLetterPublisher(plan, limits.timeoutMs, stop.signal),
  };
  const stopped = run(state).catch((cause: unknown) => {
    if (!stop.signal.aborted) services.observe({ kind: 'failed', where: 'ingest', cause });
  });
  return {
    async stop() {
      stop.abort();
      await stopped;
      state.rejections.close();
      await state.deadLetterPublisher?.close();
    },
  };
}

/** Rejects when the signal aborts during a wait. */
async function run(state: IngestState): Promise<void> {
  await loadContexts(state);
  const pipeline = await openPipeline(state);
  const aborted = new Promise<undefined>((resolve) => {
    state.signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  for (let failures = 0; !state.signal.aborted; ) {
    const session = open(state, pipeline);
    const began = await Promise.race([session.ready.then(() => true), session.closed.then(() => false), aborted]);
    if (began === true) {
      failures = 0;
      state.services.observe({ kind: 'ingestOpened', ...nameOf(state.plan) });
    }
    const reason = await Promise.race([session.closed, aborted]);
    if (reason === undefined) session.pause();
    // Finish the messages of this session first: the next session may deliver them again, and must not overtake them.
    await pipeline.idle();
    if (reason === undefined) return session.end();
    state.session = undefined;
    failures += 1;
    state.services.observe({ kind: 'ingestClosed', source: state.plan.clientId, reason });
    await wait(backoffMs(failures, Math.random()), undefined, { signal: state.signal });
  }
}

const nameOf = ({
  clientId,
  server: { host, port },
}: IngestPlan): { readonly source: string; readonly where: string } => ({
  source: clientId,
  where: `${host}:${port}`,
});

/** Waits until the @contexts of the plan are loaded, so that no message is lost while one is not available. */
async function loadContexts({ plan, services, signal }: IngestState): Promise<void> {
  for (let failures = 1; ; failures += 1) {
    try {
      await Promise.all(plan.contexts.map((url) => services.contexts.resolve(url, plan.tenant)));
      return;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      services.observe({ kind: 'ingestClosed', source: plan.clientId, reason });
      await wait(backoffMs(failures, Math.random()), undefined, { signal });
    }
  }
}

/** Writes what has no writer of its own, where access is open. */
const identityOf = ({ clientId }: IngestPlan): Identity => ({
  kind: 'local',
  subject: `mqtt:${clientId}`,
  roles: ['writer'],
});

async function openPipeline(state: IngestState): Promise<Pipeline> {
  const { plan, services, signal, limits, rejections, deadLetterPublisher } = state;
  const reading = {
    topics: plan.topics,
    bytesMax: plan.payloadBytesMax,
    depthMax: limits.depthMax,
    rowsMax: services.limits.batchMax,
  };
  return createPipeline({
    source: plan.clientId,
    clock: services.clock,
    yieldToEventLoop: services.yieldToEventLoop,
    observe: services.observe,
    read: (arrived) => readMessage(arrived, reading),
    write: await createWriter({ tenant: plan.tenant, services, signal, identity: identityOf(plan) }),
    async reject(rejected) {
      rejections.note(rejected);
      const refusal = await deadLetterPublisher?.publish(rejected);
      if (refusal !== undefined) rejections.note({ ...rejected, reason: `it is no dead letter either: ${refusal}` });
    },
    most: { messages: plan.underWayMax, bytes: inFlightBytesMax },
    full(isFull) {
      if (isFull) state.session?.pause();
      else state.session?.resume();
    },
  });
}

function open(state: IngestState, pipeline: Pipeline): Session {
  const { plan, limits, durableIds } = state;
  const { server, version, clientId, keptSeconds, underWayMax, topics } = plan;
  const session = openSession({
    server,
    version,
    clientId,
    keptSeconds,
    underWayMax,
    packetBytesMax: limits.bytesMax,
    timeoutMs: limits.timeoutMs,
    subscriptions: subscriptionsOf(topics),
    receive: (message) => pipeline.take(message),
    durableIds,
  });
  state.session = session;
  return session;
}

/** Subscribes to each filter once, with its highest QoS. */
function subscriptionsOf(topics: IngestPlan['topics']): SessionOptions['subscriptions'] {
  const byFilter = Map.groupBy(topics, ({ pattern }) => pattern.filter);
  const rising = [0, 1, 2] as const;
  return [...byFilter].map(([topic, plans]) => ({
    topic,
    qos: rising.findLast((level) => plans.some(({ qos }) => qos === level)) ?? 0,
  }));
}
