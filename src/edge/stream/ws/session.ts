/** Handles the frames of one connection: answers each frame, and limits invalid and concurrent ones. */
import { performance } from 'node:perf_hooks';
import { Problem, type ProblemReport } from '../../../core/model/problem.ts';
import { statusOf } from '../../../core/operation/describe-problem.ts';
import type { Services } from '../../../core/operation/operation.ts';
import type { Connection } from './connection.ts';
import type { StreamLimits } from '../limits.ts';
import { type ClientFrame, exchangeOf, parseFrame, readFrame, type RequestFrame } from './read-frame.ts';
import type { CarryOut, Peer } from './request.ts';
import type { Subscriptions } from './subscriptions.ts';
import { errorFrame, pongFrame } from './write-frame.ts';

/** Maximum number of frames of one client whose answers are not sent yet. At the limit, reading pauses. */
const exchangesMax = 32;
/** Number of consecutive invalid frames after which the connection is closed. */
const faultsMax = 100;

export interface SessionOptions {
  readonly connection: Connection;
  readonly peer: Peer;
  readonly subscriptions: Subscriptions;
  readonly carryOut: CarryOut;
  readonly services: Services;
  readonly limits: StreamLimits;
}

export interface Session {
  /** Handles a frame of the client; undefined for a binary frame. */
  receive(text: string | undefined): void;
  /** Called at intervals: checks that the client is alive. */
  readonly beat: () => void;
  /** Ends all subscriptions. */
  end(): void;
}

interface State extends SessionOptions {
  /** Opens and closes subscriptions in the order of their frames. */
  queue: Promise<void>;
  /** Number of frames whose answers are not sent yet, and number of these that are still being processed. */
  exchanges: number;
  working: number;
  /** Number of consecutive invalid frames. */
  faults: number;
}

export function createSession(options: SessionOptions): Session {
  const state: State = { ...options, queue: Promise.resolve(), exchanges: 0, working: 0, faults: 0 };
  return {
    receive: (text) => receive(state, text),
    beat: () => {
      // While reading is paused for requests in progress, a pong cannot arrive, so silence does not count.
      options.connection.beat(state.exchanges < exchangesMax || state.working === 0);
      options.subscriptions.beat();
    },
    end: options.subscriptions.end,
  };
}

function receive(state: State, text: string | undefined): void {
  let id: string | undefined;
  try {
    if (text === undefined) throw new Problem('InvalidRequest', 'Frames must be text, not binary.');
    const json = parseFrame(text, state.limits.depthMax);
    id = exchangeOf(json);
    const frame = readFrame(json);
    state.faults = 0;
    exchange(state, id, () => answer(state, frame));
  } catch (error) {
    state.faults += 1;
    exchange(state, id, () => answerFault(state, id, error));
    if (state.faults >= faultsMax) state.connection.close('faultyFrames');
  }
}

/** Answers a frame. Pauses reading when too many answers are in progress or unsent. */
function exchange(state: State, id: string | undefined, work: () => Promise<void>): void {
  state.exchanges += 1;
  state.working += 1;
  if (state.exchanges >= exchangesMax) state.connection.pause();
  void work()
    .catch((error: unknown) => answerFault(state, id, error))
    .then(() => {
      state.working -= 1;
      return state.connection.drained();
    })
    .then(() => {
      state.exchanges -= 1;
      if (state.exchanges < exchangesMax) state.connection.resume();
    });
}

const answerFault = ({ connection, services }: State, id: string | undefined, error: unknown): Promise<void> => {
  connection.send(errorFrame(id, reportOf(error, services)));
  return Promise.resolve();
};

/** The problem report for the client. Unexpected errors go to the log. */
function reportOf(error: unknown, services: Services): ProblemReport {
  if (error instanceof Problem) return error.report;
  services.observe({ kind: 'failed', where: 'stream', cause: error });
  return { type: 'InternalError', detail: 'What happened is in the log of the broker.' };
}

function answer(state: State, frame: ClientFrame): Promise<void> {
  const { subscriptions } = state;
  switch (frame.op) {
    case 'ping':
      state.connection.send(pongFrame(frame.id));
      return Promise.resolve();
    case 'request':
      return request(state, frame);
    case 'subscribe':
      return enqueue(state, () => subscriptions.open(frame));
    case 'ack':
      return subscriptions.acknowledge(frame);
    case 'unsubscribe':
      return enqueue(state, () => subscriptions.close(frame.id));
  }
}

function enqueue(state: State, work: () => Promise<void>): Promise<void> {
  const done = state.queue.then(work);
  state.queue = done.catch(() => undefined);
  return done;
}

async function request({ connection, carryOut, peer, services }: State, frame: RequestFrame): Promise<void> {
  const startedMs = performance.now();
  const observe = (status: number): void =>
    services.observe({
      kind: 'answered',
      binding: 'ws',
      operation: frame.operation,
      status,
      tookMs: performance.now() - startedMs,
    });
  try {
    const { status, text } = await carryOut(frame, peer);
    connection.send(text);
    observe(status);
  } catch (error) {
    observe(statusOf[error instanceof Problem ? error.type : 'InternalError']);
    throw error;
  }
}
