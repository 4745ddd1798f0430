/** The import of real files into a real broker: what is accepted, what is rejected and why, and how it goes on after a stop. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { importFile } from '../../../src/app/command/import.ts';
import { openJournal } from '../../../src/app/command/import/journal.ts';
import { mapEntity, runImport } from '../../../src/app/command/import/run-import.ts';
import { readSource } from '../../../src/app/command/import/source.ts';
import { isObject, type Json, type JsonObject } from '../../../src/core/model/json.ts';
import { contextOf, mapPath, run, type Run, type Site, startSite } from './site.ts';

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site.stop());

const load = (file: string, map: string, args: readonly string[] = []): Promise<Run> =>
  run(importFile, [join(site.folder, file), '--map', mapPath(map), '--url', site.url, ...args]);

const linesOf = (path: string): JsonObject[] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonObject);

/** The instances of an attribute in the history of an entity, in order of time. */
async function history(id: string, attribute: string, family: string): Promise<JsonObject[]> {
  const path = `/temporal/entities/${encodeURIComponent(id)}?attrs=${attribute}&timerel=after&timeAt=1990-01-01T00:00:00Z&lastN=10000`;
  const body = (await site.get(path, contextOf(family))) as unknown as Record<string, JsonObject | JsonObject[]>;
  const instances = [body[attribute] ?? []].flat();
  return instances.sort((a, b) => (String(a['observedAt']) < String(b['observedAt']) ? -1 : 1));
}

const valueIn = (entity: JsonObject | undefined, name: string): Json | undefined => {
  const attribute = entity?.[name];
  return isObject(attribute) ? attribute['value'] : undefined;
};

describe('mlaka import', () => {
  test('Kranj PM10: every day becomes an instance in the history of one station', async () => {
    const { code, out } = await load('kranj-pm10.csv', 'kranj-pm10');
    expect({ code, out }).toEqual({ code: 0, out: '365 rows: 365 accepted, 0 skipped, 0 rejected.\n' });
    const days = await history('urn:ngsi-ld:AirQualityObserved:kranj:arso', 'pm10', 'environment');
    expect(days).toHaveLength(365);
    expect(days[0]).toMatchObject({ value: 59, unitCode: 'GQ', observedAt: '2012-12-31T23:00:00Z' });
    const [station] = await site.get('/entities?type=AirQualityObserved', contextOf('environment'));
    expect(valueIn(station, 'pm10')).toBe(days.at(-1)?.['value']);
    expect(existsSync(join(site.folder, 'kranj-pm10.csv.import.json'))).toBe(false);
  });

  test('Birmingham: the data model rejects the twelve bad rows, which are told one by one', async () => {
    const { code, out } = await load('birmingham-car-parks.csv', 'birmingham-car-parks');
    expect(code).toBe(1);
    expect(out).toContain('150 rows: 138 accepted, 0 skipped, 12 rejected.');
    const rejected = linesOf(join(site.folder, 'birmingham-car-parks.csv.rejected.ndjson'));
    expect(rejected.map(({ row }) => row)).toEqual([61, 62, 68, 87, 88, 104, 117, 122, 123, 124, 135, 142]);
    for (const { data, reason } of rejected) {
      const { Capacity, Occupancy } = data as Record<string, string>;
      expect(Number(Occupancy) < 0 || Number(Occupancy) > Number(Capacity)).toBe(true);
      expect(reason).toMatch(/attribute occupancy must be [<>]= [01], but is/);
    }
    const ids = (await site.get('/entities?type=OffStreetParking', contextOf('parking'))).map(({ id }) => id);
    expect(ids).toContain('urn:ngsi-ld:OffStreetParking:birmingham:Broad%20Street');
    const taken = await history(
      'urn:ngsi-ld:OffStreetParking:birmingham:Broad%20Street',
      'occupiedSpotNumber',
      'parking',
    );
    expect(taken).toHaveLength(40);
    // British summer time: 07:59:42 on the wall is 06:59:42 UTC.
    expect(taken[0]).toMatchObject({ value: 178, observedAt: '2016-10-04T06:59:42Z' });
  });

  test('Cambridge: features become street lights; fixture types that the map does not know are rejected', async () => {
    const { code, out } = await load('cambridge-street-lights.geojson', 'cambridge-street-lights');
    expect(code).toBe(1);
    expect(out).toContain('65 rows: 60 accepted, 0 skipped, 5 rejected.');
    expect(out).toContain('FixtureType is "A2 / A3", which is none of A1, A2, A3');
    const lamps = await site.get('/entities?type=Streetlight&limit=100', contextOf('streetlighting'));
    expect(lamps).toHaveLength(60);
    expect(lamps.find(({ id }) => id === 'urn:ngsi-ld:Streetlight:cambridge:283-37')).toMatchObject({
      location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [-71.10495621089066, 42.36443369014256] } },
      address: { value: { streetAddress: 'FRANKLIN ST', addressLocality: 'Cambridge' } },
      name: { type: 'LanguageProperty', languageMap: { en: 'Cobrahead 283-37' } },
      ledsPerLamp: { value: 40 },
      lastEditedAt: { value: '2023-02-16T05:00:00Z' },
    });
  });

  test('Utah: pulses are summed up to a register that never falls', async () => {
    const { code } = await load('utah-water-meter.csv', 'utah-water-meter', ['--batch', '70']);
    expect(code).toBe(0);
    const readings = await history(
      'urn:ngsi-ld:WaterConsumptionObserved:utah:household-019',
      'waterConsumption',
      'metering',
    );
    expect(readings).toHaveLength(300);
    const values = readings.map(({ value }) => value as number);
    expect(values.every((value, index) => value >= (values[index - 1] ?? 0))).toBe(true);
    const pulses = readFileSync(join(site.folder, 'utah-water-meter.csv'), 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .reduce((sum, line) => sum + Number(line.split(',')[2]), 0);
    expect(values.at(-1)).toBeCloseTo(pulses * 0.15755, 4);
    expect(pulses).toBeGreaterThan(0);
    expect(readings[0]?.['observedAt']).toBe('2019-10-05T13:00:30Z');
  });

  test('rows of another tenant are in another tenant', async () => {
    const { code } = await load('kranj-pm10.csv', 'kranj-pm10', ['--tenant', 'elsewhere']);
    expect(code).toBe(0);
    const found = await site.get('/entities?type=AirQualityObserved', {
      ...contextOf('environment'),
      'NGSILD-Tenant': 'elsewhere',
    });
    expect(found).toHaveLength(1);
  });
});

describe('rows that are no rows', () => {
  const file = (name: string, text: string): string => {
    writeFileSync(join(site.folder, name), text);
    return name;
  };

  test('too many columns, and values that are none, are rejected with their row number', async () => {
    const text =
      'date,pm10_ug_m3\r\n2024-01-01,12\r\n2024-01-02,12,3\r\n2024-02-30,5\r\n"2024-01-04",many\r\n,7\r\n2024-01-06,\r\n';
    const { code, out } = await load(file('bad.csv', text), 'kranj-pm10');
    expect(code).toBe(1);
    expect(out).toContain('6 rows: 1 accepted, 0 skipped, 5 rejected.');
    expect(linesOf(join(site.folder, 'bad.csv.rejected.ndjson')).map(({ row, reason }) => [row, reason])).toEqual([
      [2, 'it has 3 columns where the header has 2'],
      [3, '"2024-02-30" is no time that there is'],
      [4, 'pm10_ug_m3 is "many", which is no number'],
      [5, 'the time of the row is empty'],
      [6, 'there is no value for pm10'],
    ]);
  });

  test('NDJSON: a line that is no JSON object is rejected, the others are taken', async () => {
    const text = '{"date":"2024-03-01","pm10_ug_m3":8}\n\n{"date":\n[1]\n{"date":"2024-03-02","pm10_ug_m3":"9.5"}';
    const { code, out } = await load(file('some.ndjson', text), 'kranj-pm10');
    expect(code).toBe(1);
    expect(out).toContain('4 rows: 2 accepted, 0 skipped, 2 rejected.');
  });

  test('NDJSON without a map holds entities', async () => {
    const name = file(
      'entities.ndjson',
      '{"id":"urn:x:1","type":"X","n":{"type":"Property","value":1}}\n{"type":"X"}\n',
    );
    const { code, out } = await run(importFile, [join(site.folder, name), '--url', site.url]);
    expect(code).toBe(1);
    expect(out).toContain('2 rows: 1 accepted, 0 skipped, 1 rejected.');
    expect(await site.get('/entities?type=X')).toEqual([
      { id: 'urn:x:1', type: 'X', n: { type: 'Property', value: 1 } },
    ]);
  });

  test.each([
    [
      'a column that the file has not',
      'other.csv',
      'day,pm10\n2024-01-01,1\n',
      /"date", "pm10_ug_m3", which the file has not. Its columns are "day", "pm10"/,
    ],
    [
      'a file that is in another encoding',
      'latin.csv',
      Buffer.from([0x64, 0x61, 0x74, 0x65, 0xe8, 0x0a]),
      /not in the encoding utf-8/,
    ],
    ['GeoJSON that is none', 'none.geojson', '{"type":"Feature"}', /no list of features/],
  ])('%s stops the import', async (_, name, text, message) => {
    writeFileSync(join(site.folder, name), text);
    await expect(load(name, 'kranj-pm10')).rejects.toThrow(message);
  });

  test('an unknown ending, a missing map, a missing file and a missing broker are told', async () => {
    await expect(load('README.md', 'kranj-pm10')).rejects.toThrow(/must end in .csv/);
    await expect(run(importFile, [join(site.folder, 'kranj-pm10.csv')])).rejects.toThrow(/--map must be given/);
    await expect(load('gone.csv', 'kranj-pm10')).rejects.toThrow(/gone\.csv/);
    await expect(run(importFile, [])).rejects.toThrow(/Name one file/);
  });
});

describe('an import that stops', () => {
  const rows = Array.from({ length: 100 }, (_, index) => JSON.stringify({ id: `urn:y:${index + 1}`, type: 'Y' })).join(
    '\n',
  );

  const attempt = (isResumed: boolean, batchesMax: number, lines = rows) => {
    const path = join(site.folder, 'stops.ndjson');
    if (!isResumed) writeFileSync(path, lines);
    const paths = { statePath: `${path}.import.json`, rejectedPath: `${path}.rejected.ndjson` };
    const journal = openJournal({ errand: { file: path, map: '', url: site.url, tenant: '' }, ...paths, isResumed });
    const stopping = new AbortController();
    const delivered: string[] = [];
    let batches = 0;
    const result = runImport({
      rows: readSource({ path, csv: { delimiter: ',', encoding: 'utf-8' }, columns: new Set() }),
      mapRow: mapEntity('https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld'),
      deliver: (items) => {
        delivered.push(...items.map(({ id }) => id));
        batches += 1;
        if (batches === batchesMax) stopping.abort();
        return Promise.resolve(new Map(items.filter(({ id }) => id.endsWith('7')).map((item) => [item, 'a seven'])));
      },
      progress: { show: () => undefined, end: () => undefined },
      journal,
      signal: stopping.signal,
      batchSize: 8,
    });
    return { result, delivered, paths, journal };
  };

  test('goes on after the last batch that was settled: no row twice, none left out, and the account is whole', async () => {
    const first = attempt(false, 5);
    await expect(first.result).rejects.toThrow();
    expect(first.delivered).toHaveLength(40);
    const second = attempt(true, 1000);
    const { tally } = await second.result;
    expect([...first.delivered, ...second.delivered]).toEqual(
      Array.from({ length: 100 }, (_, index) => `urn:y:${index + 1}`),
    );
    expect(tally).toEqual({ rows: 100, accepted: 90, skipped: 0, rejected: 10 });
    expect(linesOf(second.paths.rejectedPath).map(({ row }) => row)).toEqual([7, 17, 27, 37, 47, 57, 67, 77, 87, 97]);
    second.journal.close();
    expect(() => attempt(true, 1000)).toThrow(/nothing to resume/);
  });

  test('cannot go on with a file that was changed meanwhile', async () => {
    const { result, paths } = attempt(false, 2);
    await expect(result).rejects.toThrow();
    writeFileSync(join(site.folder, 'stops.ndjson'), `${rows}\n{"id":"urn:y:101","type":"Y"}`);
    expect(() => attempt(true, 1000)).toThrow(/is of another import/);
    expect(existsSync(paths.statePath)).toBe(true);
  });

  test('the command resumes by itself when told so, and running sums go over the rows before', async () => {
    const path = join(site.folder, 'utah-water-meter.csv');
    const stopping = new AbortController();
    stopping.abort();
    const args = [
      path,
      '--map',
      mapPath('utah-water-meter'),
      '--url',
      site.url,
      '--tenant',
      'resumed',
      '--batch',
      '50',
    ];
    await expect(run(importFile, args, stopping.signal)).rejects.toThrow(
      /The import was stopped. What was done is kept: --resume/,
    );
    const state = JSON.parse(readFileSync(`${path}.import.json`, 'utf8')) as JsonObject;
    writeFileSync(`${path}.import.json`, JSON.stringify({ ...state, rows: 250, accepted: 250 }));
    const { code, out } = await run(importFile, [...args, '--resume']);
    expect({ code, out }).toEqual({ code: 0, out: '300 rows: 300 accepted, 0 skipped, 0 rejected.\n' });
    const found = await site.get('/entities?type=WaterConsumptionObserved', {
      ...contextOf('metering'),
      'NGSILD-Tenant': 'resumed',
    });
    const whole = await site.get('/entities?type=WaterConsumptionObserved', contextOf('metering'));
    expect(valueIn(found[0], 'waterConsumption')).toBe(valueIn(whole[0], 'waterConsumption'));
  });
});
