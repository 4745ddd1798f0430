/** A change log in a collection: one document for each change. Several brokers on one store may append to it. */
import { isWhole, type Json } from '../model/json.ts';
import type { DocumentCollection, Log, LogRecord, Position } from '../port/store.ts';

export interface DocumentLog extends Log {
  /** Resolves after the change is durable. It is not announced to followers yet. */
  append(change: Json): Promise<void>;
  /** Announces what was appended. */
  announce(): void;
}

/** Most records that are kept. Older ones are pruned by `append`. */
const recordsMax = 10_000;

/** Reads the document of a change. */
type ReadRecord = (document: Json, position: Position) => LogRecord;

interface LogState {
  readonly collection: DocumentCollection;
  readonly recordOf: ReadRecord;
  readonly listeners: Set<(position: Position) => void>;
  newest: Position;
  prunedTo: Position;
  /** Resolves when `newest` and `prunedTo` were read from the collection. */
  opening: Promise<void> | undefined;
}

export function openDocumentLog(collection: DocumentCollection, recordOf: ReadRecord): DocumentLog {
  const state: LogState = { collection, recordOf, listeners: new Set(), newest: 0, prunedTo: 0, opening: undefined };
  return {
    position: async () => {
      await open(state);
      return state.newest;
    },
    prunedTo: async () => {
      await open(state);
      return state.prunedTo;
    },
    read: (after, limit) => read(state, after, limit),
    readAbout: (after, limit) => read(state, after, limit),
    follow(listener) {
      const own = (position: Position): void => listener(position);
      state.listeners.add(own);
      return () => void state.listeners.delete(own);
    },
    // What is kept does not depend on the options of the log of entities.
    prune: () => Promise.resolve(0),
    append: (change) => append(state, change),
    announce: () => announce(state),
  };
}

/** Keys of equal length, so that their order is that of the positions. */
const keyOf = (position: Position): string => String(position).padStart(16, '0');

function announce({ listeners, newest }: LogState): void {
  for (const listener of [...listeners]) listener(newest);
}

/** Reads the ends of the log once, and then follows what other brokers append. */
function open(state: LogState): Promise<void> {
  const known = state.opening;
  if (known) return known;
  const opening = reload(state);
  state.opening = opening;
  // A log that could not be opened is opened again by the next call.
  opening.then(
    () => state.collection.follow((key) => void onOthers(state, key)),
    () => {
      state.opening = undefined;
    },
  );
  return opening;
}

async function reload(state: LogState): Promise<void> {
  const positions = (await state.collection.keys()).map(Number).filter(isWhole);
  const [first, last] = [positions[0], positions.at(-1)];
  if (first === undefined || last === undefined) return;
  state.newest = Math.max(state.newest, last);
  state.prunedTo = Math.max(state.prunedTo, first - 1);
}

async function onOthers(state: LogState, key: string | undefined): Promise<void> {
  if (key === undefined) await reload(state).catch(() => undefined);
  else state.newest = Math.max(state.newest, Number(key));
  announce(state);
}

async function read(state: LogState, after: Position, limit: number): Promise<readonly LogRecord[]> {
  await open(state);
  const records: LogRecord[] = [];
  for (let at = Math.max(after, state.prunedTo) + 1; at <= state.newest && records.length < limit; at += 1) {
    const json = await state.collection.get(keyOf(at));
    // Another broker has pruned it.
    if (json === undefined) state.prunedTo = Math.max(state.prunedTo, at);
    else records.push(recordOf(state, json, at));
  }
  return records;
}

/** The record of a document. For one that cannot be read, a record that no subscription is notified of: the others go on. */
function recordOf(state: LogState, json: Json, position: Position): LogRecord {
  try {
    return state.recordOf(json, position);
  } catch {
    const [id, at] = ['urn:ngsi-ld:Unreadable', '1970-01-01T00:00:00Z'];
    const entity = { id, types: [], createdAt: at, attrs: {} };
    return { position, id, at, event: 'updated', entity, attrs: [], scopeChanged: false, onlyFor: id };
  }
}

async function append(state: LogState, json: Json): Promise<void> {
  await open(state);
  // Another broker may have taken the position.
  for (;;) {
    const at = state.newest + 1;
    const isTaken = !(await state.collection.replace(keyOf(at), undefined, json));
    state.newest = Math.max(state.newest, at);
    if (!isTaken) break;
  }
  while (state.newest - state.prunedTo > recordsMax) {
    state.prunedTo += 1;
    await state.collection.delete(keyOf(state.prunedTo));
  }
}
