/** Finds the instances of histories that name a subject, and all of the subject's own, and erases them. schema.ts explains the columns. */
import type { Database } from 'better-sqlite3';
import { summariesIn } from '../../../core/model/rollup.ts';
import { redactInstance } from '../../../core/model/subject/redact.ts';
import type { SubjectFinding, SubjectFindings } from '../../../core/port/subject.ts';
import { createRowReader, type InstanceRow, type Series } from '../history-rows.ts';
import type { RollupWriter } from '../history/rollup-writer.ts';
import { instanceRestIn } from '../own-text.ts';
import { takeRows } from './entity-slice.ts';
import { isIn, type KnownSubject, mayName, needles } from './known-subject.ts';

/** Rows that one slice looks at: a few milliseconds. */
const rowsMax = 1000;

type Row = InstanceRow & Series;
type Key = [subject: number, name: number, dataset: number, at: number, n: number];

const key = 'subject, name, dataset, at, n';
const before: Key = [-1, 0, 0, 0, 0];
/** No row comes after it. A condition with OR in place of it would read all rows to the end of the table. */
const last: Key = [Number.MAX_SAFE_INTEGER, 0, 0, 0, 0];

export type ErasingSlice = (
  known: KnownSubject,
  slice: { readonly after?: string; readonly erases: boolean },
) => SubjectFindings;

export function createHistorySlice(database: Database, rollups: RollupWriter): ErasingSlice {
  const endOf = database
    .prepare<Key, Key>(
      `SELECT ${key} FROM history WHERE (${key}) > (?, ?, ?, ?, ?) ORDER BY ${key} LIMIT 1 OFFSET ${rowsMax - 1}`,
    )
    .raw();
  const rows = database.prepare<object, Row>(
    `SELECT ${key}, number, doc, created, modified, deleted FROM history
     WHERE (${key}) > (@subject, @name, @dataset, @at, @n)
       AND (${key}) <= (@endSubject, @endName, @endDataset, @endAt, @endN)
       AND (${isIn('subject', 'own')} OR ${isIn('dataset', 'texts')} OR ${isIn('doc', 'texts')} OR ${mayName('doc')}) ORDER BY ${key}`,
  );
  const { textOf, idOf } = createTexts(database);
  const erase = createErase(database, rollups, textOf);
  return (known, { after, erases }) => {
    const start = after === undefined ? before : keyIn(after);
    const end = endOf.get(...start);
    const found = rows.all({ ...needles(known), own: known.own, texts: known.texts, ...rangeOf(start, end) });
    const own = new Set(numbersIn(known.own));
    const read = createRowReader(textOf);
    return takeRows(found, end && JSON.stringify(end), {
      find: (row) => {
        const instance = read(row, row);
        const rest = own.has(row.subject) ? undefined : redactInstance(instance, known.isNamed);
        if (rest === instance) return [];
        if (erases) erase(row, { isGone: rest === undefined, known });
        return [{ place: 'history', id: idOf(row.subject), name: textOf(row.name), instance }];
      },
      keyOf: ({ subject, name, dataset, at, n }) => JSON.stringify([subject, name, dataset, at, n]),
      sizeOf: ({ doc }) => 200 + (typeof doc === 'string' ? doc.length : 0),
    });
  };
}

const rangeOf = ([subject, name, dataset, at, n]: Key, end: Key | undefined) => {
  const [endSubject, endName, endDataset, endAt, endN] = end ?? last;
  return { subject, name, dataset, at, n, endSubject, endName, endDataset, endAt, endN };
};

const numbersIn = (text: string): readonly number[] => {
  const numbers: unknown = JSON.parse(text);
  return Array.isArray(numbers) ? numbers.map(Number) : [];
};

const keyIn = (text: string): Key => {
  const [subject = 0, name = 0, dataset = 0, at = 0, n = 0] = numbersIn(text);
  return [subject, name, dataset, at, n];
};

interface Texts {
  readonly textOf: (num: number) => string;
  /** The id of the entity with a history. */
  readonly idOf: (subject: number) => string;
}

/** Not cached: a number of a transaction that was rolled back could get another text. */
function createTexts(database: Database): Texts {
  const text = database.prepare<[number], string>('SELECT text FROM name WHERE num = ?').pluck();
  const id = database
    .prepare<[number, number, number], string>(
      `SELECT id FROM entity WHERE num = ? AND subject = num UNION ALL SELECT id FROM entity WHERE subject <> num AND subject = ?
       UNION ALL SELECT id FROM departed WHERE subject = ?`,
    )
    .pluck();
  return { textOf: (num) => text.get(num) ?? '', idOf: (subject) => id.get(subject, subject, subject) ?? '' };
}

type Erase = (row: Row, how: { readonly isGone: boolean; readonly known: KnownSubject }) => void;

/** Removes a row, or what names the subject in it. */
function createErase(database: Database, rollups: RollupWriter, textOf: Texts['textOf']): Erase {
  const place = 'subject = @subject AND name = @name AND dataset = @dataset AND at = @at AND n = @n';
  const remove = database.prepare<object>(`DELETE FROM history WHERE ${place}`);
  const rewrite = database.prepare<object>(`UPDATE history SET doc = @doc WHERE ${place}`);
  return (row, { isGone, known }) => {
    const { subject, name, dataset, at, n } = row;
    const where = { subject, name, dataset, at, n };
    if (isGone) {
      if (n === 0) rollups.touch(row, at);
      remove.run(where);
      return;
    }
    const rest = instanceRestIn(typeof row.doc === 'string' ? row.doc : textOf(row.doc ?? 0));
    rewrite.run({ ...where, doc: JSON.stringify(redactInstance(rest, known.isNamed)) });
  };
}

/** The rollups of the subject's own histories. They are erased at once: a day of a series has one row. */
export function createRollupSlice(database: Database, rollups: RollupWriter): ErasingSlice {
  const rows = database.prepare<object, Series & { tallies: Uint8Array | null }>(
    `SELECT subject, name, dataset, tallies FROM rollup WHERE ${isIn('subject', 'own')} ORDER BY subject, name, dataset, day`,
  );
  const { textOf, idOf } = createTexts(database);
  return ({ own }, { erases }) => {
    const found = rows.all({ own }).map(({ subject, name, dataset, tallies }): SubjectFinding => {
      const [day] = tallies ? summariesIn(tallies) : [];
      return {
        place: 'rollup',
        id: idOf(subject),
        name: textOf(name),
        ...(dataset === 0 ? undefined : { datasetId: textOf(dataset) }),
        summaries: day ? [day] : [],
      };
    });
    if (erases) for (const subject of numbersIn(own)) rollups.drop({ subject });
    return { found };
  };
}
