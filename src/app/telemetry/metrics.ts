/** Counts observations in metrics of the Prometheus format. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Memory } from '../../core/port/memory.ts';
import type { Observation, Observe } from '../../core/port/observe.ts';
import type { Stores } from '../../core/port/store.ts';
import { createMemoryCount, watchMemory } from './memory-metrics.ts';
import { createSourceCount } from './source-metrics.ts';

export interface Metrics {
  readonly observe: Observe;
  /** From this call on, each reading of the metrics includes the sizes of the stores and whether the broker is ready. */
  readonly watch: (watched: Watched) => void;
  /** The metrics as text, and its media type. */
  readonly read: () => Promise<{ readonly type: string; readonly body: string }>;
}

/** The sources that the metrics read when they are scraped. */
interface Watched extends Pick<Stores, 'sizes'> {
  /** The reason why the broker is not ready; undefined when it is ready. */
  readonly unready: () => Promise<string | undefined>;
  readonly memory: Memory;
}

/** The metrics of one broker and of its process. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const instruments = createInstruments(registry);
  return {
    observe: (observation) => count(instruments, observation),
    watch(watched) {
      watchSizes(registry, watched);
      watchReadiness(registry, watched);
      watchMemory(registry, watched.memory);
    },
    read: async () => ({ type: registry.contentType, body: await registry.metrics() }),
  };
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

function createInstruments(registry: Registry) {
  const registers = [registry];
  return {
    ...createServerInstruments(registry),
    ...createFailureInstruments(registry),
    countMemory: createMemoryCount(registry),
    countSource: createSourceCount(registry),
    violations: new Counter({
      name: 'mlaka_model_violations_total',
      help: 'Broken rules of data models.',
      labelNames: ['type'],
      registers,
    }),
    contexts: new Counter({
      name: 'mlaka_contexts_total',
      help: 'Remote contexts fetched.',
      labelNames: ['result'],
      registers,
    }),
    ...createSubscriptionInstruments(registry),
    ...createIngestInstruments(registry),
    jobs: new Histogram({
      name: 'mlaka_job_seconds',
      help: 'Time that jobs took.',
      labelNames: ['job'],
      buckets: seconds,
      registers,
    }),
  };
}

function createServerInstruments(registry: Registry) {
  const registers = [registry];
  return {
    answers: new Histogram({
      name: 'mlaka_request_seconds',
      help: 'Time to answer requests.',
      labelNames: ['binding', 'operation', 'status'],
      buckets: seconds,
      registers,
    }),
    certificateEnd: new Gauge({
      name: 'mlaka_tls_certificate_end_seconds',
      help: 'When the certificate in use ends, as Unix time.',
      labelNames: ['file'],
      registers,
    }),
  };
}

function createFailureInstruments(registry: Registry) {
  const registers = [registry];
  return {
    failures: new Counter({
      name: 'mlaka_failures_total',
      help: 'Faults inside the broker.',
      labelNames: ['where'],
      registers,
    }),
    lostTransactions: new Counter({
      name: 'mlaka_store_lost_transactions_total',
      help: 'Transactions in damaged write-ahead logs that could not be read when the broker started.',
      registers,
    }),
    quotas: new Counter({
      name: 'mlaka_quota_exceeded_total',
      help: 'Requests that were refused because their sender had used up a quota.',
      labelNames: ['quota'],
      registers,
    }),
    storeFailures: new Counter({
      name: 'mlaka_store_failures_total',
      help: 'Requests that a full disk or a damaged file kept from being carried out.',
      labelNames: ['problem'],
      registers,
    }),
  };
}

type OfStream = Extract<Observation, { kind: 'streamOpened' | 'streamClosed' | 'streamDropped' }>;

function countStream(instruments: ReturnType<typeof createInstruments>, observation: OfStream): void {
  if (observation.kind === 'streamDropped') return instruments.dropped.inc({ reason: observation.reason });
  return observation.kind === 'streamOpened' ? instruments.streams.inc() : instruments.streams.dec();
}

type OfFailure = Extract<
  Observation,
  { kind: 'failed' | 'quotaExceeded' | 'storeFailed' | 'walDamaged' | 'memoryRefused' | 'readerDropped' }
>;

function countFailure(instruments: ReturnType<typeof createInstruments>, observation: OfFailure): void {
  if (observation.kind === 'quotaExceeded') return instruments.quotas.inc({ quota: observation.quota });
  if (observation.kind === 'failed') return instruments.failures.inc({ where: observation.where });
  if (observation.kind === 'walDamaged') return instruments.lostTransactions.inc(observation.transactions);
  if (observation.kind !== 'storeFailed') return instruments.countMemory(observation);
  return instruments.storeFailures.inc({ problem: observation.problem });
}

/** How long a scrape waits for a store that does not return its sizes. */
const sizesMs = 1000;

function watchSizes(registry: Registry, stores: Pick<Stores, 'sizes'>): void {
  const bytes = new Gauge({
    name: 'mlaka_store_bytes',
    help: 'What tenants take of disks.',
    labelNames: ['tenant', 'where'],
    collect: async () => {
      const measured = stores.sizes().catch(() => []);
      const sizes = await Promise.race([measured, sleep(sizesMs, [], { ref: false })]);
      bytes.reset();
      for (const size of sizes) {
        for (const [where, value] of Object.entries(size.bytes)) bytes.set({ tenant: size.tenant, where }, value);
      }
    },
    registers: [registry],
  });
}

function watchReadiness(registry: Registry, { unready }: Watched): void {
  const ready = new Gauge({
    name: 'mlaka_ready',
    help: 'Whether the broker can read and write, as /health/ready tells it.',
    collect: async () => {
      const reason = await Promise.race([unready(), sleep(sizesMs, 'it takes too long', { ref: false })]);
      ready.set(reason === undefined ? 1 : 0);
    },
    registers: [registry],
  });
}

function createSubscriptionInstruments(registry: Registry) {
  const registers = [registry];
  return {
    streams: new Gauge({ name: 'mlaka_streams', help: 'Open WebSocket streams.', registers }),
    dropped: new Counter({
      name: 'mlaka_streams_dropped_total',
      help: 'Streams closed by the broker.',
      labelNames: ['reason'],
      registers,
    }),
    matched: new Counter({
      name: 'mlaka_changes_matched_total',
      help: 'Changes matched against subscriptions.',
      registers,
    }),
    notifications: new Counter({
      name: 'mlaka_notifications_total',
      help: 'Notifications made of changes.',
      registers,
    }),
    deliveries: new Histogram({
      name: 'mlaka_delivery_seconds',
      help: 'Time that attempts to deliver notifications took.',
      labelNames: ['result'],
      buckets: seconds,
      registers,
    }),
    buried: new Counter({
      name: 'mlaka_dead_letters_total',
      help: 'Notifications that were given up and kept as dead letters.',
      registers,
    }),
    lost: new Counter({
      name: 'mlaka_notifications_lost_total',
      help: 'Notifications, or stretches of the log, that are gone for good.',
      registers,
    }),
  };
}

function createIngestInstruments(registry: Registry) {
  const registers = [registry];
  const labelNames = ['source'];
  return {
    ingestSessions: new Gauge({
      name: 'mlaka_ingest_connected',
      help: 'Whether an MQTT broker is connected that messages are ingested from.',
      labelNames,
      registers,
    }),
    ingestMessages: new Counter({
      name: 'mlaka_ingest_messages_total',
      help: 'Messages that came by MQTT and are settled.',
      labelNames: ['source', 'result'],
      registers,
    }),
    ingestEntities: new Counter({
      name: 'mlaka_ingest_entities_total',
      help: 'Writes of entities that messages were made into.',
      labelNames,
      registers,
    }),
    ingestBatches: new Histogram({
      name: 'mlaka_ingest_batch_seconds',
      help: 'Time to settle messages that came by MQTT, as many at a time as there were.',
      labelNames,
      buckets: seconds,
      registers,
    }),
  };
}

type OfIngest = Extract<Observation, { kind: 'ingested' | 'ingestOpened' | 'ingestClosed' }>;

function countIngest(instruments: ReturnType<typeof createIngestInstruments>, observation: OfIngest): void {
  const { kind, source } = observation;
  if (kind !== 'ingested') return instruments.ingestSessions.set({ source }, kind === 'ingestOpened' ? 1 : 0);
  for (const result of ['taken', 'skipped', 'rejected'] as const)
    instruments.ingestMessages.inc({ source, result }, observation[result]);
  instruments.ingestEntities.inc({ source }, observation.entities);
  return instruments.ingestBatches.observe({ source }, observation.tookMs / 1000);
}

function countAnswer(
  { answers }: ReturnType<typeof createInstruments>,
  { binding, operation, status, tookMs }: Extract<Observation, { kind: 'answered' }>,
): void {
  answers.observe({ binding, operation, status }, tookMs / 1000);
}

type OfSent = Extract<Observation, { kind: 'delivered' | 'sourceAsked' | 'notificationBuried' | 'notificationLost' }>;

function countSent(instruments: ReturnType<typeof createInstruments>, observation: OfSent): void {
  if (observation.kind === 'sourceAsked') return instruments.countSource(observation);
  if (observation.kind === 'delivered')
    return instruments.deliveries.observe({ result: observation.result }, observation.tookMs / 1000);
  return (observation.kind === 'notificationBuried' ? instruments.buried : instruments.lost).inc();
}

function count(instruments: ReturnType<typeof createInstruments>, observation: Observation): void {
  switch (observation.kind) {
    case 'answered':
      return countAnswer(instruments, observation);
    case 'quotaExceeded':
    case 'failed':
    case 'storeFailed':
    case 'walDamaged':
    case 'memoryRefused':
    case 'readerDropped':
      return countFailure(instruments, observation);
    case 'modelViolated':
      return instruments.violations.inc({ type: observation.broken.type }, observation.broken.values);
    case 'contextLoaded':
    case 'contextFailed':
      return instruments.contexts.inc({ result: observation.kind === 'contextLoaded' ? 'loaded' : 'failed' });
    case 'streamOpened':
    case 'streamClosed':
    case 'streamDropped':
      return countStream(instruments, observation);
    case 'matched':
      instruments.matched.inc(observation.changes);
      return instruments.notifications.inc(observation.notifications);
    case 'delivered':
    case 'sourceAsked':
    case 'notificationBuried':
    case 'notificationLost':
      return countSent(instruments, observation);
    case 'jobRan':
      return instruments.jobs.observe({ job: observation.job }, observation.tookMs / 1000);
    case 'certificateUsed':
      return instruments.certificateEnd.set({ file: observation.file }, Date.parse(observation.validTo) / 1000);
    case 'ingested':
    case 'ingestOpened':
    case 'ingestClosed':
      return countIngest(instruments, observation);
    default:
      return undefined;
  }
}
