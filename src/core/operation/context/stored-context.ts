/** The stored document of a @context, and its names: key in the collection, path and URL (CIM 009 clause 5.13.1). */
import type { Instant } from '../../model/instant.ts';
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
  if (known === undefined || typeof createdAt !== 'string') throw unreadable('A @context');
  return {
    kind: known,
    createdAt,
    ...(typeof lastUsage === 'string' ? { lastUsage } : undefined),
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

/** The path at which a @context is served. */
export const contextPath = (id: string): string => root + id;

/** The id in a URL that may name a @context of this broker, under whatever host name. Undefined for other URLs. */
export function contextIdIn(url: string): string | undefined {
  const id = /^https?:\/\/[^/?#]+\/ngsi-ld\/v1\/jsonldContexts\/([^/?#]+)$/.exec(url)?.[1];
  return id === undefined ? undefined : percentDecoded(id);
}
