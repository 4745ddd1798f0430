/** `node test/perf/http.ts`: measures the cost of Express, tuned and with defaults, beside raw node:http, with the same handler. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createYieldToEventLoop } from '../../src/app/process.ts';
import { operations } from '../../src/core/operation/table.ts';
import { createRenderCache } from '../../src/core/representation/rendered.ts';
import { type Answerer, createAnswerer } from '../../src/edge/http/dispatch.ts';
import { noProxies } from '../../src/edge/trusted-proxies.ts';
import { createExpressServer } from '../../src/edge/http/express-server.ts';
import { createTestServices } from '../test-services.ts';
import { load } from './load.ts';
import { median } from './median.ts';

const path = '/ngsi-ld/v1/entities/urn:ngsi-ld:Streetlight:1';
const entity = {
  id: 'urn:ngsi-ld:Streetlight:1',
  type: 'Streetlight',
  powerState: { type: 'Property', value: 'on', observedAt: '2026-03-01T18:00:00Z' },
  description: {
    type: 'Property',
    value: 'A light on a pole beside the road, as there are thousands in a city. '.repeat(10),
  },
};

const servers: Readonly<Record<string, (answer: Answerer) => Server>> = {
  'raw node:http': (answer) => createServer((request, response) => void answer({ request, response })),
  'Express, tuned': (answer) => createExpressServer(answer, {}),
  'Express, as it comes': (answer) =>
    createServer(
      express()
        .use(express.json({ type: ['application/json', 'application/ld+json'] }))
        .all('/ngsi-ld/v1/entities/:id', (request, response) => void answer({ request, response })),
    ),
};

/** In the child: serves, and tells how much processor time each request took between two messages. */
async function serve(name: string): Promise<void> {
  let answered = 0;
  const observe = (): unknown => (answered += 1);
  const services = createTestServices({
    observe,
    yieldToEventLoop: createYieldToEventLoop(),
    renders: createRenderCache(2 ** 20),
  });
  const limits = { bodyBytesMax: 2 ** 20, depthMax: 64, membersMax: 50_000 };
  const answer = createAnswerer({
    services,
    operations,
    limits,
    corsOrigin: '',
    isOwnHost: () => true,
    proxies: noProxies,
    isClosing: () => false,
    pages: new Map(),
    writeTimeoutMs: 30_000,
  });
  // The entity is put in place through a server of its own, so that what is measured answers as the broker does.
  const filling = createExpressServer(answer, {}).listen(0, '127.0.0.1');
  const made = await fetch(`${await urlOf(filling)}/ngsi-ld/v1/entities`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(entity),
  });
  if (made.status !== 201) throw new Error(await made.text());
  const url = await urlOf((servers[name] ?? createServer)(answer).listen(0, '127.0.0.1'));
  let since = process.cpuUsage();
  process.on('message', () => {
    const { user, system } = process.cpuUsage(since);
    process.send?.((user + system) / answered);
    since = process.cpuUsage();
    answered = 0;
  });
  process.send?.(url);
}

async function urlOf(server: Server): Promise<string> {
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** One second of load: answers per second, and microseconds of processor time for each. */
async function measure(child: ChildProcess, url: string): Promise<{ perSecond: number; cpuUs: number }> {
  const spent = async (): Promise<number> => {
    const told = once(child, 'message') as Promise<[number]>;
    child.send('spent');
    return (await told)[0];
  };
  await spent();
  const { perSecond, failed } = await load(url, () => ({ method: 'GET', path }), { seconds: 1 });
  if (failed > 0) throw new Error(`${failed} requests failed.`);
  return { perSecond, cpuUs: await spent() };
}

interface Runner {
  readonly name: string;
  readonly child: ChildProcess;
  readonly url: string;
  readonly rounds: { perSecond: number; cpuUs: number }[];
}

async function start(name: string): Promise<Runner> {
  const child = fork(new URL(import.meta.url), [name]);
  const [url] = (await once(child, 'message')) as [string];
  await measure(child, url);
  return { name, child, url, rounds: [] };
}

/** The servers in turn, so that whatever else the machine does meets them all alike. The first is what others are compared with. */
async function compare(rounds: number): Promise<void> {
  const runners = await Promise.all(Object.keys(servers).map(start));
  for (let round = 0; round < rounds; round += 1) {
    for (const { child, url, rounds: done } of runners) done.push(await measure(child, url));
  }
  const figures = runners.map(({ name, rounds: done }) => ({
    name,
    perSecond: median(done.map((one) => one.perSecond)),
    cpuUs: median(done.map((one) => one.cpuUs)),
  }));
  const [raw = { perSecond: 1, cpuUs: 1 }] = figures;
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  print('| GET by id, 64 connections | answers/s | of raw | processor time each | raw takes |\n|---|---|---|---|---|');
  for (const { name, perSecond, cpuUs } of figures) {
    const cells = [
      name,
      Math.round(perSecond),
      percent(perSecond / raw.perSecond),
      `${cpuUs.toFixed(1)} µs`,
      percent(raw.cpuUs / cpuUs),
    ];
    print(`| ${cells.join(' | ')} |`);
  }
  print(
    'Tuned: etag, x-powered-by and query parser off; own body reader; one middleware, no router stack; prototypes set once, by class.',
  );
  for (const { child } of runners) child.kill();
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const [, , name] = process.argv;
await (name === undefined ? compare(Number(process.env['BENCH_ROUNDS'] ?? 9)) : serve(name));
