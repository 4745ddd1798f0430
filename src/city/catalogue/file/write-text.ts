/** Writes tables as CSV (RFC 4180) that spreadsheets can open safely, as lines of JSON, and as GeoJSON (RFC 7946). */
import { type Options, stringify } from 'csv-stringify/sync';
import { guardFormula } from '../../../core/model/formula.ts';
import { cellText, type Row, type Table } from './table.ts';

const options: Options = { eof: true, record_delimiter: '\r\n', quote_record_delimiter: true };

/** Texts that a spreadsheet would take for formulas get an apostrophe before them. Numbers and times stay as they are. */
export async function* csvPieces({ columns, rows }: Table): AsyncGenerator<string> {
  let head = stringify([columns.map(({ name }) => guardFormula(name))], options);
  const texts = csvTexts(columns);
  for await (const group of rows) {
    yield head + stringify([...group.map(texts)], options);
    head = '';
  }
  if (head !== '') yield head;
}

/** Makes the function that writes the cells of a row as they are in CSV, without quotes. */
export function csvTexts(columns: Table['columns']): (row: Row) => readonly string[] {
  const times = columns.map(({ type }) => type === 'time');
  return (row) => row.map((value, n) => guardFormula(times[n] === true ? fixedTime(cellText(value)) : cellText(value)));
}

/** Every time gets six digits after the point, because table readers infer one format for a whole column. */
const fixedTime = (text: string): string =>
  text.replace(/(?:[.,](\d+))?Z$/, (_, digits: string = '') => `.${digits.padEnd(6, '0')}Z`);

/** One object per line. Cells without a value are left out. */
export async function* ndjsonPieces({ columns, rows }: Table): AsyncGenerator<string> {
  for await (const group of rows)
    yield group.map((row) => `${JSON.stringify(Object.fromEntries(membersOf(columns, row)))}\n`).join('');
}

/** A FeatureCollection (RFC 7946): the geometry is the column `location`, the properties are the other columns. */
export async function* geojsonPieces({ columns, rows }: Table): AsyncGenerator<string> {
  let before = '{"type":"FeatureCollection","features":[\n';
  for await (const group of rows) {
    if (group.length === 0) continue;
    yield before + group.map((row) => JSON.stringify(featureOf(columns, row))).join(',\n');
    before = ',\n';
  }
  yield `${before === ',\n' ? '' : before}\n]}\n`;
}

const membersOf = (columns: Table['columns'], row: Row): readonly (readonly [string, Row[number]])[] =>
  columns.flatMap(({ name }, n) => {
    const value = row[n] ?? null;
    return value === null ? [] : [[name, value] as const];
  });

function featureOf(columns: Table['columns'], row: Row): object {
  const { id = null, location = null, ...properties } = Object.fromEntries(membersOf(columns, row));
  return { type: 'Feature', id, geometry: location, properties };
}
