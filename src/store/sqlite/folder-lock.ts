/** Locks a folder of data for one process at a time. The lock is one of the operating system, which ends with the process. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { codeOf } from './failure.ts';

/** An empty database: only its lock counts. */
const lockFile = 'owner.lock';
/** Describes the owner of the lock. After the owner has ended, its content is meaningless. */
const nameFile = 'owner.txt';

/**
 * Locks a folder, and creates it if need be. `what` describes the owner, such as `mlaka serve`. Returns the function that releases the
 * lock. Throws an Error that names the owner when another process has the lock.
 */
export function lockFolder(directory: string, what: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = new Database(join(directory, lockFile), { timeout: 0 });
  try {
    lock.pragma('locking_mode = EXCLUSIVE');
    lock.exec('BEGIN EXCLUSIVE');
    writeFileSync(
      join(directory, nameFile),
      `process ${process.pid} on ${hostname()}: ${what}, since ${new Date().toISOString()}\n`,
    );
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new Error(`The folder ${directory} is in use by ${ownerOf(directory)}. Stop that first.`, { cause: error });
  }
  return () => {
    rmSync(join(directory, nameFile), { force: true });
    lock.close();
  };
}

export const isBusy = (error: unknown): boolean => codeOf(error)?.startsWith('SQLITE_BUSY') === true;

function ownerOf(directory: string): string {
  try {
    return readFileSync(join(directory, nameFile), 'utf8').trim();
  } catch {
    return 'another process';
  }
}
