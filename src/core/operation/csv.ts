/** Writes lines of CSV (RFC 4180) that spreadsheets can open safely. */
import { guardFormula } from '../model/formula.ts';
import type { Json } from '../model/json.ts';

/** One line with its end. A text that a spreadsheet would take for a formula gets an apostrophe before it. */
export const csvLine = (cells: readonly (Json | undefined)[]): string => `${cells.map(cellOf).join(',')}\r\n`;

function cellOf(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  const safe = guardFormula(typeof value === 'string' ? value : JSON.stringify(value));
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
