/** Reports rejected messages: the first ones of each minute individually, then the number of the others at the end of the minute. */
import type { Instant } from '../../../core/model/instant.ts';
import type { Observe } from '../../../core/port/observe.ts';

export interface RejectedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly at: Instant;
  readonly reason: string;
}

/** Maximum length of a topic or reason in characters. */
const charactersMax = 500;

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** Number of messages reported individually per window. */
const reportedMax = 10;
const windowMs = 60_000;

export interface Rejections {
  note(rejected: RejectedMessage): void;
  /** Reports the messages that are not reported yet. */
  close(): void;
}

export function createRejections(source: string, observe: Observe): Rejections {
  let count = 0;
  let unreported = 0;
  let last: RejectedMessage | undefined;
  let timer: NodeJS.Timeout | undefined;
  const report = ({ topic, reason }: RejectedMessage, messages: number): void =>
    observe({
      kind: 'messageRejected',
      source,
      topic: cut(topic, charactersMax),
      reason: cut(reason, charactersMax),
      messages,
    });
  const endWindow = (): void => {
    clearTimeout(timer);
    if (last && unreported > 0) report(last, unreported);
    [count, unreported, timer] = [0, 0, undefined];
  };
  return {
    note(rejected) {
      timer ??= setTimeout(endWindow, windowMs).unref();
      last = rejected;
      if (count < reportedMax) report(rejected, 1);
      else unreported += 1;
      count += 1;
    },
    close: endWindow,
  };
}
