/** The @contexts of a broker, per tenant. Those stored in the broker take precedence over those of the web (CIM 009 clause 5.13). */
import type { Context } from '../../jsonld/context.ts';
import type { TenantContextSource } from '../../jsonld/dependency-tracker.ts';
import type { Contexts, TenantContexts } from '../../jsonld/resolve.ts';
import type { Instant } from '../../model/instant.ts';
import { type Json, sameJson } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import type { Clock } from '../../port/clock.ts';
import type { Documents } from '../../port/documents.ts';
import type { Observe } from '../../port/observe.ts';
import type { DocumentCollection, Stores } from '../../port/store.ts';
import { fingerprint } from './fingerprint.ts';
import {
  contextIdIn,
  contextPath,
  contextCollection,
  type StoredContext,
  readableIn,
  withTenant,
} from './stored-context.ts';
import { createUsage, type TenantCollection, type Usage } from './usage.ts';

/** The reader of a URL. */
interface Reader {
  readonly tenant: string;
  /** The URL at which the client reached the broker, such as `http://localhost:1026`. Absent: unknown, and URLs are paths. */
  readonly origin?: string;
  /** True when the URL will be stored: the @context at it is then kept until a client deletes it. */
  readonly isLasting?: boolean;
}

export interface ContextRegistry extends TenantContexts {
  /** The time when this broker loaded the core context. */
  readonly openedAt: Instant;
  /** Throws BadRequestData when a @context is not valid, as far as that can be decided without the documents it refers to. */
  check(value: Json): Promise<void>;
  /** Records that a tenant used a @context and its documents. Undefined when there is nothing to wait for. */
  recordUse(context: Context, tenant: string): Promise<void> | undefined;
  /** The last use of a @context, as far as it is in memory. */
  lastUsage(key: string, tenant: string): Instant | undefined;
  /** The URL of a @context. A @context without a URL is stored as ImplicitlyCreated to get one. The tenant must exist. */
  urlOf(context: Context, reader: Reader): Promise<string>;
  /** Changes or creates the stored document of a @context. */
  change: Usage['change'];
  /** False when there is no such @context. */
  remove(key: string, place: TenantCollection): Promise<boolean>;
  /** Downloads a document again. Throws LdContextNotAvailable when that fails; then nothing changes (clause 5.13.5). */
  reload(url: string): Promise<void>;
}

export interface ContextRegistryOptions {
  readonly contexts: Contexts;
  /** The URL of the @context for those requests of a tenant that name none. Undefined: the core context. */
  readonly defaultOf?: (tenant: string) => string | undefined;
  readonly documents: Documents;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly observe: Observe;
}

export function createContextRegistry(options: ContextRegistryOptions): ContextRegistry {
  const { contexts, documents, stores, clock, observe, defaultOf } = options;
  const usage = createUsage({ stores, clock, onEvicted: (key) => contexts.forget(key) });
  const tenantContexts = createTenantContextSource(stores, (key) => contexts.forget(key));
  const keep = createImplicitContexts({ stores, clock, change: (...changed) => usage.change(...changed) });
  return {
    core: contexts.core,
    openedAt: clock.now(),
    defaultContext: (tenant) => {
      const url = defaultOf?.(tenant);
      return url === undefined ? contexts.core : contexts.resolve(url, tenantContexts(tenant));
    },
    resolve: (value, tenant) => contexts.resolve(value, tenantContexts(tenant)),
    check: (value) => contexts.check(value),
    recordUse: (context, tenant) =>
      usage.note(context.documents, tenant)?.catch((cause: unknown) => {
        observe({ kind: 'failed', where: 'noting the use of a @context', cause });
      }),
    lastUsage: (key, tenant) => usage.latest(key, tenant),
    urlOf: async (context, reader) =>
      context.url === undefined
        ? (reader.origin ?? '') + contextPath(await keep(context, reader), reader.tenant)
        : givenUrl(context.url, context, reader),
    change: (key, next, place) => usage.change(key, next, place),
    remove: async (key, place) => {
      const wasThere = await usage.remove(key, place);
      if (!wasThere) return false;
      await documents.forget(key);
      contexts.forget(key);
      return true;
    },
    reload: async (url) => {
      if (contexts.isBuiltIn(url)) return;
      await documents.reload(url, (document) => contexts.check(url, { [url]: document })).catch(rethrowAsUnavailable);
      contexts.forget(url);
    },
  };
}

/**
 * The @contexts that a tenant stores, as a source for resolving. Calls `onChanged` when another broker on the same store has changed one of
 * them, or without a key when any may have changed.
 */
function createTenantContextSource(
  stores: Stores,
  onChanged: (key?: string) => void,
): (tenant: string) => TenantContextSource {
  const followed = new Set<string>();
  const collectionOf = async (tenant: string): Promise<DocumentCollection | undefined> => {
    const collection = (await stores.open(tenant, false))?.collection(contextCollection);
    if (!collection || followed.has(tenant)) return collection;
    followed.add(tenant);
    collection.follow(onChanged);
    return collection;
  };
  return (tenant) => ({
    owner: tenant,
    keyOf: (url) => contextIdIn(url, tenant),
    get: async (id) => {
      const document = await (await collectionOf(tenant))?.get(id);
      const context = readableIn(document)?.context;
      return context === undefined ? undefined : { '@context': context };
    },
  });
}

/** The URL that the client gave. When the tenant stores the @context, it names the tenant. */
function givenUrl(url: string, { documents }: Context, { tenant }: Reader): string {
  const id = tenant === '' ? undefined : contextIdIn(url, tenant);
  return id !== undefined && documents.includes(id) ? withTenant(url, tenant) : url;
}

interface ImplicitContextOptions {
  readonly stores: Stores;
  readonly clock: Clock;
  readonly change: Usage['change'];
}

/** Stores contexts that have no URL. Returns the id, which is the same for the same @context. */
function createImplicitContexts({
  stores,
  clock,
  change,
}: ImplicitContextOptions): (context: Context, reader: Reader) => Promise<string> {
  return async ({ written }, { tenant, isLasting = false }) => {
    const collection = await openCollection(stores, tenant);
    const fresh: StoredContext = { kind: 'ImplicitlyCreated', createdAt: clock.now(), context: written, isLasting };
    const name = `urn:ngsi-ld:Context:${fingerprint(JSON.stringify(written))}`;
    // Another @context may have the same fingerprint: then a number is appended.
    for (let number = 1; ; number += 1) {
      const id = number === 1 ? name : `${name}-${number}`;
      let kept = readableIn(await collection.get(id));
      if (kept === undefined || (isLasting && kept.isLasting !== true))
        await change(
          id,
          (now) => {
            kept = now ?? fresh;
            return madePermanent(now, fresh);
          },
          { tenant, collection },
        );
      if (sameJson(kept?.context, written)) return id;
    }
  };
}

async function openCollection(stores: Stores, tenant: string): Promise<DocumentCollection> {
  const store = await stores.open(tenant, false);
  if (store) return store.collection(contextCollection);
  throw new Error(`A @context is to be kept for the tenant ${JSON.stringify(tenant)}, which is not there.`);
}

/** The document to store when there is none, or when the @context must now be permanent. A different @context of the same name stays. */
function madePermanent(now: StoredContext | undefined, fresh: StoredContext): StoredContext | undefined {
  if (now === undefined) return fresh;
  const isEnough = fresh.isLasting !== true || now.isLasting === true || !sameJson(now.context, fresh.context);
  return isEnough ? undefined : { ...now, isLasting: true };
}

/** Any error in a reloaded document means that the @context is not available (clause 5.13.5). */
function rethrowAsUnavailable(cause: unknown): never {
  if (cause instanceof Problem && cause.type === 'BadRequestData')
    throw new Problem('LdContextNotAvailable', cause.message, cause);
  throw cause;
}
