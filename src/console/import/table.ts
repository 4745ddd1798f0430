/** The rows of a file as cells in columns, whatever the format of the file was. */
import type { Json, JsonObject } from '../data/json.ts';

export type Cells = readonly Json[];

export interface SourceTable {
  readonly columns: readonly string[];
  readonly rows: readonly Cells[];
  /** The character between cells, of a text with cells. */
  readonly delimiter?: string;
}

/** What the browser takes: more would fill its memory. `mlaka import` has no such bounds. */
export const bytesMax = 64 * 2 ** 20;
export const rowsMax = 100_000;
export const columnsMax = 1000;

/** A file that cannot be imported here. The message says why, in words for people. */
export class SourceError extends Error {}

/** A row as the map reads it. Only the columns that it needs become members. */
export function rowOf(cells: Cells, columns: readonly string[], needed: ReadonlySet<string>): JsonObject {
  const row: Record<string, Json> = {};
  for (const [n, name] of columns.entries()) if (needed.has(name)) row[name] = cells[n] ?? '';
  return row;
}

/** A cell as text; JSON for what is neither text, number nor truth value. */
export const cellText = (cell: Json | undefined): string =>
  typeof cell === 'string' ? cell : cell === undefined ? '' : JSON.stringify(cell);

/** Lets the browser draw and hear the person. */
export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
