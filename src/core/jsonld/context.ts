/** A @context ready for use: names to IRIs and back, each a look-up (CIM 009 clause 5.5.7, JSON-LD 1.1 API clauses 5.2 and 6.2). */
import type { Terms } from '../model/entity.ts';
import { isArray, type Json } from '../model/json.ts';
import { isName, isReserved } from '../model/read/name.ts';
import { eachOf, type Pieces } from './in-pieces.ts';
import { coreContextUrl } from './known/core-context.ts';
import { type FindCompactIri, isBetter, preparePrefixes } from './prefixes.ts';
import { expandName, meaningless, reversed, type TermTable } from './term-table.ts';

export interface Context extends Terms {
  /**
   * Contexts of the same key give names the same meaning, within a tenant: the URL, or the JSON text of what was given, and a
   * number once documents were forgotten.
   */
  readonly key: string;
  /** What the user gave as `@context`, or the URL of the core context. */
  readonly given: Json;
  /**
   * What is written as `@context` in a body: what was given, then the URL of the core context unless that is in it already, in
   * whatever version. Without the core a JSON-LD processor finds no ids, types and values (clause 5.5.7).
   */
  readonly written: Json;
  /** `written` as JSON text. */
  readonly writtenText: string;
  /** What is written in a Link header: there is one when the context is one URL, the core aside. */
  readonly url?: string;
  /** The documents that it was made of, each once: the keys of those held, the URLs of others. The core is none. */
  readonly documents: readonly string[];
}

interface ContextOptions {
  readonly key: string;
  readonly given: Json;
  /** True when what was given names or includes the core context. */
  readonly hasCore: boolean;
  readonly url: string | undefined;
  readonly documents: readonly string[];
  readonly table: TermTable;
}

/** Names that are no terms are remembered up to this number and length, each way. */
const rememberedMax = 1000;
const rememberedLengthMax = 256;

/** Gives a compiled @context its look-ups. */
export function* createContext({ key, given, hasCore, url, documents, table }: ContextOptions): Pieces<Context> {
  const expandUnknown = remembered((name) => expandName(table, name));
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

/** Finds the best usable name of an IRI. */
function* createCompactor({ table, findCompactIri }: Table, isUsable: IsUsable): Pieces<(iri: string) => string> {
  const names = yield* namesOf(table, isUsable);
  const compactUnknown = remembered((iri) => {
    const means: IsUsable = (name) => isUsable(name) && expandName(table, name) === iri;
    const end = endBelow(table.vocab, iri);
    // The end below the vocabulary, else the best compact IRI, else the IRI. A name that would not be taken back is never used.
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

/** The best term of every IRI. What a definition says of values (`@type`, `@container`) does not count for names. */
function* namesOf({ terms }: TermTable, isUsable: IsUsable): Pieces<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  yield* eachOf(terms, ([name, { iri }]) => {
    const isMeant = iri !== meaningless && iri !== reversed && isBetter(name, names.get(iri));
    if (isMeant && isUsable(name)) names.set(iri, name);
  });
  return names;
}

const endBelow = (vocab: string | undefined, iri: string): string | undefined =>
  vocab !== undefined && iri.length > vocab.length && iri.startsWith(vocab) ? iri.slice(vocab.length) : undefined;

/** Remembers what a function answered. When there is too much to remember, it begins anew. */
function remembered(answer: (text: string) => string): (text: string) => string {
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
