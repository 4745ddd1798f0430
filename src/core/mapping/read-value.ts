/** Reads one value of a row: text, number, boolean, time, location, or an object of these. */
import { isObject, type Json } from '../model/json.ts';
import { quoted, RowError } from './row-error.ts';
import { createArithmetic } from './arithmetic.ts';
import { cellOf, numberOf, type RowReading, type Row, textOf } from './row.ts';
import { createTimeReader } from './read-time.ts';
import type { Spec } from './spec.ts';
import { createTemplate } from './template.ts';
import { createTimeZone } from './time-zone.ts';

/** The value in a row; undefined when it is absent. Throws a RowFlaw when it is invalid. */
export type ReadValue = (row: Row) => Json | undefined;

/** The types of values that a column can hold. */
const sorts = ['text', 'number', 'integer', 'boolean', 'time', 'json'] as const;

/**
 * Creates a reader of values. The spec gives the source: `constant`, `template`, `members`, `longitude` with `latitude`, or `column`.
 * Throws an Error when it gives none.
 */
export function createValue(spec: Spec, reading: RowReading): ReadValue {
  if (spec.has('constant')) {
    const constant = spec.json('constant');
    return () => constant;
  }
  if (spec.has('members')) return objectOf(spec, reading);
  if (spec.has('longitude')) return pointOf(spec, reading);
  if (spec.has('template')) {
    const template = createTemplate(spec.neededText('template'), reading);
    return spec.has('pattern') ? timeOf(template, spec, reading) : template;
  }
  if (spec.has('column')) return columnOf(spec, reading);
  throw new Error(`${spec.place} must have column, template, constant, members, or longitude and latitude.`);
}

function objectOf(spec: Spec, reading: RowReading): ReadValue {
  const members = spec.entries('members').map(([name, member]) => {
    const read = createValue(member, reading);
    member.close();
    return [name, read] as const;
  });
  return (row) => {
    const found = members.flatMap(([name, read]) => {
      const value = read(row);
      return value === undefined ? [] : [[name, value] as const];
    });
    return found.length === 0 ? undefined : Object.fromEntries(found);
  };
}

function pointOf(spec: Spec, reading: RowReading): ReadValue {
  const [longitude, latitude] = [spec.neededText('longitude'), spec.neededText('latitude')];
  reading.columns.add(longitude).add(latitude);
  return (row) => {
    const east = cellOf(row, longitude, reading);
    const north = cellOf(row, latitude, reading);
    if (east === undefined || north === undefined) return undefined;
    return { type: 'Point', coordinates: [numberOf(east, longitude, reading), numberOf(north, latitude, reading)] };
  };
}

function columnOf(spec: Spec, reading: RowReading): ReadValue {
  const column = spec.neededText('column');
  reading.columns.add(column);
  const cell: ReadValue = (row) => cellOf(row, column, reading);
  if (spec.has('words')) return wordOf(cell, column, spec);
  const as = spec.text('as') ?? (spec.has('pattern') ? 'time' : 'text');
  const sort = sorts.find((one) => one === as);
  switch (sort) {
    case 'text':
      return mapped(cell, (value) => textOf(value, column));
    case 'number':
    case 'integer':
      return createArithmetic(
        mapped(cell, (value) => numberOf(value, column, reading)),
        spec,
        { reading, isInteger: sort === 'integer' },
      );
    case 'boolean':
      return mapped(cell, (value) => truthOf(value, column));
    case 'time':
      return timeOf(
        mapped(cell, (value) => textOf(value, column)),
        spec,
        reading,
      );
    case 'json':
      return mapped(cell, (value) =>
        isObject(value) || Array.isArray(value) ? value : flaw(column, value, 'no object or list'),
      );
    case undefined:
      throw new Error(`${spec.place}.as must be one of ${sorts.join(', ')}, not ${quoted(as)}.`);
  }
}

const mapped =
  <T extends Json>(read: ReadValue, change: (value: Json) => T): ((row: Row) => T | undefined) =>
  (row) => {
    const value = read(row);
    return value === undefined ? undefined : change(value);
  };

function flaw(column: string, value: Json, what: string): never {
  throw new RowError(`${column} is ${quoted(value)}, which is ${what}`);
}

/** Translates the words of a file to values. A word that is not in the list is a flaw, unless `otherwise` gives a value for it. */
function wordOf(cell: ReadValue, column: string, spec: Spec): ReadValue {
  const words = spec.json('words');
  const otherwise = spec.json('otherwise');
  if (!isObject(words)) throw new Error(`${spec.place}.words must be an object, not ${quoted(words)}.`);
  return mapped(cell, (value) => {
    const word = textOf(value, column);
    const meaning = Object.hasOwn(words, word) ? words[word] : otherwise;
    return meaning === undefined ? flaw(column, word, `none of ${Object.keys(words).join(', ')}`) : meaning;
  });
}

function truthOf(value: Json, column: string): boolean {
  if (typeof value === 'boolean') return value;
  const word = textOf(value, column).toLowerCase();
  if (['true', '1', 'yes', 'y', 'da'].includes(word)) return true;
  if (['false', '0', 'no', 'n', 'ne'].includes(word)) return false;
  return flaw(column, value, 'neither true nor false');
}

function timeOf(text: ReadValue, spec: Spec, { toUtc, moments }: RowReading): ReadValue {
  const zone = spec.text('timeZone');
  const read = createTimeReader(spec.neededText('pattern'), zone === undefined ? toUtc : createTimeZone(zone));
  return (row) => {
    const value = text(row);
    if (value === undefined) return undefined;
    const { ms, instant } = read(textOf(value, spec.place), moments.choose(row));
    moments.remember(row, ms);
    return instant;
  };
}
