/** Finds the records of the change log that name a subject, and writes them again without it. Their positions stay. */
import type { Database } from 'better-sqlite3';
import { parseJson } from '../../../core/model/json.ts';
import { erasedChange, redactChange, withoutNamed } from '../../../core/model/subject/redact.ts';
import { stampOfMicros } from '../../../core/model/instant.ts';
import type { LogRecord } from '../../../core/port/store.ts';
import { type LogRow, logRowOf, recordIn } from '../log-rows.ts';
import { entityIn } from '../own-text.ts';
import { createPastEntities } from '../past-entities.ts';
import { takeRows } from './entity-slice.ts';
import type { ErasingSlice } from './history-slice.ts';
import { type KnownSubject, mayName, needles } from './known-subject.ts';

/** Rows that one slice looks at. */
const rowsMax = 200;

type Row = LogRow & { readonly undo: string | null };

export function createLogSlice(database: Database): ErasingSlice {
  const endOf = database
    .prepare<[number], number>(
      `SELECT position FROM log WHERE position > ? ORDER BY position LIMIT 1 OFFSET ${rowsMax - 1}`,
    )
    .pluck();
  const rows = database.prepare<object, Row>(
    `SELECT position, at, event, doc, rest, num, undo FROM log WHERE position > @after AND position <= @end
     AND (${mayName('doc')} OR ${mayName('rest')} OR ${mayName('undo')}) ORDER BY position`,
  );
  const write = createWrite(database);
  const read = createRead(database);
  return (known, { after = '0', erases }) => {
    const end = endOf.get(Number(after));
    const range = { after: Number(after), end: end ?? Number.MAX_SAFE_INTEGER };
    return takeRows(rows.all({ ...needles(known), ...range }), end === undefined ? undefined : String(end), {
      find: (row) => {
        if (!isNaming(row, known)) return [];
        const record = read(row);
        if (erases) write(row, record, known);
        return record ? [{ place: 'log', record }] : [];
      },
      keyOf: ({ position }) => String(position),
      sizeOf: ({ doc, rest, undo }) => doc.length + (rest?.length ?? 0) + (undo?.length ?? 0),
    });
  };
}

const isNaming = ({ doc, rest, undo }: Row, { isNamed }: KnownSubject): boolean =>
  [doc, rest ?? '', undo ?? ''].some((text) => {
    const json = text === '' ? null : parseJson(text);
    return withoutNamed(json, isNamed) !== json;
  });

/** The record of a row. An erasure leaves the rows after it as they are, so that they give the entity of one that does not have it. */
function createRead(database: Database): (row: Row) => LogRecord | undefined {
  const pastEntities = createPastEntities(database);
  return (row) => {
    const entity = row.doc === '' ? pastEntities([row]).get(row.position) : entityIn(row.doc);
    return entity && recordIn(row, entity);
  };
}

/**
 * Records of a large entity are made from the records after them. So all of them, up to one that names the subject, are erased as a whole. Of
 * the record of another entity, what does not name the subject stays.
 */
function createWrite(database: Database): (row: Row, record: LogRecord | undefined, known: KnownSubject) => void {
  const one = database.prepare<[string, number, string | null, number]>(
    'UPDATE log SET doc = ?, event = ?, rest = ?, undo = NULL, num = NULL WHERE position = ?',
  );
  const chain = database.prepare<[string, number, string | null, number, number]>(
    'UPDATE log SET doc = ?, event = ?, rest = ?, undo = NULL, num = NULL WHERE num = ? AND position <= ?',
  );
  return (row, record, { isNamed }) => {
    const isAlone = row.num === null && record !== undefined;
    const change = isAlone ? redactChange(record, isNamed) : erasedChange(stampOfMicros(row.at));
    const { event, rest } = logRowOf(change);
    const doc = JSON.stringify(change.entity);
    if (row.num === null) one.run(doc, event, rest, row.position);
    else chain.run(doc, event, rest, row.num, row.position);
  };
}
