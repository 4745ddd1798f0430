/** Copies the files of the SQLite store into a document, and makes files of such a document. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

interface StoredFile {
  readonly version: number;
  /** The SQL of tables and indexes. */
  readonly schema: readonly string[];
  /** The rows of each table that has some. */
  readonly tables: Readonly<Record<string, readonly object[]>>;
}

/** All files of a data folder, by name. */
export type StoredFiles = Readonly<Record<string, StoredFile>>;

export const readFiles = (folder: string): StoredFiles =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((name) => name.endsWith('.db'))
      .sort()
      .map((name) => [name, readFile(join(folder, name))]),
  );

function readFile(path: string): StoredFile {
  const database = new Database(path, { readonly: true });
  // SQLite keeps the tables box_* itself, within its R-tree.
  const own = database
    .prepare<[], { name: string; type: string; sql: string }>(
      `SELECT name, type, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'box~_%' ESCAPE '~' ORDER BY rowid`,
    )
    .all();
  const rows = own
    .filter(({ type }) => type === 'table')
    .map(({ name }) => [name, database.prepare<[], object>(`SELECT * FROM "${name}"`).all().map(withText)] as const);
  const version = Number(database.pragma('user_version', { simple: true }));
  database.close();
  return {
    version,
    schema: own.map(({ sql }) => sql),
    tables: Object.fromEntries(rows.filter(([, { length }]) => length > 0)),
  };
}

export function writeFiles(folder: string, files: StoredFiles): void {
  for (const [name, { version, schema, tables }] of Object.entries(files)) {
    const database = new Database(join(folder, name));
    for (const sql of schema) database.exec(sql);
    for (const [table, rows] of Object.entries(tables)) {
      for (const row of rows) {
        const names = Object.keys(row);
        database
          .prepare(`INSERT INTO "${table}" (${names.join()}) VALUES (${names.map(() => '?').join()})`)
          .run(...Object.values(row).map(fromText));
      }
    }
    database.pragma(`user_version = ${version}`);
    database.close();
  }
}

const withText = (row: object): object =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]: [string, unknown]) => [
      name,
      Buffer.isBuffer(value) ? { bytes: value.toString('hex') } : value,
    ]),
  );

function fromText(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('bytes' in value)) return value;
  return Buffer.from(String(value.bytes), 'hex');
}
