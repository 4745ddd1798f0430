/** Writes lines of the audit as CSV (RFC 4180). */
import { isStrings, type Json, type JsonObject } from '../../model/json.ts';

const columns = ['id', 'at', 'principal', 'address', 'operation', 'result', 'entity', 'types', 'resource', 'grants'];

export const csvHeader = `${columns.join(',')}\r\n`;

/** One line of CSV with its end. Lists are separated by blanks. */
export const csvLine = (line: JsonObject): string => `${columns.map((name) => cellOf(line[name])).join(',')}\r\n`;

/** A spreadsheet takes a text that begins so for a formula, which could send the table elsewhere. */
const formulaStart = /^[=+\-@\t\r\n]/;

function cellOf(value: Json | undefined): string {
  const text = isStrings(value) ? value.join(' ') : typeof value === 'string' ? value : '';
  const safe = formulaStart.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
