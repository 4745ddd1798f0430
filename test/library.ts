/** The @contexts of a world in which nothing is loaded: the core, those that are known, and those that tenants keep. */
import type { Subscriptions } from '../src/core/port/subscriptions.ts';
import { createContexts } from '../src/core/jsonld/resolve.ts';
import type { Json } from '../src/core/model/json.ts';
import {
  type ContextLibrary,
  createContextLibrary,
  type LibraryOptions,
} from '../src/core/operation/context/library.ts';

export function createOfflineLibrary(
  known: Readonly<Record<string, Json>>,
  world: Pick<LibraryOptions, 'stores' | 'clock' | 'observe'>,
): ContextLibrary {
  const refuse = (url: string): Promise<never> => Promise.reject(new Error(`${url} must not be loaded`));
  const documents = { forget: () => Promise.resolve(), reload: refuse };
  return createContextLibrary({ ...world, documents, contexts: createContexts({ load: refuse, known }) });
}

/** For worlds in which nobody carries subscriptions out. */
export const noSubscriptions: Subscriptions = {
  check: () => Promise.resolve(),
  refresh: () => Promise.resolve(),
  watch: () => () => undefined,
  account: () => Promise.resolve(undefined),
  replay: () => Promise.resolve(),
  explain: () => Promise.reject(new Error('nobody can tell')),
};
