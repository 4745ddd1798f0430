/** A row of a file, and how its cells are read: which texts mean nothing, and what separates decimals. */
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { isKept } from '../model/json-number.ts';
import { quoted, RowFlaw } from './flaw.ts';
import type { ToUtc } from './time-zone.ts';

/** A row: cells by the name of their column. In JSON, `a.b` names a member of a member, `a.0` the first of a list. */
export type Row = JsonObject;

/** How cells of a file are to be read. */
export interface Cells {
  /** Texts that stand for no value, the empty one among them. */
  readonly empties: ReadonlySet<string>;
  readonly decimal: '.' | ',';
  readonly toUtc: ToUtc;
  /** Columns that are read: whoever reads one adds it. */
  readonly columns: Set<string>;
}

/** How rows of a file are to be read. */
export interface Reading extends Cells {
  /** The id of the entity that a row is about: what is summed up is summed up for each entity. */
  readonly idOf: (row: Row) => string | undefined;
}

/** The value of a cell; undefined when there is none. Texts come without blanks around them. */
export function cellOf(row: Row, column: string, { empties }: Pick<Cells, 'empties'>): Json | undefined {
  const cell = Object.hasOwn(row, column) ? row[column] : memberOf(row, column.split('.'));
  if (typeof cell === 'number' && Number.isNaN(cell)) throw lost(column);
  if (typeof cell !== 'string') return cell ?? undefined;
  const text = cell.trim();
  return empties.has(text) ? undefined : text;
}

function memberOf(row: Row, path: readonly string[]): Json | undefined {
  let value: Json | undefined = row;
  for (const name of path) {
    if (isArray(value)) value = /^\d+$/.test(name) ? value[Number(name)] : undefined;
    else value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }
  return value;
}

/** A cell as text; numbers and truth values are written as in JSON. */
export function textOf(cell: Json, column: string): string {
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'number' || typeof cell === 'boolean') return String(cell);
  throw new RowFlaw(`${column} is ${quoted(cell)}, which is no text`);
}

const lost = (column: string): RowFlaw =>
  new RowFlaw(`${column} cannot be kept to its last digit: it is an integer beyond 2^53, or too large`);

/** A cell as a number. Throws a RowFlaw when it is none. */
export function numberOf(cell: Json, column: string, { decimal }: Cells): number {
  if (typeof cell === 'number') return cell;
  const text = textOf(cell, column);
  // With a decimal comma, dots and blanks stand between thousands.
  const plain = decimal === ',' ? text.replaceAll(/[.\s\u00a0](?=\d{3})/g, '').replace(',', '.') : text;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(plain))
    throw new RowFlaw(`${column} is ${quoted(text)}, which is no number`);
  if (!isKept(plain)) throw lost(column);
  return Number(plain);
}
