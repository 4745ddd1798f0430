/** Makes the @context of a request ready for use, and remembers it (CIM 009 clauses 5.5.5 to 5.5.7). */
import { isArray, isObject, type Json } from '../model/json.ts';
import { badData } from '../model/problem.ts';
import { quoted } from '../model/read/id.ts';
import { createBoundedCache } from './bounded-cache.ts';
import { compileContext, compileCore } from './compile.ts';
import { type Context, createContext } from './context.ts';
import { gatherParts, isCoreUrl } from './gather.ts';
import { coreContext, coreContextUrl } from './known/core-context.ts';
import { dataIntegrity, dataIntegrityUrl } from './known/data-integrity.ts';
import { createSingleFlight } from './single-flight.ts';
import type { TermTable } from './term-table.ts';

/**
 * Loads the JSON document at a URL, which should hold a member `@context`. Throws LdContextNotAvailable when it cannot be
 * had, BadRequestData when it is not JSON (clause 5.5.6).
 */
export type LoadDocument = (url: string) => Promise<Json>;

export interface Contexts {
  /** The core context alone: what holds when a request gives none. */
  readonly core: Context;
  /**
   * The @context that a request gives: a URL, an object, or an array of these. Undefined is the core.
   * Throws BadRequestData that names the fault, and what loading throws.
   */
  resolve(value: Json | undefined): Promise<Context>;
}

export interface ContextsOptions {
  readonly load: LoadDocument;
  /** Documents by URL that need no loading. */
  readonly known: Readonly<Record<string, Json>>;
}

/** Contexts that are kept ready, and the characters that they may have together. */
const bounds = { entriesMax: 1000, weightMax: 2 ** 26 };

export function createContexts({ load, known }: ContextsOptions): Contexts {
  const documents = new Map<string, Json>([
    ...Object.entries(known),
    [dataIntegrityUrl, { '@context': dataIntegrity }],
  ]);
  const coreTable = compileCore(coreContext);
  const core = createContext({ key: coreContextUrl, echo: coreContextUrl, url: coreContextUrl, table: coreTable });
  const cache = createBoundedCache<Context>(bounds);
  const loading = createSingleFlight<Json>();
  const making = createSingleFlight<Context>();
  const getDocument: LoadDocument = async (url) => documentOf(url, documents) ?? (await loading(url, () => load(url)));
  const make = async (key: string, value: Json): Promise<Context> => {
    const table = compileContext(await gatherParts(value, getDocument), coreTable);
    const context = createContext({ key, echo: value, url: linkUrl(value), table });
    cache.set(key, context, key.length + charactersOf(table));
    return context;
  };
  return {
    core,
    resolve: async (value) => {
      if (value === undefined || isEmpty(value)) return core;
      const key = keyOf(value);
      return cache.get(key) ?? making(key, () => make(key, value));
    },
  };
}

function charactersOf({ terms }: TermTable): number {
  let characters = 0;
  for (const [name, { iri }] of terms) characters += name.length + iri.length;
  return characters;
}

/** A document that is at hand: the core, whatever its version (as an `@import` may ask for it), or one that is known. */
const documentOf = (url: string, documents: ReadonlyMap<string, Json>): Json | undefined =>
  isCoreUrl(url) ? { '@context': coreContext } : documents.get(url);

const isEmpty = (value: Json): boolean =>
  (isArray(value) && value.length === 0) || (isObject(value) && Object.keys(value).length === 0);

/** A URL is never the JSON text of an object or array. */
function keyOf(value: Json): string {
  if (typeof value === 'string') return value;
  if (isArray(value) || isObject(value)) return JSON.stringify(value);
  throw badData(`A @context must be a URL, an object or an array of these, not ${quoted(value)}.`);
}

/** The one URL that stands for the whole. The core goes without saying. */
function linkUrl(value: Json): string | undefined {
  if (typeof value === 'string') return value;
  if (!isArray(value)) return undefined;
  const others = value.filter((element) => typeof element !== 'string' || !isCoreUrl(element));
  const only = others.length === 0 ? value[0] : others[0];
  return others.length < 2 && typeof only === 'string' ? only : undefined;
}
