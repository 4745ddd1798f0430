/** The database of the audit: one file for all tenants. Only the thread of the audit opens it. */
import Database from 'better-sqlite3';
import { type AuditLine, auditLineIn, auditTermsOf } from '../../../core/model/audit-line.ts';
import type { AuditPruning, AuditQuery } from '../../../core/port/audit.ts';
import { documentIn } from '../../../core/port/document-collection.ts';

export interface AuditDatabase {
  append(lines: readonly AuditLine[]): void;
  /** The lines as JSON texts, the newest first. */
  find(query: AuditQuery): readonly string[];
  /** Removes one slice of the lines. Returns how many: 0 when all are removed. */
  prune(pruning: AuditPruning): number;
  close(): void;
}

/** Other versions of the file are refused. */
const schemaVersion = 1;

const schema = `
  CREATE TABLE line (id TEXT PRIMARY KEY, tenant TEXT NOT NULL, is_read INTEGER NOT NULL, text TEXT NOT NULL) WITHOUT ROWID;
  CREATE INDEX line_tenant ON line (tenant, id);
  CREATE INDEX line_read ON line (id) WHERE is_read = 1;
  CREATE TABLE term (tenant TEXT NOT NULL, term TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (tenant, term, id)) WITHOUT ROWID;
  PRAGMA user_version = ${schemaVersion};
`;

/** Creates the file if need be. Commits survive a power loss. */
export function openAuditDatabase(path: string): AuditDatabase {
  const database = new Database(path);
  for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'busy_timeout = 5000']) database.pragma(pragma);
  const version = database.pragma('user_version', { simple: true });
  if (version === 0) database.exec(`BEGIN; ${schema} COMMIT;`);
  else if (version !== schemaVersion) throw new Error(`${path} was written by a newer version.`);
  return {
    append: createAppend(database),
    find: (query) => find(database, query),
    prune: createPrune(database),
    close: () => database.close(),
  };
}

function createAppend(database: Database.Database): AuditDatabase['append'] {
  const addLine = database.prepare('INSERT OR IGNORE INTO line (id, tenant, is_read, text) VALUES (?, ?, ?, ?)');
  const addTerm = database.prepare('INSERT OR IGNORE INTO term (tenant, term, id) VALUES (?, ?, ?)');
  return database.transaction((lines: readonly AuditLine[]) => {
    for (const line of lines) {
      addLine.run(line.id, line.tenant, line.isRead ? 1 : 0, JSON.stringify(line));
      for (const term of auditTermsOf(line)) addTerm.run(line.tenant, term, line.id);
    }
  });
}

/** Walks the rarest kind of term, which is the last but the operation, and looks up the others by line. */
function find(database: Database.Database, { tenant, terms, from = '', below, limit }: AuditQuery): readonly string[] {
  const [first, ...others] = [...terms].sort((a, b) => rankOf(a) - rankOf(b));
  const range = `id >= @from ${below === undefined ? '' : 'AND id < @below'}`;
  const has = others.map(
    (_, n) => `AND EXISTS (SELECT 1 FROM term WHERE tenant = @tenant AND term = @term${n} AND id = found.id)`,
  );
  const ids =
    first === undefined
      ? `SELECT id FROM line WHERE tenant = @tenant AND ${range}`
      : `SELECT id FROM term AS found WHERE tenant = @tenant AND term = @first AND ${range} ${has.join(' ')}`;
  const query = database
    .prepare(`SELECT text FROM line WHERE id IN (${ids} ORDER BY id DESC LIMIT @limit) ORDER BY id DESC`)
    .pluck();
  const given = Object.fromEntries(others.map((term, n) => [`term${n}`, term]));
  const bounds = { from, limit, ...(first === undefined ? {} : { first }), ...(below === undefined ? {} : { below }) };
  return query.all({ tenant, ...bounds, ...given }).map(String);
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
  const reads = database.prepare<[string, number], Row>(
    'SELECT id, text FROM line WHERE is_read = 1 AND id <= ? ORDER BY id LIMIT ?',
  );
  const surplus = database.prepare<[number], Pick<Row, 'id'>>(
    'SELECT id FROM line WHERE is_read = 1 ORDER BY id DESC LIMIT 1 OFFSET ?',
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
    const aged = old.all(below, slice);
    const last = aged.length > 0 ? undefined : surplus.get(readsMax);
    const rows = last ? reads.all(last.id, slice) : aged;
    remove(rows);
    return rows.length;
  };
}
