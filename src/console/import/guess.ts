/** Guesses what the columns of a table are: types of cells, patterns of times, the decimal comma, units, ids, places. */
import { createTimeReader } from '../../core/mapping/read-time.ts';
import { createTimeZone } from '../../core/mapping/time-zone.ts';
import { isObject, type Json } from '../data/json.ts';
import { unitCodeOf } from '../data/units.ts';
import type { CellType, Choice, Mapping } from './mapping.ts';
import { cellText, type SourceTable } from './table.ts';

/** Values of each column that are looked at, from all parts of the file. */
const samplesMax = 200;

interface Guess {
  readonly column: string;
  readonly as: CellType;
  readonly pattern: string;
  readonly samples: readonly Json[];
}

/** What a person would probably choose. The names of attributes are those of the columns. */
export function guessMapping(table: SourceTable, name: string): Mapping {
  const decimal = guessDecimal(table);
  const guesses = table.columns.map((column, n) => guessColumn(column, samplesOf(table, n), decimal));
  const type = typeNameOf(name);
  const [longitude, latitude] = [coordinate(guesses, longitudeName, 180), coordinate(guesses, latitudeName, 90)];
  const hasPlace = longitude !== undefined && latitude !== undefined;
  const observedAt = guesses.find(({ as }) => as === 'time')?.column ?? '';
  const id = guesses.find((guess) => isId(guess, table)) ?? guesses.find(({ as }) => as === 'text') ?? guesses[0];
  const taken = new Set(hasPlace ? [longitude.column, latitude.column] : []);
  return {
    type,
    context: '',
    id: idPattern(type, id),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    decimal,
    observedAt,
    longitude: hasPlace ? longitude.column : '',
    latitude: hasPlace ? latitude.column : '',
    choices: guesses.map((guess) => choiceOf(guess, !taken.has(guess.column) && guess.column !== '$id')),
  };
}

function idPattern(type: string, id: Guess | undefined): string {
  const isWhole = id?.samples.every((one) => typeof one === 'string' && /^urn:|^https?:/.test(one)) === true;
  if (id && isWhole && id.samples.length > 0) return `{${id.column}}`;
  return `urn:ngsi-ld:${type}:{${id?.column ?? ''}}`;
}

function samplesOf({ rows }: SourceTable, n: number): readonly Json[] {
  const step = Math.max(1, Math.floor(rows.length / samplesMax));
  const samples: Json[] = [];
  for (let index = 0; index < rows.length; index += step) {
    const cell = rows[index]?.[n] ?? '';
    if (cell !== '') samples.push(cell);
  }
  return samples;
}

const pointNumber = /^[+-]?\d+\.\d+$/;
const commaNumber = /^[+-]?(\d{1,3}([.\s]\d{3})+|\d+),\d+$/;

/** A comma, when more cells look like numbers with a comma than with a point. */
function guessDecimal(table: SourceTable): '.' | ',' {
  let [points, commas] = [0, 0];
  for (const n of table.columns.keys())
    for (const one of samplesOf(table, n).slice(0, 20)) {
      if (typeof one !== 'string') continue;
      if (pointNumber.test(one.trim())) points += 1;
      if (commaNumber.test(one.trim())) commas += 1;
    }
  return commas > points ? ',' : '.';
}

const patterns = [
  'iso',
  ...['d.M.yyyy', 'd. M. yyyy', 'd/M/yyyy', 'M/d/yyyy', 'd-M-yyyy', 'yyyy/MM/dd', 'yyyyMMdd'].flatMap((day) =>
    ['', ' H:mm', ' H:mm:ss', ' h:mm a', ' h:mm:ss a'].map((time) => day + time),
  ),
];
const toUtc = createTimeZone('Z');
const readers = patterns.map((pattern) => ({ pattern, read: createTimeReader(pattern, toUtc) }));

/** A file may have a few wrong values, which the person then sees as reasons. */
const mostShare = 0.9;
const areMost = (texts: readonly string[], is: (text: string) => boolean): boolean =>
  texts.length > 0 && texts.filter(is).length >= mostShare * texts.length;

/** The first pattern that reads almost all samples. */
export function guessPattern(samples: readonly Json[], column: string): string | undefined {
  const texts = samples.map(cellText);
  if (texts.length === 0) return undefined;
  const isTimeName = /time|date|stamp|datum|čas|^ts$/i.test(column);
  if (isTimeName && texts.every((text) => /^\d{10}$/.test(text))) return 'epoch-s';
  if (isTimeName && texts.every((text) => /^\d{13}$/.test(text))) return 'epoch-ms';
  if (!areMost(texts, (text) => /\d\D\d|^\d{8}$/.test(text)) || texts.every((text) => /^-?\d+[.,]\d+$/.test(text)))
    return undefined;
  const reads = (read: (typeof readers)[number]['read'], text: string): boolean => {
    try {
      read(text.trim(), (earlier) => earlier);
      return true;
    } catch {
      return false;
    }
  };
  return readers.find(({ read }) => areMost(texts, (text) => reads(read, text)))?.pattern;
}

const truths = new Set(['true', 'false', 'yes', 'no', 'da', 'ne']);

function guessColumn(column: string, samples: readonly Json[], decimal: '.' | ','): Guess {
  const pattern = guessPattern(samples, column);
  return {
    column,
    samples,
    pattern: pattern ?? 'iso',
    as: pattern === undefined ? cellType(samples, decimal) : 'time',
  };
}

function cellType(samples: readonly Json[], decimal: '.' | ','): CellType {
  const all = (is: (one: Json) => boolean): boolean => samples.length > 0 && samples.every(is);
  if (all((one) => isObject(one) && 'coordinates' in one)) return 'geometry';
  if (all((one) => typeof one === 'object')) return 'json';
  const texts = samples.map((one) => cellText(one).trim());
  if (areMost(texts, (text) => truths.has(text.toLowerCase()))) return 'boolean';
  // Codes such as 00123 and telephone numbers are no numbers.
  if (texts.length === 0 || texts.some((text) => /^0\d|^\+/.test(text))) return 'text';
  if (areMost(texts, (text) => /^-?\d{1,15}$/.test(text))) return 'integer';
  const number = decimal === ',' ? /^-?(\d{1,3}([.\s]\d{3})+|\d+)(,\d+)?$/ : /^-?\d+(\.\d+)?(e-?\d+)?$/i;
  return areMost(texts, (text) => number.test(text)) ? 'number' : 'text';
}

const longitudeName = /^(lon|lng|long|longitude|x|zemljepisna.dol.ina|dol.ina|.*[_. ]lon(gitude)?)$/i;
const latitudeName = /^(lat|latitude|y|zemljepisna.[sš]irina|[sš]irina|.*[_. ]lat(itude)?)$/i;

const coordinate = (guesses: readonly Guess[], name: RegExp, most: number): Guess | undefined =>
  guesses.find(
    ({ column, as, samples }) =>
      name.test(column) &&
      (as === 'number' || as === 'integer') &&
      samples.every((one) => Math.abs(Number(cellText(one).replace(',', '.'))) <= most),
  );

/** A column whose name says that it is an id; else the first text without repetitions. */
function isId({ column, samples, as }: Guess, { rows }: SourceTable): boolean {
  if (/^(\$?id|.*[_ -]id|code|oznaka|[sš]ifra|koda)$/i.test(column)) return true;
  return as === 'text' && rows.length > 1 && new Set(samples).size === samples.length && samples.length > 1;
}

/** `Temp [°C]` has the unit in its name. */
const unitInName = /^(.*?)\s*[[(]([^\])]+)[\])]\s*$/;

function choiceOf({ column, as, pattern }: Guess, isImported: boolean): Choice {
  const [, bare = column, unit = ''] = unitInName.exec(column) ?? [];
  const attribute = attributeName(bare === '' ? column : bare);
  return { column, attribute: isImported ? attribute : '', as, pattern, unitCode: unitCodeOf(unit) ?? '' };
}

/** A name of an attribute: `Prosta mesta` becomes `prostaMesta`. */
function attributeName(column: string): string {
  if (column === '$geometry') return 'location';
  const words = column
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .split(/[^A-Za-z0-9]+/);
  const [first = '', ...rest] = words.filter((word) => word !== '');
  const name = first + rest.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
  const begun = /^[A-Z][a-z]/.test(name) ? name.slice(0, 1).toLowerCase() + name.slice(1) : name;
  if (begun === '') return '';
  // These are members of every entity.
  const isFree = /^[A-Za-z]/.test(begun) && !['id', 'type', 'scope'].includes(begun);
  return isFree ? begun : `own${begun.slice(0, 1).toUpperCase()}${begun.slice(1)}`;
}

/** `car-parks_2026.csv` becomes `CarParks`. */
function typeNameOf(file: string): string {
  const words = file
    .replace(/\.\w+$/, '')
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '');
  const name = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
  return name.normalize('NFKD').replace(/\p{M}/gu, '') || 'Thing';
}
