/**
 * `npm run bench -- --against DIR`: compares this checkout with another one, in which `npm ci` has run. Both brokers run at the same time,
 * on fresh folders, and get the same requests in turn. A shared machine changes its speed; ratios and processor time change little.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { api, light, send } from './fill.ts';
import { load, type Shot } from './load.ts';
import { median } from './median.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
const seconds = Number(process.env['BENCH_SECONDS'] ?? 3);
const entities = Number(process.env['BENCH_ENTITIES'] ?? 10_000);

interface Work {
  readonly what: string;
  readonly connections: number;
  readonly shot: (number: number) => Shot;
  /** Entities that one request writes. */
  readonly each?: number;
}

const id = (number: number): string => `urn:ngsi-ld:Streetlight:bench:${number % entities}`;
const create = (number: number): Shot => ({
  method: 'POST',
  path: `${api}/entities`,
  body: JSON.stringify(light(1_000_000 + number)),
});
const patch = (number: number): Shot => ({
  method: 'PATCH',
  path: `${api}/entities/${id(number)}/attrs/powerConsumption`,
  body: JSON.stringify({ value: number % 1000, observedAt: new Date().toISOString() }),
});
const upsert = (number: number): Shot => ({
  method: 'POST',
  path: `${api}/entityOperations/upsert`,
  body: JSON.stringify(Array.from({ length: 100 }, (_, index) => light((number * 100 + index) % entities))),
});
const get = (path: string) => (): Shot => ({
  method: 'GET',
  path: `${api}/entities?type=Streetlight&limit=100&${path}`,
});

const works: readonly Work[] = [
  { what: 'create', connections: 64, shot: create },
  { what: 'create', connections: 1, shot: create },
  { what: 'patch one attribute', connections: 64, shot: patch },
  { what: 'patch one attribute', connections: 1, shot: patch },
  { what: 'batch upsert of 100', connections: 4, shot: upsert, each: 100 },
  { what: 'get by id', connections: 64, shot: (number) => ({ method: 'GET', path: `${api}/entities/${id(number)}` }) },
  { what: 'type and range, 100 of 1 %', connections: 4, shot: get('q=powerConsumption>989') },
  { what: 'type and range, 100 of 10 %', connections: 4, shot: get('q=powerConsumption>899') },
  { what: 'type and range, 100 of half', connections: 4, shot: get('q=powerConsumption>499') },
  {
    what: '100 near a point',
    connections: 4,
    shot: get('georel=near;maxDistance==2000&geometry=Point&coordinates=[14.35,46.25]'),
  },
];

interface Broker {
  readonly url: string;
  /** Processor time that it has used, in milliseconds. */
  cpu(): Promise<number>;
  stop(): Promise<void>;
}

async function start(directory: string): Promise<Broker> {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-against-'));
  const port = await freePort();
  const child = fork(
    join(directory, 'src/app/main.ts'),
    ['serve', '--data', folder, '--port', String(port), '--models', 'off', '--log-level', 'error'],
    {
      cwd: directory,
      execArgv: [
        '--disable-warning=ExperimentalWarning',
        '--import',
        new URL('processor-time.ts', import.meta.url).href,
      ],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  );
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await isReady(url)); tries += 1) {
    if (tries > 300 || child.exitCode !== null) throw new Error(`The broker in ${directory} does not start.`);
    await sleep(100);
  }
  return {
    url,
    async cpu() {
      child.send('cpu');
      const [{ ms }] = (await once(child, 'message')) as [{ ms: number }];
      return ms;
    },
    async stop() {
      child.kill('SIGTERM');
      child.disconnect();
      await once(child, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/health/ready`).then(
    ({ ok }) => ok,
    () => false,
  );

async function fill({ url }: Broker): Promise<void> {
  for (let from = 0; from < entities; from += 1000) {
    const batch = Array.from({ length: Math.min(1000, entities - from) }, (_, index) => light(from + index));
    const { status, text } = await send(`${url}${api}/entityOperations/upsert`, 'POST', JSON.stringify(batch));
    if (status >= 300) throw new Error(text.slice(0, 500));
  }
}

/** Per second, and microseconds of processor time each. */
interface Figures {
  readonly perSecond: number;
  readonly cpuUs: number;
}

let number = 0;

async function measure(broker: Broker, { connections, shot, each = 1 }: Work, forSeconds = seconds): Promise<Figures> {
  const before = await broker.cpu();
  const next = (): Shot => shot((number += 1));
  const { perSecond, failed } = await load(broker.url, next, { connections, seconds: forSeconds });
  const used = (await broker.cpu()) - before;
  if (failed > 0) process.stderr.write(`${failed} requests failed.\n`);
  return { perSecond: perSecond * each, cpuUs: (used * 1000) / (perSecond * each * forSeconds) };
}

const shown = (all: readonly number[]): string =>
  `${median(all).toFixed(0)} (${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)})`;

/** Both brokers in turn. The one that goes first changes from round to round. */
async function compare(brokers: readonly [Broker, Broker], work: Work): Promise<void> {
  const all: readonly [Figures[], Figures[]] = [[], []];
  for (const broker of brokers) await measure(broker, work, 2);
  for (let round = 0; round < rounds; round += 1) {
    for (const which of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const))
      all[which].push(await measure(brokers[which], work));
  }
  const cells = (['perSecond', 'cpuUs'] as const).flatMap((part) => {
    const [theirs, ours] = all.map((figures) => figures.map((one) => one[part]));
    const ratio = median(ours ?? []) / median(theirs ?? []);
    return [shown(theirs ?? []), shown(ours ?? []), ratio.toFixed(2)];
  });
  process.stdout.write(`| ${work.what}, ${work.connections} connections | ${cells.join(' | ')} |\n`);
}

/** Prints a table: the other checkout, this one, and the ratio of the medians, by throughput and by processor time. */
export async function compareWith(directory: string): Promise<void> {
  const here = resolve(import.meta.dirname, '../..');
  const brokers = [await start(resolve(directory)), await start(here)] as const;
  try {
    for (const broker of brokers) await fill(broker);
    process.stdout.write(
      `| what | other, per second | here, per second | ratio | other, µs of processor | here, µs of processor | ratio |\n|${'---|'.repeat(7)}\n`,
    );
    for (const work of works) await compare(brokers, work);
  } finally {
    for (const broker of brokers) await broker.stop();
  }
}
