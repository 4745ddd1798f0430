/** Cells of CSV files (RFC 4180). */

/** With these a spreadsheet takes a cell for a formula, which may run programs and send what the table holds elsewhere. */
const formulaStart = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/** A text that is a number does nothing. */
const numeric = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Writes a text as a cell. */
export type WriteCell = (text: string) => string;

export const writeCell: WriteCell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Writes a text that a spreadsheet would take for a formula with an apostrophe before it. */
export const writeGuardedCell: WriteCell = (text) =>
  writeCell(formulaStart.test(text) && !numeric.test(text) ? `'${text}` : text);

/** How commands name the option. */
export const guardFlag = {
  'guard-formulas': {
    form: '',
    about: 'CSV for spreadsheets: an apostrophe before texts that they would take for formulas (= + - @).',
    initial: '',
  },
} as const;

/** Throws an Error when the option is given for another format, which it would not change. */
export function cellWriter(isGuarded: boolean, format: string): WriteCell {
  if (isGuarded && format !== 'csv') throw new Error('--guard-formulas is for --format csv.');
  return isGuarded ? writeGuardedCell : writeCell;
}
