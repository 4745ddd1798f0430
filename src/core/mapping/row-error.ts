/** Defines the error of a single row of a file. It is reported for that row, and the import continues. */
import type { Json } from '../model/json.ts';

/** Thrown by readers of rows. The message describes the fault and quotes the value. */
export class RowError extends Error {}

/** A value for messages, shortened to 80 characters. */
export const quoted = (value: Json | undefined): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
};
