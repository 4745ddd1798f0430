/** Writes history entries of changes to the table `history`, and removes expired series. */
import type { Database } from 'better-sqlite3';
import type { Instance } from '../../core/model/attribute.ts';
import type { HistoryEntry } from '../../core/model/history.ts';
import { createRowMaker, type InstanceRow, type Series } from './history-rows.ts';
import { createRangeDelete } from './history/range-delete.ts';
import type { RollupWriter } from './history/rollup-writer.ts';
import type { UnobservedSeries } from './history/unobserved-series.ts';
import { type Names, noName } from './names.ts';
import type { Sequence } from './writer/sequence.ts';
import type { Interruptible } from '../../core/model/interruptible.ts';

export interface HistoryWriter {
  /** `n` is the number of the change (`Sequence`). It distinguishes instances without `observedAt` that have the same time. */
  add(subject: number, n: number, entries: readonly HistoryEntry[]): Interruptible<undefined>;
  /** Removes a whole series. False when there is none. */
  forget(subject: number, name: string, instance: Pick<Instance, 'datasetId'>): Interruptible<boolean>;
}

interface HistoryWriterContext {
  readonly names: Names;
  readonly sequence: Sequence;
  readonly rollups: RollupWriter;
  readonly unobserved: UnobservedSeries;
}

/** The values of `insertion`, in its order. */
type Columns = [
  number,
  number,
  number,
  number,
  number,
  number | null,
  string | number | null,
  number,
  number,
  number | null,
];

const insertion = `INTO history (subject, name, dataset, at, n, number, doc, created, modified, deleted)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export function createHistoryWriter(
  database: Database,
  { names, sequence, rollups, unobserved }: HistoryWriterContext,
): HistoryWriter {
  const put = createPut(database, unobserved);
  const forget = createRangeDelete(database, ['subject', 'name', 'dataset']);
  const datasetOf = ({ datasetId }: Pick<Instance, 'datasetId'>): number =>
    datasetId === undefined ? noName : names.numOf(datasetId);
  const makeRow = createRowMaker((text) => names.numOf(text));

  const addOne = (subject: number, { name, at, isObserved, instance }: HistoryEntry, n: number): void => {
    const series = { subject, name: names.numOf(name), dataset: datasetOf(instance) };
    const row = makeRow(instance, at);
    const isPut = put(series, { ...row, at, n: isObserved ? 0 : n });
    if (isObserved) rollups.touch(series, at);
    if (!isPut) put(series, { ...row, at, n: sequence.next() });
  };

  return {
    *add(subject, n, entries) {
      for (const entry of entries) {
        addOne(subject, entry, n);
        yield;
      }
      return undefined;
    },
    *forget(subject, name, instance) {
      const series = { subject, name: names.numOf(name), dataset: datasetOf(instance) };
      const wasRolled = rollups.drop(series);
      return (yield* forget([series.subject, series.name, series.dataset])) || wasRolled;
    },
  };
}

/**
 * Adds a row. An instance with `observedAt` (`n` is 0) replaces the row with the same key. Another instance does not: the result is false
 * when a row has its key already. It is noted as unobserved, unless it is a deletion or its subject is new: a subject has the number of
 * the change that creates it, and that change writes no observed instance to the same series.
 */
function createPut(database: Database, unobserved: UnobservedSeries): (series: Series, row: InstanceRow) => boolean {
  const replace = database.prepare<Columns>(`INSERT OR REPLACE ${insertion}`);
  const insert = database.prepare<Columns>(`INSERT OR IGNORE ${insertion}`);
  return (series, { at, n, number, doc, created, modified, deleted }) => {
    const { subject, name, dataset } = series;
    const statement = n === 0 ? replace : insert;
    if (n > 0 && deleted === null && n !== subject) unobserved.note(series);
    return statement.run(subject, name, dataset, at, n, number, doc, created, modified, deleted).changes > 0;
  };
}
