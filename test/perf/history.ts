/** `npm run bench:history`: measures batches of measurements and temporal queries, beside bare SQLite and raw HTTP. */
import { performance } from 'node:perf_hooks';
import { bytesIn, openBareHistory } from './bare-history.ts';
import { type Child, startChild } from './child.ts';
import { api, send } from './fill.ts';
import { latencies } from './load.ts';
import { median } from './median.ts';

/** Rows in all, over so many series. 10,000,000 rows take some minutes and about a gigabyte. */
const total = Number(process.env['BENCH_ROWS'] ?? 200_000);
const series = Number(process.env['BENCH_SERIES'] ?? 1000);
const batchSize = 5000;
const perSeries = Math.floor(total / series);
/** An hour between two measurements: 10,000 of a series are more than a year. */
const stepMs = 3_600_000;
const start = Date.UTC(2025, 0, 1);

const idOf = (number: number): string => `urn:ngsi-ld:AirQualityObserved:bench:${number}`;
const timeOf = (step: number): string => new Date(start + step * stepMs).toISOString().replace('.000Z', 'Z');
const valueOf = (number: number, step: number): number => ((number * 31 + step * 17) % 900) / 10;

interface Measurement {
  readonly number: number;
  readonly step: number;
}

const bodyOf = (measurements: readonly Measurement[]): string =>
  JSON.stringify(
    measurements.map(({ number, step }) => ({
      id: idOf(number),
      type: 'AirQualityObserved',
      pm10: { type: 'Property', value: valueOf(number, step), unitCode: 'GQ', observedAt: timeOf(step) },
    })),
  );

/** Station by station, as archives are. */
function* archive(): Generator<readonly Measurement[]> {
  for (let first = 0; first < series * perSeries; first += batchSize) {
    const size = Math.min(batchSize, series * perSeries - first);
    yield Array.from({ length: size }, (_, index) => ({
      number: Math.floor((first + index) / perSeries),
      step: (first + index) % perSeries,
    }));
  }
}

/** All stations at every moment, as they report, behind what is there. */
function* reports(rows: number): Generator<readonly Measurement[]> {
  for (let first = 0; first < rows; first += batchSize) {
    yield Array.from({ length: Math.min(batchSize, rows - first) }, (_, index) => ({
      number: (first + index) % series,
      step: perSeries + Math.floor((first + index) / series),
    }));
  }
}

async function put(broker: Child, body: string): Promise<void> {
  const { status, text } = await send(`${broker.url}${api}/temporal/entityOperations/upsert`, 'POST', body);
  if (status >= 300) throw new Error(`${status} ${text.slice(0, 500)}`);
}

/** Rows per second. While one batch is under way, the next one is made. */
async function ingest(broker: Child, batches: Iterable<readonly Measurement[]>): Promise<number> {
  const began = performance.now();
  let rows = 0;
  let underWay = Promise.resolve();
  for (const batch of batches) {
    const body = bodyOf(batch);
    await underWay;
    underWay = put(broker, body);
    underWay.catch(() => undefined);
    rows += batch.length;
    if (rows % 100_000 < batchSize) process.stderr.write(`\r${rows} rows`);
  }
  await underWay;
  process.stderr.write('\n');
  return rows / ((performance.now() - began) / 1000);
}

/** The same rows into one table by bare SQLite, as durable, a transaction per batch: rows per second and bytes per row. */
function ingestFloor(): { readonly perSecond: number; readonly bytes: number } {
  const bare = openBareHistory();
  const began = performance.now();
  for (const batch of archive()) {
    bare.put(batch.map(({ number, step }) => [number, (start + step * stepMs) * 1000, valueOf(number, step)]));
  }
  const perSecond = (series * perSeries) / ((performance.now() - began) / 1000);
  return { perSecond, bytes: bare.close() / (series * perSeries) };
}

const between = (from: number, to: number): string => `timerel=between&timeAt=${timeOf(from)}&endTimeAt=${timeOf(to)}`;
const one = (number: number): string => `/temporal/entities/${idOf(number)}?attrs=pm10&`;
const aYear = Math.min(perSeries, 8760);

const questions: readonly (readonly [what: string, path: (time: number) => string])[] = [
  [
    `range of ${Math.min(1000, perSeries)} points`,
    (time) => `${one(time % series)}format=temporalValues&${between(0, Math.min(1000, perSeries))}`,
  ],
  ['last 10', (time) => `${one(time % series)}format=temporalValues&lastN=10`],
  [
    `hourly average over ${aYear} hours of one series`,
    (time) =>
      `${one(time % series)}format=aggregatedValues&aggrMethods=avg&aggrPeriodDuration=PT1H&${between(0, aYear)}`,
  ],
  [
    `what was written since a moment, in a series of ${perSeries} (nothing)`,
    (time) =>
      `${one(time % series)}format=temporalValues&timeproperty=modifiedAt&timerel=after&timeAt=2100-01-01T00:00:00Z`,
  ],
  [
    `daily maximum of ${series} series over 7 days, first page`,
    () =>
      `/temporal/entities?type=AirQualityObserved&attrs=pm10&format=aggregatedValues&aggrMethods=max&aggrPeriodDuration=P1D&limit=${Math.min(series, 1000)}&${between(0, 168)}`,
  ],
  [
    'first page of a query, 20 entities, one day',
    () => `/temporal/entities?type=AirQualityObserved&attrs=pm10&format=temporalValues&limit=20&${between(0, 24)}`,
  ],
];

/** The median of a question beside that of raw HTTP answering the same bytes. */
async function ask(
  what: string,
  path: (time: number) => string,
  both: { broker: Child; floor: Child },
): Promise<string> {
  const { status, text } = await send(`${both.broker.url}${api}${path(0)}`, 'GET');
  if (status !== 200 && status !== 206) return `| ${what} | ${status} ${text.slice(0, 200)} | | |`;
  await send(`${both.floor.url}/fixed`, 'PUT', text);
  let time = 0;
  const ours = await latencies(() => send(`${both.broker.url}${api}${path((time += 1))}`, 'GET'), 30);
  const theirs = await latencies(() => send(`${both.floor.url}/fixed`, 'GET'), 30);
  const shown = ({ p50, p99 }: typeof ours): string => `${p50.toFixed(1)} ms (worst ${p99.toFixed(1)} ms)`;
  return `| ${what}, status ${status}, ${(text.length / 1024).toFixed(0)} kB | ${shown(ours)} | ${shown(theirs)} | ${(ours.p50 / theirs.p50).toFixed(1)} |`;
}

async function measure(broker: Child, floor: Child): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const rate = (perSecond: number): string => `${Math.round(perSecond)} rows/s`;
  say('| what | Mlaka | floor | ratio |\n|---|---|---|---|');
  const low = ingestFloor();
  const high = await ingest(broker, archive());
  say(
    `| ingest of ${series * perSeries} rows, station by station | ${rate(high)} | ${rate(low.perSecond)} | ${(high / low.perSecond).toFixed(2)} |`,
  );
  const reported = Math.min(total, 100_000);
  say(`| ingest of ${reported} more, all stations in turn | ${rate(await ingest(broker, reports(reported)))} | | |`);
  for (const [what, path] of questions) say(await ask(what, path, { broker, floor }));
  const done = new AbortController();
  const writing = ingest(broker, reports(reported)).finally(() => done.abort());
  const reading: number[] = [];
  for (let time = 0; !done.signal.aborted; time += 1) {
    reading.push((await latencies(() => send(`${broker.url}${api}${one(time % series)}lastN=10`, 'GET'), 1)).p50);
  }
  say(
    `| the same rows again, while "last 10" is asked (median ${median(reading).toFixed(1)} ms) | ${rate(await writing)} | | |`,
  );
  const bytes = bytesIn(broker.folder) / (series * perSeries + reported);
  say(`| bytes per row on disk | ${bytes.toFixed(0)} | ${low.bytes.toFixed(0)} | ${(bytes / low.bytes).toFixed(1)} |`);
  say(`| memory of the broker | ${(await broker.memory()).toFixed(0)} MiB | | |`);
}

const broker = await startChild('./broker-process.ts', ['--models', 'off']);
const floor = await startChild('./floor-process.ts');
try {
  await measure(broker, floor);
} finally {
  await broker.stop();
  await floor.stop();
}
