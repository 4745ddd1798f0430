/** The open files of tenants: opens a file on use, and closes it when it was idle for a while or too many files are open. */
import { rm } from 'node:fs/promises';
import type { YieldToEventLoop } from '../../core/port/clock.ts';
import type { Store } from '../../core/port/store.ts';
import { Problem } from '../../core/model/problem.ts';
import { problemOf } from './failure.ts';
import { type OpenStore, openStore } from './store.ts';
import type { Writer } from './writer/writer.ts';

export interface OpenFiles {
  /**
   * Runs `work` with the store of a file. The file stays open meanwhile. `isUse`: counts as use; otherwise the file is closed as if
   * this call had not happened. Throws what `problemOf` makes of a failure.
   */
  use<T>(path: string, work: (store: Store) => Promise<T>, isUse?: boolean): Promise<T>;
  /** Closes a file, and deletes it with its write-ahead log. Then `use` throws NonexistentTenant until `readmit` is called. */
  remove(path: string): Promise<void>;
  /** Closes a file after its present users are done: its write-ahead log is emptied. The next use opens it again. */
  closeNow(path: string): Promise<void>;
  /** Allows a file that was removed to be created again. */
  readmit(path: string): void;
  /** The paths of open files. */
  paths(): readonly string[];
  /** Waits for running work, then closes all files. */
  close(): Promise<void>;
}

export interface OpenFilesOptions {
  readonly writer: Writer;
  readonly yieldToEventLoop: YieldToEventLoop;
  /** Above this number of open files, unused ones are closed. */
  readonly openMax: number;
  /** How long an idle file stays open. */
  readonly idleMs: number;
  /** Called on every failure of a file or the disk. */
  readonly failed: (path: string, problem: Problem) => void;
}

interface OpenFile {
  readonly opened: Promise<OpenStore>;
  /** The result of `opened`, so that later calls need not wait. */
  open?: OpenStore;
  users: number;
  /** The number of idle checks since the last use. */
  idleChecks: number;
  /** Called when the last user is done. */
  drained: () => void;
}

interface State extends OpenFilesOptions {
  /** Least recently used first. */
  readonly files: Map<string, OpenFile>;
  /** The most recently used file: nearly always the next one to be used. */
  latest: OpenFile | undefined;
  /** Files that are being closed. A file is opened again only after that. */
  readonly closing: Map<string, Promise<void>>;
  /** The paths of removed files. */
  readonly removed: Set<string>;
}

export function createOpenFiles(options: OpenFilesOptions): OpenFiles {
  const state: State = { ...options, files: new Map(), latest: undefined, closing: new Map(), removed: new Set() };
  const timer = setInterval(() => closeIdle(state), options.idleMs / idleChecksMax).unref();
  return {
    use: (path, work, isUse = true) => use(state, path, { work, isUse }),
    remove: (path) => remove(state, path),
    closeNow: (path) => closeNow(state, path),
    readmit: (path) => {
      state.removed.delete(path);
    },
    paths: () => [...state.files.keys()],
    async close() {
      clearInterval(timer);
      for (const [path, file] of state.files) closeFile(state, path, file);
      await Promise.all(state.closing.values());
    },
  };
}

async function use<T>(
  state: State,
  path: string,
  { work, isUse }: { readonly work: (store: Store) => Promise<T>; readonly isUse: boolean },
): Promise<T> {
  if (state.removed.has(path)) throw new Problem('NonexistentTenant', 'This was deleted meanwhile.');
  const file = state.files.get(path) ?? open(state, path);
  file.users += 1;
  if (isUse) touch(state, path, file);
  try {
    const { store } = file.open ?? (await file.opened);
    return await work(store);
  } catch (error) {
    const problem = problemOf(error, path);
    if (problem instanceof Problem && isOfFile(problem)) {
      state.failed(path, problem);
      // Somebody may replace the file by another.
      if (problem.type === 'TenantUnavailable') closeFile(state, path, file);
    }
    throw problem;
  } finally {
    file.users -= 1;
    if (file.users === 0) file.drained();
    closeSurplus(state);
  }
}

const isOfFile = ({ type }: Problem): boolean => type === 'TenantUnavailable' || type === 'InsufficientStorage';

function touch(state: State, path: string, file: OpenFile): void {
  file.idleChecks = 0;
  if (state.latest === file) return;
  state.files.delete(path);
  state.files.set(path, file);
  state.latest = file;
}

function open(state: State, path: string): OpenFile {
  const { writer, yieldToEventLoop, files, closing } = state;
  const opened = (closing.get(path) ?? Promise.resolve())
    .then(() => writer.send(path, { op: 'open' }))
    .then(() => openStore(path, { writer, yieldToEventLoop }));
  const file: OpenFile = { opened, users: 0, idleChecks: 0, drained: () => undefined };
  files.set(path, file);
  state.latest = file;
  opened.then(
    (store) => {
      file.open = store;
    },
    // A file that failed to open is tried again on the next use.
    () => {
      if (files.get(path) === file) files.delete(path);
    },
  );
  return file;
}

/** The files that SQLite makes for a database. */
const suffixes = ['', '-wal', '-shm'];

async function closeNow(state: State, path: string): Promise<void> {
  const file = state.files.get(path);
  if (file) closeFile(state, path, file);
  await state.closing.get(path);
}

async function remove(state: State, path: string): Promise<void> {
  state.removed.add(path);
  await closeNow(state, path);
  await Promise.all(suffixes.map((suffix) => rm(path + suffix, { force: true })));
}

/** Closes the least recently used files first. */
function closeSurplus(state: State): void {
  const { files, openMax } = state;
  if (files.size <= openMax) return;
  for (const [path, file] of files) {
    if (file.users === 0) closeFile(state, path, file);
    if (files.size <= openMax) return;
  }
}

/** A file is closed after this many idle checks in a row. */
const idleChecksMax = 4;

function closeIdle(state: State): void {
  for (const [path, file] of state.files) {
    file.idleChecks += 1;
    if (file.users === 0 && file.idleChecks > idleChecksMax) closeFile(state, path, file);
  }
}

/** Waits for the present users before it closes the file. */
function closeFile({ files, closing }: State, path: string, file: OpenFile): void {
  if (files.get(path) !== file) return;
  files.delete(path);
  const before = closing.get(path);
  const drained = new Promise<void>((resolve) => {
    file.drained = resolve;
    if (file.users === 0) resolve();
  });
  const closed = Promise.all([file.opened, before, drained])
    .then(([store]) => store.close())
    .catch(() => undefined)
    .then(() => {
      if (closing.get(path) === closed) closing.delete(path);
    });
  closing.set(path, closed);
}
