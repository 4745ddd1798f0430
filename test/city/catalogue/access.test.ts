/** Tests that the catalogue and its files show what the caller may read, where access is required. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { startTestBroker, type TestBroker } from '../../scenario/scenario.ts';
import { airDataset, datasetLike, writeEntities } from './city-datasets.ts';

let broker: TestBroker;
let administrator: Readonly<Record<string, string>>;

const environment = 'https://smart-data-models.mlaka.si/environment/context.jsonld';
const base = 'https://smartdatamodels.org/dataModel';

const station: JsonObject = {
  '@context': environment,
  id: 'urn:ngsi-ld:AirQualityObserved:1',
  type: 'AirQualityObserved',
  pm10: { type: 'Property', value: 21, observedAt: '2026-03-01T08:00:00Z' },
  reliability: { type: 'Property', value: 0.5 },
};

const get = (path: string, headers: Readonly<Record<string, string>> = {}) => fetch(broker.url + path, { headers });

async function grant(body: JsonObject): Promise<void> {
  const response = await fetch(`${broker.url}/ngsi-ld/v1/access/grants`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...administrator },
    body: JSON.stringify({ to: 'public', ...body }),
  });
  expect([response.status, await response.text()]).toEqual([201, '']);
}

beforeAll(async () => {
  broker = await startTestBroker(['--store', 'memory', '--access', 'required']);
  const key = readFileSync(join(broker.folder, 'administrator.key'), 'utf8').trim();
  administrator = { Authorization: `Bearer ${key}` };
  const datasets = [
    airDataset,
    datasetLike('restricted', { accessRights: 'RESTRICTED' }),
    datasetLike('history', { content: 'history' }),
  ];
  await writeEntities(broker.url, [...datasets, station], administrator);
});
afterAll(() => broker.stop());

test('without a grant for everybody, anonymous callers get neither catalogue nor files', async () => {
  for (const path of ['/dcat/catalog', '/dcat/dataset/air-quality', '/data/air-quality.csv'])
    expect([path, (await get(path)).status]).toEqual([path, 401]);
});

test('with one, they get the datasets and the attributes that it covers, which shared caches may keep', async () => {
  await grant({ operations: ['read'], types: [`${base}.DCAT-AP/Dataset`] });
  const catalogue = await get('/dcat/catalog');
  expect([catalogue.status, catalogue.headers.get('Cache-Control')]).toEqual([200, 'public, max-age=60']);
  expect(await catalogue.text()).toContain('/dcat/dataset/air-quality>');
  expect(await (await get('/data/air-quality.csv')).text()).toBe('id,type\r\n');
  const tag = (await get('/data/air-quality.csv')).headers.get('ETag') ?? '';
  await grant({
    operations: ['read'],
    types: [`${base}.Environment/AirQualityObserved`],
    attrs: [`${base}.Environment/pm10`],
  });
  const file = await get('/data/air-quality.csv', { 'If-None-Match': tag });
  expect([file.status, (await file.text()).split('\r\n')[0]]).toEqual([200, 'id,type,observedAt,pm10']);
});

test('restricted datasets and histories stay for those with a right to them', async () => {
  expect((await get('/data/restricted.csv')).status).toBe(404);
  expect((await get('/data/history.csv')).status).toBe(401);
  expect(await (await get('/dcat/catalog')).text()).not.toContain('restricted');
  const restricted = await get('/data/restricted.csv', administrator);
  expect([restricted.status, restricted.headers.get('Cache-Control')]).toEqual([200, 'private, no-cache']);
  expect((await restricted.text()).split('\r\n')[0]).toBe('id,type,observedAt,pm10,reliability');
  expect((await get('/data/history.csv', administrator)).status).toBe(200);
});
