/** Reads from tenants' files without opening them in `OpenFiles`: a start with a thousand tenants must stay fast. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { fileOf } from './tenant-file.ts';

/** Whether a collection of a tenant has documents. Throws an Error when the file cannot be read. */
export function hasDocuments(directory: string, tenant: string, collection: string): boolean {
  const database = new Database(join(directory, fileOf(tenant)), { readonly: true, fileMustExist: true });
  try {
    const has = database.prepare<[string], number>('SELECT 1 FROM shelf WHERE name = ? LIMIT 1').pluck();
    return has.get(collection) === 1;
  } finally {
    database.close();
  }
}
