/** One periodic job: runs its work in each tenant at the times of its schedule or on request, and tells how the last run went. */
import { performance } from 'node:perf_hooks';
import { type Instant, instantOf } from '../../core/model/instant.ts';
import { Problem } from '../../core/model/problem.ts';
import type { Clock } from '../../core/port/clock.ts';
import type { Observe } from '../../core/port/observe.ts';
import type { Store, Stores } from '../../core/port/store.ts';
import { schedule } from './schedule.ts';

/** Works on the store of one tenant. Returns a summary for the log; undefined when there was nothing to do. */
export type Work = (store: Store, tenant: string) => Promise<string | undefined>;

export interface JobServices {
  readonly stores: Stores;
  readonly clock: Clock;
  readonly observe: Observe;
}

export interface JobPlan {
  /** Its id, of a-z and `-`. */
  readonly name: string;
  /** What it does, in a few words. */
  readonly about: string;
  /** A cron expression with seconds, in UTC. */
  readonly cron: string;
  readonly work: Work;
  /** True: runs in all tenants. False: only in the tenants in use. */
  readonly isInAllTenants?: boolean;
  readonly runsAtStart?: boolean;
}

export interface JobRun {
  readonly startedAt: Instant;
  readonly tookMs: number;
  /** What was done, by tenants; empty: there was nothing to do. */
  readonly did: readonly string[];
  /** Why it failed in a tenant. The other tenants are not concerned. */
  readonly failures: readonly string[];
}

export interface Job extends Pick<JobPlan, 'name' | 'about' | 'cron'> {
  readonly isInAllTenants: boolean;
  isRunning(): boolean;
  /** The last run since this broker was started. */
  lastRun(): JobRun | undefined;
  /** The time of the next run. Undefined: another broker on the same store runs the jobs. */
  nextRun(): Instant | undefined;
  /** Runs it now, or waits for the run that is pending. Undefined: another broker runs the jobs. */
  run(): Promise<JobRun | undefined>;
  /** Waits for a pending run. */
  stop(): Promise<void>;
}

/** Starts a job. Runs never overlap. */
export function startJob({ runsAtStart = false, ...plan }: JobPlan, services: JobServices): Job {
  const { stores, clock } = services;
  let last: JobRun | undefined;
  let running: Promise<JobRun | undefined> | undefined;
  // When several brokers share a store, the holder of the first partition runs the jobs.
  const isHere = (): boolean => stores.partitions.holds(0);
  const run = (): Promise<JobRun | undefined> => {
    if (!isHere()) return Promise.resolve(undefined);
    running ??= runInTenants(plan, clock.now(), services).then((done) => {
      running = undefined;
      last = done;
      return done;
    });
    return running;
  };
  if (runsAtStart) void run();
  const timed = schedule(plan.cron, async () => {
    await run();
  });
  return {
    name: plan.name,
    about: plan.about,
    cron: plan.cron,
    isInAllTenants: plan.isInAllTenants ?? false,
    isRunning: () => running !== undefined,
    lastRun: () => last,
    nextRun: () => (isHere() && Number.isFinite(timed.nextMs()) ? instantOf(timed.nextMs() * 1000) : undefined),
    run,
    async stop() {
      await timed.stop();
      await running;
    },
  };
}

const reportedByStore = new Set<Problem['type']>(['TenantUnavailable', 'InsufficientStorage']);

/** Runs the work in each tenant. A failure in one tenant does not affect the others. Never rejects. */
async function runInTenants(
  { name, work, isInAllTenants = false }: JobPlan,
  startedAt: Instant,
  { stores, observe }: JobServices,
): Promise<JobRun> {
  const began = performance.now();
  const [did, failures] = [new Array<string>(), new Array<string>()];
  const failed = (tenant: string, cause: unknown): undefined => {
    const text = cause instanceof Error ? cause.message : String(cause);
    if (failures.length < failuresMax) failures.push(tenant === '' ? text : `${tenant}: ${text}`);
    // The store itself reports a file or disk that is unusable.
    if (!(cause instanceof Problem && reportedByStore.has(cause.type)))
      observe({ kind: 'failed', where: `job ${name}`, cause });
  };
  const tenants = await (isInAllTenants ? stores.tenants() : stores.tenantsInUse()).catch((cause: unknown) =>
    failed('', cause),
  );
  for (const tenant of tenants ?? []) {
    const done = await runIn(tenant, { stores, work }).catch((cause: unknown) => failed(tenant, cause));
    if (done !== undefined) did.push(done);
  }
  const tookMs = performance.now() - began;
  if (did.length > 0) observe({ kind: 'jobRan', job: name, tookMs, did: did.join('; ') });
  return { startedAt, tookMs, did: did.slice(0, didMax), failures };
}

/** How many tenants the result of a run tells of. */
const [didMax, failuresMax] = [20, 20];

async function runIn(
  tenant: string,
  { stores, work }: { readonly stores: Stores; readonly work: Work },
): Promise<string | undefined> {
  const store = await stores.open(tenant, false);
  return store && work(store, tenant);
}
