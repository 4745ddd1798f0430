/** Sends texts of Server-Sent Events to one client, with heartbeats that also find a client that no longer reads. */
import type { EventSink, Services } from '../../core/operation/operation.ts';
import { createOutgoing, type Outgoing } from './outgoing.ts';

export interface EventOutgoing extends Pick<Outgoing, 'send' | 'backlog' | 'drained' | 'isOpen'> {
  /**
   * Called at intervals. Sends a comment, which detects a dead connection and keeps proxies from closing an idle one. Breaks the connection
   * when the client has taken nothing of its backlog since the last call: returns false.
   */
  readonly beat: () => boolean;
  /** Ends the text when everything was sent, or after some seconds. With `isWithdrawn`, what waits is not sent any more. */
  close(isWithdrawn?: boolean): void;
}

export interface EventOutgoingOptions extends Pick<Services, 'memory' | 'observe'> {
  readonly sink: EventSink;
  /** The name of the binding in metrics. */
  readonly binding: string;
}

/** Time in milliseconds that a client has to take what waits when the text is to end. */
const closingMs = 5000;

export function createEventOutgoing({ sink, memory, observe, binding }: EventOutgoingOptions): EventOutgoing {
  const outgoing = createOutgoing(
    {
      write: (piece, _, taken) => sink.write(piece, taken),
      buffered: () => sink.backlog(),
      isOpen: () => sink.isOpen(),
    },
    memory,
  );
  sink.closed(outgoing.end);
  return {
    ...outgoing,
    beat: () => {
      if (!outgoing.isStalled()) {
        outgoing.send([':\n\n']);
        return true;
      }
      observe({ kind: 'readerDropped', binding });
      sink.abort();
      return false;
    },
    close: (isWithdrawn = false) => {
      if (isWithdrawn) outgoing.withdraw();
      outgoing.close(() => sink.end());
      const timer = setTimeout(() => outgoing.withdraw(), closingMs);
      sink.closed(() => clearTimeout(timer));
    },
  };
}
