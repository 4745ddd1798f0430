/** Writes tables as Apache Parquet, one row group after another. */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { exactMicros, microsOf } from '../../../core/model/instant.ts';
import type { Json } from '../../../core/model/json.ts';
import { cellText, type CellType, type Column, type Table } from './table.ts';

/** Rows that are held in memory and then written as one row group; fewer where their cells are many or long. */
const groupSize = 20_000;
/** Weight of the rows in memory: the characters of texts, and 8 for every cell. A row group is written without a pause. */
const weightMax = 2 * 2 ** 20;

const elements = {
  number: { type: 'DOUBLE' },
  integer: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  time: { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' } },
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  json: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
} as const satisfies Record<CellType, object>;

/** Times are microseconds in UTC, texts are UTF-8, numbers are doubles, other values are JSON as text. */
export async function* parquetPieces({ columns, rows }: Table): AsyncGenerator<Uint8Array> {
  const bytes = new ByteWriter();
  const parquet = new ParquetWriter({ writer: bytes, schema: schemaOf(columns) });
  let waiting: (readonly ParquetCell[])[] = [];
  let weight = 0;
  const take = (): Uint8Array => {
    const piece = bytes.getBytes().slice();
    // The buffer is used again; `offset` goes on counting the bytes of the file.
    bytes.index = 0;
    return piece;
  };
  for await (const group of rows) {
    for (const row of group) {
      const cells = columns.map(({ type }, n) => parquetCell(row[n] ?? null, type));
      waiting.push(cells);
      weight += weightOf(cells);
    }
    if (waiting.length < groupSize && weight < weightMax) continue;
    await parquet.write({ columnData: columnData(columns, waiting), rowGroupSize: groupSize });
    [waiting, weight] = [[], 0];
    yield take();
  }
  if (waiting.length > 0) await parquet.write({ columnData: columnData(columns, waiting), rowGroupSize: groupSize });
  await parquet.finish();
  yield take();
}

const schemaOf = (columns: readonly Column[]) => [
  { name: 'data', num_children: columns.length },
  ...columns.map(({ name, type, isRequired = false }) => ({
    name,
    repetition_type: isRequired ? ('REQUIRED' as const) : ('OPTIONAL' as const),
    ...elements[type],
  })),
];

const columnData = (columns: readonly Column[], rows: readonly (readonly ParquetCell[])[]) =>
  columns.map(({ name }, n) => ({ name, data: rows.map((row) => row[n] ?? null) }));

const weightOf = (cells: readonly ParquetCell[]): number =>
  cells.reduce<number>((sum, cell) => sum + 8 + (typeof cell === 'string' ? cell.length : 0), 0);

type ParquetCell = string | number | boolean | bigint | null;

const parquetCell = (value: Json, type: CellType): ParquetCell => (value === null ? null : cellsOf[type](value));

const numberIn = (value: Json): ParquetCell => (typeof value === 'number' ? value : null);

/** What a column of a type holds of a value. A value of another type is left out. */
const cellsOf: Readonly<Record<CellType, (value: Json) => ParquetCell>> = {
  number: numberIn,
  integer: numberIn,
  boolean: (value) => (typeof value === 'boolean' ? value : null),
  time: (value) => (typeof value === 'string' && microsOf(value) !== undefined ? exactMicros(value) : null),
  string: cellText,
  json: cellText,
};
