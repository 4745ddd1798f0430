/** A tenant's store that opens the file on each call, if it is closed. */
import type { Log, DocumentCollection, Store } from '../../core/port/store.ts';
import type { OpenFiles } from './open-files.ts';
import type { Writer } from './writer/writer.ts';

export interface TenantFile {
  readonly path: string;
  readonly files: OpenFiles;
  readonly writer: Writer;
}

/** Background jobs of the broker (sweep, retention, pruning) do not keep a file open. */
export function createStoreOnUse(place: TenantFile): Store {
  const { path, files } = place;
  const use: Use = (work) => files.use(path, work);
  const visit: Use = (work) => files.use(path, work, false);
  return {
    get: (id, now) => use((store) => store.get(id, now)),
    find: (plan) => use((store) => store.find(plan)),
    count: (plan) => use((store) => store.count(plan)),
    apply: (writes, at) => use((store) => store.apply(writes, at)),
    history: (plan) => use((store) => store.history(plan)),
    record: (instances, at) => use((store) => store.record(instances, at)),
    revise: (revision, at) => use((store) => store.revise(revision, at)),
    summary: () => use((store) => store.summary()),
    sweep: (now) => visit((store) => store.sweep(now)),
    forgetHistory: (slice) => visit((store) => store.forgetHistory(slice)),
    subject: async (slice) => {
      const findings = await visit((store) => store.subject(slice));
      // Nothing of what was erased stays in the write-ahead log or in a cache.
      if (slice.place === 'rest' && slice.erases && findings.next === undefined) await files.closeNow(path);
      return findings;
    },
    collection: (name) => collectionOnUse(name, use),
    log: logOnUse(place, use, visit),
  };
}

type Use = <T>(work: (store: Store) => Promise<T>) => Promise<T>;

function collectionOnUse(name: string, use: Use): DocumentCollection {
  const on = <T>(work: (collection: DocumentCollection) => Promise<T>): Promise<T> =>
    use((store) => work(store.collection(name)));
  return {
    get: (key) => on((collection) => collection.get(key)),
    keys: () => on((collection) => collection.keys()),
    list: () => on((collection) => collection.list()),
    put: (key, document) => on((collection) => collection.put(key, document)),
    putFenced: (documents, leaseTerm) => on((collection) => collection.putFenced(documents, leaseTerm)),
    replace: (key, before, after) => on((collection) => collection.replace(key, before, after)),
    delete: (key) => on((collection) => collection.delete(key)),
    // No other broker uses the folder.
    follow: () => () => undefined,
  };
}

function logOnUse({ path, writer }: TenantFile, use: Use, visit: Use): Log {
  return {
    position: () => use((store) => store.log.position()),
    prunedTo: () => use((store) => store.log.prunedTo()),
    read: (after, limit) => use((store) => store.log.read(after, limit)),
    readAbout: (after, limit, isWanted) => use((store) => store.log.readAbout(after, limit, isWanted)),
    follow: (listener) => writer.follow(path, listener),
    prune: (keep) => visit((store) => store.log.prune(keep)),
  };
}
