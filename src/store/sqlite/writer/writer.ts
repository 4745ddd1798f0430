/** The writer in the main thread: starts the writer's thread, sends it jobs, and connects other threads to it. */
import { performance } from 'node:perf_hooks';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { Problem } from '../../../core/model/problem.ts';
import type { Observe } from '../../../core/port/observe.ts';
import type { Position } from '../../../core/port/store.ts';
import type { Answer, FromWriter, Job } from '../message.ts';
import { createOutbox } from './outbox.ts';
import type { WriterLimits } from './pending-requests.ts';
import { createRequests, sizeOf } from './requests.ts';

/** Sends a job for one tenant's file. Throws Unavailable when too many jobs wait, and an Error when the job failed. */
export type SendJob = (job: Job, weight?: number) => Promise<Answer>;

export interface Writer {
  /** `weight` is the number of writes in the job. */
  send(path: string, job: Job, weight?: number): Promise<Answer>;
  /** Calls back after each commit in a file that advanced its newest position. Returns the function that stops it. */
  follow(path: string, listener: (position: Position) => void): () => void;
  /** Waits for running jobs, then refuses every job. */
  close(): Promise<void>;
}

/** The writer of the main thread. */
export interface SharedWriter extends Writer {
  /**
   * Connects another thread, whose number (from 1) no other one has: `give` is called with its port now, and with a new one after each restart
   * of the writer's thread (`createConnectedWriter`).
   */
  readonly connect: (client: number, give: (port: MessagePort) => void) => void;
}

/** How much may wait for the disk, unless it is said otherwise. */
export const defaultWriterLimits: WriterLimits = { pendingWrites: 20_000, pendingBytes: 256 * 1024 * 1024 };

export interface WriterOptions {
  readonly observe: Observe;
  readonly limits: WriterLimits;
  /** Called when the writer's thread keeps dying: no write is possible any more. */
  readonly fatal?: ((cause: Error) => void) | undefined;
  /** The heap limit of the writer's thread; absent: that of the main thread. */
  readonly heapMegabytes?: number;
}

/** After this many crashes within that time, a restart is pointless. */
const crashesMax = 5;
const crashesMs = 60_000;

/**
 * Starts the writer's thread, and restarts it when it dies. Jobs that wait then fail with Unavailable: they may have been done or not.
 * Everything that was answered is on disk.
 */
export function startWriter(options: WriterOptions): SharedWriter {
  const { observe, limits, fatal = () => undefined, heapMegabytes } = options;
  const queue = createRequests(limits);
  const clients = createClients();
  const followers = createFollowers(observe);
  const isPointless = createCrashCount();
  const receive = (message: FromWriter): void => {
    if (message.kind === 'failed') observe({ kind: 'failed', where: message.where, cause: message.message });
    if (message.kind !== 'done') return;
    for (const reply of message.replies) queue.settle(reply);
    followers.announce(message.path, message.position);
  };
  const ended = Promise.withResolvers<undefined>();
  const restart = (): void => {
    queue.fail(new Problem('Unavailable', 'The writer of the store has died; what was asked may be done or not.'));
    if (!queue.isOpen()) return ended.resolve(undefined);
    if (isPointless()) {
      queue.refuse();
      ended.resolve(undefined);
      return fatal(new Error(`The writer of the store has died ${crashesMax} times within a minute.`));
    }
    outbox.clear();
    worker = startThread({ receive, observe, exited: restart, heapMegabytes });
    clients.connectAll(worker);
    // Opening a file announces changes that were committed but not answered.
    for (const path of followers.paths()) void send(path, { op: 'open' }).catch(() => undefined);
  };
  let worker = startThread({ receive, observe, exited: restart, heapMegabytes });
  const outbox = createOutbox((message) => worker.postMessage(message));
  const send: Writer['send'] = (path, job, weight = 1) =>
    queue.enter({ path, weight, bytes: sizeOf(job) }, (seq) => outbox.put({ seq, path, weight, job }));

  return {
    send,
    follow: followers.follow,
    connect: (...client) => clients.add(worker, client),
    async close() {
      if (queue.refuse()) outbox.close();
      await ended.promise;
    },
  };
}

/** Counts a crash. Returns true when there were too many for another restart. */
function createCrashCount(): () => boolean {
  const crashes: number[] = [];
  return () => {
    crashes.push(performance.now());
    return crashes.length >= crashesMax && performance.now() - (crashes.at(-crashesMax) ?? 0) < crashesMs;
  };
}

type Client = Parameters<SharedWriter['connect']>;

interface Clients {
  readonly add: (worker: Worker, client: Client) => void;
  readonly connectAll: (worker: Worker) => void;
}

/** The other threads that use the writer's thread. */
function createClients(): Clients {
  const clients: Client[] = [];
  const connect = (worker: Worker, [client, give]: Client): void => {
    const { port1, port2 } = new MessageChannel();
    worker.postMessage({ client, port: port1 }, [port1]);
    give(port2);
  };
  return {
    add(worker, client) {
      clients.push(client);
      connect(worker, client);
    },
    connectAll: (worker) => {
      for (const client of clients) connect(worker, client);
    },
  };
}

interface ThreadEvents {
  readonly observe: Observe;
  readonly receive: (message: FromWriter) => void;
  readonly exited: () => void;
  readonly heapMegabytes: number | undefined;
}

function startThread({ receive, observe, exited, heapMegabytes }: ThreadEvents): Worker {
  // In src the worker is TypeScript, in dist it is compiled JavaScript.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(
    new URL(`./writer-worker.${extension}`, import.meta.url),
    heapMegabytes === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapMegabytes } },
  );
  worker.on('message', receive);
  worker.on('error', (cause) => observe({ kind: 'failed', where: 'store: writer', cause }));
  worker.once('exit', exited);
  return worker;
}

interface Followers {
  announce(path: string, position: Position): void;
  readonly follow: Writer['follow'];
  /** The files whose log has listeners. */
  paths(): readonly string[];
}

function createFollowers(observe: Observe): Followers {
  const listeners = new Map<string, Set<(position: Position) => void>>();
  const newest = new Map<string, Position>();
  const call = (listener: (position: Position) => void, position: Position): void => {
    try {
      listener(position);
    } catch (cause) {
      observe({ kind: 'failed', where: 'store: follower of the log', cause });
    }
  };
  return {
    announce(path, position) {
      const before = newest.get(path) ?? position;
      newest.set(path, Math.max(before, position));
      if (position <= before) return;
      for (const listener of [...(listeners.get(path) ?? [])]) call(listener, position);
    },
    follow(path, listener) {
      const own = (position: Position): void => listener(position);
      const all = listeners.get(path) ?? new Set();
      listeners.set(path, all.add(own));
      return () => void all.delete(own);
    },
    paths: () => [...listeners].flatMap(([path, all]) => (all.size > 0 ? [path] : [])),
  };
}
