/** Which file is whose: the names of tenants as names of files, on file systems that know no upper case too; and how large they are. */
import { Buffer } from 'node:buffer';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { badData } from '../../core/model/problem.ts';

const defaultFile = 'default.db';

/** The longest name of a file; with what SQLite appends it stays below what file systems allow. */
const nameMax = 240;

/** The file name of a tenant; '' is the default tenant. Throws BadRequestData for a name that is too long. */
export function fileOf(tenant: string): string {
  if (tenant === '') return defaultFile;
  const file = `tenant-${[...Buffer.from(tenant, 'utf8')].map(escaped).join('')}.db`;
  if (file.length > nameMax) throw badData(`The tenant name ${tenant.slice(0, 20)}... is too long.`);
  return file;
}

/** The tenant whose file it is; undefined for any other file. */
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

/** Bytes of the file of a tenant, and of the write-ahead log beside it. */
export function sizeOf(directory: string, tenant: string): { readonly file: number; readonly wal: number } {
  const path = join(directory, fileOf(tenant));
  return { file: bytesOf(path), wal: bytesOf(`${path}-wal`) };
}

const bytesOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** A byte of a name: small letters, digits, `_` and `-` as they are, all others as a dot and two hexadecimal digits. */
function escaped(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[a-z0-9_-]/.test(character) ? character : `.${byte.toString(16).padStart(2, '0')}`;
}
