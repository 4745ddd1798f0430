/** Finds the lines of the audit that name a subject, and takes it out of them: one slice at a time. */
import type { Database } from 'better-sqlite3';
import { type AuditLine, auditLineIn, auditTermsOf, redactAuditLine } from '../../../core/model/audit-line.ts';
import { namedBy, needlesOf } from '../../../core/model/subject/named.ts';
import type { AuditSubjectLines, AuditSubjectSlice } from '../../../core/port/audit.ts';
import { documentIn } from '../../../core/port/document-collection.ts';
import { overwriteFreePages } from '../subject/free-pages.ts';
import { mayName } from '../subject/known-subject.ts';

export type AuditSubjectWork = (slice: AuditSubjectSlice) => AuditSubjectLines;

/** Lines that one slice looks at, so that lines to be written do not wait for long. */
const linesMax = 2000;

/** Where slices begin: after an id in the table of changes, after one in that of reads, and last in the free space. */
type Table = 'line' | 'read';

export function createAuditSubject(database: Database): AuditSubjectWork {
  const tables = { line: createTableWork(database, 'line'), read: createTableWork(database, 'read') };
  const free = (phase: 'take' | 'give'): AuditSubjectLines => {
    const next = database.transaction(() => overwriteFreePages(database, phase))();
    if (next !== undefined) return { lines: [], next: `free ${next}` };
    database.pragma('wal_checkpoint(TRUNCATE)');
    return { lines: [] };
  };
  return (slice) => {
    const [place = '', id = ''] = (slice.after ?? 'line ').split(' ');
    if (place === 'free') return free(id === 'give' ? 'give' : 'take');
    const { lines, last } = place === 'read' ? tables.read(slice, id) : tables.line(slice, id);
    if (last !== undefined) return { lines, next: `${place} ${last}` };
    if (place !== 'read') return { lines, next: 'read ' };
    return { lines, ...(slice.erases ? { next: 'free take' } : undefined) };
  };
}

/** Ids are digits and letters, which come before it. */
const afterAll = '~';

/** `last`: the id after which the next slice begins, if there is one in this table. */
type TableWork = (
  slice: AuditSubjectSlice,
  after: string,
) => { readonly lines: readonly AuditLine[]; readonly last: string | undefined };

function createTableWork(database: Database, table: Table): TableWork {
  const endOf = database
    .prepare<[string], string>(`SELECT id FROM ${table} WHERE id > ? ORDER BY id LIMIT 1 OFFSET ${linesMax - 1}`)
    .pluck();
  const texts = database
    .prepare<object, string>(
      `SELECT text FROM ${table} WHERE id > @after AND id <= @end AND tenant = @tenant AND ${mayName('text')} ORDER BY id`,
    )
    .pluck();
  const write = createWrite(database, table);
  return database.transaction(({ tenant, id, erases }: AuditSubjectSlice, after: string) => {
    const last = endOf.get(after);
    const isNamed = namedBy(id);
    const [a = '', b = a] = needlesOf(id);
    const lines = texts.all({ after, end: last ?? afterAll, tenant, a, b }).flatMap((text) => {
      const line = auditLineIn(documentIn(text));
      const redacted = line && redactAuditLine(line, isNamed);
      if (!line || !redacted || redacted === line) return [];
      if (erases) write(line, redacted);
      return [line];
    });
    return { lines, last };
  });
}

/** Replaces a line, and the terms by which it is found. */
function createWrite(database: Database, table: Table): (before: AuditLine, after: AuditLine) => void {
  const read = database.prepare('UPDATE read SET terms = ?, text = ? WHERE id = ?');
  const line = database.prepare('UPDATE line SET text = ? WHERE id = ?');
  const remove = database.prepare('DELETE FROM term WHERE tenant = ? AND term = ? AND id = ?');
  const add = database.prepare('INSERT OR IGNORE INTO term (tenant, term, id) VALUES (?, ?, ?)');
  return (before, after) => {
    const { id, tenant } = after;
    const text = JSON.stringify(after);
    if (table === 'read') {
      read.run(JSON.stringify(auditTermsOf(after)), text, id);
      return;
    }
    line.run(text, id);
    for (const term of auditTermsOf(before)) remove.run(tenant, term, id);
    for (const term of auditTermsOf(after)) add.run(tenant, term, id);
  };
}
