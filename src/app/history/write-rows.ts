/** Writes rows of history to files: CSV, NDJSON and Parquet, each as rows come. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import { microsOfInstant } from '../../core/model/instant.ts';
import { type Cell, cellsOf, columns, type HistoryRow } from './rows.ts';

/** A file that rows are added to. */
export interface RowFile {
  add(rows: readonly HistoryRow[]): Promise<void>;
  /** Everything is in the file when this is done. */
  end(): Promise<void>;
}

export const formats = ['csv', 'ndjson', 'parquet'] as const;
export type Format = (typeof formats)[number];

/** Opens a file; without a path, standard output, which Parquet cannot be written to. */
export function openRowFile(format: Format, path: string, out: Writable): RowFile {
  if (format !== 'parquet') return createTextFile(path === '' ? out : createWriteStream(path), format, path !== '');
  if (path === '') throw new Error('--out must be given: Parquet is written to files only.');
  return createParquetFile(path);
}

function createTextFile(file: Writable, format: 'csv' | 'ndjson', isOwn: boolean): RowFile {
  const done = isOwn ? finished(file) : Promise.resolve();
  // Whoever adds or ends hears of a failure; until then nobody waits for it.
  done.catch(() => undefined);
  const write = async (text: string): Promise<void> => {
    if (text !== '' && !file.write(text)) await Promise.race([once(file, 'drain'), done]);
  };
  let head = format === 'csv' ? `${columns.join(',')}\r\n` : '';
  const lineOf = format === 'csv' ? csvLine : (row: HistoryRow): string => `${JSON.stringify(row)}\n`;
  return {
    async add(rows) {
      await write(`${head}${rows.map(lineOf).join('')}`);
      head = '';
    },
    async end() {
      await write(head);
      if (isOwn) file.end();
      await done;
    },
  };
}

const csvLine = (row: HistoryRow): string => `${cellsOf(row).map(csvCell).join(',')}\r\n`;

/** As RFC 4180 has it. */
function csvCell(cell: Cell): string {
  const text = String(cell ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows that are kept until they are written as a group. */
const groupSize = 50_000;

const times = new Set<string>(['observedAt', 'modifiedAt', 'deletedAt']);
const required = new Set<string>(['entityId', 'entityType', 'attribute']);

/** Times are microseconds in UTC, texts are UTF-8, numbers are doubles. */
const schema = [
  { name: 'history', num_children: columns.length },
  ...columns.map((name) => ({
    name,
    repetition_type: required.has(name) ? ('REQUIRED' as const) : ('OPTIONAL' as const),
    ...(times.has(name)
      ? { type: 'INT64' as const, logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' } as const }
      : name === 'number'
        ? { type: 'DOUBLE' as const }
        : { type: 'BYTE_ARRAY' as const, converted_type: 'UTF8' as const }),
  })),
];

function createParquetFile(path: string): RowFile {
  const parquet = new ParquetWriter({ writer: fileWriter(path), schema });
  let waiting: (readonly Cell[])[] = [];
  const flush = async (): Promise<void> => {
    const rows = waiting;
    waiting = [];
    const columnData = columns.map((name, n) => ({
      name,
      data: rows.map((cells) => parquetCell(name, cells[n] ?? null)),
    }));
    if (rows.length > 0) await parquet.write({ columnData, rowGroupSize: groupSize });
  };
  return {
    async add(rows) {
      for (const row of rows) waiting.push(cellsOf(row));
      if (waiting.length >= groupSize) await flush();
    },
    async end() {
      await flush();
      await parquet.finish();
    },
  };
}

const parquetCell = (name: string, cell: Cell): Cell | bigint =>
  typeof cell === 'string' && times.has(name) ? BigInt(microsOfInstant(cell)) : cell;
