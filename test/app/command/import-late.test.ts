/** Tests rows and files in any order of time: the newest value becomes the current one, the others become history. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { importFile } from '../../../src/app/command/import.ts';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { run, type TestBroker, startTestBroker } from './test-broker.ts';

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker();
});
afterAll(() => broker.stop());

const map: JsonObject = {
  type: 'T',
  id: 'urn:x:{id}',
  observedAt: { column: 't', pattern: 'iso' },
  attributes: { v: { column: 'v', as: 'number' }, w: { column: 'w', as: 'number' } },
};

async function load(name: string, text: string, args: readonly string[] = []): Promise<void> {
  const file = join(broker.folder, name);
  writeFileSync(file, text);
  writeFileSync(`${file}.map`, JSON.stringify(map));
  const mapped = name.endsWith('.csv') ? ['--map', `${file}.map`] : [];
  expect(await run(importFile, [file, ...mapped, '--url', broker.url, ...args])).toMatchObject({ code: 0 });
}

/** A file of rows: entity, hour, value of v, value of w. */
const loadRows = (name: string, rows: readonly string[], args: readonly string[] = []): Promise<void> =>
  load(name, ['id,t,v,w', ...rows.map((row) => row.replace(/,(\d+),/, ',2026-01-01T0$1:00:00Z,'))].join('\n'), args);

/** Values of an attribute by the hour: the present one, and all. */
async function seen(id: string, name: string): Promise<{ present: unknown; past: unknown }> {
  const entity = (await broker.get(`/entities/urn:x:${id}`)) as unknown as Record<string, JsonObject>;
  const temporal = `/temporal/entities/urn:x:${id}?attrs=${name}&timerel=after&timeAt=1990-01-01T00:00:00Z&format=temporalValues`;
  const told = (await broker.get(temporal)) as unknown as Record<string, { values: [number, string][] }>;
  const hourOf = (time: unknown): number => Number(String(time).slice(11, 13));
  const past = (told[name]?.values ?? []).map(([value, time]) => [hourOf(time), value]);
  return {
    present: [hourOf(entity[name]?.['observedAt']), entity[name]?.['value']],
    past: past.sort(([a = 0], [b = 0]) => a - b),
  };
}

test.each([
  ['newest first', ['3,30,', '2,20,', '1,10,'], []],
  ['oldest first', ['1,10,', '2,20,', '3,30,'], []],
  ['mixed', ['2,20,', '3,30,', '1,10,'], []],
  ['newest first, each row in a batch of its own', ['3,30,', '2,20,', '1,10,'], ['--batch', '1']],
])('rows of one entity, %s', async (order, rows, args) => {
  const id = order.replaceAll(/\W/g, '');
  await loadRows(
    `${id}.csv`,
    rows.map((row) => `${id},${row}`),
    args,
  );
  expect(await seen(id, 'v')).toEqual({
    present: [3, 30],
    past: [
      [1, 10],
      [2, 20],
      [3, 30],
    ],
  });
});

test('each attribute has a newest row of its own', async () => {
  await loadRows('apart.csv', ['apart,3,30,', 'apart,2,20,200', 'apart,1,,100']);
  expect(await seen('apart', 'v')).toMatchObject({ present: [3, 30] });
  expect(await seen('apart', 'w')).toEqual({
    present: [2, 200],
    past: [
      [1, 100],
      [2, 200],
    ],
  });
});

test('a second file that is older, and one that is newer, in any order', async () => {
  await loadRows('second.csv', ['files,5,50,', 'files,6,60,']);
  await loadRows('older.csv', ['files,2,20,', 'files,1,10,']);
  expect(await seen('files', 'v')).toMatchObject({ present: [6, 60] });
  await loadRows('newer.csv', ['files,8,80,', 'files,7,70,']);
  expect(await seen('files', 'v')).toEqual({
    present: [8, 80],
    past: [1, 2, 5, 6, 7, 8].map((hour) => [hour, hour * 10]),
  });
});

test('a row of the same time replaces the one before it, present or past', async () => {
  await loadRows('same.csv', ['same,2,20,', 'same,1,10,', 'same,2,21,', 'same,1,11,']);
  expect(await seen('same', 'v')).toEqual({
    present: [2, 21],
    past: [
      [1, 11],
      [2, 21],
    ],
  });
});

test('entities of a file without a map: instances keep their order each for itself', async () => {
  const entity = (hour: number, value: number): string =>
    JSON.stringify({
      id: 'urn:x:whole',
      type: 'T',
      v: [
        { type: 'Property', value, observedAt: `2026-01-01T0${hour}:00:00Z` },
        { type: 'Property', value: -value, datasetId: 'urn:d:1', observedAt: `2026-01-01T0${9 - hour}:00:00Z` },
      ],
      plain: { type: 'Property', value },
    });
  await load('whole.ndjson', `${entity(3, 30)}\n${entity(2, 20)}\n`);
  const whole: unknown = await broker.get('/entities/urn:x:whole?format=concise');
  expect(whole).toMatchObject({
    v: [
      { value: 30, observedAt: '2026-01-01T03:00:00Z' },
      { value: -20, observedAt: '2026-01-01T07:00:00Z', datasetId: 'urn:d:1' },
    ],
    plain: 20,
  });
});
