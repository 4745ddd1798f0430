/** Detects damaged write-ahead logs and saves a copy: SQLite silently drops everything after the damage. */
import { constants, copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Observation } from '../../core/port/observe.ts';
import { tenantOf } from './tenant-file.ts';
import { type Damage, findDamage } from './wal-frames.ts';

export type WalDamaged = Extract<Observation, { kind: 'walDamaged' }>;

const ending = '-wal';

/** Copies and recovers the damaged logs of a folder. The process that has locked the folder calls it before it opens any file. */
export function rescueWals(directory: string): readonly WalDamaged[] {
  return readdirSync(directory).flatMap((name) => {
    const file = name.endsWith(ending) ? name.slice(0, -ending.length) : '';
    return tenantOf(file) === undefined ? [] : (rescueWal(directory, file) ?? []);
  });
}

/**
 * Copies the log of a tenant's file when it is damaged, then SQLite recovers what it can and empties the log. Otherwise new transactions
 * would overwrite a part of the lost frames, and the next start would report the others as damage again.
 */
function rescueWal(directory: string, file: string): WalDamaged | undefined {
  const path = join(directory, file);
  const damage = damageIn(`${path}${ending}`);
  if (!damage) return undefined;
  const copy = `${file}${ending}-damaged-${new Date().toISOString().replaceAll(':', '')}`;
  const failed = attempt(() => {
    copyFileSync(`${path}${ending}`, join(directory, copy), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    recover(path);
  });
  return { kind: 'walDamaged', file, ...damage, copy, ...(failed === undefined ? undefined : { failed }) };
}

/** Undefined for a log that cannot be read at all: opening the file reports that. */
function damageIn(path: string): Damage | undefined {
  try {
    return findDamage(path);
  } catch {
    return undefined;
  }
}

function recover(path: string): void {
  const database = new Database(path, { fileMustExist: true });
  try {
    database.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}

/** The error message when the work fails; undefined when it succeeds. */
function attempt(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
