/** Shelves of JSON documents. */
import type { Database } from 'better-sqlite3';
import { parseJson } from '../../core/model/json.ts';
import type { Shelf } from '../../core/port/store.ts';
import type { Job } from './message.ts';
import type { SendJob } from './writer/writer.ts';

export interface ShelfWriter {
  /** Answers how many were put: 0 where there is one that is not to be replaced. */
  put(job: Extract<Job, { op: 'put' }>): number;
  /** Answers how many there were: 0 or 1. */
  drop(job: Extract<Job, { op: 'drop' }>): number;
}

export function createShelfWriter(database: Database): ShelfWriter {
  const put = database.prepare<[string, string, string]>(
    'INSERT OR REPLACE INTO shelf (name, key, doc) VALUES (?, ?, ?)',
  );
  const add = database.prepare<[string, string, string]>(
    'INSERT OR IGNORE INTO shelf (name, key, doc) VALUES (?, ?, ?)',
  );
  const drop = database.prepare<[string, string]>('DELETE FROM shelf WHERE name = ? AND key = ?');
  return {
    put: ({ shelf, key, doc, isNew }) => (isNew ? add : put).run(shelf, key, doc).changes,
    drop: ({ shelf, key }) => drop.run(shelf, key).changes,
  };
}

/** Opens shelves by name: reads on the reading connection, writes by the writer. */
export function createShelves(database: Database, send: SendJob): (name: string) => Shelf {
  const get = database.prepare<[string, string], string>('SELECT doc FROM shelf WHERE name = ? AND key = ?').pluck();
  const keys = database.prepare<[string], string>('SELECT key FROM shelf WHERE name = ?').pluck();
  const list = database.prepare<[string], { key: string; doc: string }>('SELECT key, doc FROM shelf WHERE name = ?');
  const putIn =
    (shelf: string): Shelf['put'] =>
    async (key, document) => {
      await send({ op: 'put', shelf, key, doc: JSON.stringify(document), isNew: false });
    };
  return (name) => ({
    get: (key) => {
      const doc = get.get(name, key);
      return Promise.resolve(doc === undefined ? undefined : parseJson(doc));
    },
    // By UTF-16 units, as every other store; SQLite's own order is that of UTF-8.
    keys: () => Promise.resolve(keys.all(name).sort()),
    list: () => {
      const documents = list.all(name).map(({ key, doc }) => ({ key, document: parseJson(doc) }));
      return Promise.resolve(documents.sort((a, b) => (a.key < b.key ? -1 : 1)));
    },
    put: putIn(name),
    putHeld: async (documents) => {
      await Promise.all(documents.map(({ key, document }) => putIn(name)(key, document)));
      return true;
    },
    add: async (key, document) => {
      await send({ op: 'put', shelf: name, key, doc: JSON.stringify(document), isNew: true });
      const doc = get.get(name, key);
      return doc === undefined ? document : parseJson(doc);
    },
    follow: () => () => undefined,
    delete: async (key) => (await send({ op: 'drop', shelf: name, key })) === 1,
  });
}
