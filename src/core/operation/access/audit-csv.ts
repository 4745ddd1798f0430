/** Writes lines of the audit as CSV (RFC 4180). */
import { guardFormula } from '../../model/formula.ts';
import { isStrings, type Json, type JsonObject } from '../../model/json.ts';

const columns = 'id at principal address operation result entity types resource grants count'.split(' ');

export const csvHeader = `${columns.join(',')}\r\n`;

/** One line of CSV with its end. Lists are separated by blanks. */
export const csvLine = (line: JsonObject): string => `${columns.map((name) => cellOf(line[name])).join(',')}\r\n`;

const numberText = (value: Json | undefined): string => (typeof value === 'number' ? String(value) : '');

function cellOf(value: Json | undefined): string {
  const text = isStrings(value) ? value.join(' ') : typeof value === 'string' ? value : numberText(value);
  const safe = guardFormula(text);
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
