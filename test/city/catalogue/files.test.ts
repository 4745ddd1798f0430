/** Tests the files of datasets: what is in them, in each form, for whom, and how they are cached. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { startTestBroker, type TestBroker, testedStores } from '../../scenario/scenario.ts';
import { airDataset, catalogue, datasetLike, writeEntities } from './city-datasets.ts';

const environment = 'https://smart-data-models.mlaka.si/environment/context.jsonld';

const station = (n: number, more: JsonObject = {}): JsonObject => ({
  '@context': environment,
  id: `urn:ngsi-ld:AirQualityObserved:${n}`,
  type: 'AirQualityObserved',
  location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14.3 + n / 100, 46.2] } },
  pm10: { type: 'Property', value: 20 + n, unitCode: 'GQ', observedAt: `2026-03-0${n}T08:00:00Z` },
  temperature: { type: 'Property', value: -n - 0.5, unitCode: 'CEL', observedAt: `2026-03-0${n}T07:00:00.5Z` },
  name: { type: 'LanguageProperty', languageMap: { en: `Station ${n}`, sl: `Postaja ${n}` } },
  ...more,
});

const get = async (url: string, headers: Readonly<Record<string, string>> = {}) => fetch(url, { headers });

describe.each(testedStores)('files of datasets (%s)', (store) => {
  let broker: TestBroker;
  const read = async (file: string): Promise<string> => {
    const response = await get(`${broker.url}/data/${file}`);
    expect([file, response.status]).toEqual([file, 200]);
    return response.text();
  };
  const rowsIn = async (file: string): Promise<readonly Record<string, string>[]> =>
    parse(await read(file), { columns: true, relax_column_count: false });

  beforeAll(async () => {
    broker = await startTestBroker(['--store', store]);
    await writeEntities(broker.url, [
      catalogue,
      airDataset,
      datasetLike('warm', { query: 'temperature>-2', attributeNames: ['temperature', 'name'] }),
      datasetLike('history', { content: 'history', attributeNames: ['pm10'] }),
      datasetLike('nothing', { entityTypes: ['WeatherObserved'] }),
      datasetLike('elsewhere', { entityTypes: [] }),
      datasetLike('secret', { accessRights: 'RESTRICTED' }),
      datasetLike('broken', { query: 'a==' }),
      station(1),
      station(2, { name: { type: 'Property', value: '=1+1', observedAt: '2026-03-02T09:00:00Z' } }),
      station(3, {
        pm10: { type: 'Property', value: 'no, "data"\nline' },
        extra: { type: 'Property', value: { a: [1] } },
      }),
    ]);
  });
  afterAll(() => broker.stop());

  test('CSV has a row for each entity, numbers as numbers, points as two columns, texts in the first language', async () => {
    const [first, second, third] = await rowsIn('air-quality.csv');
    expect(first).toEqual({
      id: 'urn:ngsi-ld:AirQualityObserved:1',
      type: 'AirQualityObserved',
      observedAt: '2026-03-01T08:00:00.000000Z',
      extra: '',
      location_longitude: '14.31',
      location_latitude: '46.2',
      name: 'Postaja 1',
      pm10: '21',
      temperature: '-1.5',
    });
    // A spreadsheet would take the name for a formula.
    expect(second?.['name']).toBe("'=1+1");
    expect(second?.['observedAt']).toBe('2026-03-02T09:00:00.000000Z');
    expect([third?.['pm10'], third?.['extra']]).toEqual(['no, "data"\nline', '{"a":[1]}']);
  });

  test('a dataset has the entities of its condition and the attributes that it names', async () => {
    const rows = await rowsIn('warm.csv');
    expect(rows).toEqual([
      {
        id: 'urn:ngsi-ld:AirQualityObserved:1',
        type: 'AirQualityObserved',
        observedAt: '2026-03-01T07:00:00.500000Z',
        name: 'Postaja 1',
        temperature: '-1.5',
      },
    ]);
  });

  test('GeoJSON has the location as geometry, NDJSON has values as JSON', async () => {
    const { features } = JSON.parse(await read('air-quality.geojson')) as { features: JsonObject[] };
    expect(features).toHaveLength(3);
    expect(features[0]).toEqual({
      type: 'Feature',
      id: 'urn:ngsi-ld:AirQualityObserved:1',
      geometry: { type: 'Point', coordinates: [14.31, 46.2] },
      properties: {
        type: 'AirQualityObserved',
        observedAt: '2026-03-01T08:00:00Z',
        name: 'Postaja 1',
        pm10: 21,
        temperature: -1.5,
      },
    });
    const lines = (await read('air-quality.ndjson')).trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as JsonObject)['pm10'])).toEqual([21, 22, 'no, "data"\nline']);
  });

  test('Parquet has typed columns', async () => {
    const response = await get(`${broker.url}/data/warm.parquet`);
    expect(response.headers.get('Content-Type')).toBe('application/vnd.apache.parquet');
    expect(await parquetReadObjects({ file: await response.arrayBuffer() })).toEqual([
      {
        id: 'urn:ngsi-ld:AirQualityObserved:1',
        type: 'AirQualityObserved',
        observedAt: new Date('2026-03-01T07:00:00.500Z'),
        name: 'Postaja 1',
        temperature: -1.5,
      },
    ]);
  });

  test('a history has a row for each value over time', async () => {
    const change = { pm10: { value: 30, unitCode: 'GQ', observedAt: '2026-03-01T09:00:00Z' } };
    const response = await fetch(`${broker.url}/ngsi-ld/v1/entities/urn:ngsi-ld:AirQualityObserved:1/attrs`, {
      method: 'PATCH',
      headers: {
        'Content-Type': 'application/json',
        Link: `<${environment}>; rel="http://www.w3.org/ns/json-ld#context"`,
      },
      body: JSON.stringify(change),
    });
    expect(response.status).toBe(204);
    const rows = await rowsIn('history.csv');
    expect(
      rows.map(({ entityId, attribute, observedAt, number, unitCode }) => [
        entityId,
        attribute,
        observedAt,
        number,
        unitCode,
      ]),
    ).toEqual([
      ['urn:ngsi-ld:AirQualityObserved:1', 'pm10', '2026-03-01T08:00:00.000000Z', '21', 'GQ'],
      ['urn:ngsi-ld:AirQualityObserved:1', 'pm10', '2026-03-01T09:00:00.000000Z', '30', 'GQ'],
      ['urn:ngsi-ld:AirQualityObserved:2', 'pm10', '2026-03-02T08:00:00.000000Z', '22', 'GQ'],
      ['urn:ngsi-ld:AirQualityObserved:3', 'pm10', '', '', ''],
    ]);
    const parquet = await (await get(`${broker.url}/data/history.parquet`)).arrayBuffer();
    expect((await parquetReadObjects({ file: parquet })).map(({ number }) => number as unknown)).toEqual([
      21,
      30,
      22,
      null,
    ]);
    expect((await get(`${broker.url}/data/history.geojson`)).status).toBe(404);
  });

  test('the columns of the CSV file are explained', async () => {
    const response = await get(`${broker.url}/data/air-quality.csv`);
    const [, address = ''] = /^<([^>]+)>; rel="describedby"/.exec(response.headers.get('Link') ?? '') ?? [];
    const metadata = (await (await get(address)).json()) as { url: string; tableSchema: { columns: JsonObject[] } };
    expect(metadata.url).toBe(`${broker.url}/data/air-quality.csv`);
    const [head = ''] = (await response.text()).split('\r\n');
    expect(metadata.tableSchema.columns.map(({ titles }) => titles)).toEqual(head.split(','));
    expect(metadata.tableSchema.columns.find(({ titles }) => titles === 'temperature')).toMatchObject({
      datatype: 'double',
      propertyUrl: 'https://smartdatamodels.org/dataModel.Environment/temperature',
      'schema:unitCode': 'CEL',
      'dc:description': expect.any(String),
    });
  });

  test('a dataset without entities is a file without rows', async () => {
    expect(await read('nothing.csv')).toBe('id,type\r\n');
    expect(JSON.parse(await read('nothing.geojson'))).toEqual({ type: 'FeatureCollection', features: [] });
    expect(await read('nothing.ndjson')).toBe('');
    const parquet = await (await get(`${broker.url}/data/nothing.parquet`)).arrayBuffer();
    expect(await parquetReadObjects({ file: parquet })).toEqual([]);
  });

  test('a client that has a file gets 304, until an entity of it changes', async () => {
    const address = `${broker.url}/data/warm.csv`;
    const tag = (await get(address)).headers.get('ETag') ?? '';
    expect((await get(address, { 'If-None-Match': tag })).status).toBe(304);
    await writeEntities(broker.url, [station(5)]);
    expect((await get(address, { 'If-None-Match': tag })).status).toBe(304);
    await writeEntities(broker.url, [station(1, { name: { type: 'Property', value: 'renamed' } })]);
    expect((await get(address, { 'If-None-Match': tag })).status).toBe(200);
    const head = await fetch(address, { method: 'HEAD' });
    expect([head.status, head.headers.get('Content-Type'), await head.text()]).toEqual([
      200,
      'text/csv; charset=utf-8; header=present',
      '',
    ]);
  });

  test('files of two tenants never have the same tag', async () => {
    const tagOf = async (tenant: string): Promise<string | null> => {
      const headers = { 'NGSILD-Tenant': tenant };
      const name = { type: 'Property', value: tenant };
      await writeEntities(broker.url, [datasetLike('warm', {}), station(1, { name })], headers);
      const response = await get(`${broker.url}/data/warm.csv`, headers);
      expect(await response.text()).toContain(tenant);
      return response.headers.get('ETag');
    };
    expect(await tagOf('tagone')).not.toBe(await tagOf('tagtwo'));
  });

  test('a table has at most 1000 attributes', async () => {
    const wide = (n: number): JsonObject => ({
      id: `urn:ngsi-ld:Wide:${n}`,
      type: 'Wide',
      ...Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`a${n}x${i}`, { type: 'Property', value: i }])),
    });
    await writeEntities(broker.url, [datasetLike('wide', { entityTypes: ['Wide'] }), wide(1), wide(2), wide(3)]);
    expect((await get(`${broker.url}/data/wide.csv`)).status).toBe(200);
    await writeEntities(broker.url, [wide(4)]);
    const refused = await get(`${broker.url}/data/wide.csv`);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('attributeNames') });
  });

  test.each([
    ['secret.csv', 404],
    ['unknown.csv', 404],
    ['elsewhere.csv', 404],
    ['air-quality.xlsx', 404],
    ['air-quality', 404],
    ['broken.csv', 400],
  ])('%s answers %d', async (file, status) => {
    const response = await get(`${broker.url}/data/${file}`);
    expect(response.status).toBe(status);
    expect(await response.json()).toHaveProperty('detail');
  });

  test('the catalogue lists a distribution for each form', async () => {
    const { '@graph': nodes } = (await (await get(`${broker.url}/dcat/catalog.jsonld`)).json()) as {
      '@graph': JsonObject[];
    };
    const files = nodes.flatMap((node) => (node['dcat:downloadURL'] as JsonObject | undefined)?.['@id'] ?? []);
    const ofAir = files.filter((file) => String(file).includes('/air-quality.')).map(String);
    expect(ofAir.sort()).toEqual(
      ['csv', 'geojson', 'ndjson', 'parquet'].map((form) => `${broker.url}/data/air-quality.${form}`),
    );
    for (const file of ofAir) expect((await fetch(file, { method: 'HEAD' })).status).toBe(200);
  });
});
