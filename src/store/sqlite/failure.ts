/** Maps SQLite errors to problems: the disk is full, or the file of one tenant cannot be used. */
import { statfsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { Problem, type ProblemReport } from '../../core/model/problem.ts';

/** An error in the form that crosses threads. `problem`: the problem it maps to, if any. */
export interface Failure {
  readonly message: string;
  readonly stack: string;
  readonly problem?: ProblemReport;
}

/** `path`: the file that the failed work was for. */
export function failureOf(error: unknown, path: string): Failure {
  const problem = reportOf(error, path);
  const [message, stack] = error instanceof Error ? [error.message, error.stack ?? ''] : [String(error), ''];
  return { message, stack, ...(problem ? { problem } : undefined) };
}

/** The error that the caller gets for a failure. */
export const errorOf = ({ message, stack, problem }: Failure): Error =>
  problem
    ? new Problem(problem.type, problem.detail, stack)
    : new Error(`The store failed: ${message}`, { cause: stack });

/** Maps an error of SQLite to a problem. Other errors, and those without a problem, stay as they are. */
export function problemOf(error: unknown, path: string): unknown {
  const report = reportOf(error, path);
  return report ? new Problem(report.type, report.detail, error) : error;
}

/**
 * The code of an error of SQLite, such as `SQLITE_BUSY`; undefined for any other error. Does not test the class, which may be of
 * another realm.
 */
export function codeOf(error: unknown): string | undefined {
  const code = isError(error) && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined;
}

const isError = (error: unknown): error is Error =>
  typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string';

/** The detail names a file without its folder. Undefined for an error that is not about the file or the disk. */
function reportOf(error: unknown, path: string): ProblemReport | undefined {
  const code = codeOf(error);
  if (code === undefined || !isError(error)) return undefined;
  const file = basename(path);
  const because = `(${error.message}, ${code})`;
  const sort = /^SQLITE_[A-Z]+/.exec(code)?.[0] ?? '';
  if (sort === 'SQLITE_FULL' || (disk.has(sort) && isFull(path)))
    return { type: 'InsufficientStorage', detail: `The disk is full: nothing can be added to ${file} ${because}.` };
  if (sort === 'SQLITE_BUSY')
    return { type: 'Unavailable', detail: `Another program holds the file ${file} ${because}; try again later.` };
  const fault = faults[sort];
  return fault === undefined
    ? undefined
    : { type: 'TenantUnavailable', detail: `The file ${file} ${fault} ${because}.` };
}

const disk = new Set(['SQLITE_IOERR', 'SQLITE_CANTOPEN']);

const faults: Readonly<Record<string, string>> = {
  SQLITE_CORRUPT: 'is damaged: restore it from a backup',
  SQLITE_NOTADB: 'is damaged and no database any more: restore it from a backup',
  SQLITE_READONLY: 'can only be read: look at its permissions, and those of its folder and disk',
  SQLITE_PERM: 'must not be opened: look at its permissions',
  SQLITE_CANTOPEN: 'cannot be opened: look at its permissions, and those of its folder',
  SQLITE_IOERR: 'cannot be read or written: look at the disk',
};

/** With less free space than this, the disk counts as full. */
const roomBytes = 64 * 1024;

function isFull(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize < roomBytes;
  } catch {
    return false;
  }
}
