/** Shelves of JSON documents. */
import { type Document, MaxKey, MinKey } from 'mongodb';
import { parseJson } from '../../core/model/json.ts';
import type { Shelf } from '../../core/port/store.ts';
import { reach } from './connection.ts';
import type { Collections } from './schema.ts';
import type { Writer } from './writer/writer.ts';

/** Opens shelves by name. Writes go the way of all others, so that the last of several stands. */
export const createShelves =
  ({ shelf }: Collections, writer: Writer) =>
  (name: string): Shelf => {
    const all: Document = {
      _id: { $gte: { shelf: name, key: new MinKey() }, $lt: { shelf: name, key: new MaxKey() } },
    };
    return {
      get: async (key) => {
        const found = await reach(shelf.findOne({ _id: { shelf: name, key } }));
        return found ? parseJson(found.doc) : undefined;
      },
      // By UTF-16 units, as every other store; MongoDB's own order is that of UTF-8.
      keys: async () => {
        const found = await reach(shelf.find(all, { projection: { _id: 1 } }).toArray());
        return found.map(({ _id }) => _id.key).sort();
      },
      list: async () => {
        const found = await reach(shelf.find(all).toArray());
        const documents = found.map(({ _id, doc }) => ({ key: _id.key, document: parseJson(doc) }));
        return documents.sort((a, b) => (a.key < b.key ? -1 : 1));
      },
      put: async (key, document) => {
        const doc = JSON.stringify(document);
        await writer.send({
          ids: [],
          run: ({ session }) => shelf.replaceOne({ _id: { shelf: name, key } }, { doc }, { upsert: true, session }),
        });
      },
      delete: (key) =>
        writer.send({
          ids: [],
          run: async ({ session }) =>
            (await shelf.deleteOne({ _id: { shelf: name, key } }, { session })).deletedCount > 0,
        }),
    };
  };
