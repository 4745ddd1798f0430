/** Runs the periodic jobs of the broker: deletes expired data, snapshots and entity maps, prunes the change log, and deletes old history. */
import { performance } from 'node:perf_hooks';
import type { Clock } from '../../core/port/clock.ts';
import { isSnapshotStore } from '../../core/port/snapshot-store.ts';
import type { Store } from '../../core/port/store.ts';
import { tidyEntityMaps } from '../../core/operation/distributed/entity-maps.ts';
import { tidySnapshots } from '../../core/operation/snapshot/keeping.ts';
import type { SnapshotRuns } from '../../core/operation/snapshot/runs.ts';
import type { Terms } from '../../core/model/entity.ts';
import { type Instant, instantOf, microsOfInstant } from '../../core/model/instant.ts';
import { firstAuditIdAt } from '../../core/model/audit-line.ts';
import { deletesHistory, type RetentionDays, retentionAt } from './retention.ts';
import { type Job, type JobPlan, type JobServices, startJob, type Work } from './job.ts';
import { schedule } from './schedule.ts';

export interface JobOptions extends JobServices {
  /** The jobs of other parts of the city. */
  readonly more?: readonly JobPlan[];
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

const removed = (count: number): string | undefined => (count > 0 ? `removed ${count}` : undefined);

export interface Jobs {
  readonly all: readonly Job[];
  /** Waits for pending runs. */
  stop(): Promise<void>;
}

/** Starts the jobs. */
export function startJobs(options: JobOptions): Jobs {
  const stopping = new AbortController();
  const present = createRetentionClock(options.clock);
  const plans = [
    ...sweepPlans(options),
    ...prunePlans(options, present),
    ...snapshotPlans(options),
    ...forgetPlans(options, { present, signal: stopping.signal }),
    ...auditPlans(options, present),
    ...(options.more ?? []),
  ];
  const all = plans.map((plan) => startJob(plan, options));
  const beating = schedule('*/10 * * * * *', () => options.snapshots.beat());
  return {
    all,
    async stop() {
      stopping.abort();
      await Promise.all([...all, beating].map((one) => one.stop()));
    },
  };
}

function sweepPlans({ clock }: JobOptions): readonly JobPlan[] {
  const about = 'deletes what has expired';
  const work: Work = async (store) => removed(await store.sweep(clock.now()));
  return [
    { name: 'sweep', about, cron: '*/2 * * * * *', work },
    { name: 'sweep-all', about, cron: '0 30 * * * *', work, isInAllTenants: true },
  ];
}

function prunePlans({ logKeep }: JobOptions, present: RetentionClock): readonly JobPlan[] {
  const about = 'prunes the change log';
  const work: Work = async (store, tenant) => {
    const before = hoursBefore(await present(store, tenant), logKeep.hours);
    return removed(await store.log.prune({ before, records: logKeep.records, bytes: logKeep.bytes }));
  };
  return [
    { name: 'prune', about, cron: '0 * * * * *', work },
    { name: 'prune-all', about, cron: '0 40 * * * *', work, isInAllTenants: true },
  ];
}

function snapshotPlans(options: JobOptions): readonly JobPlan[] {
  const about = 'deletes snapshots and entity maps that have expired';
  const work: Work = async (store, tenant) => {
    if (isSnapshotStore(tenant)) return undefined;
    const now = options.clock.now();
    return removed((await tidySnapshots(store, now, options)) + (await tidyEntityMaps(store, now)));
  };
  return [
    { name: 'snapshots', about, cron: '30 * * * * *', work },
    { name: 'snapshots-all', about, cron: '0 50 * * * *', work, isInAllTenants: true },
  ];
}

function forgetPlans(options: JobOptions, times: Parameters<typeof createForget>[1]): readonly JobPlan[] {
  if (!deletesHistory(options.historyKeep)) return [];
  const about = 'deletes old history';
  const work = createForget(options, times);
  return [{ name: 'forget', about, cron: '0 0 * * * *', work, isInAllTenants: true, runsAtStart: true }];
}

function auditPlans(options: JobOptions, present: RetentionClock): readonly JobPlan[] {
  if (!options.auditKeep) return [];
  const work = createPruneAudit(options, options.auditKeep, present);
  return [{ name: 'prune-audit', about: 'prunes the audit', cron: '0 20 * * * *', work, isInAllTenants: true }];
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
