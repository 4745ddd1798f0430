/** A @context ready for use: names to IRIs and back, each a look-up (CIM 009 clause 5.5.7, JSON-LD 1.1 API clauses 5.2 and 6.2). */
import type { Terms } from '../model/entity.ts';
import { isArray, type Json } from '../model/json.ts';
import { isName, isReserved } from '../model/read/name.ts';
import { coreContextUrl } from './known/core-context.ts';
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
export function createContext({ key, given, hasCore, url, documents, table }: ContextOptions): Context {
  const expandUnknown = remembered((name) => expandName(table, name));
  const defines = (name: string): boolean => table.terms.has(name);
  const compact = createCompactor(table, (name) => !isReserved(name) && isName(name, { defines }));
  let compactVocab: ((iri: string) => string) | undefined;
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
    compactVocab: (iri) => (compactVocab ??= createCompactor(table, () => true))(iri),
    defines,
  };
}

type IsUsable = (name: string) => boolean;

/** Finds the best usable name of an IRI. */
function createCompactor(table: TermTable, isUsable: IsUsable): (iri: string) => string {
  const names = namesOf(table, isUsable);
  const prefixes = prefixesOf(table);
  const compactUnknown = remembered((iri) =>
    compactUnnamed(iri, prefixes, (name) => isUsable(name) && expandName(table, name) === iri),
  );
  return (iri) => names.get(iri) ?? compactUnknown(iri);
}

/** A list of one URL is written as the URL. */
function writtenOf(given: Json, hasCore: boolean): Json {
  const list = isArray(given) ? given : [given];
  const [only = given] = list;
  if (!hasCore) return [...list, coreContextUrl];
  return list.length === 1 && typeof only === 'string' ? only : given;
}

/** True when `name` is to be preferred: shorter, or as long and earlier in the order of code units. */
const isBetter = (name: string, than: string | undefined): boolean =>
  than === undefined || name.length < than.length || (name.length === than.length && name < than);

/** The best term of every IRI. What a definition says of values (`@type`, `@container`) does not count for names. */
function namesOf({ terms }: TermTable, isUsable: IsUsable): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [name, { iri }] of terms) {
    const isMeant = iri !== meaningless && iri !== reversed && isBetter(name, names.get(iri));
    if (isMeant && isUsable(name)) names.set(iri, name);
  }
  return names;
}

interface Prefixes {
  readonly vocab: string | undefined;
  readonly byIri: ReadonlyMap<string, readonly string[]>;
  /** Every length of an IRI that has a prefix: no other beginnings of an IRI need to be looked up. */
  readonly lengths: readonly number[];
}

function prefixesOf({ terms, vocab }: TermTable): Prefixes {
  const byIri = new Map<string, string[]>();
  for (const [name, { iri, isPrefix }] of terms) {
    if (!isPrefix) continue;
    const known = byIri.get(iri);
    if (known === undefined) byIri.set(iri, [name]);
    else known.push(name);
  }
  return { vocab, byIri, lengths: [...new Set([...byIri.keys()].map((iri) => iri.length))] };
}

/**
 * The name of an IRI that has no term: its end below the vocabulary, else the best compact IRI, else the IRI. A name that
 * would not be taken back as the IRI is never used.
 */
function compactUnnamed(iri: string, prefixes: Prefixes, means: IsUsable): string {
  const end = endBelow(prefixes.vocab, iri);
  return end !== undefined && means(end) ? end : (compactIriOf(iri, prefixes, means) ?? iri);
}

const endBelow = (vocab: string | undefined, iri: string): string | undefined =>
  vocab !== undefined && iri.length > vocab.length && iri.startsWith(vocab) ? iri.slice(vocab.length) : undefined;

function compactIriOf(iri: string, { byIri, lengths }: Prefixes, means: (name: string) => boolean): string | undefined {
  let best: string | undefined;
  for (const length of lengths.filter((prefix) => prefix < iri.length)) {
    for (const prefix of byIri.get(iri.slice(0, length)) ?? []) {
      const name = `${prefix}:${iri.slice(length)}`;
      if (isBetter(name, best) && means(name)) best = name;
    }
  }
  return best;
}

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
