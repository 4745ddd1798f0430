/**
 * `node test/perf/federation.ts`: what federation costs. First the same requests with no registration and with 10,000 registrations of which
 * none matches; then a retrieval and a query over two peers beside those of one broker that has everything. The brokers are measured one
 * after the other in each round, so that the machine is the same to all.
 */
import { type Child, startChild } from './child.ts';
import { api, fill, send } from './fill.ts';
import { load, type Shot } from './load.ts';
import { median } from './median.ts';

const seconds = Number(process.env['BENCH_SECONDS'] ?? 4);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
const registrations = Number(process.env['BENCH_REGISTRATIONS'] ?? 10_000);
const entities = 200;

let number = 0;
const next = (): number => (number = (number + 7919) % entities);
const idOf = (n: number): string => `urn:ngsi-ld:Streetlight:bench:${n}`;
const reads: Readonly<Record<string, () => Shot>> = {
  'GET one entity': () => ({ method: 'GET', path: `${api}/entities/${idOf(next())}` }),
  'GET 20 by type': () => ({ method: 'GET', path: `${api}/entities?type=Streetlight&limit=20` }),
};
const all: Readonly<Record<string, () => Shot>> = {
  ...reads,
  'PATCH one attribute': () => ({
    method: 'PATCH',
    path: `${api}/entities/${idOf(next())}/attrs/powerConsumption`,
    body: JSON.stringify({ value: next() % 1000 }),
  }),
};

interface Bench {
  readonly what: string;
  readonly child: Child;
  /** Processor time for an answer in microseconds, and the median latency in milliseconds, by shot and round. */
  readonly used: Map<string, number[]>;
  readonly took: Map<string, number[]>;
}

const benchOf = (what: string, child: Child): Bench => ({ what, child, used: new Map(), took: new Map() });
const broker = (alias: string): Promise<Child> =>
  startChild('./broker-process.ts', ['--alias', alias, '--notify-allow-private']);

async function register(child: Child, registration: object): Promise<void> {
  const body = JSON.stringify({ type: 'ContextSourceRegistration', ...registration });
  const { status, text } = await send(`${child.url}${api}/csourceRegistrations`, 'POST', body);
  if (status !== 201) throw new Error(text);
}

/** Of devices: by type, by id, and by a pattern of ids. */
function otherRegistration(n: number): object {
  const entity = [
    { type: `Device${n}` },
    { type: 'Device', id: `urn:ngsi-ld:Device:${n}` },
    { type: 'Device', idPattern: `^urn:ngsi-ld:Device:${n}:` },
  ][n % 3];
  return { endpoint: 'http://127.0.0.1:9', information: [{ entities: [entity] }] };
}

async function measure({ child, used, took, what }: Bench, name: string, shot: () => Shot): Promise<void> {
  const before = await child.cpu();
  const { perSecond, p50, failed } = await load(child.url, shot, { connections: 8, seconds });
  if (failed > 0) throw new Error(`${what}: ${failed} of ${name} failed.`);
  const micros = (((await child.cpu()) - before) * 1000) / (perSecond * seconds);
  used.set(name, [...(used.get(name) ?? []), micros]);
  took.set(name, [...(took.get(name) ?? []), p50]);
}

function forget({ used, took }: Bench, name: string): void {
  used.delete(name);
  took.delete(name);
}

/** Measures the benches beside the first one, and prints a table. */
async function compare(benches: readonly Bench[], shots: typeof all): Promise<void> {
  for (const [name, shot] of Object.entries(shots))
    for (let round = 0; round <= rounds; round += 1) {
      for (const bench of benches) await measure(bench, name, shot);
      // The first round compiles the code.
      if (round === 0) benches.forEach((bench) => forget(bench, name));
    }
  console.log(`| | ${Object.keys(shots).join(' | ')} |\n|---|${'---|'.repeat(Object.keys(shots).length)}`);
  for (const { what, used, took } of benches) {
    const cells = Object.keys(shots).map((name) => {
      const own = median(used.get(name));
      const share = (own / median(benches[0]?.used.get(name)) - 1) * 100;
      return `${own.toFixed(0)} µs (${share.toFixed(0)} %), p50 ${median(took.get(name)).toFixed(1)} ms`;
    });
    console.log(`| ${[what, ...cells].join(' | ')} |`);
  }
}

const plain = await broker('plain');
const many = await broker('many');
for (const child of [plain, many]) await fill(child, 0, entities);
for (let n = 0; n < registrations; n += 100)
  await Promise.all(Array.from({ length: 100 }, (_, m) => register(many, otherRegistration(n + m))));
await compare([benchOf('no registration', plain), benchOf(`${registrations} that do not match`, many)], all);
await many.stop();

const [front, left, right] = [await broker('front'), await broker('left'), await broker('right')];
await fill(left, 0, entities / 2);
await fill(right, entities / 2, entities);
for (const { url } of [left, right])
  await register(front, { endpoint: url, information: [{ entities: [{ type: 'Streetlight' }] }] });
await compare([benchOf('local', plain), benchOf('over two peers', front)], reads);
for (const child of [plain, front, left, right]) await child.stop();
