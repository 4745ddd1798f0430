/**
 * `node test/perf/access.ts [PART OF A CASE OR SHOT...]`: what access control, its audit and quotas cost: brokers side by side with open
 * access, with 100 and 1,000 grants, and with 10,000 keys, all in one process. Each round sends few requests to each of them, one after the
 * other. Other work of the machine makes a round dearer and never cheaper, so the fifth of the rounds that took least is compared.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, startChild } from './child.ts';
import { api, light } from './fill.ts';
import { load, type Shot } from './load.ts';
import { median } from './median.ts';

/** Answers of a broker in a round: few, so that other work of the machine disturbs whole rounds and not a part of each. */
const amount = 1000;
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 60);
/** Rounds that compile the code and fill the caches. */
const warmUps = 8;
const entities = Number(process.env['BENCH_ENTITIES'] ?? 2000);

interface Case {
  readonly what: string;
  readonly keys?: number;
  /** Grants of the key. 0: it has the role writer, which is not restricted. */
  readonly grants?: number;
  readonly args: readonly string[];
}

const required = ['--access', 'required', '--quota-requests', '0', '--quota-writes', '0'] as const;
const quiet = [...required, '--audit', 'changes'] as const;
const cases: readonly Case[] = [
  { what: 'open', args: ['--access', 'open'] },
  { what: 'a role', args: quiet },
  { what: '100 grants', grants: 100, args: quiet },
  { what: '1,000 grants', grants: 1000, args: quiet },
  { what: '100 grants, 10,000 keys', grants: 100, keys: 10_000, args: quiet },
  { what: '100 grants, all reads in the audit', grants: 100, args: required },
];

let number = 0;
const next = (): number => (number = (number + 7919) % entities);
const shots: Readonly<Record<string, () => Shot>> = {
  'GET one entity': () => ({ method: 'GET', path: `${api}/entities/urn:ngsi-ld:Streetlight:bench:${next()}` }),
  'GET 20 by type': () => ({ method: 'GET', path: `${api}/entities?type=Streetlight&limit=20` }),
  'PATCH one attribute': () => ({
    method: 'PATCH',
    path: `${api}/entities/urn:ngsi-ld:Streetlight:bench:${next()}/attrs/powerConsumption`,
    body: JSON.stringify({ value: next() % 1000 }),
  }),
};

interface Bench {
  readonly what: string;
  readonly url: string;
  /** The process of all brokers. */
  readonly child: Child;
  readonly headers: Readonly<Record<string, string>>;
}

async function prepare({ what, grants = 0, args }: Case, at: Started): Promise<Bench> {
  const { url, folder, child } = at;
  const isOpen = args.includes('open');
  const administrator = isOpen ? '' : readFileSync(join(folder, 'administrator.key'), 'utf8').trim();
  const post = async (path: string, body: unknown): Promise<string> => {
    const answer = await fetch(`${url}${api}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...bearer(administrator) },
      body: JSON.stringify(body),
    });
    if (answer.status >= 300) throw new Error(await answer.text());
    return answer.text();
  };
  await post(
    '/entityOperations/upsert',
    Array.from({ length: entities }, (_, index) => light(index)),
  );
  return { what, url, child, headers: isOpen ? {} : await holderOf(post, grants) };
}

interface Started extends Pick<Bench, 'url' | 'child'> {
  /** Where the broker keeps its data. */
  readonly folder: string;
}

/** Makes grants and a key, and returns the headers of its holder. */
async function holderOf(
  post: (path: string, body: unknown) => Promise<string>,
  grants: number,
): Promise<Bench['headers']> {
  // One of the grants covers the street lights, in the middle of the others.
  const typeOf = (index: number): string => (index === Math.floor(grants / 2) ? 'Streetlight' : `Other${index}`);
  for (let index = 0; index < grants; index += 1)
    await post('/access/grants', { to: 'role:bench', operations: ['read', 'write'], types: [typeOf(index)] });
  const made = await post('/access/keys', { name: 'bench', roles: [grants === 0 ? 'writer' : 'bench'] });
  const { key } = JSON.parse(made) as { key: string };
  return bearer(key);
}

const bearer = (key: string): Readonly<Record<string, string>> =>
  key === '' ? {} : { Authorization: `Bearer ${key}` };

/** Processor time of all threads for an answer of a broker, in microseconds. */
async function measure({ url, child, headers, what }: Bench, shot: () => Shot): Promise<number> {
  const before = await child.cpu();
  const { failed } = await load(url, shot, { connections: 16, amount, headers });
  if (failed > 0) throw new Error(`${what}: ${failed} requests failed.`);
  return (((await child.cpu()) - before) * 1000) / amount;
}

/** Processor times of each broker, by round. Each round begins with another broker. */
async function measureAll(benches: readonly Bench[], shot: () => Shot): Promise<readonly number[][]> {
  const used = benches.map((): number[] => []);
  for (let round = 0; round < warmUps + rounds; round += 1) {
    for (let turn = 0; turn < benches.length; turn += 1) {
      const which = (round + turn) % benches.length;
      const bench = benches[which];
      const micros = bench && (await measure(bench, shot));
      if (micros !== undefined && round >= warmUps) used[which]?.push(micros);
    }
  }
  return used;
}

const wanted = process.argv.slice(2);
const isWanted = (name: string, all: readonly string[]): boolean => {
  const parts = wanted.filter((part) => all.some((one) => one.includes(part)));
  return parts.length === 0 || parts.some((part) => name.includes(part));
};
const caseNames = cases.map(({ what }) => what);
const compared = cases.filter(({ what }) => what === 'open' || isWanted(what, caseNames));
const child = await startChild('./access-process.ts', [JSON.stringify(compared)]);
const urls = child.url.split(' ');
const benches: Bench[] = [];
for (const [index, one] of compared.entries())
  benches.push(await prepare(one, { url: urls[index] ?? '', folder: join(child.folder, String(index)), child }));
const chosen = Object.entries(shots).filter(([name]) => isWanted(name, Object.keys(shots)));
const columns: string[][] = [];
for (const [, shot] of chosen) {
  const used = await measureAll(benches, shot);
  const micros = used.map((own) => median(own.toSorted((a, b) => a - b).slice(0, Math.ceil(own.length / 5))));
  const [open = Number.NaN] = micros;
  columns.push(micros.map((own) => `${own.toFixed(0)} µs (${((own / open - 1) * 100).toFixed(1)} %)`));
}
console.log(`| access | ${chosen.map(([name]) => name).join(' | ')} |\n|---|${'---|'.repeat(chosen.length)}`);
for (const [index, { what }] of benches.entries())
  console.log(`| ${[what, ...columns.map((column) => column[index])].join(' | ')} |`);
await child.stop();
