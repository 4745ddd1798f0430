/** The database of the audit: one file for all tenants. Only the thread of the audit opens it. */
import Database from 'better-sqlite3';
import { type AuditLine, auditLineIn, auditTermsOf } from '../../../core/model/audit-line.ts';
import type { AuditPruning, AuditQuery } from '../../../core/port/audit.ts';
import { type AuditSubjectWork, createAuditSubject } from './audit-subject.ts';
import { documentIn } from '../../../core/port/document-collection.ts';

export interface AuditDatabase {
  append(lines: readonly AuditLine[]): void;
  /** Some of the lines, or all, the newest first. */
  find(query: AuditQuery): AuditPage;
  /** Removes one slice of the lines. Returns how many: 0 when all are removed. */
  prune(pruning: AuditPruning): number;
  readonly subject: AuditSubjectWork;
  close(): void;
}

/** What one call of `find` found. */
export interface AuditPage {
  /** The lines as JSON texts. */
  readonly texts: readonly string[];
  /** Only lines with smaller ids were not looked at. Absent: all were. */
  readonly next?: string;
}

/** Newer versions of the file are refused, and older ones are changed to this one. */
const schemaVersion = 2;

/**
 * Lines that only read are many, and their number is limited (`readsMax`). So they have no rows in `term`, which would cost more than the
 * lines themselves: they are searched by their terms, a JSON array.
 */
const readSchema =
  'CREATE TABLE read (id TEXT PRIMARY KEY, tenant TEXT NOT NULL, terms TEXT NOT NULL, text TEXT NOT NULL) WITHOUT ROWID;';

const schema = `
  CREATE TABLE line (id TEXT PRIMARY KEY, tenant TEXT NOT NULL, text TEXT NOT NULL) WITHOUT ROWID;
  CREATE INDEX line_tenant ON line (tenant, id);
  CREATE TABLE term (tenant TEXT NOT NULL, term TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (tenant, term, id)) WITHOUT ROWID;
  ${readSchema}
`;

/** In version 1, lines that only read had rows in `term` too. */
const fromVersion1 = `
  ${readSchema}
  INSERT INTO read SELECT id, tenant,
    (SELECT json_group_array(term) FROM term WHERE term.id = line.id AND term.tenant = line.tenant), text FROM line WHERE is_read = 1;
  DELETE FROM term WHERE id IN (SELECT id FROM read);
  DROP INDEX line_read;
  DELETE FROM line WHERE is_read = 1;
  ALTER TABLE line DROP COLUMN is_read;
`;

/** `secure_delete`: as in the files of tenants. */
const pragmas = ['journal_mode = WAL', 'synchronous = FULL', 'busy_timeout = 5000', 'secure_delete = FAST'];

/** Creates the file if need be. Commits survive a power loss. */
export function openAuditDatabase(path: string): AuditDatabase {
  const database = new Database(path);
  for (const pragma of pragmas) database.pragma(pragma);
  const version = database.pragma('user_version', { simple: true });
  if (version === 0 || version === 1)
    database.exec(`BEGIN; ${version === 0 ? schema : fromVersion1} PRAGMA user_version = ${schemaVersion}; COMMIT;`);
  else if (version !== schemaVersion) throw new Error(`${path} was written by a newer version.`);
  return {
    append: createAppend(database),
    find: (query) => find(database, query),
    prune: createPrune(database),
    subject: createAuditSubject(database),
    close: () => database.close(),
  };
}

function createAppend(database: Database.Database): AuditDatabase['append'] {
  const addLine = database.prepare('INSERT OR IGNORE INTO line (id, tenant, text) VALUES (?, ?, ?)');
  const addRead = database.prepare('INSERT OR IGNORE INTO read (id, tenant, terms, text) VALUES (?, ?, ?, ?)');
  const addTerm = database.prepare('INSERT OR IGNORE INTO term (tenant, term, id) VALUES (?, ?, ?)');
  return database.transaction((lines: readonly AuditLine[]) => {
    for (const line of lines) {
      const terms = auditTermsOf(line);
      const text = JSON.stringify(line);
      if (line.isRead) {
        addRead.run(line.id, line.tenant, JSON.stringify(terms), text);
        continue;
      }
      addLine.run(line.id, line.tenant, text);
      for (const term of terms) addTerm.run(line.tenant, term, line.id);
    }
  });
}

/** Lines that only read and that one call of `find` looks at, so that lines to be written do not wait for long. */
const searched = 50_000;

function find(database: Database.Database, query: AuditQuery): AuditPage {
  const { from = '', below, limit } = query;
  const isBelow = below === undefined ? '' : 'AND id < @below';
  const first = database.prepare(
    `SELECT id FROM read WHERE id >= @from ${isBelow} ORDER BY id DESC LIMIT 1 OFFSET ${searched}`,
  );
  const bounds = { from, ...(below === undefined ? {} : { below }) };
  const next: unknown = first.pluck().get(bounds);
  const range = `id >= @from ${isBelow}`;
  const { ids, values } = changesFor(query, range);
  const reads = query.terms.map((_, n) => `AND instr(terms, @json${n}) > 0`).join(' ');
  const all = database.prepare(`
    SELECT text FROM (
      SELECT id, text FROM line WHERE id IN (${ids} ORDER BY id DESC LIMIT @limit)
      UNION ALL
      SELECT * FROM (SELECT id, text FROM read WHERE tenant = @tenant AND ${range} ${reads} ORDER BY id DESC LIMIT @limit)
    ) ORDER BY id DESC LIMIT @limit`);
  const jsons = Object.fromEntries(query.terms.map((term, n) => [`json${n}`, JSON.stringify(term)]));
  const start = typeof next === 'string' ? next : from;
  const texts = all
    .pluck()
    .all({ ...bounds, ...values, ...jsons, tenant: query.tenant, limit, from: start })
    .map(String);
  return { texts, ...(typeof next === 'string' && texts.length < limit ? { next } : undefined) };
}

/**
 * A query for the ids of lines in `line`, and its values. It walks the rarest kind of term, which is the last but the operation, and looks up
 * the others by line.
 */
function changesFor(
  { terms }: AuditQuery,
  range: string,
): { readonly ids: string; readonly values: Readonly<Record<string, string>> } {
  const [first, ...others] = [...terms].sort((a, b) => rankOf(a) - rankOf(b));
  if (first === undefined) return { ids: `SELECT id FROM line WHERE tenant = @tenant AND ${range}`, values: {} };
  const has = others.map(
    (_, n) => `AND EXISTS (SELECT 1 FROM term WHERE tenant = @tenant AND term = @term${n} AND id = found.id)`,
  );
  return {
    ids: `SELECT id FROM term AS found WHERE tenant = @tenant AND term = @first AND ${range} ${has.join(' ')}`,
    values: { first, ...Object.fromEntries(others.map((term, n) => [`term${n}`, term])) },
  };
}

/** Terms of this kind are on fewer lines than those of the kinds after it. */
const kinds = ['entity', 'principal', 'type', 'operation'];
const rankOf = (term: string): number => kinds.indexOf(term.slice(0, term.indexOf(' ')));

/** Lines that one call of `prune` removes at most, so that lines to be written do not wait for long. */
const slice = 2000;

/** A row of the table `line`. */
interface Row {
  readonly id: string;
  readonly text: string;
}

function createPrune(database: Database.Database): AuditDatabase['prune'] {
  const old = database.prepare<[string, number], Row>('SELECT id, text FROM line WHERE id < ? ORDER BY id LIMIT ?');
  const surplus = database.prepare<[number], Pick<Row, 'id'>>('SELECT id FROM read ORDER BY id DESC LIMIT 1 OFFSET ?');
  const deleteReads = database.prepare(
    'DELETE FROM read WHERE id IN (SELECT id FROM read WHERE id < ? ORDER BY id LIMIT ?)',
  );
  const deleteLine = database.prepare('DELETE FROM line WHERE id = ?');
  const deleteTerm = database.prepare('DELETE FROM term WHERE tenant = ? AND term = ? AND id = ?');
  const remove = database.transaction((rows: readonly Row[]) => {
    for (const { id, text } of rows) {
      deleteLine.run(id);
      const line = auditLineIn(documentIn(text));
      if (line) for (const term of auditTermsOf(line)) deleteTerm.run(line.tenant, term, id);
    }
  });
  return ({ below, readsMax }) => {
    const rows = old.all(below, slice);
    remove(rows);
    if (rows.length > 0) return rows.length;
    const last = surplus.get(readsMax)?.id;
    // A space comes before all characters of ids.
    const bound = last === undefined || last < below ? below : `${last} `;
    return deleteReads.run(bound, slice).changes;
  };
}
