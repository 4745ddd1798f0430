/** The HTTP threads beside the main thread: starts them, and does for them what only the main thread may do. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { anonymous, type Authenticate } from '../../core/access/identity.ts';
import type { Services } from '../../core/operation/operation.ts';
import type { Observe } from '../../core/port/observe.ts';
import type { DocumentLoader } from '../../edge/document/loader.ts';
import { closeServer } from '../../edge/http/server.ts';
import type { Config } from '../config/options.ts';
import { createSharedHeld } from '../memory.ts';
import { answers } from '../control-socket.ts';
import { listenOnSocket, socketPath } from '../sockets.ts';
import type { ConnectableStores } from '../stores.ts';
import { newSharedMemory } from './shared-state.ts';
import type {
  Authenticating,
  Command,
  Commanding,
  KeepingContext,
  Loading,
  Notice,
  OpeningTenant,
  Report,
  SharedMemory,
  ThreadPorts,
} from './messages.ts';
import { createReportTaker, type ReportTaker } from './reports.ts';
import { createRemote, serveRemote } from './remote.ts';

/** The HTTP threads, which are there before what they use. */
export interface HttpThreads {
  readonly shared: SharedMemory;
  /** What the holders of the memory budget hold in all threads. */
  readonly held: ReturnType<typeof createSharedHeld>;
  /** Tells all threads that a document was changed. */
  readonly tell: (notice: Notice) => void;
  /** Makes all threads close the file of a tenant. */
  readonly release: (tenant: string) => Promise<void>;
  /** Starts the threads, which listen at this port when it returns. `server` gets the requests that they hand on. */
  readonly start: (parts: MainParts, listening: { readonly server: Server; readonly port: number }) => Promise<void>;
  /** Waits until the main thread counts and keeps all that the threads have done before. */
  readonly settle: () => Promise<void>;
  /** Stops the threads. Requests in progress may take this time to finish. */
  readonly stop: (graceMs: number) => Promise<void>;
}

/** What the main thread does for the others. */
interface MainParts {
  readonly services: Services;
  readonly loader: DocumentLoader;
  /** Absent: everybody is anonymous. */
  readonly authenticate: Authenticate | undefined;
  readonly connect: ConnectableStores['connect'];
}

interface Thread {
  readonly worker: Worker;
  readonly command: (command: Command) => Promise<readonly Report[]>;
  readonly notices: MessagePort;
  readonly reports: MessagePort;
}

interface State {
  readonly config: Config;
  readonly observe: Observe;
  readonly shared: SharedMemory;
  readonly sent: Int32Array<SharedArrayBuffer>;
  readonly threads: Thread[];
  reports: ReportTaker;
  isStopping: boolean;
  /** Ends the server of what the threads hand on. */
  endRelay: () => Promise<void>;
}

/** Undefined: there is only the main thread. */
export function openThreads(config: Config, observe: Observe): HttpThreads | undefined {
  if (config.threads === 1) return undefined;
  const shared = newSharedMemory();
  const state: State = {
    config,
    observe,
    shared,
    sent: new Int32Array(shared.notices),
    threads: [],
    reports: { take: () => undefined, kept: () => Promise.resolve() },
    isStopping: false,
    endRelay: () => Promise.resolve(),
  };
  return {
    shared,
    held: createSharedHeld(shared.held),
    tell(notice) {
      for (const { notices } of state.threads) notices.postMessage(notice);
      if (state.threads.length > 0) Atomics.add(state.sent, 0, 1);
    },
    release: async (tenant) => {
      await all(state, { kind: 'release', tenant });
    },
    start: (parts, listening) => start(state, parts, listening),
    settle: async () => {
      await Promise.race([all(state, { kind: 'settle' }), wait(settleMs, undefined, { ref: false })]);
    },
    async stop(graceMs) {
      state.isStopping = true;
      await all(state, { kind: 'stop', graceMs });
      await Promise.all(state.threads.map(({ worker }) => worker.terminate()));
      await state.endRelay();
    },
  };
}

/** A thread that is busy for longer reports later. */
const settleMs = 1000;

/** Gives all threads a command. What they did before they answer is kept then. */
async function all({ threads, reports: { take, kept } }: State, command: Command): Promise<void> {
  await Promise.all(
    threads.map(async ({ command: ask, reports }) => {
      const last = await ask(command).catch(() => []);
      // What was sent before the answer may not have been taken.
      let sent: { readonly message: readonly Report[] } | undefined;
      while ((sent = receiveMessageOnPort(reports))) take(sent.message);
      take(last);
    }),
  );
  await kept();
}

async function start(
  state: State,
  parts: MainParts,
  { server, port }: { readonly server: Server; readonly port: number },
): Promise<void> {
  const { data } = state.config;
  const { relayPath, remove } = await freePath(data);
  state.endRelay = () => closeServer(server, 0).finally(remove);
  await listenOnSocket(server, relayPath);
  state.reports = createReportTaker(parts.services, new Int32Array(state.shared.auditFull));
  for (let number = 1; number < state.config.threads; number += 1)
    state.threads.push(startThread(state, parts, { number, relayPath }));
  await Promise.all(state.threads.map((thread) => thread.command({ kind: 'listen', port })));
}

/**
 * The path of a socket in the folder at which nobody listens: brokers on MongoDB may share a folder. When the path of the folder is too long
 * for a socket, it is in a new temporary folder, to which only this user has access.
 */
async function freePath(folder: string): Promise<{ readonly relayPath: string; readonly remove: () => void }> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (let number = 1; ; number += 1) {
    const relayPath = socketPath(folder, number === 1 ? 'threads.sock' : `threads-${number}.sock`);
    if (relayPath === undefined) {
      const own = mkdtempSync(join(tmpdir(), 'mlaka-'));
      return { relayPath: join(own, 'threads.sock'), remove: () => rmSync(own, { recursive: true }) };
    }
    if (!(await answers(relayPath))) return { relayPath, remove: () => undefined };
  }
}

function startThread(
  state: State,
  parts: MainParts,
  { number, relayPath }: { readonly number: number; readonly relayPath: string },
): Thread {
  const { config, shared, sent } = state;
  const [near, far] = openPorts();
  // In src the thread is TypeScript, in dist it is compiled JavaScript.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const startedAt = parts.services.identity.startedAt;
  const noticesBefore = Atomics.load(sent, 0);
  const worker = new Worker(new URL(`./http-worker.${extension}`, import.meta.url), {
    workerData: { config, number, startedAt, relayPath, shared, noticesBefore, ports: far },
    transferList: Object.values(far),
  });
  worker.on('error', (cause) => state.observe({ kind: 'failed', where: 'HTTP thread', cause }));
  worker.once('exit', () => {
    // As when the main thread fails: a supervisor starts the process anew. Nothing that was acknowledged is lost.
    if (!state.isStopping) process.exit(1);
  });
  serve(near, parts);
  near.reports.on('message', state.reports.take);
  parts.connect?.(number, (port) => near.writers.postMessage(port, [port]));
  return { worker, command: createRemote<Commanding>(near.commands), notices: near.notices, reports: near.reports };
}

function serve(near: ThreadPorts, { services, loader, authenticate }: MainParts): void {
  const { contexts, stores } = services;
  serveRemote<Authenticating>(near.authenticate, ({ headers, address }) =>
    authenticate ? authenticate({ headers, socket: { remoteAddress: address } }) : anonymous,
  );
  serveRemote<Loading>(near.load, (url) => loader.load(url));
  serveRemote<KeepingContext>(near.keepContext, async ({ written, ...reader }) =>
    contexts.urlOf(await contexts.resolve(written, reader.tenant), reader),
  );
  serveRemote<OpeningTenant>(near.openTenant, async ({ tenant, create }) => {
    await stores.open(tenant, create);
    return undefined;
  });
}

/** The two ends of each port of a thread. */
function openPorts(): readonly [ThreadPorts, ThreadPorts] {
  const [one, two, three, four] = [open(), open(), open(), open()];
  const [five, six, seven, eight] = [open(), open(), open(), open()];
  const ends = (end: 'port1' | 'port2'): ThreadPorts => ({
    commands: one[end],
    notices: two[end],
    reports: three[end],
    writers: four[end],
    authenticate: five[end],
    load: six[end],
    keepContext: seven[end],
    openTenant: eight[end],
  });
  return [ends('port1'), ends('port2')];
}

const open = (): MessageChannel => new MessageChannel();
