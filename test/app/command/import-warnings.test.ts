/** Tests that an import into a broker that only warns tells how many accepted values break which rule of a data model. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { importFile } from '../../../src/app/command/import.ts';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import { contextOf, mapPath, run, type Run, type TestBroker, startTestBroker } from './test-broker.ts';

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker(['--models', 'warn,ParkingSpot=reject']);
});
afterAll(() => broker.stop());

const parking = 'https://smartdatamodels.org/dataModel.Parking/OffStreetParking';
const minute = (count: number): string => new Date(Date.UTC(2026, 0, 1, 0, count)).toISOString();

function load(name: string, map: JsonObject, rows: readonly string[]): Promise<Run> {
  const [file, mapFile] = [join(broker.folder, `${name}.csv`), join(broker.folder, `${name}.json`)];
  writeFileSync(file, `${rows.join('\n')}\n`);
  writeFileSync(mapFile, JSON.stringify(map));
  return run(importFile, [file, '--map', mapFile, '--url', broker.url]);
}

const parks = (history: boolean): JsonObject => ({
  type: 'OffStreetParking',
  context: 'https://smart-data-models.mlaka.si/parking/context.jsonld',
  id: 'urn:ngsi-ld:OffStreetParking:{park}',
  observedAt: { column: 'time', pattern: 'iso' },
  history,
  attributes: {
    name: { column: 'park', fixed: true },
    occupancy: { column: 'share', as: 'number' },
    totalSpotNumber: { column: 'spots', as: 'integer' },
  },
});

test('a file of measurements: as many values as the broker rejects in the other mode', async () => {
  const file = join(broker.folder, 'birmingham-car-parks.csv');
  const { code, out } = await run(importFile, [file, '--map', mapPath('birmingham-car-parks'), '--url', broker.url]);
  expect({ code, rows: out.split('\n')[0] }).toEqual({
    code: 0,
    rows: '150 rows: 150 accepted, 0 skipped, 0 rejected.',
  });
  expect(out).toContain('Accepted values break rules of data models:\n');
  const counts = [...out.matchAll(/^ {2}(\d+) × \S+: attribute occupancy must be [<>]= \d, such as (\S+) of (\S+)$/gm)];
  expect(counts.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(12);
  expect(counts.map(([, , , id]) => id).every((id) => id?.startsWith('urn:ngsi-ld:OffStreetParking:'))).toBe(true);
});

test.each([
  ['entities', false],
  ['measurements', true],
])('rows that are %s: each value once, whatever the number of requests', async (name, history) => {
  const rows = Array.from(
    { length: 2500 },
    (_, row) => `${name}${row % 2},${minute(row)},${row % 5 === 0 ? 7 : 0.5},9`,
  );
  const { code, out } = await load(name, parks(history), ['park,time,share,spots', ...rows, `x,${minute(1)},0.5,-1`]);
  expect(code).toBe(0);
  expect(out.split('\n').slice(1)).toEqual([
    'Accepted values break rules of data models:',
    `  500 × ${parking}: attribute occupancy must be <= 1, such as 7 of urn:ngsi-ld:OffStreetParking:${name}0`,
    `  1 × ${parking}: attribute totalSpotNumber must be >= 0, such as -1 of urn:ngsi-ld:OffStreetParking:x`,
    '',
  ]);
});

test('rows that are sent again because others of their entity were refused count once', async () => {
  const rows = Array.from({ length: 2500 }, (_, row) => `again,${minute(row)},${row % 5 === 0 ? 7 : 0.5},9`);
  rows[1200] = `again,${minute(1200)},7,9007199254740993`;
  const { code, out } = await load('again', parks(true), ['park,time,share,spots', ...rows]);
  expect(code).toBe(1);
  expect(out).toContain('2500 rows: 2499 accepted, 0 skipped, 1 rejected.');
  expect(out).toContain(`  499 × ${parking}: attribute occupancy must be <= 1, such as 7 of `);
});

test('nothing is told when no value breaks a rule', async () => {
  const { out } = await load('good', parks(false), ['park,time,share,spots', `good,${minute(1)},0.5,9`]);
  expect(out).toBe('1 rows: 1 accepted, 0 skipped, 0 rejected.\n');
});

/** Sends a batch, by default with the wish for warnings. */
async function send(path: string, body: Json, prefer = 'model-warnings'): Promise<{ status: number; body: Json }> {
  const response = await fetch(`${broker.url}/ngsi-ld/v1/${path}`, {
    method: 'POST',
    headers: { ...contextOf('parking'), 'Content-Type': 'application/json', ...(prefer ? { Prefer: prefer } : {}) },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : (JSON.parse(text) as Json) };
}

const id = 'urn:ngsi-ld:OffStreetParking:batch';
const park = (occupancy: Json, name = id): JsonObject => ({
  id: name,
  type: 'OffStreetParking',
  name: { value: 'Batch' },
  location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14.35, 46.24] } },
  totalSpotNumber: { value: 10 },
  occupancy: { value: occupancy, observedAt: minute(0) },
});
const warning = (values: number, value: string, entityId = id): JsonObject => ({
  type: parking,
  attribute: 'occupancy',
  rule: 'must be <= 1',
  values,
  example: { entityId, value },
});

test.each([
  ['entityOperations/create', park(2)],
  ['entityOperations/upsert', park(2)],
  ['entityOperations/upsert?options=update,keepNewest', park(2)],
  ['entityOperations/update', { id, occupancy: { value: 2 } }],
  ['entityOperations/merge', { id, occupancy: { value: 2 } }],
  ['temporal/entityOperations/upsert', park(2)],
])('%s answers a client that wants them with the warnings, others as always', async (path, element) => {
  const wished = await send(path, [element]);
  expect(wished).toEqual({ status: 200, body: { success: [id], errors: [], modelWarnings: [warning(1, '2')] } });
  if (path === 'entityOperations/create') return;
  expect(await send(path, [element], '')).toEqual({ status: 204, body: null });
});

test('values of refused elements are not counted, and the refusals are told as always', async () => {
  const spot = { id: 'urn:ngsi-ld:ParkingSpot:1', type: 'ParkingSpot', status: { value: 'perhaps' } };
  const wrong = { ...park(3), other: { type: 'Nothing', value: 1 } };
  const { status, body } = await send('entityOperations/upsert', [park(4), spot, wrong, park(5)]);
  expect(status).toBe(207);
  expect(body).toMatchObject({
    success: [id],
    errors: [{ entityId: spot.id }, { entityId: id }],
    modelWarnings: [warning(2, '4')],
  });
  expect((await send('entityOperations/create', [park(6)])).body).not.toHaveProperty('modelWarnings');
});

test('an answer has 100 rules at most; values that break others are counted together', async () => {
  // The rule says which place of a list is wrong.
  const rows = Array.from({ length: 150 }, (_, row) => ({
    ...park(0.5, `${id}${row}`),
    category: { value: Array.from({ length: row + 1 }, (_none, at) => (at === row ? 'odd' : 'public')) },
  }));
  const { status, body } = await send('entityOperations/upsert', rows);
  expect(status).toBe(200);
  const { modelWarnings } = body as { modelWarnings: JsonObject[] };
  expect(modelWarnings).toHaveLength(101);
  expect(modelWarnings[0]).toMatchObject({ type: parking, rule: 'other rules', values: 50 });
});
