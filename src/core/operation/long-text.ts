/** Texts of answers: a short one is whole; of a long one there is the beginning, and the rest is made as it is taken. */
import type { YieldToEventLoop } from '../port/clock.ts';

export interface LongText {
  readonly begin: string;
  /** To be gone through once, or not at all. */
  readonly rest: AsyncIterable<string>;
}

export type Text = string | LongText;

/** A list as text: its elements between `open` and `close`. */
interface Frame {
  readonly open: string;
  readonly close: string;
}

interface Writing<T> extends Frame {
  /** The text of an element; undefined: it is left out. */
  readonly write: (element: T) => string | undefined | Promise<string | undefined>;
  readonly yieldToEventLoop: YieldToEventLoop;
}

/** Characters of a list that is made before any of it is sent, so that what goes wrong in it can still be told. */
const shortMax = 128 * 1024;
/** Characters that are made at a time after that, unless one element has more. */
const pieceMax = 64 * 1024;

/**
 * The text of a list, its elements separated by commas, with pauses: writing a thousand elements takes longer than others should
 * wait. Elements are let go of as they are written.
 */
export async function listText<T>(elements: readonly T[], writing: Writing<T>): Promise<Text> {
  const waiting = elements.toReversed();
  const begin = await takeTexts(waiting, writing, shortMax);
  if (waiting.length === 0) return `${writing.open}${begin.join(',')}${writing.close}`;
  return { begin: `${writing.open}${begin.join(',')}`, rest: restOf(waiting, writing) };
}

/** Behind a text that is not empty: elements are only left over when some were written. */
async function* restOf<T>(waiting: T[], writing: Writing<T>): AsyncGenerator<string> {
  while (waiting.length > 0) {
    const texts = await takeTexts(waiting, writing, pieceMax);
    // A single one may be large: it is not copied for the sake of a comma.
    if (texts.length > 0) yield ',';
    if (texts.length > 0) yield texts.join(',');
  }
  yield writing.close;
}

/** Takes elements from the end of a list until their texts have so many characters. */
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

/** All of a text in one piece; undefined when it has more than `most` characters. */
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
