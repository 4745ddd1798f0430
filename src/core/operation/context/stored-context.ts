/** The stored document of a @context, and its names: key in the collection, path and URL (CIM 009 clause 5.13.1). */
import { type Instant, isInstant } from '../../model/instant.ts';
import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import { unreadable } from '../../model/problem.ts';
import { percentDecoded } from '../../model/read/percent.ts';

/** The collection of @contexts in a tenant's store. Its keys are ids, or the URL of a downloaded document. */
export const contextCollection = 'contexts';

/** Hosted: sent by a client. Cached: downloaded. ImplicitlyCreated: stored by the broker because it needed a URL. */
export const contextKinds = ['Hosted', 'Cached', 'ImplicitlyCreated'] as const;
export type ContextKind = (typeof contextKinds)[number];

export interface StoredContext {
  readonly kind: ContextKind;
  readonly createdAt: Instant;
  /** The last use that was stored; up to a minute old. */
  readonly lastUsage?: Instant;
  /** The value of `@context`. Absent for downloaded documents, which the loader stores. */
  readonly context?: Json;
  /** True when its URL is stored somewhere: it is not evicted. */
  readonly isLasting?: boolean;
}

/** The document in the collection. */
export const storedContextJson = ({ kind, createdAt, lastUsage, context, isLasting }: StoredContext): JsonObject => ({
  kind,
  createdAt,
  ...(lastUsage === undefined ? undefined : { lastUsage }),
  ...(context === undefined ? undefined : { context }),
  ...(isLasting === true ? { isLasting } : undefined),
});

/** Reads a document that `storedContextJson` wrote. Throws ResourceNotFound when it is not one. */
export function storedContextIn(json: Json): StoredContext {
  const { kind, createdAt, lastUsage, context, isLasting } = isObject(json) ? json : {};
  const known = contextKinds.find((one) => one === kind);
  if (known === undefined || !isInstant(createdAt)) throw unreadable('A @context');
  return {
    kind: known,
    createdAt,
    ...(isInstant(lastUsage) ? { lastUsage } : undefined),
    ...(context === undefined ? undefined : { context }),
    ...(isLasting === true ? { isLasting } : undefined),
  };
}

/** Like `storedContextIn`; undefined when the document is absent, or unreadable and may be overwritten. */
export function readableIn(document: Json | undefined): StoredContext | undefined {
  try {
    return document === undefined ? undefined : storedContextIn(document);
  } catch {
    return undefined;
  }
}

/** True when the @context may be evicted: it is downloaded or created again when it is needed. */
export const isPassing = ({ kind, isLasting = false }: StoredContext): boolean => kind !== 'Hosted' && !isLasting;

const root = '/ngsi-ld/v1/jsonldContexts/';

/**
 * The path at which a @context of a tenant is served. Programs that follow a @context send no header, so the path names the tenant, except
 * the default one.
 */
export const contextPath = (id: string, tenant: string): string =>
  `${root}${id}${tenant === '' ? '' : `?tenant=${encodeURIComponent(tenant)}`}`;

const ownUrl = /^https?:\/\/[^/?#]+\/ngsi-ld\/v1\/jsonldContexts\/([^/?#]+)(?:\?tenant=([^?#&]+))?$/;

/**
 * The id in a URL that may name a @context of this tenant, under whatever host name. A URL without a tenant is one of the tenant of the
 * request. Undefined for other URLs.
 */
export function contextIdIn(url: string, tenant: string): string | undefined {
  const [, id, named] = ownUrl.exec(url) ?? [];
  if (id === undefined || (named !== undefined && percentDecoded(named) !== tenant)) return undefined;
  return percentDecoded(id);
}

/** The URL with which a @context of a tenant can be read without a header. `url` names the same @context, perhaps without the tenant. */
export const withTenant = (url: string, tenant: string): string =>
  tenant === '' || url.includes('?') ? url : `${url}?tenant=${encodeURIComponent(tenant)}`;
