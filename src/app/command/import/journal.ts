/** Stores the progress of an import beside the file, so that the import can resume, and the rejected rows. */
import { appendFileSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isObject, type Json, type JsonObject, parseJson } from '../../../core/model/json.ts';
import type { SourceRow } from './source.ts';

/** The progress of an import. Every row up to `rows` is complete. */
export interface RowCounts {
  readonly rows: number;
  readonly accepted: number;
  /** The accepted rows that replaced part of an earlier row. */
  readonly replaced: number;
  readonly skipped: number;
  readonly rejected: number;
}

/** Identifies an import. An import resumes only with the same file, map and target. */
interface ImportJob {
  readonly file: string;
  readonly map: string;
  readonly url: string;
  readonly tenant: string;
}

export interface Journal {
  /** The progress of the earlier run; all zero for a new import. */
  readonly before: RowCounts;
  /** Stores rejected rows with their reasons. */
  reject(rows: readonly Rejected[]): void;
  /** Stores the progress. After a crash, the state of one of the last two calls is on disk. */
  settle(counts: RowCounts): void;
  /** Deletes the state of a finished import. */
  close(): void;
}

export interface Rejected {
  readonly source: SourceRow;
  readonly reason: string;
}

export interface JournalOptions {
  readonly errand: ImportJob;
  readonly statePath: string;
  readonly rejectedPath: string;
  readonly isResumed: boolean;
}

const nothing: RowCounts = { rows: 0, accepted: 0, replaced: 0, skipped: 0, rejected: 0 };

/** Opens the journal of an import. Throws an Error when the import cannot resume or the journal cannot be written. */
export function openJournal({ errand, statePath, rejectedPath, isResumed }: JournalOptions): Journal {
  const mark = JSON.stringify({ ...errand, ...markOf(errand.file) });
  const before = isResumed ? readState(statePath, mark) : nothing;
  const settle = (counts: RowCounts): void => {
    writeFileSync(`${statePath}.new`, `${JSON.stringify({ import: mark, ...counts })}\n`, { flush: true });
    renameSync(`${statePath}.new`, statePath);
  };
  try {
    settle(before);
    if (!isResumed) rmSync(rejectedPath, { force: true });
  } catch (cause) {
    throw new Error(`${statePath} cannot be written; name another place with --state FILE.`, { cause });
  }
  return {
    before,
    settle,
    reject(rows) {
      if (rows.length > 0) appendFileSync(rejectedPath, rows.map(lineOf).join(''), { flush: true });
    },
    close: () => rmSync(statePath, { force: true }),
  };
}

/** Size and modification time. A file that was edited in the meantime counts as another file. */
function markOf(path: string): JsonObject {
  const { size, mtimeMs } = statSync(path);
  return { size, mtimeMs };
}

const lineOf = ({ source, reason }: Rejected): string =>
  `${JSON.stringify({ row: source.number, reason, data: source.raw() })}\n`;

function readState(path: string, mark: string): RowCounts {
  const state = parseState(path);
  if (state['import'] !== mark)
    throw new Error(
      `${path} is of another import: the file, the map, the broker or the tenant was another. Start without --resume.`,
    );
  const count = (name: keyof RowCounts): number => (typeof state[name] === 'number' ? state[name] : 0);
  return {
    rows: count('rows'),
    accepted: count('accepted'),
    replaced: count('replaced'),
    skipped: count('skipped'),
    rejected: count('rejected'),
  };
}

function parseState(path: string): JsonObject {
  let state: Json;
  try {
    state = parseJson(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Error(`There is nothing to resume: ${path} cannot be read. Start without --resume.`, { cause });
  }
  if (!isObject(state)) throw new Error(`${path} is no state of an import. Start without --resume.`);
  return state;
}
