/** Document collections in SQLite: JSON documents by key. */
import type { Database } from 'better-sqlite3';
import { type Json, sameJson } from '../../core/model/json.ts';
import { documentIn } from '../../core/port/document-collection.ts';
import type { DocumentCollection } from '../../core/port/store.ts';
import type { Job, DocumentRow } from './message.ts';
import type { SendJob } from './writer/writer.ts';

type CollectionJob<Op> = Extract<Job, { op: Op }>;

export interface CollectionWriter {
  /** Returns the number of documents written. */
  put(job: CollectionJob<'put'>): number;
  /** Returns 1, or 0 when the stored document is not `before`. */
  replace(job: CollectionJob<'replace'>): number;
  /** Returns the number of documents removed: 0 or 1. */
  drop(job: CollectionJob<'drop'>): number;
}

const selectDoc = 'SELECT doc FROM shelf WHERE name = ? AND key = ?';

export function createCollectionWriter(database: Database): CollectionWriter {
  const get = database.prepare<[string, string]>(selectDoc).pluck();
  const put = database.prepare<[string, string, string]>(
    'INSERT OR REPLACE INTO shelf (name, key, doc) VALUES (?, ?, ?)',
  );
  const drop = database.prepare<[string, string]>('DELETE FROM shelf WHERE name = ? AND key = ?');
  return {
    put: ({ collection, documents }) => {
      for (const { key, doc } of documents) put.run(collection, key, doc);
      return documents.length;
    },
    replace: ({ collection, key, before, after }) => {
      const now = get.get(collection, key);
      // Most texts are equal, and need no parsing.
      if (now !== before && !sameJson(presentIn(now), presentIn(before))) return 0;
      if (after === undefined) drop.run(collection, key);
      else put.run(collection, key, after);
      return 1;
    },
    drop: ({ collection, key }) => drop.run(collection, key).changes,
  };
}

const presentIn = (text: unknown): Json | undefined => (text === undefined ? undefined : documentIn(text));

/** Opens collections by name. Reads use the reading connection, writes go to the writer. */
export function createCollections(database: Database, send: SendJob): (name: string) => DocumentCollection {
  const get = database.prepare<[string, string]>(selectDoc).pluck();
  const keys = database.prepare<[string], string>('SELECT key FROM shelf WHERE name = ?').pluck();
  const list = database.prepare<[string], { key: string; doc: unknown }>('SELECT key, doc FROM shelf WHERE name = ?');
  return (name) => ({
    get: (key) => Promise.resolve(presentIn(get.get(name, key))),
    // Sorted by UTF-16 units, like every other store. SQLite sorts by UTF-8.
    keys: () => Promise.resolve(keys.all(name).sort()),
    list: () => {
      const documents = list.all(name).map(({ key, doc }) => ({ key, document: documentIn(doc) }));
      return Promise.resolve(documents.sort((a, b) => (a.key < b.key ? -1 : 1)));
    },
    put: async (key, document) => {
      await send({ op: 'put', collection: name, documents: [rowOf({ key, document })] });
    },
    putFenced: async (documents) => {
      if (documents.length > 0) await send({ op: 'put', collection: name, documents: documents.map(rowOf) });
      return true;
    },
    replace: async (key, before, after) =>
      (await send({ op: 'replace', collection: name, key, before: textOf(before), after: textOf(after) })) === 1,
    follow: () => () => undefined,
    delete: async (key) => (await send({ op: 'drop', collection: name, key })) === 1,
  });
}

const rowOf = ({ key, document }: { readonly key: string; readonly document: Json }): DocumentRow => ({
  key,
  doc: JSON.stringify(document),
});

const textOf = (document: Json | undefined): string | undefined =>
  document === undefined ? undefined : JSON.stringify(document);
