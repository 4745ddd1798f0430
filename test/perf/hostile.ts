/**
 * Measures the cost of requests that are made to be expensive: each input at the largest accepted size and at a quarter of it, with the
 * exponent of the growth and the delay of other requests, and the answer to four times the size. The best of several runs counts, because
 * other load on the machine only adds time. Further arguments are options of the broker.
 * By hand: node test/perf/hostile.ts [--only PART-OF-NAME] [--largest] [--mongo] [OPTION-OF-THE-BROKER ...]
 * --largest: the largest accepted size only, once. --mongo: on the replica set of MLAKA_MONGO_URL, in databases that it drops.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabases } from '../mongo/database.ts';
import { type Child, startChild } from './child.ts';
import type { HostileInput, HostileRequest } from './hostile/input.ts';
import { hostileInputs } from './hostile/inputs.ts';

/**
 * How one request ended, in milliseconds. `loop`: the longest delay of the event loop; `held`: the most processor time that it was held
 * for in one go; `read` and `write`: the longest of others, of another tenant.
 */
interface Run {
  readonly status: number;
  readonly ms: number;
  readonly loop: number;
  readonly held: number;
  readonly read: number;
  readonly write: number;
}

const args = process.argv.slice(2);
const take = (name: string, count = 1): readonly string[] => {
  const at = args.indexOf(name);
  return at < 0 ? [] : args.splice(at, count);
};
const only = take('--only', 2)[1] ?? '';
const isLargestOnly = take('--largest').length > 0;
const databases = take('--mongo').length > 0 ? createTestDatabases() : undefined;
const runs = isLargestOnly ? 1 : Number(process.env['HOSTILE_RUNS'] ?? 3);
const broker = await startChild('./broker-process.ts', [
  '--models',
  'off',
  '--notify-allow-private',
  '--context-timeout-ms',
  '300',
  ...(databases ? ['--store', 'mongo', '--mongo-url', databases.url] : []),
  ...args,
]);

async function send({ method, path, body, type, headers }: HostileRequest, tenant: string): Promise<number> {
  const answer = await fetch(`${broker.url}${path}`, {
    method,
    headers: {
      [path.startsWith('/v2') ? 'Fiware-Service' : 'NGSILD-Tenant']: tenant,
      ...(body === undefined ? {} : { 'Content-Type': type ?? 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

/** Sends the same again and again until it is told to stop. Answers the longest that one took. */
async function repeat(request: HostileRequest, state: { isOver: boolean }): Promise<number> {
  let longest = 0;
  while (!state.isOver) {
    const began = performance.now();
    await send(request, 'others');
    longest = Math.max(longest, performance.now() - began);
    await sleep(2);
  }
  return longest;
}

async function prepare({ what, prepare }: HostileInput, size: number, tenant: string): Promise<void> {
  const requests = [...(prepare?.(size) ?? [])];
  const work = async (): Promise<void> => {
    for (let one = requests.shift(); one; one = requests.shift()) {
      const status = await send(one, tenant);
      if (status >= 400) process.stderr.write(`  ${what}: not prepared, ${status}\n`);
    }
  };
  // Most are one or two, which follow each other; a thousand subscriptions need not.
  await Promise.all(Array.from({ length: requests.length > 100 ? 16 : 1 }, work));
}

async function run(input: HostileInput, size: number, child: Child): Promise<Run> {
  const tenant = `t${Math.round(performance.now() * 1000)}`;
  await prepare(input, size, tenant);
  const hostile = input.request(size);
  await sleep(200);
  await child.loopDelay();
  const state = { isOver: false };
  const others = [
    repeat({ method: 'GET', path: '/ngsi-ld/v1/entities/urn:others:1' }, state),
    repeat(
      { method: 'POST', path: '/ngsi-ld/v1/entityOperations/upsert', body: '[{"id":"urn:others:1","type":"Other"}]' },
      state,
    ),
  ];
  await sleep(50);
  const began = performance.now();
  const status = await send(hostile, tenant).catch(() => 0);
  const ms = performance.now() - began;
  await sleep(input.settlesMs ?? 50);
  state.isOver = true;
  const [read = 0, write = 0] = await Promise.all(others);
  const { max: loop, held } = await child.loopDelay();
  return { status, ms, loop, held, read, write };
}

/** The best of several runs, figure by figure. */
async function measure(input: HostileInput, size: number, child: Child): Promise<Run> {
  let best = await run(input, size, child);
  for (let n = 1; n < runs; n += 1) {
    const one = await run(input, size, child);
    best = {
      status: Math.max(best.status, one.status),
      ms: Math.min(best.ms, one.ms),
      loop: Math.min(best.loop, one.loop),
      held: Math.min(best.held, one.held),
      read: Math.min(best.read, one.read),
      write: Math.min(best.write, one.write),
    };
  }
  return best;
}

const whole = (ms: number): string => ms.toFixed(ms < 10 ? 1 : 0);

await send({ method: 'POST', path: '/ngsi-ld/v1/entities', body: '{"id":"urn:others:1","type":"Other"}' }, 'others');
process.stdout.write(
  '| input | size | status | time at a quarter | time | exponent | loop held | loop delay | other reads | other writes | four times as much |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n',
);
for (const input of hostileInputs.filter(({ what }) => what.includes(only))) {
  const large = await measure(input, input.size, broker);
  const small = isLargestOnly ? large : await measure(input, Math.round(input.size / 4), broker);
  const beyond = isLargestOnly || input.isLargest === true ? undefined : await run(input, input.size * 4, broker);
  const cells = [
    input.what,
    input.size.toLocaleString('en'),
    small.status === large.status ? String(large.status) : `${small.status}, ${large.status}`,
    whole(small.ms),
    whole(large.ms),
    (Math.log(large.ms / small.ms) / Math.log(4)).toFixed(2),
    whole(large.held),
    whole(large.loop),
    whole(large.read),
    whole(large.write),
    beyond ? `${beyond.status}, held ${whole(beyond.held)}` : '',
  ];
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}
await broker.stop();
await databases?.drop();
