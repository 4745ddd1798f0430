/** Tests the import of measurements: all of them reach the history, however few requests carry them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { importFile } from '../../../src/app/command/import.ts';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import { contextOf, run, type Run, type TestBroker, startTestBroker } from './test-broker.ts';

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker();
});
afterAll(() => broker.stop());

async function load(name: string, map: JsonObject, lines: readonly string[], at = broker): Promise<Run> {
  const file = join(at.folder, name);
  writeFileSync(file, `${lines.join('\n')}\n`);
  writeFileSync(`${file}.map.json`, JSON.stringify(map));
  return run(importFile, [file, '--map', `${file}.map.json`, '--url', at.url]);
}

/** The numbers of the rows that were rejected. */
const rejectedIn = (name: string, at = broker): readonly Json[] =>
  readFileSync(join(at.folder, `${name}.rejected.ndjson`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { row: number }).row);

/** The observed history of an entity in the normalized representation, without the names of instances. */
async function history(id: string, headers: Readonly<Record<string, string>> = {}): Promise<JsonObject> {
  const path = `/temporal/entities/${id}?timerel=after&timeAt=1990-01-01T00:00:00Z`;
  const entity: Json = await broker.get(path, headers);
  return JSON.parse(
    JSON.stringify(entity, (member, value: Json) => (member === 'instanceId' ? undefined : value)),
  ) as JsonObject;
}

/** The values of an attribute of a car park, with their times. */
async function series(id: string, name: string): Promise<Json> {
  const part = `attrs=${name}&timerel=after&timeAt=1990-01-01T00:00:00Z`;
  const path = `/temporal/entities/${id}?${part}&format=temporalValues`;
  const entity: Json = await broker.get(path, parkingNames);
  return (entity as unknown as Record<string, { values: Json }>)[name]?.values ?? null;
}

const parkingNames = contextOf('parking');

const minute = (number: number): string =>
  new Date(Date.UTC(2026, 0, 1, 0, number)).toISOString().replace('.000Z', 'Z');

const everyKind: JsonObject = {
  type: 'Bus',
  id: 'urn:ngsi-ld:Bus:{bus}',
  observedAt: { column: 'time', pattern: 'iso' },
  history: true,
  attributes: {
    maker: { constant: 'TAM' },
    speed: { column: 'speed', as: 'number', unitCode: 'KMH' },
    line: { column: 'line' },
    at: { kind: 'GeoProperty', longitude: 'east', latitude: 'north' },
    near: { kind: 'Relationship', column: 'stop' },
    display: { column: 'display', language: 'sl' },
    doors: { members: { open: { column: 'open', as: 'boolean' } } },
  },
};

test('every kind of attribute is recorded as the map says it', async () => {
  const { out } = await load('kinds.csv', everyKind, [
    'bus,time,speed,line,east,north,stop,display,open',
    `1,${minute(0)},12.5,5,14.35,46.24,urn:ngsi-ld:Stop:1,Planina,yes`,
    `2,${minute(0)},,,,,,,`,
    `1,${minute(2)},0,5,14.36,46.25,urn:ngsi-ld:Stop:2,Zlato polje,no`,
    `1,${minute(1)},30,,14.37,46.26,,Center,`,
  ]);
  expect(out).toBe('4 rows: 4 accepted, 0 skipped, 0 rejected.\n');
  const of = (type: string, member: string, values: readonly (readonly [Json, number])[], beside = {}): Json =>
    values.map(([value, time]) => ({ type, [member]: value, ...beside, observedAt: minute(time) }));
  const point = (east: number, north: number): Json => ({ type: 'Point', coordinates: [east, north] });
  expect(await history('urn:ngsi-ld:Bus:1')).toEqual({
    id: 'urn:ngsi-ld:Bus:1',
    type: 'Bus',
    speed: of(
      'Property',
      'value',
      [
        [12.5, 0],
        [30, 1],
        [0, 2],
      ],
      { unitCode: 'KMH' },
    ),
    line: of('Property', 'value', [
      ['5', 0],
      ['5', 2],
    ]),
    at: of('GeoProperty', 'value', [
      [point(14.35, 46.24), 0],
      [point(14.37, 46.26), 1],
      [point(14.36, 46.25), 2],
    ]),
    near: of('Relationship', 'object', [
      ['urn:ngsi-ld:Stop:1', 0],
      ['urn:ngsi-ld:Stop:2', 2],
    ]),
    display: of('LanguageProperty', 'languageMap', [
      [{ sl: 'Planina' }, 0],
      [{ sl: 'Center' }, 1],
      [{ sl: 'Zlato polje' }, 2],
    ]),
    doors: of('Property', 'value', [
      [{ open: true }, 0],
      [{ open: false }, 2],
    ]),
  });
  const buses = await broker.get('/entities?type=Bus&attrs=maker,speed,display');
  expect(buses).toEqual([
    {
      id: 'urn:ngsi-ld:Bus:1',
      type: 'Bus',
      maker: { type: 'Property', value: 'TAM' },
      speed: { type: 'Property', value: 0, unitCode: 'KMH', observedAt: minute(2) },
      display: { type: 'LanguageProperty', languageMap: { sl: 'Zlato polje' }, observedAt: minute(2) },
    },
    { id: 'urn:ngsi-ld:Bus:2', type: 'Bus', maker: { type: 'Property', value: 'TAM' } },
  ]);
});

const parking: JsonObject = {
  type: 'OffStreetParking',
  context: 'https://smart-data-models.mlaka.si/parking/context.jsonld',
  id: 'urn:ngsi-ld:OffStreetParking:{park}',
  observedAt: { column: 'time', pattern: 'iso' },
  history: true,
  attributes: {
    totalSpotNumber: { column: 'spots', as: 'integer', fixed: true },
    occupancy: { column: 'share', as: 'number' },
  },
};

test('rows that the broker refuses are told one by one, among thousands; of those at one time the last counts', async () => {
  const lines = ['park,spots,time,share'];
  for (let row = 1; row <= 2500; row += 1) {
    const park = row % 5 === 0 ? 'few' : 'many';
    const share = row === 1 || row === 1702 || row === 1800 ? 7 : row / 10_000;
    lines.push(`${park},${row === 2 ? 300 : 400},${minute(row)},${share}`);
  }
  lines.push(`many,400,${minute(1703)},0.5`, `many,400,${minute(1703)},0.75`, `few,400,${minute(5)},1`);
  const { out } = await load('many.csv', parking, lines);
  expect(out).toContain('2503 rows: 2500 accepted, 0 skipped, 3 rejected.');
  expect(rejectedIn('many.csv')).toEqual([1, 1702, 1800]);

  for (const [park, rejected, changed] of [
    ['many', [1, 1702], [1703, 0.75]],
    ['few', [1800], [5, 1]],
  ] as const) {
    const kept = Array.from({ length: 2500 }, (_, index) => index + 1).filter(
      (row) => (row % 5 === 0) === (park === 'few') && !rejected.some((one) => one === row),
    );
    const shares = kept.map((row) => [row === changed[0] ? changed[1] : row / 10_000, minute(row)]);
    expect(await series(`urn:ngsi-ld:OffStreetParking:${park}`, 'occupancy')).toEqual(shares);
  }
  // What is fixed came with the first row that was taken.
  const parks = await broker.get(
    '/entities?type=OffStreetParking&options=keyValues&attrs=totalSpotNumber',
    parkingNames,
  );
  expect(parks.map(({ id, totalSpotNumber }) => [id, totalSpotNumber]).sort()).toEqual([
    ['urn:ngsi-ld:OffStreetParking:few', 400],
    ['urn:ngsi-ld:OffStreetParking:many', 300],
  ]);
});

test('an entity of which nothing fixed is accepted is told row by row, and is not left out of the account', async () => {
  const lines = [
    'park,spots,time,share',
    `none,-1,${minute(1)},0.5`,
    `none,-1,${minute(2)},0.5`,
    `some,9,${minute(1)},0.5`,
  ];
  const { out } = await load('none.csv', parking, lines);
  expect(out).toContain('3 rows: 1 accepted, 0 skipped, 2 rejected.');
  expect(rejectedIn('none.csv')).toEqual([1, 2]);
});

test('what is too large for one request goes in several, and a row that is too large alone is rejected', async () => {
  const tight = await startTestBroker(['--body-bytes-max', '100000']);
  try {
    const { type, observedAt } = everyKind;
    const map = {
      type,
      id: 'urn:ngsi-ld:Bus:{bus}',
      observedAt,
      history: true,
      attributes: { line: { column: 'line' } },
    };
    const lines = Array.from({ length: 60 }, (_, row) => {
      const line = 'x'.repeat(row === 7 ? 150_000 : 10_000);
      return JSON.stringify({ bus: row % 2, time: minute(row), line });
    });
    const { out } = await load('large.ndjson', map as JsonObject, lines, tight);
    expect(out).toContain('60 rows: 59 accepted, 0 skipped, 1 rejected.');
    expect(rejectedIn('large.ndjson', tight)).toEqual([8]);
    const found = await tight.get(
      '/temporal/entities?type=Bus&format=temporalValues&attrs=line&timerel=after&timeAt=1990-01-01T00:00:00Z',
    );
    expect(found.map(({ line }) => (line as { values: Json[] }).values.length)).toEqual([30, 29]);
  } finally {
    await tight.stop();
  }
});
