/** Maps tenant names to valid MongoDB database names. */
import { createHash } from 'node:crypto';

/** MongoDB allows names of fewer than 64 bytes. */
const nameMax = 63;

/**
 * The database of a tenant; '' is the default tenant. Short names of lower-case letters, digits, `_` and `-` stay readable. Others are
 * hashed: they may be long, and MongoDB allows no two names that differ only in case.
 */
export function databaseOf(prefix: string, tenant: string): string {
  if (tenant === '') return prefix;
  const plain = `${prefix}-t-${tenant}`;
  if (/^[a-z0-9_-]+$/.test(tenant) && plain.length <= nameMax) return plain;
  return `${prefix}-h-${createHash('sha256').update(tenant).digest('hex').slice(0, 32)}`;
}
