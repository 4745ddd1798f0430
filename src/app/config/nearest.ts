/** Finds the known word that is most similar to an unknown one. */

/** The known word that is most similar to `word`; undefined when none is similar enough. */
export function nearestOf(word: string, known: Iterable<string>): string | undefined {
  const wanted = plain(word);
  let best: { readonly name: string; readonly steps: number } | undefined;
  for (const name of known) {
    const steps = stepsBetween(wanted, plain(name));
    if (steps <= Math.max(1, Math.floor(wanted.length / 3)) && steps < (best?.steps ?? Infinity))
      best = { name, steps };
  }
  return best?.name;
}

/** Only letters and digits, in lower case: `logLevel`, `log-level` and `LOG_LEVEL` are equal. */
const plain = (word: string): string => word.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** ` Did you mean X?`, or an empty string. */
export function suggestion(word: string, known: Iterable<string>): string {
  const name = nearestOf(word, known);
  return name === undefined ? '' : ` Did you mean ${name}?`;
}

/** The edit distance of two words: insertions, deletions, substitutions and swaps of neighbours. */
function stepsBetween(one: string, other: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at += 1) {
    const next = [at];
    for (let place = 1; place <= other.length; place += 1) {
      const change = one[at - 1] === other[place - 1] ? 0 : 1;
      const isSwapped = one[at - 1] === other[place - 2] && one[at - 2] === other[place - 1];
      const swap = isSwapped ? stepsAt(before, place - 2) + 1 : Infinity;
      next.push(
        Math.min(stepsAt(row, place - 1) + change, stepsAt(row, place) + 1, stepsAt(next, place - 1) + 1, swap),
      );
    }
    [before, row] = [row, next];
  }
  return stepsAt(row, other.length);
}

const stepsAt = (row: readonly number[], place: number): number => row[place] ?? Infinity;
