/** A row of a file, and how its cells are read: which texts mean nothing, and what separates decimals. */
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { isKept } from '../model/json-number.ts';
import { quoted, RowFlaw } from './flaw.ts';
import type { ChooseMoment, ToUtc } from './time-zone.ts';

/**
 * A row: cells by the name of their column. In JSON, `a.b` names a member of a member, `a.0` the first of a list. A name may
 * itself have dots (`a.PM2.5`): of several members that a path can mean, the one with the longest name is taken.
 */
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

/** How times of rows become moments, where a clock shows a time twice. */
export interface MomentRule {
  choose(row: Row): ChooseMoment;
  /** To be called with what was read of a row; milliseconds since 1970. */
  remember(row: Row, ms: number): void;
}

/** How rows of a file are to be read. */
export interface RowReading extends Cells {
  /** The id of the entity that a row is about: what is summed up is summed up for each entity. */
  readonly idOf: (row: Row) => string | undefined;
  /** What a time means that a clock shows twice. */
  readonly moments: MomentRule;
}

/** The value of a cell; undefined when there is none, or a text or number that stands for none. Texts come without blanks around them. */
export function cellOf(row: Row, column: string, { empties }: Pick<Cells, 'empties'>): Json | undefined {
  const cell = Object.hasOwn(row, column) ? row[column] : memberOf(row, column.split('.'));
  if (typeof cell === 'number' && Number.isNaN(cell)) throw lost(column);
  if (typeof cell === 'number') return empties.has(String(cell)) ? undefined : cell;
  if (typeof cell !== 'string') return cell ?? undefined;
  const text = cell.trim();
  return empties.has(text) ? undefined : text;
}

/** The member that a path leads to; undefined where there is none. */
function memberOf(value: Json, path: readonly string[]): Json | undefined {
  if (path.length === 0) return value;
  // An element of a list has one number; a member of an object may have dots in its name.
  for (let length = isArray(value) ? 1 : path.length; length > 0; length -= 1) {
    const member = memberNamed(value, path.slice(0, length).join('.'));
    const found = member === undefined ? undefined : memberOf(member, path.slice(length));
    if (found !== undefined) return found;
  }
  return undefined;
}

function memberNamed(value: Json, name: string): Json | undefined {
  if (isArray(value)) return /^\d+$/.test(name) ? value[Number(name)] : undefined;
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** A cell as text; numbers and truth values are written as in JSON. */
export function textOf(cell: Json, column: string): string {
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'number' || typeof cell === 'boolean') return String(cell);
  throw new RowFlaw(`${column} is ${quoted(cell)}, which is no text`);
}

const lost = (column: string): RowFlaw =>
  new RowFlaw(`${column} cannot be kept to its last digit: it is an integer beyond 2^53, or too large`);

/** A cell as a number. Throws a RowFlaw when it is none, or cannot be kept as it is. */
export function numberOf(cell: Json, column: string, { decimal }: Cells): number {
  if (typeof cell === 'number' && Number.isFinite(cell)) return cell;
  if (typeof cell === 'number') throw lost(column);
  const text = textOf(cell, column);
  const plain = plainNumber(text, decimal);
  if (plain === undefined) throw new RowFlaw(`${column} is ${quoted(text)}, which is no number`);
  if (!isKept(plain)) throw lost(column);
  return Number(plain);
}

const shapes = {
  '.': /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/,
  ',': /^[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d+)?$/,
};
/** Thousands apart from each other, all by the same sign, before a decimal comma. */
const grouped = /^[+-]?[1-9]\d{0,2}([.\s])\d{3}(?:\1\d{3})*(,\d*)?$/;

/** A number as JavaScript writes it; undefined for what is none. U+2212 is a minus, as in the number formats of some languages. */
function plainNumber(text: string, decimal: Cells['decimal']): string | undefined {
  const signed = text.replaceAll('\u2212', '-');
  const whole = decimal === ',' && grouped.test(signed) ? signed.replaceAll(/[.\s]/g, '') : signed;
  return shapes[decimal].test(whole) ? whole.replace(',', '.') : undefined;
}
