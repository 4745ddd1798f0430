/** Texts with columns in braces, such as `urn:ngsi-ld:OffStreetParking:birmingham:{SystemCodeNumber}`. */
import { quoted, RowFlaw } from './flaw.ts';
import { type Cells, cellOf, type Row, textOf } from './row.ts';

/** The text for a row; undefined when one of its columns is empty. */
export type Template = (row: Row) => string | undefined;

/** A template; `encode` is applied to what columns put into it. */
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

/** What stands in ids is percent-encoded. Throws a RowFlaw for a text with half a character, which nothing can be made of. */
export function encodeForId(part: string): string {
  if (part.isWellFormed()) return encodeURIComponent(part);
  throw new RowFlaw(`${quoted(part)} has half a character, and cannot be part of an id`);
}
