/**
 * Measures the memory of a broker (PSS) after each of a series of ordinary loads: create, patch, get, query, geo-query, batch and
 * notifications, from 64 connections.
 * By hand: node test/perf/memory-series.ts [options of the broker]. BENCH_SECONDS: how long each lasts (60).
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from './child.ts';
import { api, fill, light, send } from './fill.ts';
import { load, type Shot } from './load.ts';

const [, , ...args] = process.argv;
const seconds = Number(process.env['BENCH_SECONDS'] ?? 60);
const entities = 10_000;

let number = 0;
const next = (): number => (number += 1);
const some = (): number => (next() * 7919) % entities;
const query = (text: string): Shot => ({ method: 'GET', path: `${api}/entities?type=Streetlight&limit=100&${text}` });
const change = (): Shot => ({
  method: 'PATCH',
  path: `${api}/entities/urn:ngsi-ld:Streetlight:bench:${some()}/attrs/powerConsumption`,
  body: JSON.stringify({ value: next() % 1000, observedAt: new Date().toISOString() }),
});

const shots: Readonly<Record<string, () => Shot>> = {
  create: () => ({ method: 'POST', path: `${api}/entities`, body: JSON.stringify(light(entities + next())) }),
  patch: change,
  get: () => ({ method: 'GET', path: `${api}/entities/urn:ngsi-ld:Streetlight:bench:${some()}` }),
  query: () => query(`q=powerConsumption%3E${some() % 1000}`),
  geo: () =>
    query(
      `georel=near;maxDistance==500&geometry=Point&coordinates=[14.${3000 + (some() % 1000)},46.${2000 + (some() % 997)}]`,
    ),
  batch: () => ({
    method: 'POST',
    path: `${api}/entityOperations/upsert`,
    body: JSON.stringify(Array.from({ length: 100 }, () => light(some()))),
  }),
  notify: change,
};

/** Proportional memory of a process in MiB, and the part that is not of files. */
function memoryOf({ pid }: Child): readonly [pss: number, anonymous: number] {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1]) / 1024;
  return [of('Pss'), of('Pss_Anon')];
}

/** Takes notifications and counts them. */
async function startReceiver(): Promise<{ readonly uri: string; count(): number }> {
  let count = 0;
  const server = createServer((request, response) => {
    count += 1;
    request.resume().on('end', () => response.writeHead(204).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { uri: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`, count: () => count };
}

const receiver = await startReceiver();
const broker = await startChild('broker-process.ts', ['--models', 'off', '--notify-allow-private', ...args]);
const row = (what: string, rate: string): void => {
  const [pss, anonymous] = memoryOf(broker).map(Math.round);
  process.stdout.write(`| ${what} | ${rate} | ${pss} | ${anonymous} |\n`);
};
process.stdout.write('| after | a second, processor time of each | PSS, MiB | of it anonymous |\n|---|--:|--:|--:|\n');
row('start', '');
await fill(broker, 0, entities);
for (const [what, shot] of Object.entries(shots)) {
  if (what === 'notify') {
    const endpoint = { uri: receiver.uri };
    const subscription = { type: 'Subscription', entities: [{ type: 'Streetlight' }], notification: { endpoint } };
    await send(`${broker.url}${api}/subscriptions`, 'POST', JSON.stringify(subscription));
  }
  const before = await broker.cpu();
  const { perSecond, failed } = await load(broker.url, shot, { seconds });
  const eachUs = (((await broker.cpu()) - before) * 1000) / (perSecond * seconds);
  row(what, `${Math.round(perSecond)}, ${Math.round(eachUs)} µs${failed > 0 ? `, ${failed} failed` : ''}`);
}
await sleep(10_000);
row('10 s of rest', `${receiver.count()} notifications`);
await broker.stop();
process.exit();
