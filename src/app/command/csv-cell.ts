/** Writes lines of CSV files (RFC 4180). */
import { type Options, stringify } from 'csv-stringify/sync';
import { guardFormula } from '../../core/model/formula.ts';

/** Formats texts as the cells of one line, without the line end. */
export type WriteLine = (texts: readonly string[]) => string;

/** Lines end with CRLF, so csv-stringify quotes a lone LF or CR only because of `quote_record_delimiter`. */
const options: Options = { eof: false, record_delimiter: '\r\n', quote_record_delimiter: true };

export const writeLine: WriteLine = (texts) => stringify([texts], options);

/**
 * Writes an apostrophe before each text that a spreadsheet would treat as a formula. The option `escape_formulas` of csv-stringify does
 * this also for negative numbers, which stay unchanged here.
 */
export const writeGuardedLine: WriteLine = (texts) => writeLine(texts.map(guardFormula));

/** The flag of commands that write CSV. */
export const guardFlag = {
  'guard-formulas': {
    form: '',
    about: 'CSV for spreadsheets: an apostrophe before texts that they would take for formulas (= + - @).',
    initial: '',
  },
} as const;

/** Throws an Error when the flag is combined with another format, on which it has no effect. */
export function lineWriter(isGuarded: boolean, format: string): WriteLine {
  if (isGuarded && format !== 'csv') throw new Error('--guard-formulas is for --format csv.');
  return isGuarded ? writeGuardedLine : writeLine;
}
