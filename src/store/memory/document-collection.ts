/** A document collection in memory. */
import { type Json, sameJson } from '../../core/model/json.ts';
import type { DocumentCollection } from '../../core/port/store.ts';

/** An empty collection. */
export function createCollection(): DocumentCollection {
  const documents = new Map<string, Json>();
  return {
    get: (key) => Promise.resolve(documents.get(key)),
    keys: () => Promise.resolve([...documents.keys()].sort()),
    list: () => {
      const listed = [...documents].map(([key, document]) => ({ key, document }));
      return Promise.resolve(listed.sort((a, b) => (a.key < b.key ? -1 : 1)));
    },
    put: (key, document) => {
      documents.set(key, document);
      return Promise.resolve();
    },
    putFenced: (all) => {
      for (const { key, document } of all) documents.set(key, document);
      return Promise.resolve(true);
    },
    replace: (key, before, after) => {
      if (!sameJson(documents.get(key), before)) return Promise.resolve(false);
      if (after === undefined) documents.delete(key);
      else documents.set(key, after);
      return Promise.resolve(true);
    },
    follow: () => () => undefined,
    delete: (key) => Promise.resolve(documents.delete(key)),
  };
}
