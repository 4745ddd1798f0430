/** Tests the @context of imported rows: that of the map, else the default of the broker, also in a tenant that does not exist yet. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { importFile } from '../../../src/app/command/import.ts';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { contextOf, run, type TestBroker, startTestBroker } from './test-broker.ts';

const urlOf = (family: string): string => `https://smart-data-models.mlaka.si/${family}/context.jsonld`;

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker(['--default-context', `${urlOf('environment')},parking=${urlOf('parking')}`]);
});
afterAll(() => broker.stop());

const rows = 'n,time,value\n1,2026-03-01 08:00:00,7\n1,2026-03-01 09:00:00,8\n';

async function load(name: string, map: JsonObject, args: readonly string[] = []): Promise<void> {
  const [file, mapFile] = ['csv', 'json'].map((end) => join(broker.folder, `${name}.${end}`));
  writeFileSync(file ?? '', rows);
  writeFileSync(
    mapFile ?? '',
    JSON.stringify({
      type: 'Thing',
      id: `urn:${name}:{n}`,
      observedAt: { column: 'time', pattern: 'yyyy-MM-dd HH:mm:ss' },
      ...map,
    }),
  );
  const { out } = await run(importFile, [file ?? '', '--map', mapFile ?? '', '--url', broker.url, ...args]);
  expect(out).toBe('2 rows: 2 accepted, 0 skipped, 0 rejected.\n');
}

/** The names of the attributes of what was loaded. */
async function namesIn(name: string, headers: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const [entity = {}] = await broker.get(`/entities?id=urn:${name}:1&options=simplified&type=Thing,${thing}`, headers);
  return Object.keys(entity).filter((one) => !['id', 'type'].includes(one));
}

const thing = encodeURIComponent('https://uri.etsi.org/ngsi-ld/default-context/Thing');
const core = {
  Link: '<https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld>; rel="http://www.w3.org/ns/json-ld#context"',
};

test.each([
  ['entities', false],
  ['histories', true],
])('%s whose map names none are in the @context of their tenant', async (what, history) => {
  await load(`own-${what}`, { history, attributes: { pm10: { column: 'value', as: 'number' } } });
  expect(await namesIn(`own-${what}`, core)).toEqual(['https://smartdatamodels.org/dataModel.Environment/pm10']);
  const tenant = ['--tenant', 'parking'];
  const headers = { 'NGSILD-Tenant': 'parking' };
  await load(
    `other-${what}`,
    { history, attributes: { availableSpotNumber: { column: 'value', as: 'number' } } },
    tenant,
  );
  expect(await namesIn(`other-${what}`, { ...headers, ...contextOf('parking') })).toEqual(['availableSpotNumber']);
  expect(await namesIn(`other-${what}`, { ...headers, ...core })).not.toEqual(['availableSpotNumber']);
});

test('a map that names one is in it', async () => {
  const map = { context: urlOf('parking'), attributes: { availableSpotNumber: { column: 'value', as: 'number' } } };
  await load('named', map);
  expect(await namesIn('named', contextOf('parking'))).toEqual(['availableSpotNumber']);
  expect(await namesIn('named', core)).not.toEqual(['availableSpotNumber']);
});
