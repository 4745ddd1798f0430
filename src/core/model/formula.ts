/** Keeps spreadsheets from treating texts of CSV files as formulas, which can run programs and send the table elsewhere. */

/** A spreadsheet treats a cell that starts with one of these as a formula. */
const formulaStart = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/** A numeric text is harmless. */
const numeric = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The text, with an apostrophe before it when a spreadsheet would treat it as a formula. Negative numbers stay unchanged. */
export const guardFormula = (text: string): string =>
  formulaStart.test(text) && !numeric.test(text) ? `'${text}` : text;
