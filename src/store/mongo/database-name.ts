/** Which database is whose: any name of a tenant as a name that MongoDB takes. */
import { createHash } from 'node:crypto';

/** MongoDB takes names of fewer than 64 bytes. */
const nameMax = 63;

/**
 * The database of a tenant; '' is the default tenant. Names that are short and made of small letters, digits, `_` and `-`
 * can be read in it. Others are hashed: they may be long, and MongoDB takes no two names that differ in case only.
 */
export function databaseOf(prefix: string, tenant: string): string {
  if (tenant === '') return prefix;
  const plain = `${prefix}-t-${tenant}`;
  if (/^[a-z0-9_-]+$/.test(tenant) && plain.length <= nameMax) return plain;
  return `${prefix}-h-${createHash('sha256').update(tenant).digest('hex').slice(0, 32)}`;
}
