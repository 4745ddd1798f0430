/** Changes history apart from the present: deletes series and instances, and replaces instances (clauses 5.6.13 to 5.6.16). */
import type { Database } from 'better-sqlite3';
import { pastEntry } from '../../core/model/history.ts';
import type { Instant } from '../../core/model/instant.ts';
import type { Revision } from '../../core/port/store.ts';
import type { Tables } from './carry-out.ts';
import { createRowReader, type InstanceRow, type Series } from './history-rows.ts';
import { createNameReader, type Names } from './names.ts';

/** Carries out a revision. False when there is nothing that it could be done to. */
export type Revise = (revision: Revision, at: Instant) => boolean;

type Found = InstanceRow & Series;

const columns = 'subject, name, dataset, at, n, number, doc, created, modified, deleted';

export function createRevise(database: Database, tables: Tables, names: Names): Revise {
  const deleteAll = database.prepare<[number]>('DELETE FROM history WHERE subject = ?');
  const deleteName = database.prepare<[number, number]>('DELETE FROM history WHERE subject = ? AND name = ?');
  const deleteOne = database.prepare<[number, number, number, number, number]>(
    'DELETE FROM history WHERE subject = ? AND name = ? AND dataset = ? AND at = ? AND n = ?',
  );
  const remove = ({ subject, name, dataset, at, n }: Found): boolean =>
    deleteOne.run(subject, name, dataset, at, n).changes > 0;
  const texts = createNameReader(database);
  const readRow = createRowReader((num) => texts.textOf(num));
  const find = createFind(database, (row) => readRow(row, row).instanceId);

  const replace = (
    row: Found,
    { instanceId, instance, name }: Extract<Revision, { op: 'replaceInstance' }>,
    at: Instant,
  ): boolean => {
    const { createdAt, datasetId } = readRow(row, row);
    const { datasetId: _, ...given } = instance;
    const entry = pastEntry(
      name,
      { ...given, ...(datasetId === undefined ? undefined : { datasetId }), createdAt },
      { at, ownerCreatedAt: createdAt },
    );
    remove(row);
    tables.history.add(row.subject, entry.isObserved ? 0 : tables.sequence.next(), [
      { ...entry, instance: { ...entry.instance, instanceId } },
    ]);
    return true;
  };

  return (revision, at) => {
    const subject = tables.entities.subjectOf(revision.id) ?? tables.subjects.departed(revision.id);
    if (subject === undefined) return false;
    if (revision.op === 'deleteHistory') return deleteAll.run(subject).changes > 0;
    const name = names.numOf(revision.name);
    if (revision.op === 'deleteSeries') {
      if (revision.which === 'all') return deleteName.run(subject, name).changes > 0;
      return tables.history.forget(subject, revision.name, revision.which);
    }
    const row = find(subject, name, revision.instanceId);
    if (!row) return false;
    return revision.op === 'deleteInstance' ? remove(row) : replace(row, revision, at);
  };
}

/** Dataset, time and number in an id as `instanceIdOf` makes it. */
const placeInId = /^urn:ngsi-ld:Instance:\d+-\d+-(\d+)-(-?\d+)-(\d+)-\d+$/;

/** Finds an instance by its id: at the place that the id names, else where it was moved to. */
function createFind(
  database: Database,
  idOf: (row: Found) => string,
): (subject: number, name: number, instanceId: string) => Found | undefined {
  const inName = `SELECT ${columns} FROM history WHERE subject = ? AND name = ?`;
  const atPlace = database.prepare<[number, number, number, number, number], Found>(
    `${inName} AND dataset = ? AND at = ? AND n = ?`,
  );
  const moved = database.prepare<[number, number, string], Found>(`${inName} AND instr(doc, ?) > 0 LIMIT 1`);
  return (subject, name, instanceId) => {
    const [, dataset, at, n] = placeInId.exec(instanceId)?.map(Number) ?? [];
    const named =
      dataset === undefined || at === undefined || n === undefined
        ? undefined
        : atPlace.get(subject, name, dataset, at, n);
    if (named && idOf(named) === instanceId) return named;
    return moved.get(subject, name, `"instanceId":${JSON.stringify(instanceId)}`);
  };
}
