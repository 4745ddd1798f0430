/**
 * Finds the compact IRI of an IRI (JSON-LD 1.1 API clause 6.2). The time to find its prefixes does not grow with the number of prefixes.
 */
import { forEachInterruptible, type Interruptible } from '../model/interruptible.ts';
import type { TermTable } from './term-table.ts';

/** An IRI that one or more terms stand for as prefixes. */
interface Prefix {
  readonly iri: string;
  /** The terms, best first: shorter, or equally long and earlier in the order of code units. */
  readonly names: readonly string[];
  /** The longest other prefix IRI that this IRI begins with. */
  readonly shorter: Prefix | undefined;
}

/** The best compact IRI that expands to the IRI again; undefined when there is none. */
export type FindCompactIri = (iri: string, means: (name: string) => boolean) => string | undefined;

/** True when a name is preferred: shorter, or equally long and earlier in the order of code units. */
export const isBetter = (name: string, than: string | undefined): boolean =>
  than === undefined || name.length < than.length || (name.length === than.length && name < than);

/** Builds the index of the prefixes of a table. */
export function* preparePrefixes({ terms }: TermTable): Interruptible<FindCompactIri> {
  const byIri = new Map<string, string[]>();
  yield* forEachInterruptible(terms, ([name, { iri, isPrefix }]) => {
    if (!isPrefix) return;
    const known = byIri.get(iri);
    if (known === undefined) byIri.set(iri, [name]);
    else known.push(name);
  });
  const prefixes: Prefix[] = [];
  const iris = [...byIri.keys()].sort(byCodeUnits);
  yield;
  yield* forEachInterruptible(iris, (iri) => {
    const names = (byIri.get(iri) ?? []).sort((a, b) => (isBetter(a, b) ? -1 : 1));
    prefixes.push({ iri, names, shorter: longestIn(prefixes.at(-1), iri) });
  });
  return (iri, means) => bestOf(longestIn(lastNotBehind(prefixes, iri), iri), iri, means);
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The first prefix in the chain of ever shorter prefixes that the IRI begins with. */
function longestIn(prefix: Prefix | undefined, iri: string): Prefix | undefined {
  let one = prefix;
  while (one !== undefined && !(one.iri.length < iri.length && iri.startsWith(one.iri))) one = one.shorter;
  return one;
}

/**
 * The last prefix in sort order that is not greater than the IRI. Every prefix that the IRI begins with is this one, or is in its chain.
 */
function lastNotBehind(prefixes: readonly Prefix[], iri: string): Prefix | undefined {
  let [low, high] = [0, prefixes.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((prefixes[middle]?.iri ?? '') <= iri) low = middle + 1;
    else high = middle;
  }
  return prefixes[low - 1];
}

function bestOf(longest: Prefix | undefined, iri: string, means: (name: string) => boolean): string | undefined {
  let best: string | undefined;
  for (let prefix = longest; prefix !== undefined; prefix = prefix.shorter) {
    const rest = iri.length - prefix.iri.length + 1;
    for (const term of prefix.names) {
      if (best !== undefined && term.length + rest > best.length) break;
      const name = `${term}:${iri.slice(prefix.iri.length)}`;
      if (!isBetter(name, best)) break;
      if (means(name)) {
        best = name;
        break;
      }
    }
  }
  return best;
}
