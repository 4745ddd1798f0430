/**
 * `node test/perf/watch-cost.ts`: what the watch adds to writes. Two brokers side by side get the same requests in turn; one of them has a rule
 * about all numbers of the entities. Prints the processor time of an entity, and how many are written in a second.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from './child.ts';
import { api, light, send } from './fill.ts';
import { median } from './median.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 7);
const entities = Number(process.env['BENCH_ENTITIES'] ?? 2000);
/** Entities that one round writes. */
const writes = Number(process.env['BENCH_WRITES'] ?? 20_000);

interface Work {
  readonly what: string;
  readonly connections: number;
  /** Entities of a request. */
  readonly each: number;
  readonly send: (url: string, number: number) => ReturnType<typeof send>;
}

/** A light with other numbers, none of them a fault. */
const changed = (number: number): object => {
  const value = 100 + ((number * 7919) % 13) + Math.floor(number / entities) / 1000;
  return {
    ...light(number % entities),
    powerConsumption: { type: 'Property', value, unitCode: 'WTT' },
    illuminanceLevel: { type: 'Property', value: value / 1000, unitCode: 'C62' },
  };
};

const works: readonly Work[] = [
  {
    what: 'patch of one attribute',
    connections: 64,
    each: 1,
    send(url, number) {
      const path = `/entities/urn:ngsi-ld:Streetlight:bench:${(number * 7919) % entities}/attrs/powerConsumption`;
      return send(`${url}${api}${path}`, 'PATCH', JSON.stringify({ value: 100 + (number % 13) + number / 1e6 }));
    },
  },
  {
    what: 'batch upsert of 100',
    connections: 4,
    each: 100,
    send(url, number) {
      const batch = Array.from({ length: 100 }, (_, index) => changed(number * 100 + index));
      return send(`${url}${api}/entityOperations/upsert?options=update`, 'POST', JSON.stringify(batch));
    },
  },
];

let number = 0;

/** Writes so many entities. Returns microseconds of processor time of an entity, and entities in a second. */
async function measure(child: Child, { connections, each, send: shoot }: Work): Promise<readonly [number, number]> {
  const [cpu, began] = [await child.cpu(), performance.now()];
  let left = writes / each;
  const client = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      number += 1;
      const { status, text } = await shoot(child.url, number);
      if (status >= 300) throw new Error(`${status} ${text.slice(0, 500)}`);
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  const perSecond = (writes * 1000) / (performance.now() - began);
  // What the watch has not read yet counts, too.
  await sleep(500);
  return [(((await child.cpu()) - cpu) * 1000) / writes, perSecond];
}

async function prepare(isWatched: boolean): Promise<Child> {
  const child = await startChild('./broker-process.ts', ['--models', 'off', '--access', 'open']);
  if (isWatched) {
    const watchedType = { type: 'Property', value: 'Streetlight' };
    const rule = { id: 'urn:ngsi-ld:WatchRule:bench', type: 'WatchRule', watchedType };
    await send(`${child.url}${api}/entities`, 'POST', JSON.stringify(rule));
  }
  for (let from = 0; from < entities; from += 1000) {
    const batch = Array.from({ length: Math.min(1000, entities - from) }, (_, index) => changed(from + index));
    const { status, text } = await send(`${child.url}${api}/entityOperations/upsert`, 'POST', JSON.stringify(batch));
    if (status >= 300) throw new Error(text.slice(0, 500));
  }
  await sleep(3000);
  return child;
}

/** The figures of one broker: processor time of an entity, and entities in a second, of each round. */
class Figures {
  readonly used: number[] = [];
  readonly speed: number[] = [];
  readonly #child: Child;
  constructor(child: Child) {
    this.#child = child;
  }
  async add(work: Work, isKept: boolean): Promise<void> {
    const [micros, perSecond] = await measure(this.#child, work);
    if (!isKept) return;
    this.used.push(micros);
    this.speed.push(perSecond);
  }
}

const [plain, watched] = [await prepare(false), await prepare(true)];
for (const work of works) {
  const [without, beside] = [new Figures(plain), new Figures(watched)];
  // The first round compiles the code.
  for (let round = 0; round <= rounds; round += 1)
    for (const figures of [without, beside]) await figures.add(work, round > 0);
  const [low, high] = [median(without.used), median(beside.used)];
  const more = `${((high / low - 1) * 100).toFixed(0)} %`;
  const rates = `${median(without.speed).toFixed(0)}/s without, ${median(beside.speed).toFixed(0)}/s with`;
  console.log(`${work.what}: ${low.toFixed(1)} µs without, ${high.toFixed(1)} µs with the watch (${more}); ${rates}`);
}
await Promise.all([plain.stop(), watched.stop()]);
