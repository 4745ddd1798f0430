/**
 * `node test/perf/brokers.ts`: compares one broker on SQLite, one on MongoDB, and two on the same MongoDB, with the same entities and load.
 * MLAKA_MONGO_URL names the replica set; `node test/mongo/replica-set-process.ts` runs one and prints its URL.
 */
import { createTestDatabases } from '../mongo/database.ts';
import { type Child, startChild } from './child.ts';
import { api, fill } from './fill.ts';
import { load, rest, type Shot } from './load.ts';

const seconds = Number(process.env['BENCH_SECONDS'] ?? 5);
const entities = Number(process.env['BENCH_ENTITIES'] ?? 10_000);
/** Connections of all brokers together. */
const connections = 64;

let number = 0;
const next = (): number => (number = (number + 7919) % entities);
const shots: Readonly<Record<string, () => Shot>> = {
  'GET one entity': () => ({ method: 'GET', path: `${api}/entities/urn:ngsi-ld:Streetlight:bench:${next()}` }),
  'GET 20 by type and q': () => ({
    method: 'GET',
    path: `${api}/entities?type=Streetlight&q=powerConsumption==${next() % 1000}&limit=20`,
  }),
  'PATCH one attribute': () => ({
    method: 'PATCH',
    path: `${api}/entities/urn:ngsi-ld:Streetlight:bench:${next()}/attrs/powerConsumption`,
    // A measurement that is newer than the one before: one of the same moment would take its place.
    body: JSON.stringify({ value: next() % 1000, observedAt: new Date().toISOString() }),
  }),
};

/** What all brokers answer in a second together, the latencies of the slower one, and their processor time for an answer. */
async function measure(brokers: readonly Child[], shot: () => Shot): Promise<string> {
  const all = (each: number): Promise<readonly { perSecond: number; p50: number; p99: number; failed: number }[]> =>
    Promise.all(
      brokers.map(({ url }) => load(url, shot, { connections: connections / brokers.length, seconds: each })),
    );
  const cpu = async (): Promise<number> =>
    (await Promise.all(brokers.map((broker) => broker.cpu()))).reduce((sum, ms) => sum + ms, 0);
  // Compiles the code, and has the index made that the queries ask for.
  await all(4);
  const before = await cpu();
  const loads = await all(seconds);
  const usedMs = (await cpu()) - before;
  await rest();
  const perSecond = loads.reduce((sum, one) => sum + one.perSecond, 0);
  const worst = (part: 'p50' | 'p99'): number => Math.max(...loads.map((one) => one[part]));
  const failed = loads.reduce((sum, one) => sum + one.failed, 0);
  return `${Math.round(perSecond)}/s (p50 ${worst('p50')} ms, p99 ${worst('p99')} ms, ${((usedMs * 1000) / (perSecond * seconds)).toFixed(0)} µs${failed > 0 ? `, ${failed} failed` : ''})`;
}

async function row(name: string, brokers: readonly Child[]): Promise<void> {
  const cells: string[] = [];
  for (const shot of Object.values(shots)) cells.push(await measure(brokers, shot));
  console.log(`| ${[name, ...cells].join(' | ')} |`);
}

console.log(`| brokers | ${Object.keys(shots).join(' | ')} |\n|${'---|'.repeat(Object.keys(shots).length + 1)}`);
const sqlite = await startChild('./broker-process.ts');
await fill(sqlite, 0, entities);
await row('one, SQLite', [sqlite]);
await sqlite.stop();

const databases = createTestDatabases();
const args = ['--store', 'mongo', '--mongo-url', databases.url];
const first = await startChild('./broker-process.ts', args);
await fill(first, 0, entities);
await row('one, MongoDB', [first]);
const second = await startChild('./broker-process.ts', args);
await row('two, MongoDB', [first, second]);
await Promise.all([first.stop(), second.stop()]);
await databases.drop();
