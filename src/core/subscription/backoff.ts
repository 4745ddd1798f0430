/** Exponential backoff with jitter for retries. */

const firstMs = 1000;
const maxMs = 60_000;

/**
 * The delay after this many failures in a row. It doubles each time up to a minute. The random number `chance`, from 0 to 1, takes off up
 * to half of it.
 */
export function backoffMs(failures: number, chance: number): number {
  const wholeMs = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return wholeMs / 2 + (wholeMs / 2) * chance;
}
