/**
 * `node test/perf/stream.ts`: measures thousands of WebSocket consumers on one broker: the latency of a change for all of them or for a
 * single one, the memory per connection, the effect of consumers that do not read, and the cost of compression. BENCH_CONSUMERS and
 * BENCH_SECONDS make it smaller or longer. Node itself raises the limit of open files to what the system allows.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type Child, startChild } from './child.ts';
import { api, send } from './fill.ts';
import { percentiles, rest } from './load.ts';

const many = Number(process.env['BENCH_CONSUMERS'] ?? 5000);
const seconds = Number(process.env['BENCH_SECONDS'] ?? 10);
/** Those who will not read want besides what nobody else wants: so much that what they may have waiting is soon exceeded. */
const flood = { changesPerSecond: 5, bytes: 200_000 };
const slowOnes = Math.ceil(many / 50);

interface Consumer {
  readonly socket: WebSocket;
  isSlow: boolean;
}

/** Latencies in milliseconds of what has come since it was last emptied, at consumers that read. */
const taken: number[] = [];
const closed: number[] = [];

const entity = (n: number): object =>
  n < 0 ? { ...lamp(n), type: 'Flood', data: property('x'.repeat(flood.bytes)) } : lamp(n);
const property = (value: unknown): object => ({ type: 'Property', value });
const lamp = (n: number): object => ({
  id: `urn:ngsi-ld:Lamp:${n}`,
  type: 'Lamp',
  sentAt: property(performance.now()),
  note: property('switched by the twilight sensor of the street, as every evening; '.repeat(12)),
});

/** A consumer that has subscribed: to all lamps, or to the one of its number. */
async function connect(url: string, n: number, { isOwn, isDeflated }: Wanted): Promise<Consumer> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${api}/stream`, 'ngsi-ld-ws.v1', {
    perMessageDeflate: isDeflated,
  });
  const consumer: Consumer = { socket, isSlow: false };
  const subscription = {
    type: 'Subscription',
    entities: [{ type: 'Lamp', ...(isOwn ? { id: `urn:ngsi-ld:Lamp:${n}` } : undefined) }],
    notificationTrigger: ['entityCreated', 'attributeUpdated'],
  };
  socket.on('open', () => socket.send(JSON.stringify({ op: 'subscribe', id: 'lamps', subscription })));
  socket.on('close', (code) => closed.push(code));
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      if (text.startsWith('{"op":"subscribed"')) resolve();
      const arrived = performance.now();
      for (const [, sentAt] of text.matchAll(/"sentAt":\{"type":"Property","value":([\d.]+)/g)) {
        if (!consumer.isSlow) taken.push(arrived - Number(sentAt));
      }
    });
  });
  return consumer;
}

/** It wants the flood too. What it takes does not count any more. */
async function wantFlood(consumer: Consumer, overflow: 'latest' | 'disconnect'): Promise<void> {
  const { socket } = consumer;
  consumer.isSlow = true;
  const subscription = { type: 'Subscription', entities: [{ type: 'Flood' }] };
  const isSubscribed = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      if (data.toString().startsWith('{"op":"subscribed","id":"flood"')) resolve();
    });
  });
  socket.send(JSON.stringify({ op: 'subscribe', id: 'flood', subscription, overflow }));
  await isSubscribed;
}

interface Wanted {
  readonly isOwn: boolean;
  readonly isDeflated: boolean;
}

async function connectAll(url: string, wanted: Wanted): Promise<readonly Consumer[]> {
  const consumers: Consumer[] = [];
  for (let n = 0; n < many; n += 100) {
    const some = Array.from({ length: Math.min(100, many - n) }, (_, at) => connect(url, n + at, wanted));
    consumers.push(...(await Promise.all(some)));
  }
  return consumers;
}

async function disconnectAll(consumers: readonly Consumer[]): Promise<void> {
  for (const { socket } of consumers) socket.terminate();
  await sleep(1000);
  closed.length = 0;
}

const write = (url: string, numbers: readonly number[]): Promise<unknown> =>
  send(`${url}${api}/entityOperations/upsert`, 'POST', JSON.stringify(numbers.map(entity)));

/** Makes changes at a steady rate, and waits until all that were expected have come, or no more come. */
async function change(url: string, perSecond: number, next: () => number): Promise<number> {
  const began = performance.now();
  let made = 0;
  while (performance.now() - began < seconds * 1000) {
    const due = Math.floor(((performance.now() - began) / 1000) * perSecond) - made;
    // Of one entity there is one change in a request.
    const numbers = new Set(Array.from({ length: Math.max(0, Math.min(due, 50)) }, next));
    if (due > 0) await write(url, [...numbers]);
    made += numbers.size;
    await sleep(1);
  }
  for (let before = -1; before < taken.length; ) {
    before = taken.length;
    await sleep(500);
  }
  return made;
}

async function row(what: string, broker: Child, perSecond: number, next: () => number): Promise<void> {
  taken.length = 0;
  await broker.loopDelay();
  const cpu = await broker.cpu();
  const began = performance.now();
  const made = await change(broker.url, perSecond, next);
  const tookSeconds = (performance.now() - began) / 1000;
  const usedMs = (await broker.cpu()) - cpu;
  const { p50, p99 } = percentiles(taken);
  const { p99: loop, max } = await broker.loopDelay();
  console.log(
    `| ${what} | ${(made / seconds).toFixed(0)} | ${Math.round(taken.length / Math.min(tookSeconds, seconds))} | ${p50.toFixed(1)} / ${p99.toFixed(1)} | ${((usedMs * 1000) / taken.length).toFixed(0)} | ${loop.toFixed(1)} / ${max.toFixed(1)} | ${Math.round(await broker.memory())} |`,
  );
}

async function droppedBy({ url }: Child): Promise<number> {
  const { text } = await send(`${url}/metrics`, 'GET');
  const counts = [...text.matchAll(/^mlaka_streams_dropped_total\{.*\} (\d+)$/gm)].map(([, count]) => Number(count));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Bytes that have come over all sockets. */
const bytesOf = (consumers: readonly Consumer[]): number =>
  consumers.reduce((sum, { socket }) => {
    const { _socket: own } = socket as unknown as { readonly _socket?: { readonly bytesRead: number } };
    return sum + (own?.bytesRead ?? 0);
  }, 0);

const one = (): number => 0;
const any = (): number => Math.floor(Math.random() * many);
const args = ['--models', 'off', '--stream-connections-max', String(many + 10), '--stream-buffer-bytes', '262144'];

console.log(
  '| what | changes/s | messages/s | latency p50 / p99, ms | broker processor time, µs a message | event loop p99 / max, ms | resident, MiB |\n|---|---|---|---|---|---|---|',
);
let broker = await startChild('broker-process.ts', args);
await write(broker.url, [0]);
await rest();
const before = await broker.memory();
let consumers = await connectAll(broker.url, { isOwn: false, isDeflated: false });
await rest();
const perConnection = ((await broker.memory()) - before) / many;
await change(broker.url, 1, one);
await row(`${many} want every change, as fast as it goes`, broker, 100, one);
await row(`${many} want every change`, broker, 2, one);
const slow = consumers.slice(0, slowOnes);
for (const [at, consumer] of slow.entries()) await wantFlood(consumer, at % 2 === 0 ? 'latest' : 'disconnect');
const flooding = setInterval(() => void write(broker.url, [-1]), 1000 / flood.changesPerSecond);
await row(`the same, ${slowOnes} of them also 1 MB/s`, broker, 2, one);
for (const { socket } of slow) socket.pause();
await row(`the same, and those ${slowOnes} do not read`, broker, 2, one);
clearInterval(flooding);
console.log(`  ${await droppedBy(broker)} of them were dropped, or spared what they could not take`);
for (const { socket } of slow) socket.terminate();
await row(`the same, without those ${slowOnes}`, broker, 2, one);
await disconnectAll(consumers);
consumers = await connectAll(broker.url, { isOwn: true, isDeflated: false });
await row(`${many} want one entity each`, broker, 500, any);
await disconnectAll(consumers);
await broker.stop();

for (const isDeflated of [false, true]) {
  broker = await startChild('broker-process.ts', [...args, ...(isDeflated ? ['--stream-deflate'] : [])]);
  await write(broker.url, [0]);
  await rest();
  const empty = await broker.memory();
  consumers = await connectAll(broker.url, { isOwn: false, isDeflated });
  await change(broker.url, 1, one);
  const bytes = bytesOf(consumers);
  await row(isDeflated ? 'compressed' : 'not compressed', broker, 1, one);
  const perMessage = (bytesOf(consumers) - bytes) / taken.length;
  const kibibytes = (((await broker.memory()) - empty) / many) * 1024;
  console.log(`  ${perMessage.toFixed(0)} bytes a message, ${kibibytes.toFixed(0)} KiB a connection after that`);
  await disconnectAll(consumers);
  await broker.stop();
}
console.log(`memory of a connection with a subscription: ${(perConnection * 1024).toFixed(1)} KiB`);
process.exit(0);
