/** Does work again and again, by a clock that only goes forward: neither a zone nor a jump of the wall clock holds it up or hurries it. */

/**
 * Does the work each time the period is over; not while it is still being done. The work must not reject. Returns the function that
 * ends it and waits for what is under way.
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
