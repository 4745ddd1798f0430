/** Reads the cells of a row of a file: empty values, numbers with their decimal separator, texts. */
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { isKept } from '../model/json-number.ts';
import { quoted, RowError } from './row-error.ts';
import type { ChooseMoment, ToUtc } from './time-zone.ts';

/**
 * A row: cells by the name of their column. In JSON, `a.b` is a member of a member, `a.0` the first element of a list. A name can contain
 * dots (`a.PM2.5`): when a path can mean several members, the member with the longest name is read.
 */
export type Row = JsonObject;

/** The settings for reading cells of a file. */
export interface Cells {
  /** Texts that mean no value, the empty text included. */
  readonly empties: ReadonlySet<string>;
  readonly decimal: '.' | ',';
  readonly toUtc: ToUtc;
  /** The columns that are read. Each reader adds its columns. */
  readonly columns: Set<string>;
}

/** Selects the moment of a local time that occurs twice. */
export interface MomentRule {
  choose(row: Row): ChooseMoment;
  /** Call it with the parsed time of a row, in milliseconds since 1970. */
  remember(row: Row, ms: number): void;
}

/** The settings for reading rows of a file. */
export interface RowReading extends Cells {
  /** The id of the entity of a row. Sums are kept per entity. */
  readonly idOf: (row: Row) => string | undefined;
  /** Resolves local times that occur twice. */
  readonly moments: MomentRule;
}

/** The value of a cell; undefined when it is absent, or a text or number that means no value. Texts are trimmed. */
export function cellOf(row: Row, column: string, { empties }: Pick<Cells, 'empties'>): Json | undefined {
  const cell = Object.hasOwn(row, column) ? row[column] : memberOf(row, column.split('.'));
  if (typeof cell === 'number' && Number.isNaN(cell)) throw lost(column);
  if (typeof cell === 'number') return empties.has(String(cell)) ? undefined : cell;
  if (typeof cell !== 'string') return cell ?? undefined;
  const text = cell.trim();
  return empties.has(text) ? undefined : text;
}

/** The member at a path; undefined when it is absent. */
function memberOf(value: Json, path: readonly string[]): Json | undefined {
  if (path.length === 0) return value;
  // An index of a list is a single part of the path; a member of an object can have dots in its name.
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

/** A cell as text; numbers and booleans are written as in JSON. */
export function textOf(cell: Json, column: string): string {
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'number' || typeof cell === 'boolean') return String(cell);
  throw new RowError(`${column} is ${quoted(cell)}, which is no text`);
}

const lost = (column: string): RowError =>
  new RowError(`${column} cannot be kept to its last digit: it is an integer beyond 2^53, or too large`);

/** A cell as a number. Throws a RowFlaw when it is not a number, or when a double cannot represent it. */
export function numberOf(cell: Json, column: string, { decimal }: Cells): number {
  if (typeof cell === 'number' && Number.isFinite(cell)) return cell;
  if (typeof cell === 'number') throw lost(column);
  const text = textOf(cell, column);
  const plain = plainNumber(text, decimal);
  if (plain === undefined) throw new RowError(`${column} is ${quoted(text)}, which is no number`);
  if (!isKept(plain)) throw lost(column);
  return Number(plain);
}

const shapes = {
  '.': /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/,
  ',': /^[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d+)?$/,
};
/** Groups of thousands, all with the same separator, before a decimal comma. */
const grouped = /^[+-]?[1-9]\d{0,2}([.\s])\d{3}(?:\1\d{3})*(,\d*)?$/;

/** A number in JavaScript syntax; undefined when the text is not a number. U+2212 is a minus sign, as in some languages. */
function plainNumber(text: string, decimal: Cells['decimal']): string | undefined {
  const signed = text.replaceAll('\u2212', '-');
  const whole = decimal === ',' && grouped.test(signed) ? signed.replaceAll(/[.\s]/g, '') : signed;
  return shapes[decimal].test(whole) ? whole.replace(',', '.') : undefined;
}
