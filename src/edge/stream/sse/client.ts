/** A client of Server-Sent Events (HTML standard, section 9.2): what is written to it, and how much of it waits. */
import type { EventSink } from '../../../core/operation/operation.ts';
import type { NotificationFormat } from '../notification-writer.ts';
import type { Pipe } from '../pipe.ts';

export interface EventClient extends Pipe, NotificationFormat {
  /** Says where the client is without an event: that is what it comes back with. */
  locate(position: string): void;
  /** Says how long to wait before coming back. */
  retry(afterMs: number): void;
  /** A comment, so that a connection that is gone is found out, and one in use is not taken for idle. */
  beat(): void;
  /** Says why there will be no more events, and ends. */
  end(reason: string): void;
}

/** Waits for little more than the socket's own buffer holds: what is behind that cannot be taken back. */
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

/** Without data it is no event, but what a client comes back with. */
const idText = (id: string): string => `id: ${id}\n\n`;

/** The data is JSON without line breaks. Without an id the one before holds on. */
const eventText = (name: string, data: string, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${data}\n\n`;
