/** Appends to the change log, and prunes it. */
import { Buffer } from 'node:buffer';
import type { Database } from 'better-sqlite3';
import type { Change } from '../../../core/model/change.ts';
import { firstExpiry } from '../../../core/model/expiry.ts';
import type { Micros } from '../../../core/model/instant.ts';
import { undoOf } from '../../../core/model/undo.ts';
import type { Position } from '../../../core/port/store.ts';
import type { StoredEntityRow } from './entity-rows.ts';
import { logRowOf } from '../log-rows.ts';
import type { Sequence } from './sequence.ts';
import type { Interruptible } from '../../../core/model/interruptible.ts';

/** A change, with the data for its log row. */
interface Logged {
  readonly position: Position;
  readonly change: Change;
  /** The text of the change's entity. */
  readonly doc: string;
  /** The entity's number; for a deleted entity, its last number. */
  readonly num: number;
  readonly stored: StoredEntityRow | undefined;
}

/** The records to keep. */
interface Kept {
  readonly before: Micros;
  readonly records: number;
  readonly bytes: number;
}

export interface LogWriter {
  append(logged: Logged): void;
  /** Removes at most `limit` records that exceed the bounds, oldest first. Returns their number. */
  prune(keep: Kept, limit: number): Interruptible<number>;
  /** Reads the state from the file again. Called after a rollback. */
  reset(): void;
}

/** The approximate size of a row without its texts. */
const rowBytes = 40;

export function createLogWriter(database: Database, sequence: Sequence): LogWriter {
  const append = database.prepare<
    [Position, Micros, number, string, string | null, number | null, string | null, number]
  >('INSERT INTO log (position, at, event, doc, rest, num, undo, total) VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const newestTotal = database
    .prepare<[], number | null>('SELECT total FROM log ORDER BY position DESC LIMIT 1')
    .pluck();
  const space = createRecordTexts();
  let total = newestTotal.get() ?? 0;
  return {
    append(logged) {
      const { position, change, num } = logged;
      const { at, event, rest } = logRowOf(change);
      const { doc, undo } = space.textsOf(logged);
      total += rowBytes + bytesOf(doc) + bytesOf(rest) + bytesOf(undo);
      append.run(position, at, event, doc, rest, isLarge(logged.doc, logged.stored) ? num : null, undo, total);
    },
    prune: createPrune(database, sequence, () => total),
    reset() {
      total = newestTotal.get() ?? 0;
    },
  };
}

const bytesOf = (text: string | null): number => (text === null ? 0 : Buffer.byteLength(text));

/** From this length on, the log does not repeat the text of an entity. */
const wholeMax = 16_384;

/** The maximum number of consecutive records of an entity without its text. It bounds the number of rows that a reader scans. */
const chainMax = 128;

/** The number of entities whose chain length is cached. */
const chainsMax = 10_000;

const isLarge = (doc: string, stored: StoredEntityRow | undefined): boolean =>
  doc.length >= wholeMax || (stored !== undefined && stored.doc.length >= wholeMax);

interface RecordTexts {
  /** The texts of a record: the entity, or '' when later records give it; and `undo`, when the previous record depends on this one. */
  textsOf(logged: Logged): { readonly doc: string; readonly undo: string | null };
}

/**
 * For a large entity, a record holds only the change. A reader takes the entity from the table of entities and undoes all changes after
 * the record. An entity with an expiry is stored whole, because expiry is not logged as a change.
 */
function createRecordTexts(): RecordTexts {
  const chains = new Map<number, number>();
  const isWhole = ({ change, doc, num }: Logged): boolean => {
    if (doc.length < wholeMax || change.event === 'deleted' || firstExpiry(change.entity) !== undefined) return true;
    const length = chains.get(num) ?? 0;
    if (chains.size >= chainsMax) chains.clear();
    chains.set(num, length >= chainMax ? 0 : length + 1);
    return length >= chainMax;
  };
  return {
    textsOf(logged) {
      const { change, doc, stored } = logged;
      return { doc: isWhole(logged) ? doc : '', undo: stored ? undoText(stored, change) : null };
    },
  };
}

/** Null: the previous record holds its own entity. */
function undoText({ doc, expires, entity }: StoredEntityRow, change: Change): string | null {
  if (change.event !== 'updated' || doc.length < wholeMax || expires !== null) return null;
  return JSON.stringify(undoOf(entity, change.entity));
}

function createPrune(database: Database, sequence: Sequence, total: () => number): LogWriter['prune'] {
  const oldest = database.prepare<[Position, number], { position: Position; at: Micros; total: number | null }>(
    'SELECT position, at, total FROM log WHERE position > ? ORDER BY position LIMIT ?',
  );
  const remove = database.prepare<[Position]>('DELETE FROM log WHERE position = ?');
  const setPrunedTo = database.prepare<[Position]>("INSERT OR REPLACE INTO meta (key, value) VALUES ('prunedTo', ?)");
  return function* ({ before, records, bytes }, limit) {
    const prunedTo = sequence.prunedTo();
    // Positions have no gaps: the newest position gives the bound for the number of records.
    const superfluous = sequence.position() - prunedTo - records;
    const rows = oldest.all(prunedTo, limit);
    const excess = total() - bytes;
    // Records of earlier versions have no total. They precede all records that have one.
    const firstKept = rows.findIndex((row) => row.at >= before && (row.total ?? 0) > excess);
    const gone = rows.slice(0, Math.max(firstKept === -1 ? rows.length : firstKept, superfluous));
    for (const { position } of gone) {
      remove.run(position);
      yield;
    }
    const last = gone.at(-1);
    if (last) setPrunedTo.run(last.position);
    return gone.length;
  };
}
