/** Maps tenants to file names, also for file systems that ignore case, and measures the files. */
import { Buffer } from 'node:buffer';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { badData } from '../../core/model/problem.ts';

const defaultFile = 'default.db';

/** The longest file name. With the suffixes of SQLite it stays below the limit of file systems. */
const nameMax = 240;

/** The file name of a tenant; '' is the default tenant. Throws BadRequestData for a name that is too long. */
export function fileOf(tenant: string): string {
  if (tenant === '') return defaultFile;
  const file = `tenant-${[...Buffer.from(tenant, 'utf8')].map(escaped).join('')}.db`;
  if (file.length > nameMax) throw badData(`The tenant name ${tenant.slice(0, 20)}... is too long.`);
  return file;
}

/** The tenant of a file; undefined for any other file. */
export function tenantOf(file: string): string | undefined {
  if (file === defaultFile) return '';
  const [, name] = /^tenant-((?:[a-z0-9_-]|\.[0-9a-f]{2})+)\.db$/.exec(file) ?? [];
  if (name === undefined) return undefined;
  const bytes = name.replace(/\.(..)|./g, (text, hex?: string) => hex ?? Buffer.from(text).toString('hex'));
  return Buffer.from(bytes, 'hex').toString('utf8');
}

/** The tenants that have a file in a folder. */
export const tenantsIn = (directory: string): readonly string[] =>
  readdirSync(directory).flatMap((file) => tenantOf(file) ?? []);

/** Bytes of a tenant's file and of its write-ahead log. */
export function sizeOf(directory: string, tenant: string): { readonly file: number; readonly wal: number } {
  const path = join(directory, fileOf(tenant));
  return { file: bytesOf(path), wal: bytesOf(`${path}-wal`) };
}

const bytesOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** A byte of a name: lower-case letters, digits, `_` and `-` stay, all others become a dot and two hexadecimal digits. */
function escaped(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[a-z0-9_-]/.test(character) ? character : `.${byte.toString(16).padStart(2, '0')}`;
}
