/** Tests the import of real files into a real broker: accepted rows, rejected rows with reasons, and resuming after a stop. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { importFile } from '../../../src/app/command/import.ts';
import { openJournal } from '../../../src/app/command/import/journal.ts';
import { createReplacing } from '../../../src/app/command/import/replaced.ts';
import { mapEntity, runImport } from '../../../src/app/command/import/run-import.ts';
import { readSource } from '../../../src/app/command/import/source.ts';
import { isObject, type Json, type JsonObject } from '../../../src/core/model/json.ts';
import { contextOf, mapPath, run, type Run, type TestBroker, startTestBroker } from './test-broker.ts';

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker();
});
afterAll(() => broker.stop());

const load = (file: string, map: string, args: readonly string[] = []): Promise<Run> =>
  run(importFile, [join(broker.folder, file), '--map', mapPath(map), '--url', broker.url, ...args]);

const linesOf = (path: string): JsonObject[] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonObject);

/** The instances of an attribute in the history of an entity, in order of time. */
async function history(id: string, attribute: string, family: string): Promise<JsonObject[]> {
  const path = `/temporal/entities/${encodeURIComponent(id)}?attrs=${attribute}&timerel=after&timeAt=1990-01-01T00:00:00Z&lastN=10000`;
  const body = (await broker.get(path, contextOf(family))) as unknown as Record<string, JsonObject | JsonObject[]>;
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
    const [station] = await broker.get('/entities?type=AirQualityObserved', contextOf('environment'));
    expect(valueIn(station, 'pm10')).toBe(days.at(-1)?.['value']);
    expect(existsSync(join(broker.folder, 'kranj-pm10.csv.import.json'))).toBe(false);
  });

  test('Birmingham: the data model rejects the twelve bad rows, which are told one by one', async () => {
    const { code, out } = await load('birmingham-car-parks.csv', 'birmingham-car-parks');
    expect(code).toBe(1);
    expect(out).toContain('150 rows: 138 accepted, 0 skipped, 12 rejected.');
    expect(out).toMatch(
      /  \d+ × from row 61: \S+OffStreetParking: attribute occupancy must be <= 1, but is 1\.\d+\.\n/,
    );
    const rejected = linesOf(join(broker.folder, 'birmingham-car-parks.csv.rejected.ndjson'));
    expect(rejected.map(({ row }) => row)).toEqual([61, 62, 68, 87, 88, 104, 117, 122, 123, 124, 135, 142]);
    for (const { data, reason } of rejected) {
      const { Capacity, Occupancy } = data as Record<string, string>;
      expect(Number(Occupancy) < 0 || Number(Occupancy) > Number(Capacity)).toBe(true);
      expect(reason).toMatch(/attribute occupancy must be [<>]= [01], but is/);
    }
    const ids = (await broker.get('/entities?type=OffStreetParking', contextOf('parking'))).map(({ id }) => id);
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
    const lamps = await broker.get('/entities?type=Streetlight&limit=100', contextOf('streetlighting'));
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
    const pulses = readFileSync(join(broker.folder, 'utah-water-meter.csv'), 'utf8')
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
    const found = await broker.get('/entities?type=AirQualityObserved', {
      ...contextOf('environment'),
      'NGSILD-Tenant': 'elsewhere',
    });
    expect(found).toHaveLength(1);
  });
});

describe('rows that are no rows', () => {
  const file = (name: string, text: string): string => {
    writeFileSync(join(broker.folder, name), text);
    return name;
  };

  test('too many columns, and values that are none, are rejected with their row number', async () => {
    const text =
      'date,pm10_ug_m3\r\n2024-01-01,12\r\n2024-01-02,12,3\r\n2024-02-30,5\r\n"2024-01-04",many\r\n,7\r\n2024-01-06,\r\n';
    const { code, out } = await load(file('bad.csv', text), 'kranj-pm10');
    expect(code).toBe(1);
    expect(out).toContain('6 rows: 1 accepted, 0 skipped, 5 rejected.');
    expect(linesOf(join(broker.folder, 'bad.csv.rejected.ndjson')).map(({ row, reason }) => [row, reason])).toEqual([
      [2, 'it has 3 columns where the header has 2'],
      [3, '"2024-02-30" is no time that there is'],
      [4, 'pm10_ug_m3 is "many", which is no number'],
      [5, 'the time of the row is empty'],
      [6, 'there is no value for pm10'],
    ]);
  });

  test.each(['\n', '\r\n', '\r'])('NDJSON: lines may end in %j', async (end) => {
    const name = `ends-${encodeURIComponent(end)}.ndjson`;
    const lines = ['\ufeff{"date":"2024-05-01","pm10_ug_m3":8}', '{"date":"2024-05-02","pm10_ug_m3":9}', ''];
    const { out } = await load(file(name, lines.join(end)), 'kranj-pm10');
    expect(out).toContain('2 rows: 2 accepted, 0 skipped, 0 rejected.');
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
    const { code, out } = await run(importFile, [join(broker.folder, name), '--url', broker.url]);
    expect(code).toBe(1);
    expect(out).toContain('2 rows: 1 accepted, 0 skipped, 1 rejected.');
    expect(await broker.get('/entities?type=X')).toEqual([
      { id: 'urn:x:1', type: 'X', n: { type: 'Property', value: 1 } },
    ]);
  });

  const reading = {
    observedAt: { column: 't', pattern: 'yyyy-MM-dd HH:mm' },
    history: true,
    timeZone: 'Europe/Ljubljana',
  };
  const loadBy = (name: string, map: JsonObject, text: string): Promise<Run> => {
    const path = join(broker.folder, file(name, text));
    writeFileSync(`${path}.json`, JSON.stringify({ type: 'M', id: 'urn:x:{id}', ...map }));
    return run(importFile, [path, '--map', `${path}.json`, '--url', broker.url]);
  };
  const attributes = { v: { column: 'v', as: 'number' } };
  const timesOf = async (id: string): Promise<Json[]> =>
    (await history(id, 'v', 'environment')).map(({ value, observedAt }) => [value ?? null, observedAt ?? null]);

  test.each([
    ['a header with LF, rows with CRLF', 'id,v,n\n1,31,"a"\r\n2,32,"b"\r\n'],
    ['a header with CRLF, rows with LF', 'id,v,n\r\n1,31,"a"\n2,32,"b"\n'],
    ['ends of lines of all sorts, none at the end', 'id,v,n\r1,31,"a"\r\n2,32,"b"'],
    ['a mark of the order of bytes, blank lines and quotes', '\ufeff"id","v","n"\r\n\r\n1,31,a\n   \n"2","32","b"\n\n'],
  ])('CSV with %s', async (_, text) => {
    const { out } = await loadBy('ends.csv', { type: 'Ends', attributes: { ...attributes, n: { column: 'n' } } }, text);
    expect(out).toBe('2 rows: 2 accepted, 0 skipped, 0 rejected.\n');
    const found = await broker.get('/entities?type=Ends&format=simplified');
    expect(found.map(({ id, v, n }) => [id, v, n])).toEqual([
      ['urn:x:1', 31, 'a'],
      ['urn:x:2', 32, 'b'],
    ]);
    await fetch(`${broker.url}/ngsi-ld/v1/entities?type=Ends`, { method: 'DELETE' });
  });

  test('an end of line within quotes stays in its value, also where chunks of the file meet', async () => {
    const rows = Array.from({ length: 9000 }, (_, n) => `${n},"a\r\n${'x'.repeat(n % 7)}\nb"\r\n`);
    const { out } = await loadBy(
      'quoted.csv',
      { type: 'Quoted', attributes: { n: { column: 'n' } } },
      `id,n\n${rows.join('')}`,
    );
    expect(out).toBe('9000 rows: 9000 accepted, 0 skipped, 0 rejected.\n');
    const entity = (await broker.get('/entities/urn:x:8998?format=simplified')) as unknown as JsonObject;
    expect(entity['n']).toBe('a\r\nxxx\nb');
  });

  test.each<readonly [string, readonly string[], readonly string[]]>([
    [
      'in the order of time',
      ['01:30', '02:00', '02:30', '02:00', '02:30', '03:00'],
      ['23:30', '00:00', '00:30', '01:00', '01:30', '02:00'],
    ],
    [
      'the newest first',
      ['03:00', '02:30', '02:00', '02:30', '02:00', '01:30'],
      ['02:00', '01:30', '01:00', '00:30', '00:00', '23:30'],
    ],
    [
      'at moments that are not the same in both hours',
      ['01:50', '02:10', '02:40', '02:05', '02:45'],
      ['23:50', '00:10', '00:40', '01:05', '01:45'],
    ],
    ['only from one of the hours', ['01:30', '02:00', '02:30', '03:00'], ['23:30', '00:00', '00:30', '02:00']],
    ['from the doubled hour on', ['02:00', '02:30', '02:00', '02:30'], ['00:00', '00:30', '01:00', '01:30']],
  ])('the hour that comes twice in autumn, rows %s', async (name, walls, instants) => {
    const id = `urn:x:${encodeURIComponent(name)}`;
    const rows = walls.flatMap((wall, n) => [
      `${name},2025-10-26 ${wall},${n}`,
      `other of ${name},2025-10-26 ${wall},${n}`,
    ]);
    const { out } = await loadBy('autumn.csv', { ...reading, attributes }, `id,t,v\n${rows.join('\n')}\n`);
    expect(out).toBe(`${walls.length * 2} rows: ${walls.length * 2} accepted, 0 skipped, 0 rejected.\n`);
    const expected = instants.map((time, n) => [n, `2025-10-${time.startsWith('23') ? 25 : 26}T${time}:00Z`]);
    expect(await timesOf(id)).toEqual(expected.sort(([, a], [, b]) => (String(a) < String(b) ? -1 : 1)));
  });

  test('half an hour comes twice on Lord Howe; another time in a row is in the same hour as its time', async () => {
    const map = {
      ...reading,
      timeZone: 'Australia/Lord_Howe',
      attributes: { ...attributes, from: { column: 'from', pattern: 'yyyy-MM-dd HH:mm' } },
    };
    const walls = ['01:15', '01:30', '01:45', '01:30', '01:45', '02:00'];
    const lines = walls.map((wall, n) => `howe,2026-04-05 ${wall},2026-04-05 ${wall},${n}`);
    await loadBy('howe.csv', map, `id,t,from,v\n${lines.join('\n')}`);
    const found = await history('urn:x:howe', 'from', 'environment');
    const expected = ['14:15', '14:30', '14:45', '15:00', '15:15', '15:30'].map((time) => `2026-04-04T${time}:00Z`);
    expect(found.map(({ observedAt }) => observedAt)).toEqual(expected);
    expect(found.map(({ value }) => value)).toEqual(expected);
  });

  test('rows that replace others of the file are counted: same entity, attribute and time', async () => {
    const map = { ...reading, timeZone: 'Z', attributes: { ...attributes, w: { column: 'w', as: 'number' } } };
    const rows = [
      '1,00:00,1,',
      '1,00:10,1,',
      '1,00:05,1,',
      '1,00:00,,1',
      '1,00:05,2,2',
      '2,00:00,1,',
      '1,00:20,1,',
      '1,00:20,1,',
    ];
    const { code, out } = await loadBy(
      'twice.csv',
      map,
      `id,t,v,w\n${rows.map((row) => row.replace(',', ',2026-01-01 ')).join('\n')}`,
    );
    expect({ code, out }).toEqual({
      code: 0,
      out: '8 rows: 8 accepted, 0 skipped, 0 rejected.\nOf the accepted ones, 2 replaced values of rows before them: same entity, same attribute, same time.\n',
    });
    const still = await loadBy('still.csv', { attributes }, 'id,v\n8,1\n9,1\n8,2\n');
    expect(still.out).toContain('Of the accepted ones, 1 replaced');
  });

  test('what is fixed comes with the first row that has it', async () => {
    const map = {
      ...reading,
      attributes: {
        ...attributes,
        name: { column: 'name', fixed: true },
        height: { column: 'height', as: 'number', fixed: true },
      },
    };
    const rows = ['f,00:00,1,,', 'f,00:10,2,Huje,', 'f,00:20,3,Huje,', 'f,00:30,4,,350', 'f,00:40,5,Huje,350'];
    await loadBy(
      'fixed.csv',
      map,
      `id,t,v,name,height\n${rows.map((row) => row.replace(',', ',2026-01-01 ')).join('\n')}`,
    );
    const [station] = await broker.get('/entities?id=urn:x:f&type=M&format=simplified');
    expect(station).toMatchObject({ v: 5, name: 'Huje', height: 350 });
    expect((await timesOf('urn:x:f')).length).toBe(5);
  });

  test('a column whose name is there twice is refused when the map names it, and left alone otherwise', async () => {
    const map = { attributes: { v: { column: 'value', as: 'number' } } };
    await expect(loadBy('two.csv', map, 'id,value,value\n1,10,20\n')).rejects.toThrow(
      /"value", which the file has more than once/,
    );
    const { out } = await loadBy('two.csv', map, 'id,value,note,note,\n1,10,a,b,\n2,x,a,b,\n');
    expect(out).toContain('2 rows: 1 accepted, 0 skipped, 1 rejected.');
    expect(linesOf(join(broker.folder, 'two.csv.rejected.ndjson'))[0]?.['data']).toEqual(['2', 'x', 'a', 'b', '']);
  });

  test('a header alone has no rows; a file without one is told of', async () => {
    const { code, out } = await loadBy('header.csv', { attributes }, 'id,v\n');
    expect({ code, out }).toEqual({ code: 0, out: '0 rows: 0 accepted, 0 skipped, 0 rejected.\n' });
    await expect(loadBy('empty.csv', { attributes }, '\n\n')).rejects.toThrow(
      /empty\.csv is empty: it has no header line/,
    );
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
    writeFileSync(join(broker.folder, name), text);
    await expect(load(name, 'kranj-pm10')).rejects.toThrow(message);
  });

  test('an unknown ending, a missing map, a missing file and a missing broker are told', async () => {
    await expect(load('README.md', 'kranj-pm10')).rejects.toThrow(/must end in .csv/);
    await expect(run(importFile, [join(broker.folder, 'kranj-pm10.csv')])).rejects.toThrow(/--map must be given/);
    await expect(load('gone.csv', 'kranj-pm10')).rejects.toThrow(/gone\.csv/);
    await expect(run(importFile, [])).rejects.toThrow(/Name one file/);
  });
});

describe('an import that stops', () => {
  const rows = Array.from({ length: 100 }, (_, index) => JSON.stringify({ id: `urn:y:${index + 1}`, type: 'Y' })).join(
    '\n',
  );

  const attempt = (isResumed: boolean, batchesMax: number, lines = rows) => {
    const path = join(broker.folder, 'stops.ndjson');
    if (!isResumed) writeFileSync(path, lines);
    const paths = { statePath: `${path}.import.json`, rejectedPath: `${path}.rejected.ndjson` };
    const journal = openJournal({ errand: { file: path, map: '', url: broker.url, tenant: '' }, ...paths, isResumed });
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
      replacing: createReplacing(),
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
    const { counts } = await second.result;
    expect([...first.delivered, ...second.delivered]).toEqual(
      Array.from({ length: 100 }, (_, index) => `urn:y:${index + 1}`),
    );
    expect(counts).toEqual({ rows: 100, accepted: 90, replaced: 0, skipped: 0, rejected: 10 });
    expect(linesOf(second.paths.rejectedPath).map(({ row }) => row)).toEqual([7, 17, 27, 37, 47, 57, 67, 77, 87, 97]);
    second.journal.close();
    expect(() => attempt(true, 1000)).toThrow(/nothing to resume/);
  });

  test('cannot go on with a file that was changed meanwhile', async () => {
    const { result, paths } = attempt(false, 2);
    await expect(result).rejects.toThrow();
    writeFileSync(join(broker.folder, 'stops.ndjson'), `${rows}\n{"id":"urn:y:101","type":"Y"}`);
    expect(() => attempt(true, 1000)).toThrow(/is of another import/);
    expect(existsSync(paths.statePath)).toBe(true);
  });

  test('the command resumes by itself when told so, and running sums go over the rows before', async () => {
    const path = join(broker.folder, 'utah-water-meter.csv');
    const stopping = new AbortController();
    stopping.abort();
    const args = [
      path,
      '--map',
      mapPath('utah-water-meter'),
      '--url',
      broker.url,
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
    const found = await broker.get('/entities?type=WaterConsumptionObserved', {
      ...contextOf('metering'),
      'NGSILD-Tenant': 'resumed',
    });
    const whole = await broker.get('/entities?type=WaterConsumptionObserved', contextOf('metering'));
    expect(valueIn(found[0], 'waterConsumption')).toBe(valueIn(whole[0], 'waterConsumption'));
  });
});
