/** Wraps a WebSocket as a pipe for text frames. It measures the backlog and detects dead peers. */
import type { WebSocket } from 'ws';
import type { Memory } from '../../../core/port/memory.ts';
import { createOutgoing, lowBytes, type Outgoing } from '../outgoing.ts';
import { type CloseReason, closeCodes, closeTexts } from './close-codes.ts';
import type { Pipe } from '../pipe.ts';

export interface Connection extends Pipe {
  /** Sends a frame, given in parts; drops it when the connection is not open. */
  send(...parts: readonly string[]): void;
  close(reason: CloseReason): void;
  /** Stops reading frames, except for a few that have already arrived. */
  pause(): void;
  resume(): void;
  /** Sends a ping. Closes the connection when the peer was silent since the last one, unless reading was paused. */
  beat(isListening: boolean): void;
}

/** Time in milliseconds that a peer has to answer the close frame. */
const closingMs = 5000;

/** Closes with a code, and terminates the connection when the peer does not answer in time. */
function closeInTime(socket: WebSocket, outgoing: Outgoing, reason: CloseReason): void {
  // What waits for a peer that reads too slowly is released at once. The peer reads it from the log later, as after any other break.
  if (reason === 'tooSlow') outgoing.withdraw();
  outgoing.close(() => socket.close(closeCodes[reason], closeTexts[reason]));
  const timer = setTimeout(() => socket.terminate(), closingMs);
  socket.once('close', () => clearTimeout(timer));
}

export function createConnection(socket: WebSocket, memory: Pick<Memory, 'count' | 'discard'>): Connection {
  const outgoing = createOutgoing(
    {
      // A message in several pieces is a fragmented one (RFC 6455, section 5.4).
      write: (piece, isLast, taken) =>
        socket.send(piece, { fin: isLast }, () => {
          life.progressed();
          taken();
        }),
      buffered: () => socket.bufferedAmount,
      isOpen: () => socket.readyState === socket.OPEN,
    },
    memory,
  );
  const life = watchLife(socket, outgoing);
  socket.on('close', outgoing.end);
  return {
    send: (...parts) => outgoing.send(parts),
    backlog: outgoing.backlog,
    drained: outgoing.drained,
    close: (reason) => {
      if (outgoing.isOpen()) closeInTime(socket, outgoing, reason);
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
function watchLife(
  socket: WebSocket,
  outgoing: Pick<Outgoing, 'backlog'>,
): {
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
      hadBacklog = outgoing.backlog() > lowBytes;
      if (socket.readyState === socket.OPEN) socket.ping();
    },
  };
}
