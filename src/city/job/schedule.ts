/**
 * Does work at the times of a cron expression, in UTC. node-cron knows the times and carries the work out. The waiting
 * is done here: node-cron's own goes through every second that a jump of the wall clock has passed over, which holds the
 * event loop for as long as that takes (4.6.0).
 */
import { createTask, type ScheduledTask } from 'node-cron';
import { every } from './every.ts';

/** How often the clock is looked at. */
const tickMs = 500;

/**
 * Does the work at each time that the expression names; once when several were passed over, and never twice at a time.
 * The work must not reject. Returns the function that ends it and waits for what is under way.
 */
export function schedule(expression: string, work: () => Promise<void>): () => Promise<void> {
  const task = createTask(expression, work, { timezone: 'UTC' });
  let due = nextTime(task);
  let lookedAt = Date.now();
  const stop = every(tickMs, async () => {
    const now = Date.now();
    // A clock that was set back: the next time may now be nearer than the one that was waited for.
    if (now < lookedAt) due = nextTime(task);
    lookedAt = now;
    if (now < due) return;
    due = nextTime(task);
    await task.execute();
  });
  return async () => {
    await stop();
    await task.destroy();
  };
}

/** The next time of a task in milliseconds since 1970; never, where there is none. */
const nextTime = (task: ScheduledTask): number => task.getNextRuns(1)[0]?.getTime() ?? Number.POSITIVE_INFINITY;
