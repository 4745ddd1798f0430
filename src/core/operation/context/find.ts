/** Finds the @context that a path names, by its id or by its URL (CIM 009 clause 5.13.4). */
import { isCoreUrl } from '../../jsonld/gather.ts';
import type { Json } from '../../model/json.ts';
import type { OperationRequest, CallContext } from '../operation.ts';
import { contextIdIn, contextCollection, type StoredContext, storedContextIn } from './stored-context.ts';

export interface FoundContext {
  readonly key: string;
  readonly kept: StoredContext;
}

/**
 * Undefined when there is none. `core`: the core context in any version, which is not in the collection. Throws ResourceNotFound when the
 * stored document cannot be read.
 */
export async function findContext(
  { path }: OperationRequest,
  { store, tenant }: CallContext,
): Promise<FoundContext | 'core' | undefined> {
  const place = await findStoredDocument(path['contextId'] ?? '', { store, tenant });
  return place === undefined || place === 'core' ? place : { key: place.key, kept: storedContextIn(place.document) };
}

/** Like `findContext`, for a @context whose stored document may be unreadable. */
export async function findStoredDocument(
  name: string,
  { store, tenant }: Pick<CallContext, 'store' | 'tenant'>,
): Promise<{ readonly key: string; readonly document: Json } | 'core' | undefined> {
  if (isCoreUrl(name)) return 'core';
  for (const key of [name, contextIdIn(name, tenant)]) {
    const document = key === undefined ? undefined : await store.collection(contextCollection).get(key);
    if (key !== undefined && document !== undefined) return { key, document };
  }
  return undefined;
}
