/** What the broker does at intervals: sweeps away what has expired, prunes the change log, forgets old history. */
import { performance } from 'node:perf_hooks';
import type { Clock } from '../../core/port/clock.ts';
import type { Observe } from '../../core/port/observe.ts';
import type { Store, Stores } from '../../core/port/store.ts';
import type { Terms } from '../../core/model/entity.ts';
import { Problem } from '../../core/model/problem.ts';
import { type Instant, instantOf, microsOfInstant } from '../../core/model/instant.ts';
import { forgetsAnything, type KeptDays, retentionAt } from './retention.ts';
import { schedule } from './schedule.ts';

export interface JobOptions {
  readonly stores: Stores;
  readonly clock: Clock;
  readonly observe: Observe;
  /** How much of the change log is kept. */
  readonly logKeep: { readonly hours: number; readonly records: number; readonly bytes: number };
  /** Expands short names of types and attributes. */
  readonly contexts: { readonly core: Pick<Terms, 'expand'> };
  /** How much of history is kept. In a dry run it is only told what would go. */
  readonly historyKeep: KeptDays & {
    readonly isDryRun: boolean;
    /** How long rollups stay when their instances are gone; absent: they go with them. */
    readonly rollups?: KeptDays;
  };
}

/** Work on one tenant's store. Answers what it did, as words for the log; undefined when there was nothing to do. */
type Work = (store: Store, tenant: string) => Promise<string | undefined>;

/** When jobs run, as cron expressions with seconds. */
const times = {
  sweep: '*/2 * * * * *',
  prune: '0 * * * * *',
  'sweep all': '0 30 * * * *',
  'prune all': '0 40 * * * *',
  forget: '0 0 * * * *',
};

const removed = (count: number): string | undefined => (count > 0 ? `removed ${count}` : undefined);

/** Starts the jobs. Returns the function that stops them and waits for those under way. */
export function startJobs(options: JobOptions): () => Promise<void> {
  const { clock, logKeep, historyKeep } = options;
  const present = createPresent(clock);
  const prune: Work = async (store, tenant) => {
    const before = hoursBefore(await present(store, tenant), logKeep.hours);
    return removed(await store.log.prune({ before, records: logKeep.records, bytes: logKeep.bytes }));
  };
  const sweep: Work = async (store) => removed(await store.sweep(clock.now()));
  const stopping = new AbortController();
  const forget = createForget(options, { present, signal: stopping.signal });
  const jobs = [
    startJob('sweep', { ...options, work: sweep }),
    startJob('prune', { ...options, work: prune }),
    startJob('sweep all', { ...options, work: sweep, isOfAll: true }),
    startJob('prune all', { ...options, work: prune, isOfAll: true }),
    ...(forgetsAnything(historyKeep)
      ? [startJob('forget', { ...options, work: forget, isOfAll: true, isAtOnce: true })]
      : []),
  ];
  return async () => {
    stopping.abort();
    await Promise.all(jobs.map((stop) => stop()));
  };
}

const hourMicros = 3_600_000_000;
const hoursBefore = (present: Instant, hours: number): Instant =>
  instantOf(microsOfInstant(present) - hours * hourMicros);

/** The present from which the age of what a tenant's store holds is counted. */
type Present = (store: Store, tenant: string) => Promise<Instant>;

/** Records that are looked through for one from before the start. */
const lookedThrough = 100;

/**
 * A clock that was set far ahead while the broker was away must not cost a store all that it holds: for an hour from the start, the
 * present is not believed to be more than a day after the newest change from before it.
 */
function createPresent(clock: Clock): Present {
  const [startedMs, startedAt] = [performance.now(), microsOfInstant(clock.now())];
  const newest = new Map<string, Promise<number>>();
  const look = async ({ log }: Store): Promise<number> => {
    const records = await log.read(Math.max(0, (await log.position()) - lookedThrough), lookedThrough);
    const before = records.map(({ at }) => microsOfInstant(at)).filter((at) => at <= startedAt);
    return before.at(-1) ?? Number.POSITIVE_INFINITY;
  };
  return async (store, tenant) => {
    const now = clock.now();
    if (performance.now() - startedMs > hourMicros / 1000) return now;
    const known = newest.get(tenant) ?? look(store);
    newest.set(tenant, known);
    // A log that cannot be read now may be later.
    known.catch(() => newest.delete(tenant));
    const latest = (await known) + 24 * hourMicros;
    return microsOfInstant(now) > latest ? instantOf(latest) : now;
  };
}

/** Forgets history slice by slice, until there is no more or the jobs stop: what is left is done by the next run. */
function createForget(
  { contexts, historyKeep }: JobOptions,
  { present, signal }: { readonly present: Present; readonly signal: AbortSignal },
): Work {
  return async (store, tenant) => {
    const { isDryRun, rollups } = historyKeep;
    const now = await present(store, tenant);
    const slice = {
      isDryRun,
      retention: retentionAt(historyKeep, now, contexts.core),
      ...(rollups ? { rollups: retentionAt(rollups, now, contexts.core) } : undefined),
    };
    const counts = new Map<string, number>();
    let next: string | undefined;
    do {
      const forgotten = await store.forgetHistory({ ...slice, ...(next === undefined ? undefined : { after: next }) });
      for (const [name, count] of Object.entries(forgotten.instances))
        counts.set(name, (counts.get(name) ?? 0) + count);
      next = forgotten.next;
    } while (next !== undefined && !signal.aborted);
    if (counts.size === 0) return undefined;
    const parts = [...counts].map(([name, count]) => `${count} of ${name}`).join(', ');
    return `${isDryRun ? 'would remove' : 'removed'} ${parts}${tenant === '' ? '' : ` in tenant ${tenant}`}`;
  };
}

interface Job extends Pick<JobOptions, 'stores' | 'observe'> {
  readonly work: Work;
  /** In all tenants; else in those that are in use. */
  readonly isOfAll?: boolean;
}

/** Runs the work in tenants at its times, never twice at a time. */
function startJob(name: keyof typeof times, job: Job & { readonly isAtOnce?: boolean }): () => Promise<void> {
  const run = (): Promise<void> => runOnce(name, job);
  const first = job.isAtOnce === true ? run() : Promise.resolve();
  // The run that was made at once may not have ended.
  const stop = schedule(times[name], () => first.then(run));
  return async () => {
    await Promise.all([first, stop()]);
  };
}

const told = new Set<Problem['type']>(['TenantUnavailable', 'InsufficientStorage']);

/** What fails in one tenant is done in the others. */
async function runOnce(name: string, { stores, observe, work, isOfAll = false }: Job): Promise<void> {
  const began = performance.now();
  const failed = (cause: unknown): undefined => {
    // A file or a disk that cannot be used is told of by the store.
    if (!(cause instanceof Problem && told.has(cause.type))) observe({ kind: 'failed', where: `job ${name}`, cause });
  };
  // Where several brokers share a store, the one that has the first part does the jobs.
  const tenants = stores.partitions.holds(0)
    ? await (isOfAll ? stores.tenants() : stores.tenantsInUse()).catch(failed)
    : [];
  const done: string[] = [];
  for (const tenant of tenants ?? []) {
    const did = await runIn(tenant, { stores, work }).catch(failed);
    if (did !== undefined) done.push(did);
  }
  if (done.length > 0) observe({ kind: 'jobRan', job: name, tookMs: performance.now() - began, did: done.join('; ') });
}

async function runIn(tenant: string, { stores, work }: Pick<Job, 'stores' | 'work'>): Promise<string | undefined> {
  const store = await stores.open(tenant, false);
  return store && work(store, tenant);
}
