/** What the broker does on schedule: sweeps away what has expired, and prunes the change log. */
import { performance } from 'node:perf_hooks';
import { schedule, type ScheduledTask } from 'node-cron';
import type { Clock } from '../../core/port/clock.ts';
import type { Observe } from '../../core/port/observe.ts';
import type { Store, Stores } from '../../core/port/store.ts';
import { instantOf, microsOfInstant } from '../../core/model/instant.ts';

export interface JobOptions {
  readonly stores: Stores;
  readonly clock: Clock;
  readonly observe: Observe;
  /** How much of the change log is kept. */
  readonly logKeep: { readonly hours: number; readonly records: number };
}

/** Work on one tenant's store. Answers how many things it removed. */
type Work = (store: Store) => Promise<number>;

/** Starts the jobs. Returns the function that stops them and waits for those under way. */
export function startJobs(options: JobOptions): () => Promise<void> {
  const { clock, logKeep } = options;
  const prune: Work = (store) =>
    store.log.prune({ before: hoursBefore(clock, logKeep.hours), records: logKeep.records });
  const jobs = [
    startJob('sweep', '*/2 * * * * *', { ...options, work: (store) => store.sweep(clock.now()) }),
    startJob('prune', '30 * * * * *', { ...options, work: prune }),
  ];
  return async () => {
    await Promise.all(jobs.map((stop) => stop()));
  };
}

const hoursBefore = (clock: Clock, hours: number): string =>
  instantOf(microsOfInstant(clock.now()) - hours * 3_600_000_000);

/** Runs the work in every tenant by the schedule, never twice at a time. */
function startJob(
  name: string,
  pattern: string,
  { stores, observe, work }: JobOptions & { readonly work: Work },
): () => Promise<void> {
  let running = Promise.resolve();
  const task: ScheduledTask = schedule(
    pattern,
    () => {
      running = runOnce(name, { stores, observe, work });
      return running;
    },
    { noOverlap: true },
  );
  return async () => {
    await task.destroy();
    await running;
  };
}

async function runOnce(
  name: string,
  { stores, observe, work }: Pick<JobOptions, 'stores' | 'observe'> & { readonly work: Work },
): Promise<void> {
  const began = performance.now();
  try {
    let removed = 0;
    for (const tenant of await stores.tenants()) {
      const store = await stores.open(tenant, false);
      if (store) removed += await work(store);
    }
    if (removed > 0)
      observe({ kind: 'jobRan', job: name, tookMs: performance.now() - began, did: `removed ${removed}` });
  } catch (cause) {
    observe({ kind: 'failed', where: `job ${name}`, cause });
  }
}
