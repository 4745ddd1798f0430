/** One WebSocket as a pipe for text frames: what waits in it is known, and a peer that is gone is found out. */
import type { WebSocket } from 'ws';
import { createTally, type Memory } from '../../../core/port/memory.ts';
import { type CloseReason, closeCodes, closeTexts } from './close-codes.ts';
import type { Pipe } from '../pipe.ts';

export interface Connection extends Pipe {
  /** Hands a frame over to the socket; of a connection that is not open any more, drops it. */
  send(text: string): void;
  close(reason: CloseReason): void;
  /** No more frames are read while it is paused, but for a few that have arrived already. */
  pause(): void;
  resume(): void;
  /** Asks the peer for a sign of life; ends the connection when the last one was not answered, unless we were not listening. */
  beat(isListening: boolean): void;
}

/** How long a peer may take to answer that the connection closes. */
const closingMs = 5000;
/** Waits for little more than the socket's own buffer holds: what is behind that cannot be taken back. */
const lowBytes = 16_384;

/** Says why, and waits for the answer, but not for long. */
function closeInTime(socket: WebSocket, reason: CloseReason): void {
  socket.close(closeCodes[reason], closeTexts[reason]);
  const timer = setTimeout(() => socket.terminate(), closingMs);
  socket.once('close', () => clearTimeout(timer));
}

export function createConnection(socket: WebSocket, memory: Pick<Memory, 'count' | 'discard'>): Connection {
  const waiting = new Set<(isOpen: boolean) => void>();
  const life = watchLife(socket);
  const tally = createTally(memory, 'streams');
  const isOpen = (): boolean => socket.readyState === socket.OPEN;
  const wake = (): void => {
    if (isOpen() && socket.bufferedAmount > lowBytes) return;
    const woken = [...waiting];
    waiting.clear();
    for (const resolve of woken) resolve(isOpen());
  };
  const sent = (): void => {
    tally(socket.readyState === socket.CLOSED ? 0 : socket.bufferedAmount);
    life.progressed();
    if (waiting.size > 0) wake();
  };
  socket.on('close', () => tally(0)).on('close', wake);
  return {
    send: (text) => {
      if (!isOpen()) return;
      socket.send(text, sent);
      tally(socket.bufferedAmount);
      memory.discard(text.length);
    },
    backlog: () => socket.bufferedAmount,
    drained: () => {
      if (!isOpen()) return Promise.resolve(false);
      if (socket.bufferedAmount <= lowBytes) return Promise.resolve(true);
      return new Promise((resolve) => waiting.add(resolve));
    },
    close: (reason) => {
      if (!isOpen()) return;
      closeInTime(socket, reason);
      wake();
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    beat: life.beat,
  };
}

/**
 * A peer is alive when it says something between two beats, or takes from what waits for it: behind a long backlog a ping
 * may not have reached it yet. Without a backlog taking means nothing, as the system takes for a while for a peer that is gone.
 */
function watchLife(socket: WebSocket): {
  readonly progressed: () => void;
  readonly beat: (isListening: boolean) => void;
} {
  let isAlive = true;
  let hadBacklog = false;
  const live = (): void => {
    isAlive = true;
  };
  socket.on('pong', live).on('ping', live).on('message', live);
  return {
    progressed: () => {
      if (hadBacklog) isAlive = true;
    },
    beat: (isListening) => {
      if (!isAlive && isListening) {
        socket.terminate();
        return;
      }
      isAlive = false;
      hadBacklog = socket.bufferedAmount > lowBytes;
      if (socket.readyState === socket.OPEN) socket.ping();
    },
  };
}
