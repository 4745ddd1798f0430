/** Runs the periodic jobs of the broker: deletes expired data and snapshots, prunes the change log, and deletes old history. */
import { performance } from 'node:perf_hooks';
import type { Clock } from '../../core/port/clock.ts';
import type { Observe } from '../../core/port/observe.ts';
import { isSnapshotStore } from '../../core/port/snapshot-store.ts';
import type { Store, Stores } from '../../core/port/store.ts';
import { tidySnapshots } from '../../core/operation/snapshot/keeping.ts';
import type { SnapshotRuns } from '../../core/operation/snapshot/runs.ts';
import type { Terms } from '../../core/model/entity.ts';
import { Problem } from '../../core/model/problem.ts';
import { type Instant, instantOf, microsOfInstant } from '../../core/model/instant.ts';
import { firstAuditIdAt } from '../../core/model/audit-line.ts';
import { deletesHistory, type RetentionDays, retentionAt } from './retention.ts';
import { schedule } from './schedule.ts';

export interface JobOptions {
  readonly stores: Stores;
  readonly clock: Clock;
  readonly observe: Observe;
  readonly snapshots: SnapshotRuns;
  /** The retention of the change log. */
  readonly logKeep: { readonly hours: number; readonly records: number; readonly bytes: number };
  /** Absent: there is no audit. */
  readonly auditKeep?: AuditRetention | undefined;
  /** Expands short names of types and attributes. */
  readonly contexts: { readonly core: Pick<Terms, 'expand'> };
  /** The retention of history. A dry run only reports what it would delete. */
  readonly historyKeep: RetentionDays & {
    readonly isDryRun: boolean;
    /** The retention of rollups whose instances are deleted; absent: rollups are deleted with their instances. */
    readonly rollups?: RetentionDays;
  };
}

/** The retention of the audit of all tenants. */
interface AuditRetention {
  readonly days: number;
  /** Most lines about requests that only read. */
  readonly readsMax: number;
}

/** Works on the store of one tenant. Returns a summary for the log; undefined when there was nothing to do. */
type Work = (store: Store, tenant: string) => Promise<string | undefined>;

/** The schedules of the jobs, as cron expressions with seconds. */
const schedules = {
  sweep: '*/2 * * * * *',
  prune: '0 * * * * *',
  snapshots: '30 * * * * *',
  'snapshots alive': '*/10 * * * * *',
  'snapshots all': '0 50 * * * *',
  'sweep all': '0 30 * * * *',
  'prune all': '0 40 * * * *',
  forget: '0 0 * * * *',
  'prune audit': '0 20 * * * *',
};

const removed = (count: number): string | undefined => (count > 0 ? `removed ${count}` : undefined);

/** Starts the jobs. Returns the function that stops them and waits for pending runs. */
export function startJobs(options: JobOptions): () => Promise<void> {
  const { clock, logKeep, historyKeep, auditKeep } = options;
  const present = createRetentionClock(clock);
  const prune: Work = async (store, tenant) => {
    const before = hoursBefore(await present(store, tenant), logKeep.hours);
    return removed(await store.log.prune({ before, records: logKeep.records, bytes: logKeep.bytes }));
  };
  const sweep: Work = async (store) => removed(await store.sweep(clock.now()));
  const tidy: Work = async (store, tenant) =>
    isSnapshotStore(tenant) ? undefined : removed(await tidySnapshots(store, clock.now(), options));
  const stopping = new AbortController();
  const forget = createForget(options, { present, signal: stopping.signal });
  const jobs = [
    startJob('sweep', { ...options, work: sweep }),
    startJob('prune', { ...options, work: prune }),
    startJob('snapshots', { ...options, work: tidy }),
    startJob('snapshots all', { ...options, work: tidy, isInAllTenants: true }),
    startJob('sweep all', { ...options, work: sweep, isInAllTenants: true }),
    startJob('prune all', { ...options, work: prune, isInAllTenants: true }),
    ...(deletesHistory(historyKeep)
      ? [startJob('forget', { ...options, work: forget, isInAllTenants: true, runsAtStart: true })]
      : []),
    ...(auditKeep
      ? [
          startJob('prune audit', {
            ...options,
            work: createPruneAudit(options, auditKeep, present),
            isInAllTenants: true,
          }),
        ]
      : []),
  ];
  const stopBeating = schedule(schedules['snapshots alive'], () => options.snapshots.beat());
  return async () => {
    stopping.abort();
    await Promise.all([...jobs, stopBeating].map((stop) => stop()));
  };
}

const hourMicros = 3_600_000_000;
const hoursBefore = (present: Instant, hours: number): Instant =>
  instantOf(microsOfInstant(present) - hours * hourMicros);

/** Returns the time that counts as the present when the age of a tenant's data is computed. */
type RetentionClock = (store: Store, tenant: string) => Promise<Instant>;

/** How many of the newest records are searched for one that is older than the start of the broker. */
const searchedRecords = 100;

/**
 * Protects data against a clock that was set far ahead while the broker was stopped. For an hour after the start, the present is at most
 * one day after the newest change from before the start.
 */
function createRetentionClock(clock: Clock): RetentionClock {
  const [startedMs, startedAt] = [performance.now(), microsOfInstant(clock.now())];
  const newest = new Map<string, Promise<number>>();
  const newestBeforeStart = async ({ log }: Store): Promise<number> => {
    const end = await log.position();
    let [reached, latest] = [Math.max(0, end - searchedRecords), Number.POSITIVE_INFINITY];
    while (reached < end) {
      const records = await log.read(reached, end - reached);
      const before = records.map(({ at }) => microsOfInstant(at)).filter((at) => at <= startedAt);
      latest = before.at(-1) ?? latest;
      reached = records.at(-1)?.position ?? end;
    }
    return latest;
  };
  return async (store, tenant) => {
    const now = clock.now();
    if (performance.now() - startedMs > hourMicros / 1000) return now;
    const known = newest.get(tenant) ?? newestBeforeStart(store);
    newest.set(tenant, known);
    // A log that is unreadable now may be readable later.
    known.catch(() => newest.delete(tenant));
    const latest = (await known) + 24 * hourMicros;
    return microsOfInstant(now) > latest ? instantOf(latest) : now;
  };
}

/** The audit of all tenants is kept in one place, so the work is done with the default tenant. */
const createPruneAudit =
  ({ stores }: JobOptions, { days, readsMax }: AuditRetention, present: RetentionClock): Work =>
  async (store, tenant) => {
    if (tenant !== '') return undefined;
    const before = hoursBefore(await present(store, tenant), days * 24);
    return removed(await stores.audit.prune({ below: firstAuditIdAt(before), readsMax }));
  };

/** Deletes history in slices until nothing is left or the jobs stop. The next run deletes the rest. */
function createForget(
  { contexts, historyKeep }: JobOptions,
  { present, signal }: { readonly present: RetentionClock; readonly signal: AbortSignal },
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
  /** True: runs in all tenants. False: only in the tenants in use. */
  readonly isInAllTenants?: boolean;
}

/** Runs the work at the times of its schedule. Runs never overlap. */
function startJob(name: keyof typeof schedules, job: Job & { readonly runsAtStart?: boolean }): () => Promise<void> {
  const run = (): Promise<void> => runOnce(name, job);
  const first = job.runsAtStart === true ? run() : Promise.resolve();
  // The immediate first run may still be pending.
  const stop = schedule(schedules[name], () => first.then(run));
  return async () => {
    await Promise.all([first, stop()]);
  };
}

const reportedByStore = new Set<Problem['type']>(['TenantUnavailable', 'InsufficientStorage']);

/** Runs the work in each tenant. A failure in one tenant does not affect the others. */
async function runOnce(name: string, { stores, observe, work, isInAllTenants = false }: Job): Promise<void> {
  const began = performance.now();
  const failed = (cause: unknown): undefined => {
    // The store itself reports a file or disk that is unusable.
    if (!(cause instanceof Problem && reportedByStore.has(cause.type)))
      observe({ kind: 'failed', where: `job ${name}`, cause });
  };
  // When several brokers share a store, the holder of the first partition runs the jobs.
  const tenants = stores.partitions.holds(0)
    ? await (isInAllTenants ? stores.tenants() : stores.tenantsInUse()).catch(failed)
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
