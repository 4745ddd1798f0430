/** Wraps a WebSocket as a pipe for text frames. It measures the backlog and detects dead peers. */
import type { WebSocket } from 'ws';
import { createMemoryMeter, type Memory } from '../../../core/port/memory.ts';
import { type CloseReason, closeCodes, closeTexts } from './close-codes.ts';
import type { Pipe } from '../pipe.ts';

export interface Connection extends Pipe {
  /** Sends a frame; drops it when the connection is not open. */
  send(text: string): void;
  close(reason: CloseReason): void;
  /** Stops reading frames, except for a few that have already arrived. */
  pause(): void;
  resume(): void;
  /** Sends a ping. Closes the connection when the peer was silent since the last one, unless reading was paused. */
  beat(isListening: boolean): void;
}

/** Time in milliseconds that a peer has to answer the close frame. */
const closingMs = 5000;
/** Backlog in bytes that counts as small. It is close to the size of the socket buffer, because data beyond it cannot be withdrawn. */
const lowBytes = 16_384;

/** Closes with a code, and terminates the connection when the peer does not answer in time. */
function closeInTime(socket: WebSocket, reason: CloseReason): void {
  socket.close(closeCodes[reason], closeTexts[reason]);
  const timer = setTimeout(() => socket.terminate(), closingMs);
  socket.once('close', () => clearTimeout(timer));
}

export function createConnection(socket: WebSocket, memory: Pick<Memory, 'count' | 'discard'>): Connection {
  const waiting = new Set<(isOpen: boolean) => void>();
  const life = watchLife(socket);
  const meter = createMemoryMeter(memory, 'streams');
  const isOpen = (): boolean => socket.readyState === socket.OPEN;
  const wake = (): void => {
    if (isOpen() && socket.bufferedAmount > lowBytes) return;
    const woken = [...waiting];
    waiting.clear();
    for (const resolve of woken) resolve(isOpen());
  };
  const sent = (): void => {
    meter(socket.readyState === socket.CLOSED ? 0 : socket.bufferedAmount);
    life.progressed();
    if (waiting.size > 0) wake();
  };
  socket.on('close', () => meter(0)).on('close', wake);
  return {
    send: (text) => {
      if (!isOpen()) return;
      socket.send(text, sent);
      meter(socket.bufferedAmount);
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
 * Detects dead peers. A peer is alive when it sends something between two beats, or when its backlog shrinks: behind a long
 * backlog the ping may not have reached it. Without a backlog, progress proves nothing, because the operating system buffers data
 * for a dead peer for a while.
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
