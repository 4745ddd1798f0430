/** Tests import maps: the attributes that columns become, the rows that are rejected, and the maps that are refused. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { readImportMap } from '../../../src/app/command/import/import-map.ts';
import { mapRow } from '../../../src/core/mapping/map-row.ts';
import { createTimeReader } from '../../../src/core/mapping/read-time.ts';
import { createTimeZone } from '../../../src/core/mapping/time-zone.ts';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';

const map = (members: JsonObject): ReturnType<typeof readImportMap> =>
  readImportMap({ type: 'T', id: 'urn:t:{id}', attributes: { a: { column: 'a' } }, ...members });

/** The instance or flaw that an attribute of a row becomes. */
function attribute(spec: JsonObject, row: JsonObject, members: JsonObject = {}): Json | undefined {
  const mapped = mapRow(map({ attributes: { a: spec }, ...members }), { id: '1', ...row });
  return mapped.outcome === 'entity' ? mapped.whole['a'] : mapped.reason;
}

describe('values', () => {
  test.each<[string, JsonObject, JsonObject, Json | undefined]>([
    ['text', { column: 'a' }, { a: ' x ' }, { type: 'Property', value: 'x' }],
    ['no text', { column: 'a' }, { a: '  ' }, undefined],
    ['a number', { column: 'a', as: 'number' }, { a: '-1.5e3' }, { type: 'Property', value: -1500 }],
    [
      'an integer beyond what a number can be',
      { column: 'a', as: 'integer' },
      { a: '9007199254740993' },
      'a cannot be kept to its last digit: it is an integer beyond 2^53, or too large',
    ],
    [
      'a JSON number that was read as none',
      { column: 'a' },
      { a: Number.NaN },
      'a cannot be kept to its last digit: it is an integer beyond 2^53, or too large',
    ],
    ['a JSON number', { column: 'a', as: 'number' }, { a: 7 }, { type: 'Property', value: 7 }],
    ['no number', { column: 'a', as: 'number' }, { a: '1,5' }, 'a is "1,5", which is no number'],
    ['no whole number', { column: 'a', as: 'integer' }, { a: '1.5' }, '1.5 is no whole number'],
    [
      'a share of another column',
      { column: 'a', as: 'number', dividedBy: 'b', decimals: 2 },
      { a: '1', b: '3' },
      { type: 'Property', value: 0.33 },
    ],
    ['a share of nothing', { column: 'a', as: 'number', dividedBy: 'b' }, { a: '1', b: '' }, undefined],
    [
      'a share of zero',
      { column: 'a', as: 'number', dividedBy: 'b' },
      { a: '1', b: '0' },
      'a number is divided by zero or is too large',
    ],
    [
      'percent as a ratio',
      { column: 'a', as: 'number', times: 0.01, unitCode: 'C62', decimals: 3 },
      { a: '54' },
      { type: 'Property', value: 0.54, unitCode: 'C62' },
    ],
    [
      'Fahrenheit as Celsius',
      { column: 'a', as: 'number', plus: -32, times: 1 },
      { a: '212' },
      { type: 'Property', value: 180 },
    ],
    ['yes', { column: 'a', as: 'boolean' }, { a: 'DA' }, { type: 'Property', value: true }],
    [
      'neither yes nor no',
      { column: 'a', as: 'boolean' },
      { a: 'maybe' },
      'a is "maybe", which is neither true nor false',
    ],
    ['a word', { column: 'a', words: { A: 'on', B: false } }, { a: 'B' }, { type: 'Property', value: false }],
    ['an unknown word', { column: 'a', words: { A: 'on' } }, { a: 'C' }, 'a is "C", which is none of A'],
    [
      'another word',
      { column: 'a', words: { A: 'on' }, otherwise: 'off' },
      { a: 'C' },
      { type: 'Property', value: 'off' },
    ],
    [
      'a word as every object has one',
      { column: 'a', words: { A: 'on' } },
      { a: 'toString' },
      'a is "toString", which is none of A',
    ],
    ['a template', { template: '{x}/{y}' }, { x: 'p q', y: 2 }, { type: 'Property', value: 'p q/2' }],
    ['a template with a gap', { template: '{x}/{y}' }, { x: 'p' }, undefined],
    ['a constant', { constant: [1] }, {}, { type: 'Property', value: [1] }],
    [
      'an object',
      { members: { x: { column: 'x' }, y: { column: 'y', as: 'number' } } },
      { x: 'p', y: '' },
      { type: 'Property', value: { x: 'p' } },
    ],
    [
      'a place',
      { longitude: 'x', latitude: 'y' },
      { x: '14.35', y: '46.24' },
      { type: 'GeoProperty', value: { type: 'Point', coordinates: [14.35, 46.24] } },
    ],
    ['an element of a list', { column: 'p.1.q', as: 'number' }, { p: [{}, { q: 3 }] }, { type: 'Property', value: 3 }],
    ['no element of a list', { column: 'p.length', as: 'number' }, { p: [1] }, undefined],
    ['a member of a member', { column: 'p.q', as: 'number' }, { p: { q: 3 } }, { type: 'Property', value: 3 }],
    [
      'a language',
      { column: 'a', language: 'sl' },
      { a: 'lep' },
      { type: 'LanguageProperty', languageMap: { sl: 'lep' } },
    ],
    [
      'a relationship',
      { kind: 'Relationship', template: 'urn:d:{x}' },
      { x: 1 },
      { type: 'Relationship', object: 'urn:d:1' },
    ],
    ['an object where a text belongs', { column: 'a' }, { a: {} }, 'a is {}, which is no text'],
    ['nothing where something must be', { column: 'a', required: true }, { a: '' }, 'there is no value for a'],
  ])('%s', (_, spec, row, expected) => {
    expect(attribute(spec, { other: 1, ...row })).toEqual(expected);
  });

  test.each([
    ['1.234,56', 1234.56],
    ['1 234', 1234],
    ['-0,5', -0.5],
    ['1.234.567', 1234567],
    ['-1\u00a0234\u00a0567,8', -1234567.8],
    ['1\u202f234', 1234],
    ['12345,6', 12345.6],
    [',5', 0.5],
    ['9.007.199.254.740.991', 9007199254740991],
    ['\u22121.234,5', -1234.5],
    ['1,5e\u22123', 0.0015],
  ])('%s with a decimal comma', (text, value) => {
    expect(attribute({ column: 'a', as: 'number' }, { a: text }, { decimal: ',' })).toEqual({
      type: 'Property',
      value,
    });
  });

  test.each([
    '1.2345',
    '1.23.456',
    '1.23',
    '1234.567',
    '0.500',
    '1 234.567',
    '1.234 567',
    '1,2,3',
    '1.234e3',
    '1..234',
  ])('%s is no number with a decimal comma', (text) => {
    expect(attribute({ column: 'a', as: 'number' }, { a: text }, { decimal: ',' })).toBe(
      `a is "${text}", which is no number`,
    );
  });

  test.each(['1,234.5', '1 234', '0x1F', 'Infinity', 'NaN', '1e', '--1', '\u2013' + '1', '1_000', '٣'])(
    '%s is no number',
    (text) => {
      expect(attribute({ column: 'a', as: 'number' }, { a: text })).toBe(`a is "${text}", which is no number`);
    },
  );

  test('a number that is too large is none, in a place and in JSON too', () => {
    const flaw = /cannot be kept to its last digit: it is an integer beyond 2\^53, or too large$/;
    expect(attribute({ column: 'a', as: 'number' }, { a: '1e999' })).toMatch(flaw);
    expect(attribute({ longitude: 'a', latitude: 'a' }, { a: Infinity })).toMatch(flaw);
  });

  test.each<[string, JsonObject, Json]>([
    ['object.PM2.5', { object: { 'PM2.5': 7, PM2: { 5: 8 } } }, 7],
    ['object.PM2.5', { object: { PM2: { 5: 8 } } }, 8],
    ['object.PM2.5.avg', { object: { 'PM2.5': { avg: 9 } } }, 9],
    ['object.PM2.5.avg', { object: { 'PM2.5': { max: 1 }, PM2: { '5.avg': 2 } } }, 2],
    ['list.0.PM2.5', { list: [{ 'PM2.5': 3 }] }, 3],
    ['a.b', { 'a.b': 1, a: { b: 2 } }, 1],
  ])('%s of %j is %j', (column, row, value) => {
    expect(attribute({ column, as: 'number' }, row)).toEqual({ type: 'Property', value });
  });

  test('texts that stand for nothing are nothing', () => {
    expect(attribute({ column: 'a', as: 'number' }, { a: '-99' }, { empty: ['-99', 'NA'] })).toBeUndefined();
    expect(attribute({ column: 'a', as: 'number' }, { a: -99 }, { empty: ['-99', 'NA'] })).toBeUndefined();
    expect(attribute({ column: 'a', as: 'number' }, { a: -9 }, { empty: ['-99', 'NA'] })).toMatchObject({ value: -9 });
  });

  test('ids are percent-encoded', () => {
    expect(mapRow(map({}), { id: 'Broad Street/č', a: 'x' })).toMatchObject({ id: 'urn:t:Broad%20Street%2F%C4%8D' });
    expect(mapRow(map({}), { id: '', a: 'x' })).toEqual({ outcome: 'rejected', reason: 'a column of the id is empty' });
  });

  test('what is fixed is in the whole entity only, and bears no time', () => {
    const timed = map({
      history: true,
      observedAt: { column: 't', pattern: 'iso' },
      attributes: { a: { column: 'a' }, b: { column: 'b', fixed: true }, c: { constant: 1 } },
    });
    const mapped = mapRow(timed, { id: '1', t: '2026-03-02T08:00:00+01:00', a: 'x', b: 'y' });
    expect(mapped).toMatchObject({ outcome: 'entity' });
    const { whole = {}, part = {} } = mapped.outcome === 'entity' ? mapped : {};
    expect(whole).toMatchObject({
      type: 'T',
      a: { observedAt: '2026-03-02T07:00:00Z' },
      b: { type: 'Property', value: 'y' },
      c: { value: 1 },
    });
    expect(whole['b']).not.toHaveProperty('observedAt');
    expect(Object.keys(part).sort()).toEqual(['a', 'id']);
  });

  test('rows are skipped by what stands in a column', () => {
    const skipping = map({
      skip: [
        { column: 'n', is: ['0', 'x'] },
        { column: 'm', isEmpty: true },
      ],
    });
    const outcome = (row: JsonObject): string => mapRow(skipping, { id: '1', a: 'x', ...row }).outcome;
    expect([outcome({ n: 0, m: 'y' }), outcome({ n: '', m: 'y' }), outcome({ n: 1, m: '' })]).toEqual([
      'skipped',
      'entity',
      'skipped',
    ]);
  });
});

/** An instant, the earlier one of two. */
const timeOf = (pattern: string, zone: string, text: string): string =>
  createTimeReader(pattern, createTimeZone(zone))(text, (earlier) => earlier).instant;

describe('times', () => {
  test.each([
    ['yyyy-MM-dd', 'Z', '2026-03-02', '2026-03-02T00:00:00Z'],
    ['d.M.yyyy H:mm', 'Europe/Ljubljana', '2.3.2026 7:05', '2026-03-02T06:05:00Z'],
    ['dd/MM/yyyy HH:mm:ss', 'Europe/Ljubljana', '02/07/2026 07:05:09', '2026-07-02T05:05:09Z'],
    ['MM/dd/yyyy hh:mm:ss a', '-08:00', '12/31/2018 12:05:00 AM', '2018-12-31T08:05:00Z'],
    ['MM/dd/yyyy hh:mm a', 'Z', '12/31/2018 12:05 pm', '2018-12-31T12:05:00Z'],
    ['yy-M-d H:mm:ss', 'America/Denver', '19-10-5 6:00:02', '2019-10-05T12:00:02Z'],
    ['yyyy-MM-dd HH:mm:ss.S', 'Z', '2026-03-02 07:00:00.25', '2026-03-02T07:00:00.25Z'],
    ['yyyy-MM-ddTHH:mm:ssX', 'Europe/Ljubljana', '2026-03-02T07:00:00-0230', '2026-03-02T09:30:00Z'],
    ['iso', 'Europe/Ljubljana', '2026-03-02T07:00:00Z', '2026-03-02T07:00:00Z'],
    ['iso', 'Europe/Ljubljana', '2026-03-02 07:00', '2026-03-02T06:00:00Z'],
    ['iso', 'Z', '2026-03-02T07:00:00.123456789+01:00', '2026-03-02T06:00:00.123456Z'],
    ['epoch-s', 'Z', '1772434800.5', '2026-03-02T07:00:00.5Z'],
    ['epoch-ms', 'Z', '1772434800000', '2026-03-02T07:00:00Z'],
    ['epoch-s', 'Z', '\u221286400', '1969-12-31T00:00:00Z'],
    ['dd.MM.yyyy HH:mm', 'Europe/Ljubljana', '01.03.2026 24:00', '2026-03-01T23:00:00Z'],
    ['dd.MM.yyyy HH:mm:ss.S', 'Z', '31.12.2026 24:00:00.0', '2027-01-01T00:00:00Z'],
    ['dd.MM.yyyy H:mm', 'Europe/Ljubljana', '24.10.2026 24:00', '2026-10-24T22:00:00Z'],
    ['iso', 'Z', '2026-02-28T24:00:00+01:00', '2026-02-28T23:00:00Z'],
    ['iso', 'Z', '2026-03-02 07:00:00.5+00', '2026-03-02T07:00:00.5Z'],
    ['iso', 'Z', '2026-03-02T07:00:00\u221203:30', '2026-03-02T10:30:00Z'],
    ['yyyy-MM-dd', 'Z', '0025-01-02', '0025-01-02T00:00:00Z'],
    ['yyyy-MM-dd HH:mm:ss.S', 'Z', '9999-12-31 23:59:59.999999', '9999-12-31T23:59:59.999999Z'],
    ['yyyy-MM-dd HH:mm:ss.S', 'Z', '1960-12-31 23:59:59.000001', '1960-12-31T23:59:59.000001Z'],
    ['yyyy-MM-dd HH:mm', 'Asia/Kathmandu', '2026-03-02 05:45', '2026-03-02T00:00:00Z'],
    ['yyyy-MM-dd HH:mm', 'Australia/Lord_Howe', '2026-04-05 01:45', '2026-04-04T14:45:00Z'],
    ['yyyy-MM-dd HH:mm', 'Europe/Ljubljana', '2026-10-25 02:30', '2026-10-25T00:30:00Z'],
    ['yyyy-MM-dd HH:mm', 'Europe/Ljubljana', '2026-10-25 03:30', '2026-10-25T02:30:00Z'],
  ])('%s in %s: %s', (pattern, zone, text, instant) => {
    expect(timeOf(pattern, zone, text)).toBe(instant);
  });

  test.each([
    ['yyyy-MM-dd', 'Z', '2026-02-30', /no time that there is/],
    ['yyyy-MM-dd HH:mm', 'Z', '2026-02-03 24:01', /no time that there is/],
    ['yyyy-MM-dd', 'Z', '2.3.2026', /no time like yyyy-MM-dd/],
    ['yyyy-MM-dd HH:mm', 'Europe/Ljubljana', '2026-03-29 02:30', /does not exist in Europe\/Ljubljana/],
    ['epoch-s', 'Z', 'soon', /no number of seconds/],
    ['epoch-s', 'Z', '9999999999999999', /not in the years 0 to 9999/],
    ['epoch-ms', 'Z', 'soon', /no number of milliseconds/],
    ['dd.MM.yyyy HH:mm', 'Z', '01.03.2026 24:01', /no time that there is/],
    ['dd.MM.yyyy HH:mm:ss', 'Z', '01.03.2026 25:00:00', /no time that there is/],
    ['dd.MM.yyyy hh:mm a', 'Z', '01.03.2026 13:00 pm', /no time that there is/],
    ['dd.MM.yyyy HH:mm', 'Z', '31.12.9999 24:00', /not in the years 0 to 9999/],
    ['iso', 'Z', '2026-03-02T07:00:00+25:00', /the offset \+25:00/],
  ])('%s in %s: %s is flawed', (pattern, zone, text, message) => {
    expect(() => timeOf(pattern, zone, text)).toThrow(message);
  });
});

describe('maps', () => {
  test.each(readdirSync(new URL('../../../examples/maps', import.meta.url)))('the example %s can be used', (name) => {
    const document = JSON.parse(
      readFileSync(new URL(`../../../examples/maps/${name}`, import.meta.url), 'utf8'),
    ) as Json;
    expect(readImportMap(document).attributes.length).toBeGreaterThan(0);
  });

  test.each<[string, JsonObject, RegExp]>([
    ['no type', { type: 1 }, /^type must be a text, not 1\.$/],
    ['an attribute __proto__', { attributes: { ['__proto__']: { column: 'a' } } }, /__proto__ cannot be the name/],
    ['no attributes', { attributes: {} }, /at least one attribute/],
    ['an unknown member', { atributes: {} }, /^atributes is not known here\. There can be: .*attributes/],
    [
      'an unknown member of an attribute',
      { attributes: { a: { colum: 'x' } } },
      /^attributes\.a must have column, template/,
    ],
    [
      'one member too many',
      { attributes: { a: { column: 'x', unit: 'C' } } },
      /^attributes\.a\.unit is not known here/,
    ],
    [
      'an unknown sort',
      { attributes: { a: { column: 'x', as: 'float' } } },
      /^attributes\.a\.as must be one of text, number/,
    ],
    [
      'an unknown kind',
      { attributes: { a: { column: 'x', kind: 'Prop' } } },
      /^attributes\.a\.kind must be one of Property/,
    ],
    ['history without time', { history: true }, /needs observedAt/],
    ['an unknown zone', { timeZone: 'Europe/Kranj' }, /no time zone Europe\/Kranj/],
    ['no pattern of a time', { observedAt: { column: 't', pattern: 'YYYY' } }, /no pattern of a time/],
    [
      'a pattern that names a part twice',
      { observedAt: { column: 't', pattern: 'yyyy-MM-dd H:mm-H:mm' } },
      /it has H twice\. Each part of a time is read once/,
    ],
    [
      'a pattern that names a part in two ways',
      { observedAt: { column: 't', pattern: 'yyyy-MM-dd M' } },
      /it has both MM and M/,
    ],
    [
      'a pattern with a part that there is not',
      { observedAt: { column: 't', pattern: 'yyyy-MM-dd HH:mm:ss.SSS' } },
      /"SSS" is none of yyyy yy/,
    ],
    ['an offset that there is not', { timeZone: '+25:00' }, /no time zone \+25:00/],
    ['no decimal sign', { decimal: ';' }, /^decimal must be/],
    ['a rule that never holds', { skip: [{ column: 'x' }] }, /^skip\[0\] must have is or isEmpty/],
  ])('%s is refused', (_, members, message) => {
    expect(() => map(members)).toThrow(message);
  });

  test('what is no object is no map', () => {
    expect(() => readImportMap([])).toThrow('The document must be an object, not [].');
  });
});
