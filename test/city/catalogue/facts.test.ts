/** Tests what the broker tells data officers of their datasets, and which data nobody has described. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { startTestBroker, type TestBroker, testedStores } from '../../scenario/scenario.ts';
import { airDataset, datasetLike, writeEntities } from './city-datasets.ts';

const environment = 'https://smart-data-models.mlaka.si/environment/context.jsonld';
const base = 'https://smartdatamodels.org/dataModel.Environment';

const station = (n: number, hour: number, more: JsonObject = {}): JsonObject => ({
  '@context': environment,
  id: `urn:ngsi-ld:AirQualityObserved:${n}`,
  type: 'AirQualityObserved',
  location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14 + n, 46 + n] } },
  pm10: { type: 'Property', value: 20, unitCode: 'GQ', observedAt: `2026-03-01T0${hour}:00:00Z` },
  ...more,
});

interface Facts {
  readonly count: number;
  readonly datasets: readonly JsonObject[];
  readonly undescribed: readonly JsonObject[];
}

describe.each(testedStores)('facts of datasets (%s)', (store) => {
  let broker: TestBroker;
  const read = async (query = ''): Promise<Facts> => {
    const response = await fetch(`${broker.url}/dcat/facts${query}`);
    expect(response.status).toBe(200);
    return (await response.json()) as Facts;
  };
  beforeAll(async () => {
    broker = await startTestBroker(['--store', store]);
    await writeEntities(broker.url, [
      airDataset,
      datasetLike('broken', { query: 'a==' }),
      station(1, 1, {
        temperature: { type: 'Property', value: 5, unitCode: 'CEL', observedAt: '2026-03-01T01:00:00Z' },
      }),
      station(2, 1, { relativeHumidity: { type: 'Property', value: 44 } }),
      { '@context': environment, id: 'urn:x:tram:1', type: 'Tram', speed: { type: 'Property', value: 1 } },
    ]);
    for (const hour of [2, 3, 4]) await writeEntities(broker.url, [station(1, hour)]);
  });
  afterAll(() => broker.stop());

  test('attributes with units and completeness, extent in space and time, update rate, broken rules', async () => {
    const { datasets } = await read('?dataset=air-quality');
    expect(datasets).toHaveLength(1);
    const [facts] = datasets;
    expect(facts).toMatchObject({
      slug: 'air-quality',
      isPublic: true,
      missing: ['The purpose.', 'The retention period.'],
      entities: 2,
      isWhole: true,
      types: [{ name: 'AirQualityObserved', iri: `${base}/AirQualityObserved` }],
      bbox: [15, 47, 16, 48],
      temporal: { from: '2026-03-01T01:00:00Z' },
      updates: { promisedSeconds: 3600, measuredSeconds: 3600, isKept: true },
      rulesBroken: { entities: 1, rules: [{ attribute: 'relativeHumidity', rule: 'must be <= 1', entities: 1 }] },
    });
    expect(facts?.['attributes']).toEqual(
      expect.arrayContaining([
        { name: 'pm10', iri: `${base}/pm10`, completeness: 1, units: ['GQ'] },
        { name: 'relativeHumidity', iri: expect.any(String), completeness: 0.5, units: [] },
      ]),
    );
    expect(facts).not.toHaveProperty('users');
  });

  test('types that belong to no dataset are listed, and what is wrong with a description is told', async () => {
    const { undescribed, datasets, count } = await read();
    expect(undescribed).toEqual([
      { type: expect.stringMatching(/Tram$/), name: 'Tram', entities: 1, attributes: expect.any(Array) },
    ]);
    expect(count).toBe(2);
    expect(datasets[1]).toMatchObject({ slug: 'broken', problem: expect.stringContaining('q') });
    expect((await read('?limit=1&offset=1')).datasets.map(({ slug }) => slug)).toEqual(['broken']);
  });

  const preview = (members: JsonObject): Promise<Response> =>
    fetch(`${broker.url}/dcat/preview`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(members),
    });

  test('a preview shows the columns and rows that would leave, and stores nothing', async () => {
    const response = await preview(datasetLike('preview', { attributeNames: ['pm10'] }));
    const shown = (await response.json()) as JsonObject;
    expect(shown).toMatchObject({ slug: 'preview', isPublic: true, entities: 2, attributes: 1 });
    expect(shown['columns']).toMatchObject([
      { name: 'id' },
      { name: 'type' },
      { name: 'observedAt', datatype: 'dateTime' },
      { name: 'pm10', 'schema:unitCode': 'GQ', 'dc:description': expect.any(String) },
    ]);
    const file = await (await fetch(`${broker.url}/data/air-quality.csv`)).text();
    expect((shown['rows'] as string[][]).map((cells) => cells[0])).toEqual(
      file
        .trim()
        .split('\r\n')
        .slice(1)
        .map((line) => line.split(',')[0]),
    );
    expect((await fetch(`${broker.url}/data/preview.csv`)).status).toBe(404);
  });

  test('a preview says at which attribute something is wrong', async () => {
    const { title: _, ...untitled } = datasetLike('worse', {
      slug: 'air-quality',
      license: 'as you like',
      personalData: 'personal',
    });
    const { findings, isPublic } = (await (await preview(untitled)).json()) as JsonObject;
    expect(isPublic).toBe(false);
    expect(findings).toEqual(
      expect.arrayContaining([
        { severity: 'fault', term: 'title', rule: 'missing', message: 'A dataset needs a title.' },
        { severity: 'fault', term: 'slug', rule: 'taken', message: 'Another dataset has the name air-quality.' },
        { severity: 'warning', term: 'license', rule: 'missing', message: 'A licence that is an IRI.' },
        expect.objectContaining({ rule: 'heldBack' }),
      ]),
    );
    const terms = (findings as JsonObject[]).map(({ term }) => term);
    expect(new Set(terms).size).toBe(terms.length);
  });

  test('a preview takes the dataset itself again, and refuses what is none', async () => {
    expect(await (await preview(airDataset)).json()).toMatchObject({
      slug: 'air-quality',
      findings: expect.any(Array),
    });
    expect((await preview({ ...airDataset, type: 'Agent' })).status).toBe(400);
    expect((await preview({ id: 'urn:x:1' })).status).toBe(400);
    const broken = (await (await preview(datasetLike('q', { query: 'a==' }))).json()) as JsonObject;
    expect(broken['problem']).toContain('q');
  });

  test.each([
    ['?dataset=nothing', 404],
    ['?limit=1000', 400],
    ['?page=1', 400],
  ])('%s answers %d', async (query, status) =>
    expect((await fetch(`${broker.url}/dcat/facts${query}`)).status).toBe(status),
  );
});

test('who uses the data is told to those who may see the audit', async () => {
  const broker = await startTestBroker(['--store', 'memory', '--access', 'required']);
  try {
    const key = readFileSync(join(broker.folder, 'administrator.key'), 'utf8').trim();
    const headers = { Authorization: `Bearer ${key}` };
    await writeEntities(broker.url, [airDataset, station(1, 1)], headers);
    await fetch(`${broker.url}/data/air-quality.csv`, { headers });
    const type = encodeURIComponent(`${base}/AirQualityObserved`);
    await fetch(`${broker.url}/ngsi-ld/v1/entities?type=${type}`, { headers });
    // Lines are written after the answer.
    for (;;) {
      const facts = (await (await fetch(`${broker.url}/dcat/facts`, { headers })).json()) as Facts;
      const users = facts.datasets[0]?.['users'] as { requests: number; principals: JsonObject };
      if (users.requests < 3) continue;
      expect(Object.keys(users.principals)).toEqual(['key:administrator']);
      break;
    }
    expect((await fetch(`${broker.url}/dcat/facts`)).status).toBe(401);
  } finally {
    await broker.stop();
  }
});
