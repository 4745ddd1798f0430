/** Fills texts with columns in braces, such as `urn:ngsi-ld:OffStreetParking:birmingham:{SystemCodeNumber}`. */
import { quoted, RowError } from './row-error.ts';
import { type Cells, cellOf, type Row, textOf } from './row.ts';

/** The text for a row; undefined when one of its columns is empty. */
export type Template = (row: Row) => string | undefined;

/** Creates a template. `encode` is applied to the inserted texts of columns. */
export function createTemplate(
  text: string,
  reading: Cells,
  encode: (part: string) => string = (part) => part,
): Template {
  // Every second piece is the name of a column.
  const pieces = text.split(/\{([^{}]+)\}/);
  pieces.filter((_, index) => index % 2 === 1).forEach((column) => reading.columns.add(column));
  return (row) => {
    let filled = '';
    for (const [index, piece] of pieces.entries()) {
      const cell = index % 2 === 0 ? piece : cellOf(row, piece, reading);
      if (cell === undefined) return undefined;
      filled += index % 2 === 0 ? piece : encode(textOf(cell, piece));
    }
    return filled;
  };
}

/** Percent-encodes a part of an id. Throws a RowFlaw for a text with a lone surrogate, which cannot be encoded. */
export function encodeForId(part: string): string {
  if (part.isWellFormed()) return encodeURIComponent(part);
  throw new RowError(`${quoted(part)} has half a character, and cannot be part of an id`);
}
