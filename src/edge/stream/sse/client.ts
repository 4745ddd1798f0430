/** Writes Server-Sent Events to one client (HTML standard, section 9.2), with backpressure. */
import type { EventSink, Services } from '../../../core/operation/operation.ts';
import { createEventOutgoing } from '../event-outgoing.ts';
import type { NotificationFormat } from '../notification-writer.ts';
import type { Pipe } from '../pipe.ts';

export interface EventClient extends Pipe, NotificationFormat {
  /** Sends a position without an event. A reconnecting client sends it back. */
  locate(position: string): void;
  /** Sends the delay before a reconnect. */
  retry(afterMs: number): void;
  /** Sends a heartbeat. False when the connection was broken because the client does not read. */
  beat(): boolean;
  /** Sends the reason for the end, and closes. */
  end(reason: string): void;
}

export function createEventClient(sink: EventSink, services: Pick<Services, 'memory' | 'observe'>): EventClient {
  const outgoing = createEventOutgoing({ ...services, sink, binding: 'sse' });
  const write = (...texts: readonly string[]): void => outgoing.send(texts);
  return {
    backlog: outgoing.backlog,
    drained: outgoing.drained,
    beat: outgoing.beat,
    close: (reason) => outgoing.close(reason === 'tooSlow'),
    notification: (texts, position) => write(...eventTexts('notification', texts, position)),
    mark: (mark, position) =>
      write(...(mark === 'position' ? [idText(position)] : eventTexts(mark, [JSON.stringify({ position })], position))),
    locate: (position) => write(idText(position)),
    retry: (afterMs) => write(`retry: ${afterMs}\n\n`),
    end: (reason) => {
      write(...eventTexts('end', [JSON.stringify({ reason })]));
      outgoing.close();
    },
  };
}

/** Without data it is not an event; it only sets the last event id of the client. */
const idText = (id: string): string => `id: ${id}\n\n`;

/** An event in parts. The data is JSON without line breaks, in parts too. Without an id the previous id remains. */
const eventTexts = (name: string, data: readonly string[], id?: string): readonly string[] => [
  `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: `,
  ...data,
  '\n\n',
];
