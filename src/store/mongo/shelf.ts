/** Shelves of JSON documents. */
import { type ClientSession, type Document, MaxKey, MinKey } from 'mongodb';
import { type Json, parseJson } from '../../core/model/json.ts';
import type { Observe } from '../../core/port/observe.ts';
import type { Shelf } from '../../core/port/store.ts';
import { reach } from './connection.ts';
import type { OpenParts } from './parts.ts';
import type { Collections, ShelfDocument } from './schema.ts';
import { createWatch } from './watch.ts';
import type { Writer } from './writer/writer.ts';

export interface Shelves {
  readonly open: (name: string) => Shelf;
  readonly close: () => void;
}

export interface ShelvesOptions {
  readonly writer: Writer;
  /** This broker's name among all. */
  readonly node: string;
  readonly goesOn: OpenParts['goesOn'];
  readonly observe: Observe;
}

/** Opens shelves by name. Writes go the way of all others, so that the last of several stands. */
export function createShelves({ shelf }: Collections, { writer, node, goesOn, observe }: ShelvesOptions): Shelves {
  const others = createOthers({ shelf }, { node, observe });
  const open = (name: string): Shelf => {
    const reading = createReading(shelf, name);
    const _id = (key: string): ShelfDocument['_id'] => ({ shelf: name, key });
    const putting = (key: string, document: Json) => ({
      replaceOne: { filter: { _id: _id(key) }, replacement: { doc: JSON.stringify(document), by: node }, upsert: true },
    });
    const send = (run: (session: ClientSession) => Promise<unknown>): Promise<unknown> =>
      writer.send({ ids: [], run: ({ session }) => run(session) });
    return {
      ...reading,
      put: async (key, document) => {
        await send((session) => shelf.bulkWrite([putting(key, document)], { session }));
      },
      // All transactions of a tenant come one after the other: what is put later sees that the part is another's by now.
      putHeld: (documents, tenure) =>
        writer.send({
          ids: [],
          run: async ({ session }) => {
            if (!(await goesOn(tenure, session))) return false;
            const puttings = documents.map(({ key, document }) => putting(key, document));
            if (puttings.length > 0) await shelf.bulkWrite(puttings, { session });
            return true;
          },
        }),
      add: async (key, document) => {
        const fresh = { $setOnInsert: { doc: JSON.stringify(document), by: node } };
        await send((session) => shelf.updateOne({ _id: _id(key) }, fresh, { upsert: true, session }));
        return (await reading.get(key)) ?? document;
      },
      delete: (key) =>
        writer.send({
          ids: [],
          run: async ({ session }) => (await shelf.deleteOne({ _id: _id(key) }, { session })).deletedCount > 0,
        }),
      follow: (listener) => others.follow(name, listener),
    };
  };
  return { open, close: others.close };
}

function createReading(shelf: Collections['shelf'], name: string): Pick<Shelf, 'get' | 'keys' | 'list'> {
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
  };
}

/** Tells of what other brokers put on shelves. A deletion does not say whose it is: everybody's are told. */
function createOthers(
  { shelf }: Pick<Collections, 'shelf'>,
  { node, observe }: { readonly node: string; readonly observe: Observe },
) {
  const followers = new Map<string, Set<(key?: string) => void>>();
  const tell = (name: string, key?: string): void => {
    for (const listener of followers.get(name) ?? []) listener(key);
  };
  const watch = createWatch<ShelfDocument>({
    collection: shelf,
    pipeline: [{ $match: { 'fullDocument.by': { $ne: node } } }, { $project: { documentKey: 1, operationType: 1 } }],
    what: 'shelves',
    observe,
    onBegin: () => {
      // What came while nobody watched may be anything: also before the first stream was open.
      for (const name of followers.keys()) tell(name);
    },
    onEvent: (event) => {
      if ('documentKey' in event) tell(event.documentKey._id.shelf, event.documentKey._id.key);
    },
  });
  return {
    follow(name: string, listener: (key?: string) => void): () => void {
      const listeners = followers.get(name) ?? new Set();
      followers.set(name, listeners.add(listener));
      watch.start();
      return () => void listeners.delete(listener);
    },
    close: watch.stop,
  };
}
