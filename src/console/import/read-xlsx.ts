/**
 * Reads the first sheet of an XLSX file. The library is `read-excel-file`: it only reads, is small (it unzips with fflate), is maintained,
 * and comes from the registry of npm. It is loaded when somebody opens such a file.
 */
import { readSheet } from 'read-excel-file/browser';
import type { Json } from '../data/json.ts';
import { say } from '../words/words.ts';
import { uniqueNames } from './read-csv.ts';
import { cellText, columnsMax, rowsMax, SourceError, type SourceTable } from './table.ts';

/** Throws a SourceError. */
export async function readXlsx(bytes: ArrayBuffer): Promise<SourceTable> {
  const [head = [], ...rows] = await readSheet(bytes).catch(() => {
    throw new SourceError(say('import.noXlsx'));
  });
  if (rows.length > rowsMax) throw new SourceError(say('import.tooManyRows'));
  if (head.length > columnsMax) throw new SourceError(say('import.tooManyColumns'));
  const names = head.map((cell) => cellText(cellOf(cell)).trim());
  if (names.every((name) => name === '')) throw new SourceError(say('import.noHeader'));
  const filled = rows.filter((cells) => cells.some((cell) => cell !== null));
  return { columns: uniqueNames(names), rows: filled.map((cells) => cells.map(cellOf)) };
}

/**
 * Times of spreadsheets have no zone: they become local times. They are fractions of a day, so that 02:30:00 may be read as a millisecond
 * less: they are rounded to the second.
 */
function cellOf(cell: unknown): Json {
  if (cell instanceof Date) return new Date(Math.round(cell.getTime() / 1000) * 1000).toISOString().slice(0, 19);
  return typeof cell === 'string' || typeof cell === 'number' || typeof cell === 'boolean' ? cell : '';
}
