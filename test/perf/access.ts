/**
 * `node test/perf/access.ts`: what access control, its audit and quotas cost: brokers side by side with open access, with 100 and 1,000
 * grants, and with 10,000 keys. Each round measures all of them one after the other, so that the machine is the same to all.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, startChild } from './child.ts';
import { api, light } from './fill.ts';
import { load, type Shot } from './load.ts';
import { median } from './median.ts';

const seconds = Number(process.env['BENCH_SECONDS'] ?? 4);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
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
  readonly child: Child;
  readonly headers: Readonly<Record<string, string>>;
  /** Processor time for an answer in microseconds, by shot and round. */
  readonly used: Map<string, number[]>;
}

async function prepare({ what, keys = 0, grants = 0, args }: Case): Promise<Bench> {
  const child = await startChild('./access-process.ts', [String(keys), ...args]);
  const isOpen = args.includes('open');
  const administrator = isOpen ? '' : readFileSync(join(child.folder, 'administrator.key'), 'utf8').trim();
  const post = async (path: string, body: unknown): Promise<string> => {
    const answer = await fetch(`${child.url}${api}${path}`, {
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
  if (isOpen) return { what, child, headers: {}, used: new Map() };
  // One of the grants covers the street lights, in the middle of the others.
  const typeOf = (index: number): string => (index === Math.floor(grants / 2) ? 'Streetlight' : `Other${index}`);
  for (let index = 0; index < grants; index += 1)
    await post('/access/grants', { to: 'role:bench', operations: ['read', 'write'], types: [typeOf(index)] });
  const made = await post('/access/keys', { name: 'bench', roles: [grants === 0 ? 'writer' : 'bench'] });
  const { key } = JSON.parse(made) as { key: string };
  return { what, child, headers: bearer(key), used: new Map() };
}

const bearer = (key: string): Readonly<Record<string, string>> =>
  key === '' ? {} : { Authorization: `Bearer ${key}` };

async function measure({ child, headers, used, what }: Bench, name: string, shot: () => Shot): Promise<void> {
  const before = await child.cpu();
  const { perSecond, failed } = await load(child.url, shot, { connections: 16, seconds, headers });
  const micros = (((await child.cpu()) - before) * 1000) / (perSecond * seconds);
  if (failed > 0) throw new Error(`${what}: ${failed} of ${name} failed.`);
  used.set(name, [...(used.get(name) ?? []), micros]);
}

const benches: Bench[] = [];
const forget = (name: string): void => {
  for (const { used } of benches) used.delete(name);
};

for (const one of cases) benches.push(await prepare(one));
for (const [name, shot] of Object.entries(shots)) {
  // The first round compiles the code.
  for (let round = 0; round <= rounds; round += 1) {
    for (const bench of benches) await measure(bench, name, shot);
    if (round === 0) forget(name);
  }
}
console.log(`| access | ${Object.keys(shots).join(' | ')} |\n|---|${'---|'.repeat(Object.keys(shots).length)}`);
for (const { what, used } of benches) {
  const cells = Object.keys(shots).map((name) => {
    const [own, open] = [median(used.get(name) ?? []), median(benches[0]?.used.get(name) ?? [])];
    return `${own.toFixed(0)} µs (${((own / open - 1) * 100).toFixed(0)} %)`;
  });
  console.log(`| ${[what, ...cells].join(' | ')} |`);
}
for (const { child } of benches) await child.stop();
