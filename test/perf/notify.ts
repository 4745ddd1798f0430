/**
 * `node test/perf/notify.ts [MATCHING@CHANGES ...]`: measures the notification latency with 10,000 subscriptions, of which a change matches
 * few or many.
 */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type Child, startChild } from './child.ts';
import { api, fill, send } from './fill.ts';
import { percentiles } from './load.ts';
import type { Arrival } from './receiver-worker.ts';

const [, , ...args] = process.argv;
/** How many subscriptions each change concerns, and how many changes there are in a second. */
const runs = (args.length > 0 ? args : ['1@1000', '10@1000', '10@300', '1000@3', '1000@20']).map((run) => {
  const [matching = 1, perSecond = 1000] = run.split('@').map(Number);
  return { matching, perSecond };
});
const seconds = Number(process.env['BENCH_SECONDS'] ?? 10);
const subscriptions = Number(process.env['BENCH_SUBSCRIPTIONS'] ?? 10_000);
const lights = 1000;

const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Subscriptions that no change concerns: of other types, of other entities of the same type, and of other attributes. */
const idle = (number: number): object =>
  [
    { entities: [{ type: `Other${number % 500}` }], watchedAttributes: ['powerConsumption'] },
    { entities: [{ type: 'Streetlight', id: `urn:ngsi-ld:Streetlight:elsewhere:${number}` }] },
    { entities: [{ type: 'Streetlight' }], watchedAttributes: [`attribute${number % 100}`] },
  ][number % 3] ?? {};

async function subscribe(broker: Child, members: object, uri: string): Promise<string> {
  const body = { type: 'Subscription', ...members, notification: { endpoint: { uri } } };
  const answer = await fetch(`${broker.url}${api}/subscriptions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (answer.status !== 201) throw new Error(await answer.text());
  return answer.headers.get('location') ?? '';
}

async function subscribeMany(count: number, one: (index: number) => Promise<string>): Promise<string[]> {
  const paths: string[] = [];
  for (let from = 0; from < count; from += 64) {
    const size = Math.min(64, count - from);
    paths.push(...(await Promise.all(Array.from({ length: size }, (_, index) => one(from + index)))));
  }
  return paths;
}

/** Times of one change, in milliseconds of the machine's own clock. */
interface Sent {
  readonly atMs: number;
  acknowledgedMs: number;
}

/** Changes one light after the other at a steady rate. Answers the times by the value that was written. */
async function change(
  broker: Child,
  { perSecond, first }: { perSecond: number; first: number },
): Promise<Map<number, Sent>> {
  const sent = new Map<number, Sent>();
  const answered: Promise<void>[] = [];
  const began = nowMs();
  for (let number = 0; number < perSecond * seconds; number += 1) {
    const one: Sent = { atMs: nowMs(), acknowledgedMs: Number.NaN };
    sent.set(first + number, one);
    answered.push(patch(broker, number % lights, first + number).then(() => void (one.acknowledgedMs = nowMs())));
    const waitMs = began + ((number + 1) * 1000) / perSecond - nowMs();
    if (waitMs > 0.5) await sleep(waitMs);
  }
  await Promise.all(answered);
  return sent;
}

function patch(broker: Child, light: number, value: number): Promise<void> {
  const body = JSON.stringify({ value });
  const path = `${api}/entities/urn:ngsi-ld:Streetlight:bench:${light}/attrs/powerConsumption`;
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    request(`${broker.url}${path}`, { method: 'PATCH', agent, headers }, (answer) => {
      if (answer.statusCode !== 204) reject(new Error(`status ${answer.statusCode}`));
      answer.resume().on('end', resolve);
    })
      .on('error', reject)
      .end(body);
  });
}

interface Receiver {
  readonly port: number;
  arrivals(): Promise<readonly Arrival[]>;
  stop(): Promise<unknown>;
}

async function startReceiver(): Promise<Receiver> {
  const worker = new Worker(new URL('./receiver-worker.ts', import.meta.url));
  const [port] = (await once(worker, 'message')) as [number];
  return {
    port,
    async arrivals() {
      worker.postMessage('tell');
      return ((await once(worker, 'message')) as [readonly Arrival[]])[0];
    },
    stop: () => worker.terminate(),
  };
}

/** Waits until everything has come, or nothing more does. */
async function collect(receiver: Receiver, wanted: number): Promise<Arrival[]> {
  const all: Arrival[] = [];
  for (let idleTurns = 0; all.length < wanted && idleTurns < 20; idleTurns += 1) {
    const more = await receiver.arrivals();
    if (more.length > 0) idleTurns = 0;
    for (const one of more) all.push(one);
    if (all.length < wanted) await sleep(100);
  }
  return all;
}

let first = 1_000_000;

async function measure(
  broker: Child,
  receiver: Receiver,
  { matching, perSecond }: { matching: number; perSecond: number },
): Promise<string> {
  const uri = `http://127.0.0.1:${receiver.port}`;
  const members = {
    entities: [{ type: 'Streetlight' }],
    watchedAttributes: ['powerConsumption'],
    q: 'powerConsumption>0',
  };
  const paths = await subscribeMany(matching, (index) => subscribe(broker, members, `${uri}/${index}`));
  // Not measured before connections are open and code is compiled.
  await change(broker, { perSecond: Math.min(perSecond, 200), first });
  first += lights * seconds;
  await sleep(500);
  await receiver.arrivals();
  await broker.loopDelay();
  const sent = await change(broker, { perSecond, first });
  first += perSecond * seconds;
  const arrivals = await collect(receiver, sent.size * matching);
  for (const path of paths) await send(`${broker.url}${path}`, 'DELETE');
  return rowOf({ matching, perSecond, sent, arrivals, loop: (await broker.loopDelay()).p99 });
}

interface Run {
  readonly matching: number;
  readonly perSecond: number;
  readonly sent: ReadonlyMap<number, Sent>;
  readonly arrivals: readonly Arrival[];
  readonly loop: number;
}

function rowOf({ matching, perSecond, sent, arrivals, loop }: Run): string {
  const whole: number[] = [];
  const after: number[] = [];
  for (const [value, atMs] of arrivals) {
    const one = sent.get(value);
    if (!one) continue;
    whole.push(atMs - one.atMs);
    after.push(Math.max(0, atMs - one.acknowledgedMs));
  }
  const times = [...sent.values()].map(({ atMs }) => atMs);
  const tookMs = Math.max(...arrivals.map(([, atMs]) => atMs)) - Math.min(...times);
  const ms = (taken: readonly number[]): string => {
    const { p50, p99 } = percentiles(taken);
    return `${p50.toFixed(1)} / ${p99.toFixed(1)}`;
  };
  const rate = Math.round((whole.length * 1000) / tookMs);
  return `| ${matching} | ${perSecond} | ${whole.length} of ${sent.size * matching} | ${rate} | ${ms(whole)} | ${ms(after)} | ${loop.toFixed(1)} |`;
}

const broker = await startChild('./broker-process.ts', ['--models', 'off', '--notify-allow-private']);
const receiver = await startReceiver();
await fill(broker, 0, lights);
const began = nowMs();
await subscribeMany(subscriptions, (index) => subscribe(broker, idle(index), `http://127.0.0.1:${receiver.port}/idle`));
process.stderr.write(`${subscriptions} subscriptions in ${Math.round(nowMs() - began)} ms\n`);
const head = [
  'matching',
  'changes/s wanted',
  'notifications',
  'notifications/s',
  'from sending p50 / p99, ms',
  'from acknowledgement p50 / p99, ms',
  'event loop p99, ms',
];
process.stdout.write(`| ${head.join(' | ')} |\n|${'---|'.repeat(head.length)}\n`);
for (const run of runs) process.stdout.write(`${await measure(broker, receiver, run)}\n`);
process.stderr.write(`memory of the broker: ${(await broker.memory()).toFixed(0)} MiB\n`);
agent.destroy();
await broker.stop();
await receiver.stop();
