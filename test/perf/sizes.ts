/** Measures the cost of the same queries as a broker grows. By hand: node test/perf/sizes.ts [entities ...] */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from './child.ts';
import { api, fill, send } from './fill.ts';
import { latencies } from './load.ts';

const [, , ...args] = process.argv;
const sizes = args.length > 0 ? args.map(Number) : [1000, 100_000, 1_000_000];

const questions: readonly (readonly [string, string])[] = [
  ['one by id', '/entities/urn:ngsi-ld:Streetlight:bench:7'],
  ['100 by type', '/entities?type=Streetlight&limit=100'],
  ['20 by type and q', `/entities?type=Streetlight&q=${encodeURIComponent('powerConsumption==7')}&limit=20`],
  [
    '20 near a point, 200 m',
    '/entities?type=Streetlight&limit=20&georel=near;maxDistance==200&geometry=Point&coordinates=[14.35,46.25]',
  ],
  ['types', '/types'],
  ['types, details', '/types?details=true'],
  ['one type', '/types/Streetlight'],
  ['attributes', '/attributes'],
];

const broker = await startChild('./broker-process.ts', ['--models', 'off']);
const cells = new Map(questions.map(([what]): [string, string[]] => [what, []]));
let filled = 0;
for (const size of sizes) {
  const began = performance.now();
  await fill(broker, filled, size);
  const rate = (size - filled) / ((performance.now() - began) / 1000);
  process.stderr.write(`${Math.round(rate)} entities/s\n`);
  filled = size;
  for (const [what, path] of questions) {
    const ask = async (): Promise<void> => {
      const { status, text } = await send(`${broker.url}${api}${path}`, 'GET');
      if (status !== 200) throw new Error(`${what}: ${status} ${text}`);
    };
    // The first times are without the index that they ask for; it is made in a moment of quiet.
    await latencies(ask, 20);
    await sleep(1000 + size / 100);
    const { p50, p99 } = await latencies(ask, 100);
    cells.get(what)?.push(`${p50.toFixed(2)} ms (p99 ${p99.toFixed(2)} ms)`);
    process.stderr.write(`${what}: ${p50.toFixed(2)} ms\n`);
  }
  process.stderr.write(`memory of the broker: ${(await broker.memory()).toFixed(0)} MiB\n`);
}
await broker.stop();
process.stdout.write(
  `| what | ${sizes.map((size) => `of ${size}`).join(' | ')} |\n|---|${'---|'.repeat(sizes.length)}\n`,
);
for (const [what, row] of cells) process.stdout.write(`| ${what} | ${row.join(' | ')} |\n`);
