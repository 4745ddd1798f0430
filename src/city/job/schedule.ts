/**
 * Runs work at the times of a cron expression, in UTC. node-cron computes the times and runs the work. This file does the waiting, because
 * after a jump of the wall clock node-cron 4.6.0 steps through every skipped second and blocks the event loop.
 */
import { createTask, type ScheduledTask } from 'node-cron';
import { every } from './every.ts';

/** The interval between two checks of the clock. */
const tickMs = 500;

export interface Schedule {
  /** The next time, in milliseconds since 1970; infinity when there is none. */
  nextMs(): number;
  /** Waits for a pending run. */
  stop(): Promise<void>;
}

/** Runs the work at each time of the expression. Several skipped times cause one run, and runs never overlap. The work must not reject. */
export function schedule(expression: string, work: () => Promise<void>): Schedule {
  const task = createTask(expression, work, { timezone: 'UTC' });
  let due = nextTime(task);
  let lookedAt = Date.now();
  const stop = every(tickMs, async () => {
    const now = Date.now();
    // When the clock was set back, an earlier time may be due next.
    if (now < lookedAt) due = nextTime(task);
    lookedAt = now;
    if (now < due) return;
    due = nextTime(task);
    await task.execute();
  });
  return {
    nextMs: () => due,
    async stop() {
      await stop();
      await task.destroy();
    },
  };
}

/** The next time of a task in milliseconds since 1970; infinity when there is none. */
const nextTime = (task: ScheduledTask): number => task.getNextRuns(1)[0]?.getTime() ?? Number.POSITIVE_INFINITY;
