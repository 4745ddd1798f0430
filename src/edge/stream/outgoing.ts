/**
 * Passes texts to a connection in small pieces. Only a few bytes are copied for each client. The rest waits as texts, which clients share,
 * and can be withdrawn.
 */
import { createMemoryMeter, type Memory } from '../../core/port/memory.ts';

/** A connection. */
export interface Transport {
  /** Passes a piece on. `isLast` ends a message. Calls back later, when the operating system has taken the piece or the connection is closed. */
  write(piece: string, isLast: boolean, taken: () => void): void;
  /** Bytes that were passed on and not taken yet. */
  buffered(): number;
  isOpen(): boolean;
}

/** The texts that one client has not taken yet. They count as `streams` in the memory budget. */
export interface Outgoing {
  /**
   * Sends the parts as one message, unless it is closed. A long part stays the same text in memory, however many clients it waits for.
   */
  send(parts: readonly string[]): void;
  /** Bytes that the client has not taken yet. Texts that were not passed on count one byte per character. */
  readonly backlog: () => number;
  /** Resolves with true when the backlog is small, with false when it is closed. */
  readonly drained: () => Promise<boolean>;
  isOpen(): boolean;
  /** Sends nothing any more, and calls back when everything was passed on. */
  close(passedOn: () => void): void;
  /** Releases what was not passed on, including the rest of a message that was passed on in part. It must be closed next. */
  withdraw(): void;
  /** Called at intervals. True when the client has taken nothing of its backlog since the last call. */
  isStalled(): boolean;
  /** Releases everything. Called when the connection is closed. */
  readonly end: () => void;
}

/** Most characters of a piece. */
const pieceLength = 32_768;
/** Bytes above which no more is passed on before the operating system has taken some. */
const passedBytes = 65_536;
/** Backlog in bytes that counts as small. It is close to the size of the socket buffer, because data beyond it cannot be withdrawn. */
export const lowBytes = 16_384;

interface Piece {
  readonly text: string;
  readonly isLast: boolean;
}

interface State {
  readonly transport: Transport;
  readonly memory: Pick<Memory, 'discard'>;
  readonly meter: (bytes: number) => void;
  /** The pieces that wait, from index `next` on, and the number of their characters. */
  pieces: Piece[];
  next: number;
  waiting: number;
  /** False while there is a backlog of which nothing was taken since the last call of `isStalled`. */
  hasProgressed: boolean;
  isClosed: boolean;
  /** True when the connection is closed. */
  isEnded: boolean;
  readonly waiters: Set<(isOpen: boolean) => void>;
  /** What `close` calls. */
  passedOn: (() => void) | undefined;
}

export function createOutgoing(transport: Transport, memory: Pick<Memory, 'count' | 'discard'>): Outgoing {
  const state: State = {
    transport,
    memory,
    meter: createMemoryMeter(memory, 'streams'),
    ...{ pieces: [], next: 0, waiting: 0, hasProgressed: true },
    ...{ isClosed: false, isEnded: false, waiters: new Set(), passedOn: undefined },
  };
  return {
    send: (parts) => {
      if (!isOpen(state)) return;
      for (const piece of piecesOf(parts)) {
        state.pieces.push(piece);
        state.waiting += piece.text.length;
      }
      passOn(state);
    },
    backlog: () => backlogOf(state),
    drained: () => drained(state),
    isOpen: () => isOpen(state),
    close: (passedOn) => {
      Object.assign(state, { isClosed: true, passedOn });
      passOn(state);
      wake(state);
    },
    withdraw: () => withdraw(state),
    isStalled: () => {
      const isStalled = !state.hasProgressed;
      state.hasProgressed = backlogOf(state) === 0;
      return isStalled;
    },
    end: () => {
      Object.assign(state, { isClosed: true, isEnded: true });
      withdraw(state);
      wake(state);
    },
  };
}

/** Cuts a message into pieces. */
function* piecesOf(parts: readonly string[]): Iterable<Piece> {
  let text = '';
  for (const part of parts) {
    let from = 0;
    while (text.length + part.length - from > pieceLength) {
      const to = wholeCharacters(part, from + pieceLength - text.length);
      yield { text: text + part.slice(from, to), isLast: false };
      text = '';
      from = to;
    }
    text += part.slice(from);
  }
  yield { text, isLast: true };
}

/** The index, or the next one where it is inside a surrogate pair. */
const wholeCharacters = (text: string, index: number): number =>
  /[\uD800-\uDBFF]/.test(text.charAt(index - 1)) ? index + 1 : index;

const isOpen = ({ isClosed, transport }: State): boolean => !isClosed && transport.isOpen();

const backlogOf = ({ waiting, transport }: State): number => waiting + transport.buffered();

/** Passes on as many pieces as the connection may hold. */
function passOn(state: State): void {
  const { transport, meter } = state;
  while (state.next < state.pieces.length && transport.isOpen() && transport.buffered() <= passedBytes) passOne(state);
  meter(state.isEnded ? 0 : backlogOf(state));
  if (state.next < state.pieces.length) return;
  const { passedOn } = state;
  state.passedOn = undefined;
  passedOn?.();
}

function passOne(state: State): void {
  const { transport, memory } = state;
  const piece = state.pieces[state.next];
  if (!piece) return;
  state.next += 1;
  state.waiting -= piece.text.length;
  if (state.next * 2 > state.pieces.length) {
    state.pieces = state.pieces.slice(state.next);
    state.next = 0;
  }
  transport.write(piece.text, piece.isLast, () => {
    state.hasProgressed = true;
    passOn(state);
    wake(state);
  });
  memory.discard(piece.text.length);
}

function withdraw(state: State): void {
  Object.assign(state, { pieces: [], next: 0, waiting: 0 });
  passOn(state);
}

function drained(state: State): Promise<boolean> {
  if (!isOpen(state)) return Promise.resolve(false);
  if (backlogOf(state) <= lowBytes) return Promise.resolve(true);
  return new Promise((resolve) => state.waiters.add(resolve));
}

function wake(state: State): void {
  const { waiters } = state;
  if (waiters.size === 0 || (isOpen(state) && backlogOf(state) > lowBytes)) return;
  const woken = [...waiters];
  waiters.clear();
  for (const resolve of woken) resolve(isOpen(state));
}
