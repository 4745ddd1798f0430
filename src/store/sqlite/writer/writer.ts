/** The writer in the main thread: sends jobs to the writer's thread and settles the promises of their answers. */
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { Problem } from '../../../core/model/problem.ts';
import type { Observe } from '../../../core/port/observe.ts';
import type { Position } from '../../../core/port/store.ts';
import { errorOf } from '../failure.ts';
import type { Answer, FromWriter, Job, Reply, Request, ToWriter } from '../message.ts';
import { createPendingRequests, type Size, type WriterLimits } from './pending-requests.ts';

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
export function startWriter(options: WriterOptions): Writer {
  const { observe, limits, fatal = () => undefined, heapMegabytes } = options;
  const queue = createQueue(limits);
  const followers = createFollowers(observe);
  const crashes: number[] = [];
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
    crashes.push(performance.now());
    if (crashes.length >= crashesMax && performance.now() - (crashes.at(-crashesMax) ?? 0) < crashesMs) {
      queue.refuse();
      ended.resolve(undefined);
      return fatal(new Error(`The writer of the store has died ${crashesMax} times within a minute.`));
    }
    outbox.clear();
    worker = startThread({ receive, observe, exited: restart, heapMegabytes });
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
    async close() {
      if (queue.refuse()) outbox.close();
      await ended.promise;
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

function sizeOf(job: Job): number {
  if (job.op === 'apply') return lengthOf(job.writes);
  if (job.op === 'record') return lengthOf(job.series);
  if (job.op === 'replace') return job.after?.length ?? 0;
  return job.op === 'put' ? job.documents.reduce((sum, { doc }) => sum + doc.length, 0) : 0;
}

const lengthOf = (texts: readonly string[]): number => texts.reduce((sum, { length }) => sum + length, 0);

interface Queue {
  /** Waits for the answer to the request that `post` sends with a sequence number. Throws Unavailable when the queue is full or stopped. */
  enter(size: Size, post: (seq: number) => void): Promise<Answer>;
  settle(reply: Reply): void;
  isOpen(): boolean;
  /** Stops the queue. False: it was stopped already. */
  refuse(): boolean;
  /** Rejects all waiting requests. */
  fail(error: Error): void;
}

function createQueue(limits: WriterLimits): Queue {
  const waiting = createPendingRequests(limits);
  let lastSeq = 0;
  let isOpen = true;
  return {
    enter(size, post) {
      if (!isOpen) return Promise.reject(new Problem('Unavailable', 'The store does not take writes any more.'));
      if (!waiting.hasCapacityFor(size)) {
        return Promise.reject(new Problem('Unavailable', 'Too many writes are waiting already; try again later.'));
      }
      lastSeq += 1;
      const seq = lastSeq;
      return new Promise<Answer>((resolve, reject) => {
        waiting.add(seq, { ...size, resolve, reject });
        post(seq);
      });
    },
    settle(reply) {
      const one = waiting.take(reply.seq);
      if ('answer' in reply) one?.resolve(reply.answer);
      else one?.reject(errorOf(reply.failure));
    },
    refuse() {
      const was = isOpen;
      isOpen = false;
      return was;
    },
    isOpen: () => isOpen,
    fail(error) {
      for (const one of waiting.takeAll()) one.reject(error);
    },
  };
}

interface Outbox {
  put(request: Request): void;
  /** Discards unsent requests. */
  clear(): void;
  /** Sends the remaining requests first. */
  close(): void;
}

/**
 * A batch of this size is sent at once: the writer's thread then works on it while this thread continues. Otherwise all clients that
 * were answered together send together, and the threads alternate instead of working in parallel.
 */
const messageMax = 16;

/** Batches the requests of one iteration of the event loop: a message costs more than a request. */
function createOutbox(post: (message: ToWriter) => void): Outbox {
  let gathered: Request[] = [];
  const flush = (): void => {
    const requests = gathered;
    gathered = [];
    if (requests.length > 0) post(requests);
  };
  return {
    put(request) {
      gathered.push(request);
      if (gathered.length === 1) setImmediate(flush);
      if (gathered.length >= messageMax) flush();
    },
    clear() {
      gathered = [];
    },
    close() {
      flush();
      post('close');
    },
  };
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
