/** Looks into the files of tenants without opening them for use: a start need not open a thousand. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { fileOf } from './tenant-file.ts';

/** Whether a tenant has documents on a shelf. Throws an Error when its file cannot be read. */
export function hasDocuments(directory: string, tenant: string, shelf: string): boolean {
  const database = new Database(join(directory, fileOf(tenant)), { readonly: true, fileMustExist: true });
  try {
    const has = database.prepare<[string], number>('SELECT 1 FROM shelf WHERE name = ? LIMIT 1').pluck();
    return has.get(shelf) === 1;
  } finally {
    database.close();
  }
}
