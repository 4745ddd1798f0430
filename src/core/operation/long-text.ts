/** Texts of answers. A short text is one string. A long text has its beginning as a string, and produces the rest while it is read. */
import type { YieldToEventLoop } from '../port/clock.ts';

interface LongText {
  readonly begin: string;
  /** Can be iterated once at most. */
  readonly rest: AsyncIterable<string>;
  /** About how many bytes of memory the rest takes that is not produced yet. Absent: little. */
  readonly held?: () => number;
}

export type Text = string | LongText;

/** Content of texts and bytes. Its beginning is known; the rest is produced while it is read. */
export interface LongContent {
  readonly begin: string | Uint8Array;
  /** Can be iterated once at most. */
  readonly rest: AsyncIterable<string | Uint8Array>;
  /** About how many bytes of memory the rest takes that is not produced yet. Absent: little. */
  readonly held?: () => number;
}

/** The text before, between and after the elements of a list. */
interface Frame {
  readonly open: string;
  readonly close: string;
  /** The text between two elements. Absent: a comma. */
  readonly between?: string;
}

interface Writing<T> extends Frame {
  /** The text of an element; undefined to omit the element. */
  readonly write: (element: T) => string | undefined | Promise<string | undefined>;
  /** About how many bytes of memory an element takes until it is written. Absent: few. */
  readonly heldOf?: (element: T) => number;
  readonly yieldToEventLoop: YieldToEventLoop;
}

/** Characters of a list that are produced before anything is sent, so that an error in them can still be reported as a problem. */
const shortMax = 128 * 1024;
/** Characters per piece after that, unless one element is longer. */
const pieceMax = 64 * 1024;

/**
 * The text of a list. It yields to the event loop between elements, because a thousand elements take
 * longer than other requests should wait. It releases each element after writing it.
 */
export async function listText<T>(elements: readonly T[], writing: Writing<T>): Promise<Text> {
  const waiting = elements.toReversed();
  const { heldOf, between = ',' } = writing;
  const begin = await takeTexts(waiting, writing, shortMax);
  if (waiting.length === 0) return `${writing.open}${begin.join(between)}${writing.close}`;
  return {
    begin: `${writing.open}${begin.join(between)}`,
    rest: restOf(waiting, writing),
    ...(heldOf && { held: () => waiting.reduce((sum, element) => sum + heldOf(element), 0) }),
  };
}

/** Expects a nonempty text before it: elements are only left over when some were written. */
async function* restOf<T>(waiting: T[], writing: Writing<T>): AsyncGenerator<string> {
  const { between = ',' } = writing;
  while (waiting.length > 0) {
    const texts = await takeTexts(waiting, writing, pieceMax);
    // A single text may be large: do not copy it just to add a comma.
    if (texts.length > 0 && between !== '') yield between;
    if (texts.length > 0) yield texts.join(between);
  }
  yield writing.close;
}

/** Takes elements from the end of a list until their texts have `most` characters or more. */
async function takeTexts<T>(waiting: T[], { write, yieldToEventLoop }: Writing<T>, most: number): Promise<string[]> {
  const texts: string[] = [];
  for (let length = 0; length < most; ) {
    const element = waiting.pop();
    if (element === undefined) break;
    const pause = yieldToEventLoop();
    if (pause) await pause;
    const written = write(element);
    const text = typeof written === 'object' ? await written : written;
    if (text === undefined) continue;
    texts.push(text);
    length += text.length;
  }
  return texts;
}

/** The whole text as one string; undefined when it has more than `most` characters. */
export async function wholeText(text: Text, most: number): Promise<string | undefined> {
  if (typeof text === 'string') return text.length > most ? undefined : text;
  const pieces = [text.begin];
  let { length } = text.begin;
  for await (const piece of text.rest) {
    length += piece.length;
    if (length > most) return undefined;
    pieces.push(piece);
  }
  return pieces.join('');
}
