/** Writes rows of history to files in CSV, NDJSON or Parquet, as a stream. */
import type { Writable } from 'node:stream';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import { exactMicros } from '../../core/model/instant.ts';
import { fixedTime, instanceColumns } from '../../core/representation/history-table.ts';
import type { WriteLine } from '../command/csv-cell.ts';
import { write, writeTo, writeWhole } from '../command/text-file.ts';
import { type Cell, cellsOf, type HistoryRow } from './rows.ts';

/** Appends rows to a file. */
export type AddRows = (rows: readonly HistoryRow[]) => Promise<void>;

export const formats = ['csv', 'ndjson', 'parquet'] as const;
type Format = (typeof formats)[number];

/** Where the rows go: a file, or `out` when the path is empty. Parquet needs a file. */
export interface RowPlace {
  readonly format: Format;
  readonly path: string;
  readonly out: Writable;
  /** Formats one line of CSV. */
  readonly writeLine: WriteLine;
}

/** Writes rows. The file gets its final name only after `addAll` has added all of them. */
export async function writeRows(
  { format, path, out, writeLine }: RowPlace,
  addAll: (add: AddRows) => Promise<void>,
): Promise<void> {
  if (format !== 'parquet')
    return writeTo(path, out, (file) => writeText(file, format === 'csv' ? writeLine : undefined, addAll));
  if (path === '') throw new Error('--out must be given: Parquet is written to files only.');
  await writeWhole(path, (part) => writeParquet(part, addAll));
}

/** Writes NDJSON when `writeLine` is undefined. */
async function writeText(
  file: Writable,
  writeLine: WriteLine | undefined,
  addAll: (add: AddRows) => Promise<void>,
): Promise<void> {
  let head = writeLine ? `${writeLine(instanceColumns)}\r\n` : '';
  const lineOf = (row: HistoryRow): string =>
    writeLine ? `${writeLine(textsOf(row))}\r\n` : `${JSON.stringify(row)}\n`;
  await addAll(async (rows) => {
    await write(file, `${head}${rows.map(lineOf).join('')}`);
    head = '';
  });
}

/** The cells of a row as text for CSV. */
const textsOf = (row: HistoryRow): readonly string[] =>
  cellsOf(row).map((cell, n) =>
    String((typeof cell === 'string' && times.has(instanceColumns[n] ?? '') ? fixedTime(cell) : cell) ?? ''),
  );

/** Rows are buffered up to this number and then written as one row group. */
const groupSize = 50_000;

const times = new Set<string>(['observedAt', 'modifiedAt', 'deletedAt']);
const required = new Set<string>(['entityId', 'entityType', 'attribute']);

/** Times are microseconds in UTC, strings are UTF-8, numbers are doubles. */
const schema = [
  { name: 'history', num_children: instanceColumns.length },
  ...instanceColumns.map((name) => ({
    name,
    repetition_type: required.has(name) ? ('REQUIRED' as const) : ('OPTIONAL' as const),
    ...(times.has(name)
      ? { type: 'INT64' as const, logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' } as const }
      : name === 'number'
        ? { type: 'DOUBLE' as const }
        : { type: 'BYTE_ARRAY' as const, converted_type: 'UTF8' as const }),
  })),
];

async function writeParquet(path: string, addAll: (add: AddRows) => Promise<void>): Promise<void> {
  const parquet = new ParquetWriter({ writer: fileWriter(path), schema });
  let waiting: (readonly Cell[])[] = [];
  const flush = async (): Promise<void> => {
    const rows = waiting;
    waiting = [];
    const columnData = instanceColumns.map((name, n) => ({
      name,
      data: rows.map((cells) => parquetCell(name, cells[n] ?? null)),
    }));
    if (rows.length > 0) await parquet.write({ columnData, rowGroupSize: groupSize });
  };
  await addAll(async (rows) => {
    for (const row of rows) waiting.push(cellsOf(row));
    if (waiting.length >= groupSize) await flush();
  });
  await flush();
  await parquet.finish();
}

const parquetCell = (name: string, cell: Cell): Cell | bigint =>
  typeof cell === 'string' && times.has(name) ? exactMicros(cell) : cell;
