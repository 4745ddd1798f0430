/** Finds present entities and documents that name a subject. */
import type { Database } from 'better-sqlite3';
import { documentIn } from '../../../core/port/document-collection.ts';
import { createPageEnd } from '../../../core/port/log-page.ts';
import type { SubjectFinding, SubjectFindings } from '../../../core/port/subject.ts';
import { redactEntity, withoutNamed } from '../../../core/model/subject/redact.ts';
import { entityIn, stringsIn } from '../own-text.ts';
import { type KnownSubject, mayName, needles } from './known-subject.ts';

/** Finds in one slice that begins after a place. */
export type Slice = (known: KnownSubject, after: string | undefined) => SubjectFindings;

/** Rows that one slice looks at. */
const rowsMax = 200;

/** The findings of rows, up to some megabytes: then the slice ends early, after the last row that was taken. */
export function takeRows<Row>(
  rows: Iterable<Row>,
  end: string | undefined,
  {
    find,
    keyOf,
    sizeOf,
  }: {
    readonly find: (row: Row) => readonly SubjectFinding[];
    readonly keyOf: (row: Row) => string;
    readonly sizeOf: (row: Row) => number;
  },
): SubjectFindings {
  const found: SubjectFinding[] = [];
  const isFull = createPageEnd();
  let last: string | undefined;
  for (const row of rows) {
    if (isFull(sizeOf(row))) return { found, ...(last === undefined ? undefined : { next: last }) };
    found.push(...find(row));
    last = keyOf(row);
  }
  return { found, ...(end === undefined ? undefined : { next: end }) };
}

export function createEntitySlice(database: Database): Slice {
  const endOf = database
    .prepare<[number], number>(`SELECT num FROM entity WHERE num > ? ORDER BY num LIMIT 1 OFFSET ${rowsMax - 1}`)
    .pluck();
  const rows = database.prepare<object, { num: number; doc: string }>(
    `SELECT num, doc FROM entity WHERE num > @after AND num <= @end AND ${mayName('doc')} ORDER BY num`,
  );
  return (known, after = '0') => {
    const end = endOf.get(Number(after));
    const range = { after: Number(after), end: end ?? Number.MAX_SAFE_INTEGER };
    return takeRows(rows.all({ ...needles(known), ...range }), end === undefined ? undefined : String(end), {
      find: ({ doc }) => {
        const entity = entityIn(doc);
        const isNaming = known.isNamed(entity.id) || redactEntity(entity, known.isNamed) !== entity;
        return isNaming ? [{ place: 'entity', entity }] : [];
      },
      keyOf: ({ num }) => String(num),
      sizeOf: ({ doc }) => doc.length,
    });
  };
}

/** Texts of names and keys come before it. */
const last = '\u{10ffff}';

interface DocumentRow {
  readonly name: string;
  readonly key: string;
  readonly doc: string;
}

export function createDocumentSlice(database: Database): Slice {
  const endOf = database.prepare<[string, string], Omit<DocumentRow, 'doc'>>(
    `SELECT name, key FROM shelf WHERE (name, key) > (?, ?) ORDER BY name, key LIMIT 1 OFFSET ${rowsMax - 1}`,
  );
  const rows = database.prepare<object, DocumentRow>(
    `SELECT name, key, doc FROM shelf WHERE (name, key) > (@name, @key) AND (name, key) <= (@endName, @endKey)
     AND (${mayName('key')} OR ${mayName('doc')} OR ${mayName('name')}) ORDER BY name, key`,
  );
  return (known, after) => {
    const [name, key] = keyIn(after);
    const end = endOf.get(name, key);
    const range = { name, key, endName: end?.name ?? last, endKey: end?.key ?? last };
    return takeRows(rows.all({ ...needles(known), ...range }), end && keyOf(end), {
      find: ({ name: collection, key: own, doc }) => {
        const document = documentIn(doc);
        const isNaming = [collection, own].some(known.isNamed) || withoutNamed(document, known.isNamed) !== document;
        return isNaming ? [{ place: 'document', collection, key: own, document }] : [];
      },
      keyOf,
      sizeOf: ({ doc }) => doc.length,
    });
  };
}

const keyOf = ({ name, key }: Omit<DocumentRow, 'doc'>): string => JSON.stringify([name, key]);

function keyIn(after: string | undefined): [name: string, key: string] {
  const [name = '', own = ''] = after === undefined ? [] : stringsIn(after);
  return [name, own];
}
