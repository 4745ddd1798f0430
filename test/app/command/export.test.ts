/** Tests the export of a real broker in every format, and the import of the result into another tenant. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exportEntities } from '../../../src/app/command/export.ts';
import { importFile } from '../../../src/app/command/import.ts';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { contextOf, mapPath, run, type Run, type TestBroker, startTestBroker } from './test-broker.ts';

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker();
  await run(importFile, [
    join(broker.folder, 'cambridge-street-lights.geojson'),
    '--map',
    mapPath('cambridge-street-lights'),
    '--url',
    broker.url,
  ]);
  await run(importFile, [
    join(broker.folder, 'birmingham-car-parks.csv'),
    '--map',
    mapPath('birmingham-car-parks'),
    '--url',
    broker.url,
  ]);
});
afterAll(() => broker.stop());

const write = (args: readonly string[]): Promise<Run> => run(exportEntities, ['--url', broker.url, ...args]);
const parking = 'https://smart-data-models.mlaka.si/parking/context.jsonld';

interface Feature {
  readonly id: string;
  readonly properties: JsonObject;
}

describe('mlaka export', () => {
  test('NDJSON holds every entity whole; put into another tenant, all is there again', async () => {
    const path = join(broker.folder, 'all.ndjson');
    const { code, err } = await write(['--out', path]);
    expect({ code, err: err.includes('64 entities') }).toEqual({ code: 0, err: true });
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    expect(lines).toHaveLength(64);
    expect(existsSync(`${path}.part`)).toBe(false);
    const back = await run(importFile, [path, '--url', broker.url, '--tenant', 'copy']);
    expect(back.out).toBe('64 rows: 64 accepted, 0 skipped, 0 rejected.\n');
    const again = await write(['--tenant', 'copy']);
    expect(again.out.trim().split('\n').sort()).toEqual([...lines].sort());
  });

  test('with a context, names are short and every line names it', async () => {
    const { out } = await write(['--type', 'OffStreetParking', '--context', parking]);
    const entities = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as JsonObject);
    expect(entities).toHaveLength(4);
    expect(entities[0]).toMatchObject({
      type: 'OffStreetParking',
      '@context': parking,
      totalSpotNumber: { type: 'Property' },
    });
    const [one] = await broker.get('/entities?type=OffStreetParking&limit=1', contextOf('parking'));
    expect(entities.find(({ id }) => id === one?.['id'])).toEqual({ ...one, '@context': parking });
  });

  test('GeoJSON holds features at their location; what has none has no geometry', async () => {
    const { out } = await write(['--format', 'geojson']);
    const { type, features } = JSON.parse(out) as {
      type: string;
      features: { type: string; geometry: JsonObject | null }[];
    };
    expect([type, features.length, features.filter(({ geometry }) => geometry?.['type'] === 'Point').length]).toEqual([
      'FeatureCollection',
      64,
      60,
    ]);
    const none = write(['--format', 'geojson', '--type', 'StreetLight', '--out', join(broker.folder, 'none.geojson')]);
    await expect(none).rejects.toThrow(/no entities of the type StreetLight\. Did you mean \S+Streetlight\?/);
    expect(readdirSync(broker.folder).filter((name) => name.startsWith('none'))).toEqual([]);
  });

  test('flat GeoJSON has values alone as properties, and whole GeoJSON is imported without a map', async () => {
    const streetlighting = 'https://smart-data-models.mlaka.si/streetlighting/context.jsonld';
    const args = ['--format', 'geojson', '--type', 'Streetlight', '--context', streetlighting];
    const { features } = JSON.parse((await write([...args, '--flat'])).out) as { features: Feature[] };
    const lamp = features.find(({ id }) => id === 'urn:ngsi-ld:Streetlight:cambridge:283-37');
    expect(lamp).toMatchObject({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [-71.10495621089066, 42.36443369014256] },
      properties: { type: 'Streetlight', ledsPerLamp: 40, name: '{"languageMap":{"en":"Cobrahead 283-37"}}' },
    });
    const values = features.flatMap(({ properties }) => Object.values(properties));
    expect(values.filter((value) => typeof value === 'object')).toEqual([]);
    await expect(write(['--flat'])).rejects.toThrow(/--flat is for --format geojson/);

    const path = join(broker.folder, 'lamps.geojson');
    await write([...args, '--out', path]);
    const back = await run(importFile, [path, '--url', broker.url, '--tenant', 'lamps']);
    expect(back.out).toBe('60 rows: 60 accepted, 0 skipped, 0 rejected.\n');
    const [before, after] = await Promise.all(['', 'lamps'].map((tenant) => write(['--tenant', tenant])));
    const lamps = (text = ''): string[] =>
      text
        .split('\n')
        .filter((line) => line.includes(':Streetlight:'))
        .sort();
    expect(lamps(after?.out)).toEqual(lamps(before?.out));
  });

  test('what expires says so in a file, and is there again', async () => {
    const entity = {
      id: 'urn:x:passing',
      type: 'Passing',
      expiresAt: '2099-01-01T00:00:00Z',
      v: {
        type: 'Property',
        value: 1,
        expiresAt: '2098-01-01T00:00:00Z',
        s: { type: 'Property', value: 2, expiresAt: '2097-01-01T00:00:00Z' },
      },
    };
    await fetch(`${broker.url}/ngsi-ld/v1/entities`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'NGSILD-Tenant': 'passing' },
      body: JSON.stringify(entity),
    });
    const { out } = await write(['--tenant', 'passing']);
    expect(JSON.parse(out)).toEqual(entity);
  });

  test('CSV has a column for each attribute of a type', async () => {
    const { out } = await write(['--format', 'csv', '--type', 'OffStreetParking', '--context', parking]);
    const lines = out.trim().split('\r\n');
    expect(lines[0]).toBe('id,type,availableSpotNumber,dataProvider,name,occupancy,occupiedSpotNumber,totalSpotNumber');
    expect(lines).toHaveLength(5);
    expect(
      lines.some((line) => line.startsWith('urn:ngsi-ld:OffStreetParking:birmingham:Broad%20Street,OffStreetParking,')),
    ).toBe(true);
    await expect(write(['--format', 'csv'])).rejects.toThrow(/needs --type/);
    await expect(write(['--format', 'csv', '--type', 'Nothing'])).rejects.toThrow(/Nothing cannot be written/);
  });

  test('an unknown form is refused', async () => {
    await expect(write(['--format', 'xml'])).rejects.toThrow(/must be ndjson, geojson, csv or nquads, not xml/);
  });
});
