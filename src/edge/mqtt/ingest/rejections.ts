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
const charactersMost = 500;

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** Number of messages reported individually per window. */
const each = 10;
const windowMs = 60_000;

export interface Rejections {
  note(rejected: RejectedMessage): void;
  /** Reports the messages that are not reported yet. */
  close(): void;
}

export function createRejections(source: string, observe: Observe): Rejections {
  let told = 0;
  let untold = 0;
  let last: RejectedMessage | undefined;
  let timer: NodeJS.Timeout | undefined;
  const tell = ({ topic, reason }: RejectedMessage, messages: number): void =>
    observe({
      kind: 'messageRejected',
      source,
      topic: cut(topic, charactersMost),
      reason: cut(reason, charactersMost),
      messages,
    });
  const end = (): void => {
    clearTimeout(timer);
    if (last && untold > 0) tell(last, untold);
    [told, untold, timer] = [0, 0, undefined];
  };
  return {
    note(rejected) {
      timer ??= setTimeout(end, windowMs).unref();
      last = rejected;
      if (told < each) tell(rejected, 1);
      else untold += 1;
      told += 1;
    },
    close: end,
  };
}
