/** What the broker does at intervals: sweeps away what has expired, prunes the change log, forgets old history. */
import { performance } from 'node:perf_hooks';
import type { Clock } from '../../core/port/clock.ts';
import type { Observe } from '../../core/port/observe.ts';
import type { Store, Stores } from '../../core/port/store.ts';
import type { Terms } from '../../core/model/entity.ts';
import { Problem } from '../../core/model/problem.ts';
import { instantOf, microsOfInstant } from '../../core/model/instant.ts';
import { forgetsAnything, type KeptDays, retentionAt } from './retention.ts';
import { schedule } from './schedule.ts';

export interface JobOptions {
  readonly stores: Stores;
  readonly clock: Clock;
  readonly observe: Observe;
  /** How much of the change log is kept. */
  readonly logKeep: { readonly hours: number; readonly records: number };
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
  const prune: Work = async (store) =>
    removed(await store.log.prune({ before: hoursBefore(clock, logKeep.hours), records: logKeep.records }));
  const sweep: Work = async (store) => removed(await store.sweep(clock.now()));
  const stopping = new AbortController();
  const forget = createForget(options, stopping.signal);
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

const hoursBefore = (clock: Clock, hours: number): string =>
  instantOf(microsOfInstant(clock.now()) - hours * 3_600_000_000);

/** Forgets history slice by slice, until there is no more or the jobs stop: what is left is done by the next run. */
function createForget({ clock, contexts, historyKeep }: JobOptions, signal: AbortSignal): Work {
  return async (store, tenant) => {
    const { isDryRun, rollups } = historyKeep;
    const now = clock.now();
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
  const tenants = stores.parts.isMine(0)
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
