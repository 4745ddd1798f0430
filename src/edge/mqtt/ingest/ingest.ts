/** Ingestion over MQTT: stays with an MQTT broker, and brings what it says into the store (docs/mqtt.md). */
import { setTimeout as wait } from 'node:timers/promises';
import type { World } from '../../../core/operation/operation.ts';
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
  readonly world: World;
  readonly limits: {
    /** Largest message that the MQTT broker is to send, by MQTT 5.0. */
    readonly bytesMax: number;
    readonly depthMax: number;
    /** Longest time in which the MQTT broker must have let us in. */
    readonly timeoutMs: number;
  };
}

export interface Ingest {
  /** Settles what is under way, then takes its leave. */
  stop(): Promise<void>;
}

/** Most bytes of messages under way. */
const bytesMost = 64 * 2 ** 20;

/** Everything that outlives a session. */
interface IngestState extends IngestOptions {
  readonly signal: AbortSignal;
  readonly rejections: Rejections;
  /** Ids of messages of QoS 2 that are safe with us. */
  readonly safe: Set<number>;
  /** The present session; none while there is no connection. */
  session: Session | undefined;
  readonly deadLetterPublisher: DeadLetterPublisher | undefined;
}

export function startIngest(options: IngestOptions): Ingest {
  const stop = new AbortController();
  const { plan, world, limits } = options;
  const standing: IngestState = {
    ...options,
    signal: stop.signal,
    rejections: createRejections(plan.clientId, world.observe),
    safe: new Set(),
    session: undefined,
    deadLetterPublisher: createDeadLetterPublisher(plan, limits.timeoutMs, stop.signal),
  };
  const stopped = run(standing).catch((cause: unknown) => {
    if (!stop.signal.aborted) world.observe({ kind: 'failed', where: 'ingest', cause });
  });
  return {
    async stop() {
      stop.abort();
      await stopped;
      standing.rejections.close();
      await standing.deadLetterPublisher?.close();
    },
  };
}

/** Rejects when the signal is given while it waits. */
async function run(standing: IngestState): Promise<void> {
  await loadContexts(standing);
  const pipeline = await openPipeline(standing);
  const aborted = new Promise<undefined>((resolve) => {
    standing.signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  for (let failures = 0; !standing.signal.aborted; ) {
    const session = open(standing, pipeline);
    const began = await Promise.race([session.ready.then(() => true), session.closed.then(() => false), aborted]);
    if (began === true) {
      failures = 0;
      standing.world.observe({ kind: 'ingestOpened', ...nameOf(standing.plan) });
    }
    const reason = await Promise.race([session.closed, aborted]);
    if (reason === undefined) session.pause();
    // What came by this session is settled first: it may come again by the next one, which must not overtake it.
    await pipeline.idle();
    if (reason === undefined) return session.end();
    standing.session = undefined;
    failures += 1;
    standing.world.observe({ kind: 'ingestClosed', source: standing.plan.clientId, reason });
    await wait(backoffMs(failures, Math.random()), undefined, { signal: standing.signal });
  }
}

const nameOf = ({
  clientId,
  server: { host, port },
}: IngestPlan): { readonly source: string; readonly where: string } => ({
  source: clientId,
  where: `${host}:${port}`,
});

/** Waits until the @contexts of the plan are there: no message is to be lost because one cannot be had now. */
async function loadContexts({ plan, world, signal }: IngestState): Promise<void> {
  for (let failures = 1; ; failures += 1) {
    try {
      await Promise.all(plan.contexts.map((url) => world.contexts.resolve(url, plan.tenant)));
      return;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      world.observe({ kind: 'ingestClosed', source: plan.clientId, reason });
      await wait(backoffMs(failures, Math.random()), undefined, { signal });
    }
  }
}

async function openPipeline(standing: IngestState): Promise<Pipeline> {
  const { plan, world, signal, limits, rejections, deadLetterPublisher: graveyard } = standing;
  const reading = {
    topics: plan.topics,
    bytesMax: plan.payloadBytesMax,
    depthMax: limits.depthMax,
    rowsMax: world.limits.batchMax,
  };
  return createPipeline({
    source: plan.clientId,
    clock: world.clock,
    yieldToEventLoop: world.yieldToEventLoop,
    observe: world.observe,
    read: (arrived) => readMessage(arrived, reading),
    write: await createWriter({ tenant: plan.tenant, world, signal }),
    async reject(rejected) {
      rejections.note(rejected);
      const refusal = await graveyard?.publish(rejected);
      if (refusal !== undefined) rejections.note({ ...rejected, reason: `it is no dead letter either: ${refusal}` });
    },
    most: { messages: plan.underWayMax, bytes: bytesMost },
    full(isFull) {
      if (isFull) standing.session?.pause();
      else standing.session?.resume();
    },
  });
}

function open(standing: IngestState, pipeline: Pipeline): Session {
  const { plan, limits, safe } = standing;
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
    safe,
  });
  standing.session = session;
  return session;
}

/** Each filter once, with the highest QoS that it has. */
function subscriptionsOf(topics: IngestPlan['topics']): SessionOptions['subscriptions'] {
  const byFilter = Map.groupBy(topics, ({ pattern }) => pattern.filter);
  const rising = [0, 1, 2] as const;
  return [...byFilter].map(([topic, plans]) => ({
    topic,
    qos: rising.findLast((level) => plans.some(({ qos }) => qos === level)) ?? 0,
  }));
}
