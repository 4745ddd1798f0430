/** Tests `mlaka history` against running brokers: every instance is exported once, however the broker splits its answers. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { exportHistory } from '../../../src/app/history/export-history.ts';
import { startTestBroker, type TestBroker } from '../../scenario/scenario.ts';

const folder = mkdtempSync(join(tmpdir(), 'mlaka-history-'));
const start = Date.UTC(2026, 0, 1);
const timeOf = (n: number): string => new Date(start + n * 60_000).toISOString();
const reading = (n: number) => ({ type: 'Property', value: n, unitCode: 'GQ', observedAt: timeOf(n) });

/** 60 entities with some instances each, and one with many. */
async function fill({ url }: TestBroker): Promise<void> {
  const send = async (body: unknown): Promise<void> => {
    const answer = await fetch(`${url}/ngsi-ld/v1/temporal/entities`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect([answer.status, await answer.text()]).toEqual([201, '']);
  };
  for (let n = 0; n < 60; n += 1)
    await send({ id: `urn:ngsi-ld:Air:${n}`, type: 'Air', pm10: [reading(n), reading(n + 1)] });
  await send({
    id: 'urn:ngsi-ld:Air:long',
    type: ['Air', 'Station'],
    pm10: Array.from({ length: 500 }, (_, n) => reading(n)),
    // A year of nothing, then as much again; and two sources at the same times.
    pm25: Array.from({ length: 40 }, (_, n) => [
      { ...reading(600_000 + n), value: `"a", ${n}\nb` },
      { ...reading(600_000 + n), datasetId: 'urn:d:1' },
    ]).flat(),
    at: [{ type: 'GeoProperty', value: { type: 'Point', coordinates: [14, 46] }, observedAt: timeOf(3) }],
    owner: [{ type: 'Relationship', object: 'urn:ngsi-ld:Person:1', observedAt: timeOf(4) }],
    note: [{ type: 'Property', value: 'never observed' }],
  });
}

const expectedRows = 60 * 2 + 500 + 80 + 3;

async function run(broker: TestBroker, ...args: readonly string[]): Promise<void> {
  const io = { out: new PassThrough(), err: new PassThrough(), signal: new AbortController().signal };
  io.err.resume();
  expect(await exportHistory.run(['--url', broker.url, ...args], io)).toBe(0);
}

interface Row {
  readonly entityId: string;
  readonly attribute: string;
  readonly datasetId: string | null;
  readonly observedAt: string | null;
  readonly value: unknown;
}

async function ndjson(broker: TestBroker, ...args: readonly string[]): Promise<readonly Row[]> {
  const path = join(folder, 'out.ndjson');
  await run(broker, '--format', 'ndjson', '--out', path, ...args);
  const lines = readFileSync(path, 'utf8').trimEnd();
  return lines === '' ? [] : lines.split('\n').map((line) => JSON.parse(line) as Row);
}

const keyOf = ({ entityId, attribute, datasetId, observedAt }: Row): string =>
  [entityId, attribute, datasetId, observedAt].join(' ');

describe.each([
  ['whole answers', []],
  ['answers cut in time', ['--instances-page', '7']],
  ['answers that would be too large', ['--instances-page', '20', '--instances-max', '30']],
])('history with %s', (_, args) => {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await startTestBroker(args);
    await fill(broker);
  }, 30_000);
  afterAll(() => broker.stop());

  test('arrives whole, each instance once', async () => {
    const rows = await ndjson(broker, '--type', 'Air');
    expect(rows).toHaveLength(expectedRows);
    expect(new Set(rows.map(keyOf)).size).toBe(expectedRows);
    const long = rows.filter(({ entityId, attribute }) => entityId.endsWith('long') && attribute === 'pm10');
    expect(long.map(({ value }) => value)).toEqual(Array.from({ length: 500 }, (__, n) => n));
    expect(rows.find(({ attribute }) => attribute === 'owner')?.value).toBe('urn:ngsi-ld:Person:1');
    expect(rows.filter(({ attribute }) => attribute === 'note').map(({ value }) => value)).toEqual(['never observed']);
    const observed = await ndjson(broker, '--type', 'Air', '--timeproperty', 'observedAt');
    expect(observed).toHaveLength(expectedRows - 1);
  }, 60_000);

  test('is narrowed by id, attribute and time', async () => {
    const rows = await ndjson(
      broker,
      ...['--id', 'urn:ngsi-ld:Air:long', '--attrs', 'pm10', '--from', timeOf(100), '--to', timeOf(200)],
    );
    expect(rows.map(({ value }) => value)).toEqual(Array.from({ length: 100 }, (__, n) => n + 100));
  }, 60_000);

  test.each([
    [['--type', 'Nothing'], /no entities of the type Nothing\. There are: Air, Station\./],
    [['--type', 'Aire'], /no entities of the type Aire\. Did you mean Air\?/],
    [['--type', 'https://example.org/Air'], /Did you mean Air\? Name it so, or give the @context/],
    [['--attrs', 'pm01'], /Nothing has the attribute pm01\. Did you mean pm10\?/],
    [['--to', '1999-01-01'], /There is no instance before 1999-01-01\. .*--timeproperty modifiedAt/],
    [['--id', 'urn:ngsi-ld:Air:none'], /There is no instance of urn:ngsi-ld:Air:none\./],
    [['--url', 'http://127.0.0.1:9'], /No broker can be reached/],
  ])(
    '%j: it is said why there is nothing, and there is no file',
    async (args, message) => {
      const path = join(folder, 'none.csv');
      for (const format of ['csv', 'ndjson', 'parquet'])
        await expect(run(broker, ...args, '--format', format, '--out', path)).rejects.toThrow(message);
      expect(readdirSync(folder).filter((name) => name.startsWith('none.csv'))).toEqual([]);
    },
    60_000,
  );

  test('is named as in the @context that is given', async () => {
    const context = 'https://smart-data-models.mlaka.si/environment/context.jsonld';
    const link = `<${context}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`;
    const station = { id: 'urn:ngsi-ld:AirQualityObserved:1', type: 'AirQualityObserved', no2: [reading(1)] };
    await fetch(`${broker.url}/ngsi-ld/v1/temporal/entities`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'NGSILD-Tenant': 'named', Link: link },
      body: JSON.stringify(station),
    });
    const asked = ['--tenant', 'named', '--type', 'AirQualityObserved', '--attrs', 'no2'];
    expect((await ndjson(broker, ...asked, '--context', context)).map((row) => row.attribute)).toEqual(['no2']);
    await expect(ndjson(broker, ...asked)).rejects.toThrow(
      /Did you mean https:\S+AirQualityObserved\? .*--context URL/,
    );
  }, 60_000);

  test('is the same in all formats', async () => {
    const [csv, parquet] = [join(folder, 'out.csv'), join(folder, 'out.parquet')];
    const rows = await ndjson(broker);
    expect(rows).toHaveLength(expectedRows);
    await run(broker, '--format', 'csv', '--out', csv);
    await run(broker, '--format', 'parquet', '--out', parquet);
    const fromCsv = parse(readFileSync(csv, 'utf8'), { columns: true }) as unknown as readonly Record<string, string>[];
    const bytes = readFileSync(parquet);
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const fromParquet = await parquetReadObjects({ file });
    const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
    expect(fromCsv.every(({ observedAt = '' }) => /^(?:.{19}\.\d{6}Z)?$/.test(observedAt))).toBe(true);
    expect(
      fromCsv.map(({ observedAt = '' }) => (observedAt === '' ? null : new Date(observedAt).toISOString())),
    ).toEqual(rows.map(({ observedAt }) => observedAt));
    expect(fromCsv.map(({ number, text }) => `${number}${text}`)).toEqual(rows.map(({ value }) => textOf(value)));
    expect(fromParquet.map(({ number, text }) => textOf((number as unknown) ?? text))).toEqual(
      rows.map(({ value }) => textOf(value)),
    );
    expect(fromParquet.map(({ observedAt }) => (observedAt as Date | null)?.toISOString() ?? null)).toEqual(
      rows.map(({ observedAt }) => observedAt),
    );
  }, 60_000);
});

test.each([
  [['--format', 'xls'], /--format must be one of csv, ndjson, parquet, not xls/],
  [['--format', 'parquet'], /--out must be given/],
  [['--from', 'yesterday'], /--from must be a day or a UTC time/],
  [['--from', '2026-02-01', '--to', '2026-01-01'], /--to must be later than --from/],
])('%j is refused', async (args, message) => {
  const io = { out: new PassThrough(), err: new PassThrough(), signal: new AbortController().signal };
  await expect(exportHistory.run(args, io)).rejects.toThrow(message);
});

afterAll(() => rmSync(folder, { recursive: true }));
