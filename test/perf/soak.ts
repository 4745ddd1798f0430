/**
 * `node test/perf/soak.ts`: loads one broker with a small memory budget for an hour with everything at once: writes and their
 * notifications, queries by all APIs, readers that do not read, unfinished bodies, @contexts and snapshots that come and go. It prints
 * memory and open files regularly, and fails when something was lost. BENCH_SECONDS makes it shorter, SOAK_CHANGES sets how many changes
 * a second it makes.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type Child, startChild } from './child.ts';
import { api, light, send as sendOnce } from './fill.ts';

const seconds = Number(process.env['BENCH_SECONDS'] ?? 3600);
const entities = 500;
const perSecond = Number(process.env['SOAK_CHANGES'] ?? 100);
const endMs = performance.now() + seconds * 1000;
const isOver = (): boolean => performance.now() >= endMs;

/** Statuses that were answered, by what was asked. */
const statuses = new Map<string, number>();
const count = (what: string, status: number | string): void => {
  const key = `${what} ${status}`;
  statuses.set(key, (statuses.get(key) ?? 0) + 1);
};

/** The newest value that a light was given and acknowledged, and the newest of which the receiver has been notified. */
const written = new Map<string, number>();
const notified = new Map<string, number>();
let notifications = 0;
let backwards = 0;

/** Sends. A connection that breaks is counted, and answered with status 0. */
async function send(url: string, method: string, body?: string): Promise<{ status: number; text: string }> {
  try {
    return await sendOnce(url, method, body);
  } catch (error) {
    count('broken connection', String(error instanceof Error ? (error.cause ?? error) : error));
    return { status: 0, text: '' };
  }
}

interface Notification {
  readonly data: readonly { readonly id: string; readonly powerConsumption?: { readonly value: number } }[];
}

/** Takes notifications, and looks whether each light's values come in order. */
async function startReceiver(): Promise<string> {
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (data: Buffer) => (text += data.toString()));
    request.on('end', () => {
      for (const { id, powerConsumption } of (JSON.parse(text) as Notification).data) {
        const value = powerConsumption?.value ?? 0;
        notifications += 1;
        if (value < (notified.get(id) ?? 0)) backwards += 1;
        notified.set(id, value);
      }
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

async function subscribe(broker: Child, uri: string): Promise<void> {
  const subscription = {
    type: 'Subscription',
    entities: [{ type: 'Streetlight' }],
    watchedAttributes: ['powerConsumption'],
    notification: { endpoint: { uri } },
  };
  const { status, text } = await send(`${broker.url}${api}/subscriptions`, 'POST', JSON.stringify(subscription));
  if (status !== 201) throw new Error(text);
}

/** Publishes the lights as a dataset. */
async function describeDataset({ url }: Child): Promise<void> {
  const dataset = {
    '@context': 'https://smart-data-models.mlaka.si/catalogue/context.jsonld',
    id: 'urn:ngsi-ld:Dataset:lights',
    type: 'Dataset',
    title: { type: 'Property', value: 'Lights' },
    slug: { type: 'Property', value: 'lights' },
    entityTypes: { type: 'Property', value: ['Streetlight'] },
    accessRights: { type: 'Property', value: 'PUBLIC' },
    personalData: { type: 'Property', value: 'none' },
    license: { type: 'Property', value: 'https://creativecommons.org/licenses/by/4.0/' },
  };
  const answer = await fetch(`${url}${api}/entities`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/ld+json' },
    body: JSON.stringify(dataset),
  });
  if (answer.status !== 201) throw new Error(await answer.text());
}

/** Changes one light after the other, at a steady rate. */
async function change({ url }: Child): Promise<void> {
  for (let value = 1; !isOver(); value += 1) {
    const id = `urn:ngsi-ld:Streetlight:bench:${value % entities}`;
    const body = JSON.stringify({ powerConsumption: { type: 'Property', value } });
    const { status } = await send(`${url}${api}/entities/${id}/attrs`, 'PATCH', body);
    count('change', status);
    if (status === 204) written.set(id, value);
    await sleep(1000 / perSecond);
  }
}

const lamp = 'urn:ngsi-ld:Streetlight:bench:1';
const queries = [
  `${api}/entities?type=Streetlight&limit=100`,
  `${api}/entities?type=Streetlight&q=powerConsumption%3E100&limit=1000&count=true`,
  `${api}/entities?type=Streetlight&georel=near;maxDistance==2000&geometry=Point&coordinates=[14.35,46.25]`,
  `${api}/temporal/entities?type=Streetlight&timerel=after&timeAt=2020-01-01T00:00:00Z&attrs=powerConsumption&lastN=10`,
  `${api}/types?details=true`,
  `${api}/subscriptions`,
  '/v2/entities?type=Streetlight&limit=1000&options=keyValues,count',
  '/v2/entities?typePattern=^Street&q=powerConsumption%3E100&mq=powerConsumption.unitCode',
  '/ql/v2/types/Streetlight/attrs/powerConsumption?lastN=100',
  `/STH/v1/contextEntities/type/Streetlight/id/${lamp}/attributes/powerConsumption?lastN=10`,
  '/dcat/catalog',
  '/data/lights.csv',
  '/data/lights.parquet',
  '/api/3/action/package_search?q=lights',
  '/console',
  '/metrics',
];

async function query({ url }: Child): Promise<void> {
  for (let turn = 0; !isOver(); turn += 1) {
    const { status } = await send(`${url}${queries[turn % queries.length] ?? ''}`, 'GET');
    count('query', status);
    await sleep(100);
  }
}

/** Adds a @context, makes and deletes an entity with it, and deletes it again. */
async function renew({ url }: Child): Promise<void> {
  for (let turn = 0; !isOver(); turn += 1) {
    const terms = Object.fromEntries(
      Array.from({ length: 50 }, (_, n) => [`term${n}`, `https://soak.example/${turn}/${n}`]),
    );
    const answer = await fetch(`${url}${api}/jsonldContexts`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ '@context': terms }),
    });
    await answer.text();
    count('@context', answer.status);
    const place = new URL(answer.headers.get('location') ?? '/', url).href;
    const entity = {
      '@context': place,
      id: `urn:ngsi-ld:Soak:${turn}`,
      type: 'Soak',
      term1: { type: 'Property', value: turn },
    };
    const made = await fetch(`${url}${api}/entities`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/ld+json' },
      body: JSON.stringify(entity),
    });
    await made.text();
    count('entity of a new @context', made.status);
    await send(`${url}${api}/entities/${entity.id}`, 'DELETE');
    await send(place, 'DELETE');
    await sleep(500);
  }
}

/** Takes a snapshot of all lights, reads a page of it, and deletes it. */
async function snap({ url }: Child): Promise<void> {
  for (let turn = 0; !isOver(); turn += 1) {
    const id = `urn:ngsi-ld:Snapshot:${turn}`;
    const body = JSON.stringify({
      id,
      type: 'Snapshot',
      snapshotQueries: [{ type: 'Query', entities: [{ type: 'Streetlight' }] }],
    });
    const { status } = await send(`${url}${api}/snapshots`, 'POST', body);
    count('snapshot', status);
    await sleep(3000);
    const page = await fetch(`${url}${api}/entities?type=Streetlight&limit=1000`, {
      headers: { 'NGSILD-Snapshot': id },
    });
    await page.arrayBuffer();
    count('page of a snapshot', page.status);
    count('snapshot deleted', (await send(`${url}${api}/snapshots/${id}`, 'DELETE')).status);
  }
}

/** A connection on which something is said and nothing is ever read. */
function openStalled({ url }: Child, text: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname, () => socket.write(text));
  socket.on('error', () => undefined);
  socket.pause();
  return socket;
}

/** Readers that do not read, and bodies of which the end never comes: ten of each at a time, for half a minute. */
async function stall(broker: Child): Promise<void> {
  const head = `HTTP/1.1\r\nHost: 127.0.0.1\r\n`;
  const read = `GET ${api}/entities?type=Streetlight&limit=1000 ${head}\r\n`.repeat(20);
  const write = `POST ${api}/entities ${head}Content-Type: application/json\r\nContent-Length: 8000000\r\n\r\n{"id":"${'x'.repeat(1_000_000)}`;
  while (!isOver()) {
    const sockets = Array.from({ length: 20 }, (_, n) => openStalled(broker, n % 2 === 0 ? read : write));
    await Promise.race([sleep(30_000), sleep(endMs - performance.now())]);
    for (const socket of sockets) socket.destroy();
  }
}

/** Streams of which every other one is never read. */
async function stream({ url }: Child): Promise<void> {
  while (!isOver()) {
    const sockets = Array.from({ length: 10 }, (_, n) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}${api}/stream`, 'ngsi-ld-ws.v1');
      const subscription = { type: 'Subscription', entities: [{ type: 'Streetlight' }] };
      socket.on('open', () => {
        socket.send(JSON.stringify({ op: 'subscribe', id: 'all', subscription }));
        if (n % 2 === 0) setTimeout(() => socket.pause(), 1000);
      });
      socket.on('message', () => count('stream', 'frames'));
      socket.on('error', () => undefined);
      return socket;
    });
    await Promise.race([sleep(20_000), sleep(endMs - performance.now())]);
    for (const socket of sockets) socket.terminate();
  }
}

interface Sample {
  readonly minutes: number;
  readonly resident: number;
  readonly proportional: number;
  readonly files: number;
}

/** Resident memory, its proportional share (PSS), and open files of the broker's process. */
function sample({ pid }: Child, beganMs: number): Sample {
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]);
  return {
    minutes: (performance.now() - beganMs) / 60_000,
    resident: Math.round(kilobytes('Rss') / 1024),
    proportional: Math.round(kilobytes('Pss') / 1024),
    files: readdirSync(`/proc/${pid}/fd`).length,
  };
}

async function watch(broker: Child): Promise<void> {
  const beganMs = performance.now();
  console.log(
    '| minute | resident, MiB | PSS, MiB | open files | changes | notifications |\n|---|---|---|---|---|---|',
  );
  while (!isOver()) {
    await sleep(Math.min(seconds * 20, 120_000));
    const { minutes, resident, proportional, files } = sample(broker, beganMs);
    const changes = statuses.get('change 204') ?? 0;
    console.log(`| ${minutes.toFixed(1)} | ${resident} | ${proportional} | ${files} | ${changes} | ${notifications} |`);
  }
}

/** What was acknowledged and never notified: looked for until nothing more comes. */
async function missing(): Promise<readonly string[]> {
  const isEvicted = ([id, value]: readonly [string, number]): boolean => (notified.get(id) ?? 0) < value;
  for (let before = -1; before < notifications; ) {
    before = notifications;
    await sleep(5000);
  }
  return [...written].filter(isEvicted).map(([id]) => id);
}

const broker = await startChild('broker-process.ts', [
  '--models',
  'off',
  '--notify-allow-private',
  '--memory-budget',
  '256MB',
]);
await send(
  `${broker.url}${api}/entityOperations/upsert`,
  'POST',
  JSON.stringify(Array.from({ length: entities }, (_, n) => light(n))),
);
await subscribe(broker, await startReceiver());
await describeDataset(broker);
await Promise.all([change, query, renew, snap, stall, stream, watch].map((work) => work(broker)));
const lost = await missing();
console.log(
  [...statuses]
    .sort()
    .map(([what, times]) => `${what}: ${times}`)
    .join('\n'),
);
console.log(`lost: ${lost.length}, out of order: ${backwards}, notifications: ${notifications}`);
await broker.stop();
process.exit(lost.length + backwards > 0 ? 1 : 0);
