/** Sees to it that nothing of a damaged write-ahead log is lost without a word: SQLite silently drops all that follows the damage. */
import { constants, copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Observation } from '../../core/port/observe.ts';
import { tenantOf } from './tenant-file.ts';
import { type Damage, findDamage } from './wal-frames.ts';

export type WalDamaged = Extract<Observation, { kind: 'walDamaged' }>;

const ending = '-wal';

/** The logs in a folder that are damaged, each copied and put in order. To be called by the owner of the folder, before any file is opened. */
export function rescueWals(directory: string): readonly WalDamaged[] {
  return readdirSync(directory).flatMap((name) => {
    const file = name.endsWith(ending) ? name.slice(0, -ending.length) : '';
    return tenantOf(file) === undefined ? [] : (rescueWal(directory, file) ?? []);
  });
}

/**
 * Copies the log of a tenant's file when it is damaged, and then has SQLite recover what it can: new transactions would otherwise be
 * written over what was lost, and the rest be taken for another damage.
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

/** What is wrong with a log that cannot be read at all is told by whoever opens the file. */
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

function attempt(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
