/** Compiles the @context of a request, and caches it (CIM 009 clauses 5.5.5 to 5.5.7). */
import { isArray, isObject, type Json } from '../model/json.ts';
import { badData } from '../model/problem.ts';
import { quoted } from '../model/read/id.ts';
import { checkContext } from './check.ts';
import { compileContext, compileCore } from './compile.ts';
import { type Context, createContext } from './context.ts';
import { gatherParts, includesCore, isCoreUrl } from './gather.ts';
import { restIfDue, runSync, runWithPauses, type Pause } from '../model/interruptible.ts';
import { createDependencyTracker, type TenantContextSource } from './dependency-tracker.ts';
import { coreContext, coreContextUrl } from './known/core-context.ts';
import { dataIntegrity, dataIntegrityUrl } from './known/data-integrity.ts';
import { createSingleFlight } from './single-flight.ts';
import type { TermTable } from './term-table.ts';
import type { CacheShare } from './bounded-cache.ts';
import { createCompiledContextCache } from './compiled-context-cache.ts';

/**
 * Loads the JSON document at a URL, which should have a member `@context`. Throws LdContextNotAvailable when it cannot be loaded,
 * BadRequestData when it is not JSON (clause 5.5.6).
 */
export type LoadDocument = (url: string) => Promise<Json>;

export interface Contexts {
  /** The core context alone: applies when a request gives no @context. */
  readonly core: Context;
  /**
   * Resolves the @context that a request gives: a URL, an object, or an array of these. Undefined is the core. Throws BadRequestData that
   * names the error, and what loading throws.
   */
  resolve(value: Json | undefined, tenantContexts?: TenantContextSource): Promise<Context>;
  /**
   * Throws BadRequestData when a @context is not valid. It does not load documents, so it finds only errors that do not depend on them.
   * `documents`: the available documents, by URL.
   */
  check(value: Json, documents?: Readonly<Record<string, Json>>): Promise<void>;
  /** True for the URL of a document that is part of the broker and never loaded: the core, or a known document. */
  isBuiltIn(url: string): boolean;
  /** Evicts everything made of a document, given by its key or URL, or of any document. It is loaded again when needed. */
  forget(document?: string): void;
}

/** The contexts of the broker's tenants. */
export interface TenantContexts {
  readonly core: Context;
  /** The @context for requests that name none. Throws what loading throws. */
  defaultContext(tenant: string): Context | Promise<Context>;
  /** Like `Contexts.resolve`, for a tenant. */
  resolve(value: Json | undefined, tenant: string): Promise<Context>;
}

export interface ContextsOptions {
  readonly load: LoadDocument;
  /** Documents that need no loading: by URL, or by a path of the broker under any host name. */
  readonly known: Readonly<Record<string, Json>>;
  /** Called while a long @context is compiled; absent: the event loop is blocked meanwhile. */
  readonly pause?: Pause;
  /** What the cache of compiled contexts may hold; absent: 64 MiB. */
  readonly cache?: CacheShare;
}

const defaultCache: CacheShare = { bytesMax: 2 ** 26 };

const noTenantContexts: TenantContextSource = {
  owner: '',
  keyOf: () => undefined,
  get: () => Promise.resolve(undefined),
};

const builtIn = [[dataIntegrityUrl, { '@context': dataIntegrity }]] as const;

export function createContexts({ load, known, pause = () => undefined, cache: share }: ContextsOptions): Contexts {
  const documents = new Map<string, Json>([...Object.entries(known), ...builtIn]);
  const { coreTable, core } = createCore();
  const cache = createCompiledContextCache(share ?? defaultCache);
  const loading = createSingleFlight<Json>();
  const making = createSingleFlight<Context>();
  let forgotten = 0;
  const getDocument: LoadDocument = async (url) =>
    documentOf(url, documents) ?? (await loading(`${forgotten} ${url}`, () => load(url)));
  const make = async (text: string, value: Json, tenantContexts: TenantContextSource): Promise<Context> => {
    const began = forgotten;
    const tracker = createDependencyTracker(getDocument, tenantContexts);
    const parts = await gatherWithPauses(value, tracker.getDocument, pause);
    const table = await runWithPauses(compileContext(parts, coreTable), pause);
    const key = began === 0 ? text : `${text} ${began}`;
    const [hasCore, documents] = [includesCore(parts), tracker.documents()];
    const options = { key, given: value, hasCore, url: linkUrl(value), documents, table };
    const context = await runWithPauses(createContext(options), pause);
    if (began === forgotten)
      cache.put(context, { text, owner: tracker.isOwned() ? tenantContexts.owner : undefined, table });
    return context;
  };
  return {
    core,
    resolve: async (value, tenantContexts = noTenantContexts) => {
      const text = value === undefined ? emptyList : keyOf(value);
      if (value === undefined || text === emptyList || text === emptyObject) return core;
      const name = `${forgotten} ${tenantContexts.owner}\n${text}`;
      return cache.get(text, tenantContexts.owner) ?? making(name, () => make(text, value, tenantContexts));
    },
    isBuiltIn: (url) => documentOf(url, documents) !== undefined,
    check: (value, atHand = {}) => checkContext(value, atHand, { core: coreTable, pause }),
    forget: (document) => {
      forgotten += 1;
      cache.dropMadeOf(document);
    },
  };
}

/** Long values take their time before and while they are gathered. */
async function gatherWithPauses(value: Json, getDocument: LoadDocument, pause: Pause): ReturnType<typeof gatherParts> {
  await restIfDue(pause);
  const parts = await gatherParts(value, getDocument);
  await restIfDue(pause);
  return parts;
}

function createCore(): { readonly coreTable: TermTable; readonly core: Context } {
  const coreTable = compileCore(coreContext);
  const named = { key: coreContextUrl, given: coreContextUrl, url: coreContextUrl };
  return { coreTable, core: runSync(createContext({ ...named, hasCore: true, documents: [], table: coreTable })) };
}

/** A document that needs no loading: the core in any version (an `@import` may ask for it), or a known document. */
const documentOf = (url: string, documents: ReadonlyMap<string, Json>): Json | undefined =>
  isCoreUrl(url) ? { '@context': coreContext } : (documents.get(url) ?? documents.get(pathOf(url)));

/** The path of an http or https URL; empty when the URL has a query. */
const pathOf = (url: string): string => /^https?:\/\/[^/?#]+(\/[^?#]+)$/i.exec(url)?.[1] ?? '';

/** The keys of values that say nothing. Asking a long object for its members takes as long as writing it. */
const [emptyList, emptyObject] = ['[]', '{}'];

/** The cache key of a @context. A URL is never equal to the JSON text of an object or array. */
function keyOf(value: Json): string {
  if (typeof value === 'string') return value;
  if (isArray(value) || isObject(value)) return JSON.stringify(value);
  throw badData(`A @context must be a URL, an object or an array of these, not ${quoted(value)}.`);
}

/** The single URL of a @context, for the Link header. The core does not count. */
function linkUrl(value: Json): string | undefined {
  if (typeof value === 'string') return value;
  if (!isArray(value)) return undefined;
  const others = value.filter((element) => typeof element !== 'string' || !isCoreUrl(element));
  const only = others.length === 0 ? value[0] : others[0];
  return others.length < 2 && typeof only === 'string' ? only : undefined;
}
