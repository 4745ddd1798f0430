/** Changes the history without a change of the entity: deletes series and instances, and replaces instances (clauses 5.6.13 to 5.6.16). */
import type { Database } from 'better-sqlite3';
import { type HistoricInstance, type Replacement, replacementOf } from '../../../core/model/history.ts';
import type { Instant } from '../../../core/model/instant.ts';
import type { Revised, Revision } from '../../../core/port/store.ts';
import type { Tables } from './execute-write.ts';
import { createRowReader, type InstanceRow, type Series } from '../history-rows.ts';
import type { RollupWriter } from '../history/rollup-writer.ts';
import { createRangeDelete } from '../history/range-delete.ts';
import type { Names } from '../names.ts';
import type { Interruptible } from '../../../core/model/interruptible.ts';

/** Executes a revision. */
export type Revise = (revision: Revision, at: Instant) => Interruptible<Revised>;

type Found = InstanceRow & Series;

const columns = 'subject, name, dataset, at, n, number, doc, created, modified, deleted';

export function createRevise(database: Database, tables: Tables, names: Names): Revise {
  const rows = createRows(database);
  const deletes = createDeletes(database, tables.rollups);
  const idOf = (row: Found): string => rows.read(row).instanceId;

  const find = (subject: number, name: number, instanceId: string): Found | undefined => {
    const series = { subject, name };
    return [rows.named(series, instanceId), rows.moved(series, instanceId)].find(
      (row) => row && idOf(row) === instanceId,
    );
  };

  function* replace(row: Found, replacement: Replacement, at: Instant): Interruptible<Revised> {
    const before = rows.read(row);
    const entry = replacementOf(before, replacement, at);
    if (typeof entry !== 'object') return entry;
    const n = entry.isObserved ? 0 : tables.sequence.next();
    deletes.one(row);
    yield* tables.history.add(row.subject, n, [entry]);
    rows.noteMove(before.instanceId, { ...row, at: entry.at, n });
    return 'done';
  }

  return function* (revision, at) {
    const subject = tables.entities.subjectOf(revision.id) ?? tables.subjects.deletedSubject(revision.id);
    if (subject === undefined) return 'absent';
    if (revision.op === 'deleteHistory') return doneIf(yield* deletes.all(subject));
    const name = names.numOf(revision.name);
    if (revision.op === 'deleteSeries') {
      if (revision.which === 'all') return doneIf(yield* deletes.ofName(subject, name));
      return doneIf(yield* tables.history.forget(subject, revision.name, revision.which));
    }
    const row = find(subject, name, revision.instanceId);
    if (!row) return 'absent';
    return revision.op === 'deleteInstance' ? doneIf(deletes.one(row)) : yield* replace(row, revision, at);
  };
}

const doneIf = (wasThere: boolean): Revised => (wasThere ? 'done' : 'absent');

interface Deletes {
  all(subject: number): Interruptible<boolean>;
  ofName(subject: number, name: number): Interruptible<boolean>;
  one(row: Found): boolean;
}

/** Each returns whether there was anything to delete. */
function createDeletes(database: Database, rollups: RollupWriter): Deletes {
  const all = createRangeDelete(database, ['subject']);
  const ofName = createRangeDelete(database, ['subject', 'name']);
  const one = database.prepare<[number, number, number, number, number]>(
    'DELETE FROM history WHERE subject = ? AND name = ? AND dataset = ? AND at = ? AND n = ?',
  );
  return {
    *all(subject) {
      const wereRolled = rollups.drop({ subject });
      return (yield* all([subject])) || wereRolled;
    },
    *ofName(subject, name) {
      const wereRolled = rollups.drop({ subject, name });
      return (yield* ofName([subject, name])) || wereRolled;
    },
    one(row) {
      const { subject, name, dataset, at, n } = row;
      if (n === 0) rollups.touch(row, at);
      return one.run(subject, name, dataset, at, n).changes > 0;
    },
  };
}

/** Dataset, time and number in an id, in the form that the row reader makes. */
const placeInId = /^urn:ngsi-ld:Instance:\d+-\d+-(\d+)-(-?\d+)-(\d+)-\d+$/;

type Attribute = Pick<Series, 'subject' | 'name'>;

interface Rows {
  read(row: Found): HistoricInstance;
  /** The instance at the place in an id. It may be a different instance. */
  named(attribute: Attribute, instanceId: string): Found | undefined;
  /** The instance at the place to which this id was moved. It may be a different instance. */
  moved(attribute: Attribute, instanceId: string): Found | undefined;
  noteMove(instanceId: string, to: Found): void;
}

function createRows(database: Database): Rows {
  const textOf = database.prepare<[number], string>('SELECT text FROM name WHERE num = ?').pluck();
  const named = database.prepare<[number, number, number, number, number], Found>(
    `SELECT ${columns} FROM history WHERE subject = ? AND name = ? AND dataset = ? AND at = ? AND n = ?`,
  );
  const moved = database.prepare<[string, number, number], Found>(
    `SELECT ${columns} FROM moved JOIN history USING (subject, name, dataset, at, n)
     WHERE id = ? AND subject = ? AND name = ?`,
  );
  const noteMove = database.prepare<[string, number, number, number, number, number]>(
    'INSERT OR REPLACE INTO moved (id, subject, name, dataset, at, n) VALUES (?, ?, ?, ?, ?, ?)',
  );
  return {
    // A new row reader per call: a cached text of a transaction that was rolled back would be wrong later.
    read: (row) => createRowReader((num) => textOf.get(num) ?? '')(row, row),
    named({ subject, name }, instanceId) {
      const [, dataset, at, n] = placeInId.exec(instanceId)?.map(Number) ?? [];
      if (dataset === undefined || at === undefined || n === undefined) return undefined;
      return named.get(subject, name, dataset, at, n);
    },
    moved: ({ subject, name }, instanceId) => moved.get(instanceId, subject, name),
    noteMove: (instanceId, { subject, name, dataset, at, n }) =>
      void noteMove.run(instanceId, subject, name, dataset, at, n),
  };
}
