/** Reads files row by row: CSV and newline-delimited JSON as a stream, GeoJSON as a whole. */
import { createReadStream, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parse, type Parser } from 'csv-parse';
import { isArray, isObject, type Json, type JsonObject, parseGiven } from '../../../core/model/json.ts';
import type { CsvFormat } from './import-map.ts';
import { quoted } from '../../../core/mapping/row-error.ts';
import type { Row } from '../../../core/mapping/row.ts';

/** A row of a file, or the reason why the input is not a row. Rows are numbered from 1, without the header line. */
export interface SourceRow {
  readonly number: number;
  readonly row: Row | undefined;
  /** The reason why it is not a row. */
  readonly flaw?: string;
  /** The row as the report of rejected rows shows it. */
  readonly raw: () => Json;
  /** The share of the file that had been read at this row, 0 to 1. */
  readonly share: number;
}

export interface SourceOptions {
  readonly path: string;
  readonly csv: CsvFormat;
  /** Required columns of a CSV file. */
  readonly columns: ReadonlySet<string>;
}

export type Format = 'csv' | 'ndjson' | 'geojson';

/** GeoJSON is read as a whole; larger files are refused. */
const geojsonBytesMax = 256 * 1024 * 1024;

const formats: readonly (readonly [ending: RegExp, format: Format])[] = [
  [/\.(csv|tsv|txt)$/i, 'csv'],
  [/\.(ndjson|jsonl)$/i, 'ndjson'],
  [/\.(geojson|json)$/i, 'geojson'],
];

/** The format according to the file name. Throws an Error when the name does not determine it. */
export function formatOf(path: string): Format {
  const found = formats.find(([ending]) => ending.test(path));
  if (!found) throw new Error(`${path} must end in .csv, .ndjson, .jsonl, .geojson or .json: that tells its format.`);
  return found[1];
}

/** Yields groups of rows. Throws an Error when the file is unreadable or lacks a column. */
export function readSource(options: SourceOptions): AsyncIterable<readonly SourceRow[]> {
  switch (formatOf(options.path)) {
    case 'csv':
      return readCsv(options);
    case 'ndjson':
      return readLines(options);
    case 'geojson':
      return readFeatures(options.path);
  }
}

/** Streams the text of a file and reports how much has been read. */
function open({ path, csv: { encoding } }: SourceOptions): { chunks: AsyncIterable<string>; share: () => number } {
  const { size } = statSync(path);
  const bytes = createReadStream(path);
  return { chunks: decode(bytes, encoding), share: () => (size === 0 ? 1 : bytes.bytesRead / size) };
}

async function* decode(bytes: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const textOf = (chunk?: Buffer): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (cause) {
      const hint = 'the map can name another, such as windows-1250';
      throw new Error(`The file is not in the encoding ${encoding}; ${hint}.`, { cause });
    }
  };
  for await (const chunk of bytes) yield textOf(chunk);
  yield textOf();
}

async function* readCsv(options: SourceOptions): AsyncGenerator<readonly SourceRow[]> {
  const { chunks, share } = open(options);
  let rowOf: ReadCells | undefined;
  let number = 0;
  for await (const records of recordsOf(chunks, options.csv)) {
    const [first, ...others] = records;
    const isHeader = rowOf === undefined && first !== undefined;
    if (isHeader) rowOf = createRowReader(first, options.columns);
    const rows: SourceRow[] = [];
    const read = share();
    for (const cells of isHeader ? others : records) {
      if (isBlank(cells)) continue;
      number += 1;
      if (rowOf) rows.push({ ...rowOf(cells), number, share: read });
    }
    yield rows;
  }
  if (!rowOf) throw new Error(`${options.path} is empty: it has no header line.`);
}

/** True for a line that contains only spaces. */
const isBlank = (cells: Cells): boolean => cells.length === 1 && cells[0]?.trim() === '';

type Cells = readonly string[];

/** Yields the records of a CSV file, one group per chunk of text. */
async function* recordsOf(chunks: AsyncIterable<string>, { delimiter }: CsvFormat): AsyncGenerator<readonly Cells[]> {
  const parser = parse({
    bom: true,
    delimiter,
    // A file that was edited on several systems may have different line ends.
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
  });
  // The callback of `write` receives the error.
  parser.on('error', () => undefined);
  const write = (chunk: string | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const settle = (error?: Error | null): void => (error ? reject(error) : resolve());
      if (chunk === undefined) parser.end(settle);
      else parser.write(chunk, settle);
    });
  for await (const chunk of chunks) {
    // The parser handles a write at once. It accepts more text when its records have been read.
    const written = write(chunk);
    const records = readAll(parser);
    await written;
    yield records;
  }
  await write(undefined);
  yield readAll(parser);
}

function readAll(parser: Parser): readonly Cells[] {
  const records: Cells[] = [];
  for (let record: unknown = parser.read(); isCells(record); record = parser.read()) records.push(record);
  return records;
}

/** The parser returns each record as an array of strings. */
const isCells = (record: unknown): record is Cells => Array.isArray(record);

type ReadCells = (cells: Cells) => Pick<SourceRow, 'row' | 'raw' | 'flaw'>;

/** Creates the function that converts records to rows with the required columns. */
function createRowReader(firstRecord: Cells, columns: ReadonlySet<string>): ReadCells {
  const header = firstRecord.map((cell) => cell.trim());
  refuseMissing(columns, header);
  refuseTwice(columns, header);
  const places = [...columns].map((name) => ({ name, index: header.indexOf(name) }));
  return (cells) => {
    if (cells.length !== header.length) {
      const flaw = `it has ${cells.length} columns where the header has ${header.length}`;
      return { row: undefined, raw: () => cells, flaw };
    }
    const row: JsonObject = Object.fromEntries(places.map(({ name, index }) => [name, cells[index] ?? '']));
    return { row, raw: () => rawOf(header, cells) };
  };
}

/** The row for the report: an object, or an array when column names repeat. */
const rawOf = (header: readonly string[], cells: Cells): Json =>
  new Set(header).size === header.length
    ? Object.fromEntries(header.map((name, index) => [name, cells[index] ?? '']))
    : cells;

function refuseMissing(columns: ReadonlySet<string>, header: readonly string[]): void {
  const missing = [...columns].filter((column) => !header.includes(column));
  if (missing.length === 0) return;
  throw new Error(
    `The map names ${missing.map(quoted).join(', ')}, which the file has not. Its columns are ${header.map(quoted).join(', ')}.`,
  );
}

/** Throws an Error when a required column occurs twice, because only one of them could be read. */
function refuseTwice(columns: ReadonlySet<string>, header: readonly string[]): void {
  const twice = [...columns].filter((column) => header.indexOf(column) !== header.lastIndexOf(column));
  if (twice.length === 0) return;
  throw new Error(
    `The map names ${twice.map(quoted).join(', ')}, which the file has more than once. Give each column a name of its own.`,
  );
}

async function* readLines(options: SourceOptions): AsyncGenerator<readonly SourceRow[]> {
  const { chunks, share } = open(options);
  let number = 0;
  for await (const lines of linesOf(chunks)) {
    const read = share();
    yield lines
      .filter((line) => line.trim() !== '')
      .map((line): SourceRow => ({ ...parsedLine(line), number: (number += 1), share: read }));
  }
}

async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let rest = '';
  for await (const chunk of chunks) {
    // In JSON text these characters occur only between tokens.
    const lines = `${rest}${chunk}`.split(/[\r\n]/);
    rest = lines.pop() ?? '';
    yield lines;
  }
  yield [rest];
}

function parsedLine(line: string): Pick<SourceRow, 'row' | 'raw' | 'flaw'> {
  try {
    const value = parseGiven(line.replace(/^\ufeff/, ''));
    if (isObject(value)) return { row: value, raw: () => value };
    return { row: undefined, raw: () => value, flaw: 'it is no JSON object' };
  } catch (error) {
    const flaw = `it is no JSON: ${error instanceof Error ? error.message : String(error)}`;
    return { row: undefined, raw: () => line, flaw };
  }
}

async function* readFeatures(path: string): AsyncGenerator<readonly SourceRow[]> {
  const { size } = statSync(path);
  if (size > geojsonBytesMax)
    throw new Error(
      `${path} has ${size} bytes; GeoJSON is read whole, up to ${geojsonBytesMax}. Make it NDJSON, one feature per line.`,
    );
  const document = parseGiven((await readFile(path, 'utf8')).replace(/^\ufeff/, ''));
  const { features, '@context': context } = isObject(document) ? document : {};
  if (!isArray(features)) throw new Error(`${path} is no FeatureCollection: it has no list of features.`);
  yield features.map((feature, index): SourceRow => {
    const numbered = { number: index + 1, share: (index + 1) / features.length, raw: () => feature };
    return isObject(feature)
      ? { ...numbered, row: featureRow(feature, context) }
      : { ...numbered, row: undefined, flaw: 'it is no feature' };
  });
}

/** Converts a feature to a row. Its properties become columns, as do `$id` and `$geometry`. */
function featureRow({ id, geometry, properties }: JsonObject, context: Json | undefined): Row {
  return {
    ...(context === undefined ? undefined : { '@context': context }),
    ...(isObject(properties) ? properties : undefined),
    ...(id === undefined ? undefined : { $id: id }),
    ...(geometry === undefined ? undefined : { $geometry: geometry }),
  };
}
