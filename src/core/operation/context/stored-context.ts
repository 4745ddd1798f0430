/** What is kept of a @context, and how it is named: its key on the shelf, its path, its URL (CIM 009 clause 5.13.1). */
import type { Instant } from '../../model/instant.ts';
import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import { unreadable } from '../../model/problem.ts';
import { percentDecoded } from '../../model/read/percent.ts';

/** The shelf of @contexts in a tenant's store. Its keys are ids, or the URL of what was downloaded. */
export const contextCollection = 'contexts';

/** Given by a client, downloaded, or made by the broker because a URL was needed. */
export const contextKinds = ['Hosted', 'Cached', 'ImplicitlyCreated'] as const;
export type ContextKind = (typeof contextKinds)[number];

export interface StoredContext {
  readonly kind: ContextKind;
  readonly createdAt: Instant;
  /** As it was written last; up to a minute old. */
  readonly lastUsage?: Instant;
  /** The value of `@context`; none of what is kept by URL, which is the loader's. */
  readonly context?: Json;
  /** True when its URL was written down somewhere: it is not given up to make room. */
  readonly isLasting?: boolean;
}

/** What stands on the shelf. */
export const storedContextJson = ({ kind, createdAt, lastUsage, context, isLasting }: StoredContext): JsonObject => ({
  kind,
  createdAt,
  ...(lastUsage === undefined ? undefined : { lastUsage }),
  ...(context === undefined ? undefined : { context }),
  ...(isLasting === true ? { isLasting } : undefined),
});

/** What was put on the shelf by `keptJson`. Throws ResourceNotFound when it was not. */
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

/** The same; undefined for what is not there, or cannot be read and may be put anew. */
export function readableIn(document: Json | undefined): StoredContext | undefined {
  try {
    return document === undefined ? undefined : storedContextIn(document);
  } catch {
    return undefined;
  }
}

/** True for what may be given up to make room: it is downloaded, or made, again when it is needed. */
export const isPassing = ({ kind, isLasting = false }: StoredContext): boolean => kind !== 'Hosted' && !isLasting;

const root = '/ngsi-ld/v1/jsonldContexts/';

/** The path at which a @context is served. */
export const contextPath = (id: string): string => root + id;

/** The id in the URL of a @context that this broker may hold, by whatever name it was reached. Undefined for other URLs. */
export function contextIdIn(url: string): string | undefined {
  const id = /^https?:\/\/[^/?#]+\/ngsi-ld\/v1\/jsonldContexts\/([^/?#]+)$/.exec(url)?.[1];
  return id === undefined ? undefined : percentDecoded(id);
}
