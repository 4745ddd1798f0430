/** Makes the @context of a request ready for use, and remembers it (CIM 009 clauses 5.5.5 to 5.5.7). */
import { isArray, isObject, type Json } from '../model/json.ts';
import { badData } from '../model/problem.ts';
import { quoted } from '../model/read/id.ts';
import { createBoundedCache } from './bounded-cache.ts';
import { compileContext, compileCore } from './compile.ts';
import { type Context, createContext } from './context.ts';
import { type GetDocument, gatherParts, isCoreUrl } from './gather.ts';
import { coreContext, coreContextUrl } from './known/core-context.ts';
import { dataIntegrity, dataIntegrityUrl } from './known/data-integrity.ts';
import { createSingleFlight } from './single-flight.ts';
import type { TermTable } from './term-table.ts';

/**
 * Loads the JSON document at a URL, which should hold a member `@context`. Throws LdContextNotAvailable when it cannot be
 * had, BadRequestData when it is not JSON (clause 5.5.6).
 */
export type LoadDocument = (url: string) => Promise<Json>;

/**
 * Documents that are kept for one asker alone: those go before what can be loaded, and nobody else gets to see what was made
 * of them.
 */
export interface Holdings {
  /** The asker, told apart from all others. It has no line break in it. */
  readonly owner: string;
  /** The key of a document that may be held, by the form of its URL. Undefined: it certainly is not. */
  keyOf(url: string): string | undefined;
  /** The document of a key. Undefined when it is not held. */
  get(key: string): Promise<Json | undefined>;
}

export interface Contexts {
  /** The core context alone: what holds when a request gives none. */
  readonly core: Context;
  /**
   * The @context that a request gives: a URL, an object, or an array of these. Undefined is the core.
   * Throws BadRequestData that names the fault, and what loading throws.
   */
  resolve(value: Json | undefined, holdings?: Holdings): Promise<Context>;
  /**
   * Throws BadRequestData when a @context cannot be used, whatever its documents hold: they are not loaded. `documents` are
   * those that are at hand, by URL.
   */
  check(value: Json, documents?: Readonly<Record<string, Json>>): Promise<void>;
  /** Forgets everything that was made of a document, by its key or URL: it is asked for again. */
  forget(document: string): void;
}

/** Contexts as the tenants of a broker have them. */
export interface TenantContexts {
  readonly core: Context;
  /** As `Contexts.resolve`, for a tenant. */
  resolve(value: Json | undefined, tenant: string): Promise<Context>;
}

export interface ContextsOptions {
  readonly load: LoadDocument;
  /** Documents by URL that need no loading. */
  readonly known: Readonly<Record<string, Json>>;
}

/** Contexts that are kept ready, and the characters that they may have together; as many again of holders of documents. */
const bounds = { entriesMax: 1000, weightMax: 2 ** 26 };

const noHoldings: Holdings = { owner: '', keyOf: () => undefined, get: () => Promise.resolve(undefined) };

export function createContexts({ load, known }: ContextsOptions): Contexts {
  const documents = new Map<string, Json>([
    ...Object.entries(known),
    [dataIntegrityUrl, { '@context': dataIntegrity }],
  ]);
  const coreTable = compileCore(coreContext);
  const coreNames = { key: coreContextUrl, echo: coreContextUrl, url: coreContextUrl };
  const core = createContext({ ...coreNames, documents: [], table: coreTable });
  const shared = createBoundedCache<Context>(bounds);
  const owned = createBoundedCache<Context>(bounds);
  const loading = createSingleFlight<Json>();
  const making = createSingleFlight<Context>();
  let forgotten = 0;
  const getDocument: LoadDocument = async (url) =>
    documentOf(url, documents) ?? (await loading(`${forgotten} ${url}`, () => load(url)));
  const make = async (text: string, value: Json, holdings: Holdings): Promise<Context> => {
    const began = forgotten;
    const journal = createJournal(getDocument, holdings);
    const table = compileContext(await gatherParts(value, journal.getDocument), coreTable);
    const key = began === 0 ? text : `${text} ${began}`;
    const context = createContext({ key, echo: value, url: linkUrl(value), documents: [...journal.documents], table });
    if (began !== forgotten) return context;
    const weight = text.length + charactersOf(table);
    if (journal.isOwned()) owned.set(`${holdings.owner}\n${text}`, context, weight);
    else shared.set(text, context, weight);
    return context;
  };
  return {
    core,
    resolve: async (value, holdings = noHoldings) => {
      if (value === undefined || isEmpty(value)) return core;
      const text = keyOf(value);
      const key = `${holdings.owner}\n${text}`;
      return shared.get(text) ?? owned.get(key) ?? making(`${forgotten} ${key}`, () => make(text, value, holdings));
    },
    check: (value, atHand = {}) => checkContext(value, atHand, coreTable),
    forget: (document) => {
      forgotten += 1;
      const isMadeOfIt = (context: Context): boolean => context.documents.includes(document);
      shared.dropWhere(isMadeOfIt);
      owned.dropWhere(isMadeOfIt);
    },
  };
}

/** Writes down which documents a @context was made of. */
interface Journal {
  readonly getDocument: GetDocument;
  readonly documents: ReadonlySet<string>;
  /** True when a document may be held for somebody, so that what was made must be for nobody else. */
  isOwned(): boolean;
}

function createJournal(load: GetDocument, holdings: Holdings): Journal {
  const documents = new Set<string>();
  let isOwned = false;
  return {
    documents,
    isOwned: () => isOwned,
    getDocument: async (url) => {
      const key = holdings.keyOf(url);
      const held = key === undefined ? undefined : await holdings.get(key);
      isOwned ||= key !== undefined;
      if (!isCoreUrl(url)) documents.add(key !== undefined && held !== undefined ? key : url);
      return held ?? load(url);
    },
  };
}

/** A @context of several documents, not all of them at hand, is looked at only as far as it can be without them. */
async function checkContext(value: Json, atHand: Readonly<Record<string, Json>>, core: TermTable): Promise<void> {
  let isWhole = true;
  const parts = await gatherParts(value, (url) => {
    if (Object.hasOwn(atHand, url)) return Promise.resolve(atHand[url] ?? null);
    isWhole = false;
    return Promise.resolve({ '@context': {} });
  });
  if (isWhole) compileContext(parts, core);
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
