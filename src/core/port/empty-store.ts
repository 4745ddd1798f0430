/** A store without data: what the operations of NGSI v2 read of a tenant that does not exist. Nothing is created in it. */
import { mutate } from '../model/mutate.ts';
import { Problem } from '../model/problem.ts';
import type { DocumentCollection, Log, Store } from './store.ts';

const refuse = (): Promise<never> =>
  Promise.reject(new Problem('NonexistentTenant', 'There is nothing in a tenant that does not exist.'));

const collection: DocumentCollection = {
  get: () => Promise.resolve(undefined),
  keys: () => Promise.resolve([]),
  list: () => Promise.resolve([]),
  put: refuse,
  putFenced: refuse,
  replace: refuse,
  delete: () => Promise.resolve(false),
  follow: () => () => undefined,
};

const log: Log = {
  position: () => Promise.resolve(0),
  prunedTo: () => Promise.resolve(0),
  read: () => Promise.resolve([]),
  readAbout: () => Promise.resolve([]),
  follow: () => () => undefined,
  prune: () => Promise.resolve(0),
};

/** Finds nothing, and refuses every write as if the entity did not exist. */
export const emptyStore: Store = {
  get: () => Promise.resolve(undefined),
  find: () => Promise.resolve([]),
  count: () => Promise.resolve(0),
  apply: (writes, at) =>
    Promise.resolve(writes.map(({ mutation: { id } }) => mutate(undefined, { op: 'delete', id }, at).outcome)),
  history: () => Promise.resolve([]),
  record: refuse,
  revise: () => Promise.resolve('absent'),
  summary: () => Promise.resolve({ entities: 0, types: [] }),
  sweep: () => Promise.resolve(0),
  forgetHistory: () => Promise.resolve({ instances: {} }),
  subject: () => Promise.resolve({ found: [] }),
  collection: () => collection,
  log,
};
