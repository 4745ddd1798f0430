/** Repeats work at an interval of a monotonic clock, so time zones and jumps of the wall clock have no effect. */

/**
 * Runs the work after each period, except while an earlier run is pending. The work must not reject. Returns the function that stops it and
 * waits for a pending run.
 */
export function every(periodMs: number, work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= work().finally(() => {
      running = undefined;
    });
  }, periodMs);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
