/**
 * `npm run bench`: measures the throughput of the broker, each figure beside its baseline in the same run. With `-- --against DIR`, compares
 * this checkout with another one instead (against.ts).
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { compareWith } from './against.ts';
import { type Child, startChild } from './child.ts';
import { api, fill, light, send } from './fill.ts';
import { latencies, load, type Load, percentiles, rest, type Shot } from './load.ts';

const seconds = Number(process.env['BENCH_SECONDS'] ?? 5);
const many = Number(process.env['BENCH_ENTITIES'] ?? 100_000);

interface Row {
  readonly what: string;
  readonly ours: string;
  readonly floor: string;
  readonly ratio: string;
  readonly loop: string;
}
const rows: Row[] = [];

async function row(
  what: string,
  child: Child,
  { ours, floor, ratio }: { ours: string; floor: string; ratio: number },
): Promise<void> {
  const { p99, max } = await child.loopDelay();
  rows.push({
    what,
    ours,
    floor,
    ratio: Number.isNaN(ratio) ? '' : ratio.toFixed(2),
    loop: `${p99.toFixed(1)} / ${max.toFixed(1)}`,
  });
  process.stderr.write(`${what}: ${ours}, floor ${floor}\n`);
}

const shown = ({ perSecond, p50, p99, failed }: Load): string =>
  `${Math.round(perSecond)}/s (p50 ${p50} ms, p99 ${p99} ms${failed > 0 ? `, ${failed} failed` : ''})`;

/** The same shots at the floor and at the broker. */
async function compare(
  what: string,
  { broker, floor }: { broker: Child; floor: Child },
  { ours, theirs }: { ours: () => Shot; theirs: () => Shot },
): Promise<void> {
  // Neither is measured before its code has been compiled.
  await load(floor.url, theirs, { seconds: 2 });
  const low = await load(floor.url, theirs, { seconds });
  await rest();
  await load(broker.url, ours, { seconds: 3 });
  await broker.loopDelay();
  const high = await load(broker.url, ours, { seconds });
  await row(what, broker, { ours: shown(high), floor: shown(low), ratio: high.perSecond / low.perSecond });
  await rest();
}

/** The time of one request beside that of a raw server answering the same bytes. */
async function compareRead(
  what: string,
  { broker, floor }: { broker: Child; floor: Child },
  path: string,
): Promise<void> {
  const { status, text } = await send(`${broker.url}${api}${path}`, 'GET');
  if (status !== 200) throw new Error(`${what}: ${status} ${text}`);
  await send(`${floor.url}/fixed`, 'PUT', text);
  const low = await latencies(() => send(`${floor.url}/fixed`, 'GET'), 300);
  await latencies(() => send(`${broker.url}${api}${path}`, 'GET'), 50);
  await broker.loopDelay();
  const high = await latencies(() => send(`${broker.url}${api}${path}`, 'GET'), 300);
  const ms = ({ p50, p99 }: { p50: number; p99: number }): string => `${p50.toFixed(2)} ms (p99 ${p99.toFixed(2)} ms)`;
  await row(what, broker, { ours: ms(high), floor: ms(low), ratio: high.p50 / low.p50 });
}

/** Time from sending a change until its notification has arrived, while changes are made at a steady rate. */
async function streamLatency(broker: Child, perSecond: number): Promise<void> {
  const socket = new WebSocket(`${broker.url.replace('http', 'ws')}${api}/stream`, 'ngsi-ld-ws.v1');
  const sent = new Map<number, number>();
  const taken: number[] = [];
  const isReady = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      const now = performance.now();
      const frame = JSON.parse(data.toString()) as {
        op: string;
        notification?: { data: { powerConsumption: { value: number } }[] };
      };
      if (frame.op === 'hello')
        socket.send(
          JSON.stringify({
            op: 'subscribe',
            id: 's',
            subscription: {
              type: 'Subscription',
              entities: [{ type: 'Streetlight' }],
              watchedAttributes: ['powerConsumption'],
              notification: {},
            },
          }),
        );
      if (frame.op === 'subscribed') resolve();
      for (const { powerConsumption } of frame.notification?.data ?? [])
        taken.push(now - (sent.get(powerConsumption.value) ?? Number.NaN));
    });
  });
  await isReady;
  await broker.loopDelay();
  const requests: Promise<unknown>[] = [];
  for (let number = 0; number < perSecond * seconds; number += 1) {
    sent.set(number + 1_000_000, performance.now());
    requests.push(
      send(
        `${broker.url}${api}/entities/urn:ngsi-ld:Streetlight:bench:${number % 1000}/attrs/powerConsumption`,
        'PATCH',
        JSON.stringify({ value: number + 1_000_000 }),
      ),
    );
    await sleep(1000 / perSecond);
  }
  await Promise.all(requests);
  await sleep(200);
  socket.close();
  const { p50, p99 } = percentiles(taken.filter((ms) => !Number.isNaN(ms)));
  await row(`change to WebSocket, ${perSecond}/s wanted`, broker, {
    ours: `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (${taken.length} of ${requests.length})`,
    floor: '',
    ratio: Number.NaN,
  });
}

/** Requests that could hold up all others: how long they do is in the last column. */
async function heavy(broker: Child): Promise<void> {
  const one = async (what: string, method: string, [path, body]: readonly [string, string?]): Promise<void> => {
    await broker.loopDelay();
    const began = performance.now();
    const { status, text } = await send(`${broker.url}${api}${path}`, method, body);
    const took = performance.now() - began;
    await row(what, broker, {
      ours: `${took.toFixed(0)} ms, status ${status}, ${(text.length / 1024).toFixed(0)} kB`,
      floor: '',
      ratio: Number.NaN,
    });
  };
  const batch = JSON.stringify(Array.from({ length: 10_000 }, (_, index) => light(5_000_000 + index)));
  await one(`batch of 10,000 entities (${(batch.length / 2 ** 20).toFixed(1)} MiB)`, 'POST', [
    '/entityOperations/upsert',
    batch,
  ]);
  await one('answer of 1,000 entities, not shown so before', 'GET', [
    '/entities?type=Streetlight&limit=1000&options=sysAttrs',
  ]);
  await one('q that no index answers', 'GET', [
    `/entities?type=Streetlight&q=${encodeURIComponent('description~="(a|b|c)*d{3}$";address[streetAddress]=="nowhere"')}`,
  ]);
  await one('pattern made to explode', 'GET', [
    `/entities?type=Streetlight&q=${encodeURIComponent('description~="(A*)*(A*)*(l*)*!"')}`,
  ]);
}

async function measure(broker: Child, floor: Child): Promise<void> {
  const both = { broker, floor };
  let next = 1_000_000;
  const post = (path: string) => (): Shot => ({ method: 'POST', path, body: JSON.stringify(light((next += 1))) });
  await compare('create, 64 connections', both, { ours: post(`${api}/entities`), theirs: post('/') });
  await fill(broker, 0, 1000);
  await compareRead(
    'query of 20, q on an attribute, of 1,000',
    both,
    `/entities?type=Streetlight&q=${encodeURIComponent('powerConsumption==7')}&limit=20`,
  );
  await fill(broker, 1000, many);
  const some = (): number => Math.floor(Math.random() * 1000);
  const patch = (): string =>
    JSON.stringify({ value: Math.floor(Math.random() * 500), observedAt: new Date().toISOString() });
  await compare('update an attribute, 64 connections', both, {
    ours: () => ({
      method: 'PATCH',
      path: `${api}/entities/urn:ngsi-ld:Streetlight:bench:${some()}/attrs/powerConsumption`,
      body: patch(),
    }),
    theirs: () => ({ method: 'POST', path: `/${some()}`, body: patch() }),
  });
  await send(`${floor.url}/one`, 'PUT', JSON.stringify(light(1)));
  await compare('get by id, 64 connections', both, {
    ours: () => ({ method: 'GET', path: `${api}/entities/urn:ngsi-ld:Streetlight:bench:${some()}` }),
    theirs: () => ({ method: 'GET', path: '/one' }),
  });
  await compareRead(
    `query of 20, q on an attribute, of ${many}`,
    both,
    `/entities?type=Streetlight&q=${encodeURIComponent('powerConsumption==7')}&limit=20`,
  );
  await compareRead('query of 100 by type', both, '/entities?type=Streetlight&limit=100');
  await compareRead(
    'query of 100 near a point',
    both,
    '/entities?type=Streetlight&limit=100&georel=near;maxDistance==2000&geometry=Point&coordinates=[14.35,46.25]',
  );
  await history(both);
  await streamLatency(broker, 500);
  await heavy(broker);
  process.stderr.write(`memory of the broker: ${(await broker.memory()).toFixed(0)} MiB\n`);
}

async function history(both: { broker: Child; floor: Child }): Promise<void> {
  const path = '/entities/urn:ngsi-ld:Streetlight:bench:1/attrs/illuminanceLevel';
  const began = Date.UTC(2026, 0, 1);
  const batches = Array.from({ length: 20 }, (_, batch) =>
    Array.from({ length: 100 }, (_, index) => ({
      id: 'urn:ngsi-ld:Streetlight:bench:1',
      illuminanceLevel: {
        type: 'Property',
        value: index / 100,
        observedAt: new Date(began + (batch * 100 + index) * 60_000).toISOString(),
      },
    })),
  );
  for (const batch of batches)
    await send(`${both.broker.url}${api}/entityOperations/update`, 'POST', JSON.stringify(batch));
  await send(`${both.broker.url}${api}${path}`, 'PATCH', JSON.stringify({ value: 0.5 }));
  const interval = `timerel=between&timeAt=${new Date(began).toISOString()}&endTimeAt=${new Date(began + 1000 * 60_000).toISOString()}`;
  await compareRead(
    'history, range of 1,000 points',
    both,
    `/temporal/entities/urn:ngsi-ld:Streetlight:bench:1?attrs=illuminanceLevel&format=temporalValues&${interval}`,
  );
  await compareRead(
    'history, last 10',
    both,
    '/temporal/entities/urn:ngsi-ld:Streetlight:bench:1?attrs=illuminanceLevel&format=temporalValues&lastN=10',
  );
}

async function compareWithFloor(): Promise<void> {
  const broker = await startChild('./broker-process.ts', ['--models', process.env['BENCH_MODELS'] ?? 'warn']);
  const floor = await startChild('./floor-process.ts');
  await measure(broker, floor);
  await Promise.all([broker.stop(), floor.stop()]);
  process.stdout.write(`| what | Mlaka | floor | ratio | event loop p99 / max, ms |\n|---|---|---|---|---|\n`);
  for (const { what, ours, floor: low, ratio, loop } of rows)
    process.stdout.write(`| ${what} | ${ours} | ${low} | ${ratio} | ${loop} |\n`);
}

const { against } = parseArgs({ options: { against: { type: 'string' } } }).values;
await (against === undefined ? compareWithFloor() : compareWith(against));
