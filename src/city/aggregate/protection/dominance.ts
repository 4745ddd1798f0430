/** Tests whether a few contributions dominate a total, so that the total would tell what they are (dominance rules of statistical offices). */

/** Both rules apply. */
export interface DominanceRule {
  /** The (n,k) rule: the `n` largest contributions make at most `percent` of the total. */
  readonly n: number;
  readonly percent: number;
  /** The p% rule: whoever knows the second largest contribution cannot estimate the largest one to within `p` percent. */
  readonly p: number;
}

/** True when the total of these contributions may not be published. Contributions count by their size, without sign. */
export function isDominated(contributions: readonly number[], { n, percent, p }: DominanceRule): boolean {
  const sizes = contributions.map(Math.abs).sort((a, b) => b - a);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total === 0) return false;
  const [largest = 0, second = 0] = sizes;
  const ofTheLargest = sizes.slice(0, n).reduce((sum, size) => sum + size, 0);
  return ofTheLargest > (percent / 100) * total || total - largest - second < (p / 100) * largest;
}
