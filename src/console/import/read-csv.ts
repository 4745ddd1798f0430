/** Reads text with cells. `papaparse` guesses the delimiter and reads in portions, so that the page stays responsive. */
import Papa, { type ParseResult, type Parser } from 'papaparse';
import { say } from '../words/words.ts';
import { type Cells, columnsMax, rowsMax, SourceError, type SourceTable } from './table.ts';

/** Characters that are read before the browser may draw again. */
const portion = 500_000;
const delimiters = [',', ';', '\t', '|'];

/** `delimiter` empty: it is guessed. Throws a SourceError. */
export async function readCsv(text: string, delimiter: string): Promise<SourceTable> {
  // The library guesses by the first portion, and forgets what it guessed.
  const chosen = delimiter === '' ? guessDelimiter(text) : delimiter;
  const [head = [], ...rows] = await recordsOf(text, chosen);
  const columns = head.map((name) => name.trim());
  if (columns.length > columnsMax) throw new SourceError(say('import.tooManyColumns'));
  if (columns.every((name) => name === '')) throw new SourceError(say('import.noHeader'));
  return { columns: uniqueNames(columns), rows, delimiter: chosen };
}

const guessDelimiter = (text: string): string =>
  Papa.parse(text.slice(0, portion), { preview: 50, delimitersToGuess: delimiters, skipEmptyLines: true }).meta
    .delimiter;

function recordsOf(text: string, delimiter: string): Promise<string[][]> {
  const records: string[][] = [];
  return new Promise((resolve, reject) => {
    const take = ({ data }: ParseResult<string[]>, parser: Parser): void => {
      for (const record of data) records.push(record);
      if (records.length > rowsMax + 1) {
        parser.abort();
        reject(new SourceError(say('import.tooManyRows')));
        return;
      }
      parser.pause();
      setTimeout(() => parser.resume());
    };
    Papa.parse<string[]>(text, {
      delimiter,
      skipEmptyLines: 'greedy',
      chunkSize: portion,
      chunk: take,
      complete: () => resolve(records),
    });
  });
}

/** Columns of the same name get numbers, because each can be mapped by itself. */
export function uniqueNames(names: readonly string[]): readonly string[] {
  const seen = new Map<string, number>();
  return names.map((given, n) => {
    const name = given === '' ? `column ${n + 1}` : given;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} ${count}`;
  });
}

/** The rows as CSV (RFC 4180). */
export const csvOf = (columns: readonly string[], rows: readonly Cells[]): string =>
  Papa.unparse({
    fields: [...columns],
    data: rows.map((cells) => cells.map((cell) => (typeof cell === 'object' ? JSON.stringify(cell) : cell))),
  });
