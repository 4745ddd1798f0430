/** Document collections in MongoDB: JSON documents by key. */
import { type ClientSession, type Document, MaxKey, MinKey } from 'mongodb';
import { type Json, sameJson } from '../../core/model/json.ts';
import type { Observe } from '../../core/port/observe.ts';
import { documentIn } from '../../core/port/document-collection.ts';
import type { DocumentCollection } from '../../core/port/store.ts';
import { withDatabase } from './connection.ts';
import type { PartitionLeases } from './partition-leases.ts';
import type { Collections, StoredDocument } from './schema.ts';
import { createWatch } from './watch.ts';
import type { Writer } from './writer/writer.ts';

export interface DocumentCollections {
  readonly open: (name: string) => DocumentCollection;
  readonly close: () => void;
}

export interface DocumentCollectionsOptions {
  readonly writer: Writer;
  /** The id of this broker. */
  readonly node: string;
  readonly isCurrent: PartitionLeases['isCurrent'];
  readonly observe: Observe;
}

/** Opens collections by name. Writes go through the tenant's writer in order, so that the last write wins. */
export function createDocumentCollections(
  { documents }: Collections,
  options: DocumentCollectionsOptions,
): DocumentCollections {
  const others = createOthers({ documents }, options);
  return {
    open: (name) => ({
      ...createReading(documents, name),
      ...createWriting({ documents }, name, options),
      follow: (listener) => others.follow(name, listener),
    }),
    close: others.close,
  };
}

type Writing = Pick<DocumentCollection, 'put' | 'putFenced' | 'replace' | 'delete'>;

function createWriting(
  { documents }: Pick<Collections, 'documents'>,
  name: string,
  { writer, node, isCurrent }: DocumentCollectionsOptions,
): Writing {
  const _id = (key: string): StoredDocument['_id'] => ({ shelf: name, key });
  const putting = (key: string, document: Json) => ({
    replaceOne: { filter: { _id: _id(key) }, replacement: { doc: JSON.stringify(document), by: node }, upsert: true },
  });
  const send = <T>(run: (session: ClientSession) => Promise<T>): Promise<T> =>
    writer.send({ ids: [], run: ({ session }) => run(session) });
  const remove = async (key: string, session: ClientSession): Promise<boolean> =>
    (await documents.deleteOne({ _id: _id(key) }, { session })).deletedCount > 0;
  return {
    put: async (key, document) => {
      await send((session) => documents.bulkWrite([putting(key, document)], { session }));
    },
    // Transactions of a tenant are sequential: a later write sees that another broker holds the partition.
    putFenced: (entries, leaseTerm) =>
      send(async (session) => {
        if (!(await isCurrent(leaseTerm, session))) return false;
        const puttings = entries.map(({ key, document }) => putting(key, document));
        if (puttings.length > 0) await documents.bulkWrite(puttings, { session });
        return true;
      }),
    replace: (key, before, after) =>
      send(async (session) => {
        const found = await documents.findOne({ _id: _id(key) }, { session });
        const isSame = found !== null && found.doc === JSON.stringify(before);
        if (!isSame && !sameJson(found ? documentIn(found.doc) : undefined, before)) return false;
        if (after === undefined) await remove(key, session);
        else await documents.bulkWrite([putting(key, after)], { session });
        return true;
      }),
    delete: (key) => send((session) => remove(key, session)),
  };
}

function createReading(
  documents: Collections['documents'],
  name: string,
): Pick<DocumentCollection, 'get' | 'keys' | 'list'> {
  const all: Document = {
    _id: { $gte: { shelf: name, key: new MinKey() }, $lt: { shelf: name, key: new MaxKey() } },
  };
  return {
    get: async (key) => {
      const found = await withDatabase(documents.findOne({ _id: { shelf: name, key } }));
      return found ? documentIn(found.doc) : undefined;
    },
    // Sorted by UTF-16 units, like every other store. MongoDB sorts by UTF-8.
    keys: async () => {
      const found = await withDatabase(documents.find(all, { projection: { _id: 1 } }).toArray());
      return found.map(({ _id }) => _id.key).sort();
    },
    list: async () => {
      const found = await withDatabase(documents.find(all).toArray());
      const entries = found.map(({ _id, doc }) => ({ key: _id.key, document: documentIn(doc) }));
      return entries.sort((a, b) => (a.key < b.key ? -1 : 1));
    },
  };
}

/** Reports changes by other brokers. A deletion event has no author: deletions by all brokers are reported. */
function createOthers(
  { documents }: Pick<Collections, 'documents'>,
  { node, observe }: { readonly node: string; readonly observe: Observe },
) {
  const followers = new Map<string, Set<(key?: string) => void>>();
  const tell = (name: string, key?: string): void => {
    for (const listener of followers.get(name) ?? []) listener(key);
  };
  const watch = createWatch<StoredDocument>({
    collection: documents,
    pipeline: [{ $match: { 'fullDocument.by': { $ne: node } } }, { $project: { documentKey: 1, operationType: 1 } }],
    what: 'shelves',
    observe,
    onBegin: () => {
      // Changes from before the stream was open are unknown: every document may have changed.
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
