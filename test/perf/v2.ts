/**
 * `node test/perf/v2.ts`: what NGSI v2 costs beside NGSI-LD: the same entities on one broker, got, queried and updated by either API. Each
 * round measures both one after the other.
 */
import { startChild } from './child.ts';
import { api, light } from './fill.ts';
import { load, type Shot } from './load.ts';
import { median } from './median.ts';

const seconds = Number(process.env['BENCH_SECONDS'] ?? 4);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
const entities = Number(process.env['BENCH_ENTITIES'] ?? 2000);

let number = 0;
const next = (): number => (number = (number + 7919) % entities);
const id = (): string => `urn:ngsi-ld:Streetlight:bench:${next()}`;

/** The same work by NGSI-LD and by NGSI v2. */
const pairs: Readonly<Record<string, readonly [ngsiLd: () => Shot, v2: () => Shot]>> = {
  'GET one entity': [
    () => ({ method: 'GET', path: `${api}/entities/${id()}` }),
    () => ({ method: 'GET', path: `/v2/entities/${id()}` }),
  ],
  'GET one entity, simplified or keyValues': [
    () => ({ method: 'GET', path: `${api}/entities/${id()}?format=simplified` }),
    () => ({ method: 'GET', path: `/v2/entities/${id()}?options=keyValues` }),
  ],
  'GET 20 by type': [
    () => ({ method: 'GET', path: `${api}/entities?type=Streetlight&limit=20` }),
    () => ({ method: 'GET', path: `/v2/entities?type=Streetlight&limit=20` }),
  ],
  'update one attribute': [
    () => ({
      method: 'PATCH',
      path: `${api}/entities/${id()}/attrs`,
      body: JSON.stringify({ powerConsumption: { type: 'Property', value: next() % 1000 } }),
    }),
    () => ({
      method: 'PATCH',
      path: `/v2/entities/${id()}/attrs`,
      body: JSON.stringify({ powerConsumption: { type: 'Number', value: next() % 1000 } }),
    }),
  ],
};

const child = await startChild('./broker-process.ts', []);
const made = await fetch(`${child.url}${api}/entityOperations/upsert`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(Array.from({ length: entities }, (_, index) => light(index))),
});
if (made.status !== 201) throw new Error(await made.text());

/** Processor time for an answer in microseconds. */
async function measure(name: string, shot: () => Shot): Promise<number> {
  const before = await child.cpu();
  const { perSecond, failed } = await load(child.url, shot, { connections: 16, seconds, headers: {} });
  if (failed > 0) throw new Error(`${failed} of ${name} failed.`);
  return (((await child.cpu()) - before) * 1000) / (perSecond * seconds);
}

console.log('| work | NGSI-LD | NGSI v2 | ratio |\n|---|---|---|---|');
for (const [name, [ngsiLd, v2]] of Object.entries(pairs)) {
  const used: [number[], number[]] = [[], []];
  // The first round compiles the code.
  for (let round = 0; round <= rounds; round += 1) {
    const [one, other] = [await measure(name, ngsiLd), await measure(name, v2)];
    if (round === 0) continue;
    used[0].push(one);
    used[1].push(other);
  }
  const [one, other] = [median(used[0]), median(used[1])];
  console.log(`| ${name} | ${one.toFixed(0)} µs | ${other.toFixed(0)} µs | ${(other / one).toFixed(2)} |`);
}
await child.stop();
