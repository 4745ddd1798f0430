/** The files of tenants that are open: opened on use, closed when nobody has used them for a while or there are too many. */
import type { YieldToEventLoop } from '../../core/port/clock.ts';
import type { Store } from '../../core/port/store.ts';
import { Problem } from '../../core/model/problem.ts';
import { problemOf } from './failure.ts';
import { type OpenStore, openStore } from './store.ts';
import type { Writer } from './writer/writer.ts';

export interface Files {
  /**
   * Does something with the store in a file, which stays open meanwhile. `isUse`: it counts as use; otherwise the file is closed
   * as if this had not been. Throws what `problemOf` makes of a failure.
   */
  use<T>(path: string, work: (store: Store) => Promise<T>, isUse?: boolean): Promise<T>;
  /** Those that are open. */
  paths(): readonly string[];
  /** Waits for what is under way, and closes all. */
  close(): Promise<void>;
}

export interface FilesOptions {
  readonly writer: Writer;
  readonly yieldToEventLoop: YieldToEventLoop;
  /** Files that may be open while nobody uses them. */
  readonly openMost: number;
  /** How long such a file stays open. */
  readonly idleMs: number;
  /** Told of every failure that is one of a file or the disk. */
  readonly failed: (path: string, problem: Problem) => void;
}

interface File {
  readonly opened: Promise<OpenStore>;
  /** What came of `opened`: nothing has to be waited for once it is there. */
  open?: OpenStore;
  users: number;
  /** How often idle files were looked for since its last use. */
  idleLooks: number;
  /** To be called when nobody uses it any more. */
  drained: () => void;
}

interface State extends FilesOptions {
  /** In the order of their last use. */
  readonly files: Map<string, File>;
  /** The last of these: nearly always the one that is used next. */
  latest: File | undefined;
  /** Files that are being closed: none is opened again before that. */
  readonly closing: Map<string, Promise<void>>;
}

export function createFiles(options: FilesOptions): Files {
  const state: State = { ...options, files: new Map(), latest: undefined, closing: new Map() };
  const timer = setInterval(() => closeIdle(state), options.idleMs / idleLooksMax).unref();
  return {
    use: (path, work, isUse = true) => use(state, path, { work, isUse }),
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
  const file = state.files.get(path) ?? open(state, path);
  file.users += 1;
  if (isUse) touch(state, path, file);
  try {
    const { store } = file.open ?? (await file.opened);
    return await work(store);
  } catch (error) {
    const told = problemOf(error, path);
    if (told instanceof Problem && isOfFile(told)) {
      state.failed(path, told);
      // Somebody may put another file in its place.
      if (told.type === 'TenantUnavailable') closeFile(state, path, file);
    }
    throw told;
  } finally {
    file.users -= 1;
    if (file.users === 0) file.drained();
    closeSurplus(state);
  }
}

const isOfFile = ({ type }: Problem): boolean => type === 'TenantUnavailable' || type === 'InsufficientStorage';

function touch(state: State, path: string, file: File): void {
  file.idleLooks = 0;
  if (state.latest === file) return;
  state.files.delete(path);
  state.files.set(path, file);
  state.latest = file;
}

function open(state: State, path: string): File {
  const { writer, yieldToEventLoop, files, closing } = state;
  const opened = (closing.get(path) ?? Promise.resolve())
    .then(() => writer.send(path, { op: 'open' }))
    .then(() => openStore(path, { writer, yieldToEventLoop }));
  const file: File = { opened, users: 0, idleLooks: 0, drained: () => undefined };
  files.set(path, file);
  state.latest = file;
  opened.then(
    (store) => {
      file.open = store;
    },
    // One that failed is tried again by the next who asks.
    () => {
      if (files.get(path) === file) files.delete(path);
    },
  );
  return file;
}

/** Those that were not used for longest go first. */
function closeSurplus(state: State): void {
  const { files, openMost } = state;
  if (files.size <= openMost) return;
  for (const [path, file] of files) {
    if (file.users === 0) closeFile(state, path, file);
    if (files.size <= openMost) return;
  }
}

/** So many looks in a row find a file unused before it is closed. */
const idleLooksMax = 4;

function closeIdle(state: State): void {
  for (const [path, file] of state.files) {
    file.idleLooks += 1;
    if (file.users === 0 && file.idleLooks > idleLooksMax) closeFile(state, path, file);
  }
}

/** Whoever uses it now has done so before it is closed. */
function closeFile({ files, closing }: State, path: string, file: File): void {
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
