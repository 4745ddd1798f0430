/** Lines of CSV files (RFC 4180). */
import { type Options, stringify } from 'csv-stringify/sync';

/** With these a spreadsheet takes a cell for a formula, which may run programs and send what the table holds elsewhere. */
const formulaStart = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/** A text that is a number does nothing. */
const numeric = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Writes texts as the cells of one line, without the end of the line. */
export type WriteLine = (texts: readonly string[]) => string;

/** A lone LF or CR is quoted only by `quote_record_delimiter`, since the lines end with CRLF. */
const options: Options = { eof: false, record_delimiter: '\r\n', quote_record_delimiter: true };

export const writeLine: WriteLine = (texts) => stringify([texts], options);

/**
 * Writes an apostrophe before each text that a spreadsheet would take for a formula. The option `escape_formulas` of
 * csv-stringify does this also to texts that are negative numbers, which are left alone here.
 */
export const writeGuardedLine: WriteLine = (texts) =>
  writeLine(texts.map((text) => (formulaStart.test(text) && !numeric.test(text) ? `'${text}` : text)));

/** How commands name the option. */
export const guardFlag = {
  'guard-formulas': {
    form: '',
    about: 'CSV for spreadsheets: an apostrophe before texts that they would take for formulas (= + - @).',
    initial: '',
  },
} as const;

/** Throws an Error when the option is given for another format, which it would not change. */
export function lineWriter(isGuarded: boolean, format: string): WriteLine {
  if (isGuarded && format !== 'csv') throw new Error('--guard-formulas is for --format csv.');
  return isGuarded ? writeGuardedLine : writeLine;
}
