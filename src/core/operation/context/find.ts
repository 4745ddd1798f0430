/** Finds the @context that a path names: by its id, or by its URL (CIM 009 clause 5.13.4). */
import { isCoreUrl } from '../../jsonld/gather.ts';
import type { Ask, Call } from '../operation.ts';
import { contextIdIn, contextShelf, type KeptContext, keptIn } from './kept.ts';

export interface FoundContext {
  readonly key: string;
  readonly kept: KeptContext;
}

/** Undefined: there is none. `core`: the core context in whatever version, which is on no shelf. */
export async function findContext({ path }: Ask, { store }: Call): Promise<FoundContext | 'core' | undefined> {
  const name = path['contextId'] ?? '';
  if (isCoreUrl(name)) return 'core';
  for (const key of [name, contextIdIn(name)]) {
    const document = key === undefined ? undefined : await store.shelf(contextShelf).get(key);
    if (key !== undefined && document !== undefined) return { key, kept: keptIn(document) };
  }
  return undefined;
}
