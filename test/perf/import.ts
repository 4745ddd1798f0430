/** `npm run bench:import`: measures the import of measurements by the command and by the API, beside bare SQLite with the same file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { openBareHistory } from './bare-history.ts';
import { type Child, startChild } from './child.ts';
import { api, send } from './fill.ts';

const total = Number(process.env['BENCH_ROWS'] ?? 500_000);
const batchSize = 50_000;
/** Five minutes between two measurements of a station. */
const stepMs = 300_000;
const start = Date.UTC(2025, 0, 1);

/** An order in which archives have their rows: the station and the step of each. */
interface Order {
  readonly what: string;
  readonly stations: number;
  readonly place: (row: number, stations: number) => readonly [station: number, step: number];
}

const byStation: Order['place'] = (row, stations) => {
  const perStation = Math.ceil(total / stations);
  return [Math.floor(row / perStation), row % perStation];
};
const byTime: Order['place'] = (row, stations) => [row % stations, Math.floor(row / stations)];

const orders: readonly Order[] = [
  { what: '100 stations, one after the other', stations: 100, place: byStation },
  { what: '100 stations, all in turn', stations: 100, place: byTime },
  { what: '2000 stations, all in turn', stations: 2000, place: byTime },
];

const timeOf = (step: number): string => new Date(start + step * stepMs).toISOString().replace('.000Z', 'Z');
const valueOf = (station: number, step: number): number => ((station * 31 + step * 17) % 900) / 10;

/** The rows of a file, some thousand at a time. */
function* rowsOf({ stations, place }: Order): Generator<readonly (readonly [station: number, step: number])[]> {
  for (let first = 0; first < total; first += batchSize) {
    const size = Math.min(batchSize, total - first);
    yield Array.from({ length: size }, (_, index) => place(first + index, stations));
  }
}

const map = {
  type: 'AirQualityObserved',
  context: 'https://smart-data-models.mlaka.si/environment/context.jsonld',
  id: 'urn:ngsi-ld:AirQualityObserved:bench:{station}',
  observedAt: { column: 'time', pattern: 'iso' },
  history: true,
  attributes: { pm10: { column: 'pm10', as: 'number', unitCode: 'GQ' } },
};

async function writeFile(path: string, order: Order): Promise<void> {
  const file = createWriteStream(path);
  file.write('station,time,pm10\n');
  for (const rows of rowsOf(order)) {
    file.write(rows.map(([station, step]) => `${station},${timeOf(step)},${valueOf(station, step)}\n`).join(''));
  }
  await new Promise<void>((resolve) => void file.end(resolve));
}

/** Rows per second of some work. */
async function rate(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return total / ((performance.now() - began) / 1000);
}

/** The command as its users run it, from the start of the program to its end. */
async function runImport(broker: Child, file: string, mapFile: string): Promise<void> {
  const main = new URL('../../src/app/main.ts', import.meta.url).pathname;
  const args = ['--disable-warning=ExperimentalWarning', main, 'import', file, '--map', mapFile, '--url', broker.url];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`The import ended with ${String(code)}.`);
}

/** The same rows as series. While one batch is under way, the next one is made. */
async function sendSeries(broker: Child, order: Order): Promise<void> {
  const url = `${broker.url}${api}/temporal/entityOperations/upsert?format=temporalValues`;
  let underWay = Promise.resolve();
  for (const rows of rowsOf(order)) {
    const elements = [...Map.groupBy(rows, ([station]) => station)].map(([station, ofStation]) => ({
      id: `urn:ngsi-ld:AirQualityObserved:bench:${station}`,
      type: 'AirQualityObserved',
      pm10: {
        type: 'Property',
        unitCode: 'GQ',
        values: ofStation.map(([, step]) => [valueOf(station, step), timeOf(step)]),
      },
    }));
    const body = JSON.stringify(elements);
    await underWay;
    underWay = send(url, 'POST', body).then(({ status, text }) => {
      if (status >= 300) throw new Error(`${status} ${text.slice(0, 500)}`);
    });
    underWay.catch(() => undefined);
  }
  await underWay;
}

/** The file read, split at line ends and commas, and its rows written to bare SQLite: nothing checked, nothing told. */
function readBare(file: string): Promise<void> {
  const bare = openBareHistory();
  const lines = readFileSync(file, 'utf8').trim().split('\n').slice(1);
  for (let first = 0; first < lines.length; first += batchSize) {
    bare.put(
      lines.slice(first, first + batchSize).map((line) => {
        const [station = '', time = '', value] = line.split(',');
        return [Number(station), Date.parse(time) * 1000, Number(value)];
      }),
    );
  }
  bare.close();
  return Promise.resolve();
}

async function onBroker(work: (broker: Child) => Promise<void>): Promise<number> {
  const broker = await startChild('./broker-process.ts');
  try {
    return await rate(() => work(broker));
  } finally {
    await broker.stop();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'mlaka-import-'));
try {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  say(`| ${total} rows | mlaka import, rows/s | API, rows/s | floor, rows/s | ratio of import to floor |`);
  say('|---|---|---|---|---|');
  const [file, mapFile] = [join(folder, 'rows.csv'), join(folder, 'map.json')];
  writeFileSync(mapFile, JSON.stringify(map));
  for (const order of orders) {
    await writeFile(file, order);
    const imported = await onBroker((broker) => runImport(broker, file, mapFile));
    const sent = await onBroker((broker) => sendSeries(broker, order));
    const floor = await rate(() => readBare(file));
    const shown = [imported, sent, floor].map((one) => Math.round(one)).join(' | ');
    say(`| ${order.what} | ${shown} | ${(imported / floor).toFixed(2)} |`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
