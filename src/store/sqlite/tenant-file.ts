/** Which file is whose: the names of tenants as names of files, on file systems that know no upper case too. */
import { Buffer } from 'node:buffer';
import { badData } from '../../core/model/problem.ts';

const plain = /^[a-z0-9_][a-z0-9_-]*$/;

/** The longest name of a tenant, in bytes of UTF-8: its file's name may need two characters for each. */
const nameMax = 100;

/** The file name of a tenant; '' is the default tenant. Throws BadRequestData for a name that is too long. */
export function fileOf(tenant: string): string {
  if (tenant === '') return 'default.db';
  const bytes = Buffer.from(tenant, 'utf8');
  if (bytes.length > nameMax)
    throw badData(`The tenant name ${tenant.slice(0, 20)}... has more than ${nameMax} bytes.`);
  return plain.test(tenant) ? `tenant-${tenant}.db` : `tenant.${bytes.toString('hex')}.db`;
}

/** The tenant whose file it is; undefined for any other file. */
export function tenantOf(file: string): string | undefined {
  if (file === 'default.db') return '';
  const [, name] = /^tenant-(.+)\.db$/.exec(file) ?? [];
  if (name !== undefined && plain.test(name)) return name;
  const [, hex] = /^tenant\.((?:[0-9a-f]{2})+)\.db$/.exec(file) ?? [];
  return hex === undefined ? undefined : Buffer.from(hex, 'hex').toString('utf8');
}
