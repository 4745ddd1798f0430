/** A compiled @context: expands and compacts names, each by one look-up (CIM 009 clause 5.5.7, JSON-LD 1.1 API clauses 5.2 and 6.2). */
import type { Terms } from '../model/entity.ts';
import { isArray, type Json } from '../model/json.ts';
import { isName, isReserved } from '../model/read/name.ts';
import { forEachInterruptible, type Interruptible } from '../model/interruptible.ts';
import { coreContextUrl } from './known/core-context.ts';
import { type FindCompactIri, isBetter, preparePrefixes } from './prefixes.ts';
import { expandName, meaningless, reversed, type TermTable } from './term-table.ts';

export interface Context extends Terms {
  /**
   * Contexts with the same key give names the same meaning, within a tenant. The key is the URL or the JSON text of the given value, plus a
   * number when `forget` was called before.
   */
  readonly key: string;
  /** The value that the user gave as `@context`, or the URL of the core context. */
  readonly given: Json;
  /**
   * The `@context` written in a body: the given value, then the URL of the core context unless the value already includes any version of
   * it. Without the core, a JSON-LD processor does not recognize ids, types and values (clause 5.5.7).
   */
  readonly written: Json;
  /** `written` as JSON text. */
  readonly writtenText: string;
  /** The URL for a Link header: present when the context is a single URL, not counting the core. */
  readonly url?: string;
  /** The documents that it was made of, each once: keys of stored ones, URLs of others. Never includes the core. */
  readonly documents: readonly string[];
}

interface ContextOptions {
  readonly key: string;
  readonly given: Json;
  /** True when the given value includes the core context. */
  readonly hasCore: boolean;
  readonly url: string | undefined;
  readonly documents: readonly string[];
  readonly table: TermTable;
}

/** Limits of the caches for names that are not terms, per direction: number of entries, and length of a name. */
const rememberedMax = 1000;
const rememberedLengthMax = 256;

/** Adds look-up functions to a compiled @context. */
export function* createContext({ key, given, hasCore, url, documents, table }: ContextOptions): Interruptible<Context> {
  const expandUnknown = memoized((name) => expandName(table, name));
  const defines = (name: string): boolean => table.terms.has(name);
  const findCompactIri = yield* preparePrefixes(table);
  const isUsable = (name: string): boolean => !isReserved(name) && isName(name, { defines });
  const compact = yield* createCompactor({ table, findCompactIri }, isUsable);
  const compactVocab = yield* createCompactor({ table, findCompactIri }, () => true);
  const written = writtenOf(given, hasCore);
  return {
    key,
    given,
    written,
    writtenText: JSON.stringify(written),
    ...(url === undefined ? undefined : { url }),
    documents,
    expand: (name) => table.terms.get(name)?.iri ?? expandUnknown(name),
    compact,
    compactVocab,
    defines,
  };
}

type IsUsable = (name: string) => boolean;

interface Table {
  readonly table: TermTable;
  readonly findCompactIri: FindCompactIri;
}

/** Returns a function that finds the best usable name of an IRI. */
function* createCompactor(
  { table, findCompactIri }: Table,
  isUsable: IsUsable,
): Interruptible<(iri: string) => string> {
  const names = yield* namesOf(table, isUsable);
  const compactUnknown = memoized((iri) => {
    const means: IsUsable = (name) => isUsable(name) && expandName(table, name) === iri;
    const end = endBelow(table.vocab, iri);
    // First the suffix after the vocabulary, then the best compact IRI, then the IRI. Never a name that would not expand to the IRI.
    return end !== undefined && means(end) ? end : (findCompactIri(iri, means) ?? iri);
  });
  return (iri) => names.get(iri) ?? compactUnknown(iri);
}

/** A list of one URL is written as the URL. */
function writtenOf(given: Json, hasCore: boolean): Json {
  const list = isArray(given) ? given : [given];
  const [only = given] = list;
  if (!hasCore) return [...list, coreContextUrl];
  return list.length === 1 && typeof only === 'string' ? only : given;
}

/** The best term of every IRI. What a definition says about values (`@type`, `@container`) does not matter for names. */
function* namesOf({ terms }: TermTable, isUsable: IsUsable): Interruptible<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  yield* forEachInterruptible(terms, ([name, { iri }]) => {
    const isMeant = iri !== meaningless && iri !== reversed && isBetter(name, names.get(iri));
    if (isMeant && isUsable(name)) names.set(iri, name);
  });
  return names;
}

const endBelow = (vocab: string | undefined, iri: string): string | undefined =>
  vocab !== undefined && iri.length > vocab.length && iri.startsWith(vocab) ? iri.slice(vocab.length) : undefined;

/** Caches the results of a function. Clears the cache when it is full. */
function memoized(answer: (text: string) => string): (text: string) => string {
  const answers = new Map<string, string>();
  return (text) => {
    const known = answers.get(text);
    if (known !== undefined) return known;
    const found = answer(text);
    if (answers.size >= rememberedMax) answers.clear();
    if (text.length <= rememberedLengthMax) answers.set(text, found);
    return found;
  };
}
