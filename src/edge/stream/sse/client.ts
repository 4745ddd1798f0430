/** Writes Server-Sent Events to one client (HTML standard, section 9.2), with backpressure. */
import type { EventSink } from '../../../core/operation/operation.ts';
import type { NotificationFormat } from '../notification-writer.ts';
import type { Pipe } from '../pipe.ts';

export interface EventClient extends Pipe, NotificationFormat {
  /** Sends a position without an event. A reconnecting client sends it back. */
  locate(position: string): void;
  /** Sends the delay before a reconnect. */
  retry(afterMs: number): void;
  /** Sends a comment as a heartbeat: it detects a dead connection and keeps proxies from closing an idle one. */
  beat(): void;
  /** Sends the reason for the end, and closes. */
  end(reason: string): void;
}

/** Backlog in bytes that counts as small. It is close to the size of the socket buffer, because data beyond it cannot be withdrawn. */
const lowBytes = 16_384;

export function createEventClient(sink: EventSink): EventClient {
  const waiting = new Set<(isOpen: boolean) => void>();
  const wake = (): void => {
    if (sink.isOpen() && sink.backlog() > lowBytes) return;
    const woken = [...waiting];
    waiting.clear();
    for (const resolve of woken) resolve(sink.isOpen());
  };
  sink.closed(wake);
  const write = (text: string): void => {
    if (sink.isOpen()) sink.write(text, wake);
  };
  const close = (): void => {
    sink.end();
    wake();
  };
  return {
    backlog: () => sink.backlog(),
    drained: () => {
      if (!sink.isOpen()) return Promise.resolve(false);
      if (sink.backlog() <= lowBytes) return Promise.resolve(true);
      return new Promise((resolve) => waiting.add(resolve));
    },
    close,
    notification: (text, position) => write(eventText('notification', text, position)),
    mark: (mark, position) =>
      write(mark === 'position' ? idText(position) : eventText(mark, JSON.stringify({ position }), position)),
    locate: (position) => write(idText(position)),
    retry: (afterMs) => write(`retry: ${afterMs}\n\n`),
    beat: () => write(':\n\n'),
    end: (reason) => {
      write(eventText('end', JSON.stringify({ reason })));
      close();
    },
  };
}

/** Without data it is not an event; it only sets the last event id of the client. */
const idText = (id: string): string => `id: ${id}\n\n`;

/** The data is JSON without line breaks. Without an id the previous id remains. */
const eventText = (name: string, data: string, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${data}\n\n`;
