/** What is wrong with one row of a file: it is told of that row, and the import goes on. */
import type { Json } from '../model/json.ts';

/** Thrown by what reads a row; the message says what is wrong, and quotes the value. */
export class RowFlaw extends Error {}

/** A value as it stands in messages, cut to what fits in a line. */
export const quoted = (value: Json | undefined): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
};
