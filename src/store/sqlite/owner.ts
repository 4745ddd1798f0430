/** Who has a folder of data: one process at a time, by a lock of the operating system that ends with the process, however it ends. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { codeOf } from './failure.ts';

/** Has nothing in it: only its lock counts. */
const lockFile = 'owner.lock';
/** Says who has the lock. What it says of one that has ended is of no account. */
const nameFile = 'owner.txt';

/**
 * Takes a folder, which is made when it is not there. `what` is what it is taken for, such as `mlaka serve`. Answers the
 * function that gives it back. Throws an Error that names who has it, when that is somebody else.
 */
export function takeFolder(directory: string, what: string): () => void {
  mkdirSync(directory, { recursive: true });
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
