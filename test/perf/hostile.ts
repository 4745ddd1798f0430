/**
 * What requests cost that are made to cost much: each input at a size and at four times that, with the exponent by which the
 * time grows, and how long others waited meanwhile. Further arguments are options of the broker.
 * By hand: node test/perf/hostile.ts [--only PART-OF-NAME] [--members-max 1000000 ...]
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from './child.ts';
import { type HostileInput, hostileInputs, type HostileRequest } from './hostile-inputs.ts';

/** How one request ended, in milliseconds; `read` and `write` are the longest of others, of another tenant. */
interface Run {
  readonly status: number;
  readonly ms: number;
  readonly loop: number;
  readonly read: number;
  readonly write: number;
}

const [, , ...args] = process.argv;
const only = args[0] === '--only' ? (args[1] ?? '') : '';
const broker = await startChild('./broker-process.ts', [
  '--models',
  'off',
  ...(args[0] === '--only' ? args.slice(2) : args),
]);

async function send({ method, path, body, type }: HostileRequest, tenant: string): Promise<number> {
  const answer = await fetch(`${broker.url}${path}`, {
    method,
    headers: { 'NGSILD-Tenant': tenant, ...(body === undefined ? {} : { 'Content-Type': type ?? 'application/json' }) },
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

async function measure({ prepare, request }: HostileInput, size: number, child: Child): Promise<Run> {
  const tenant = `t${Math.round(performance.now() * 1000)}`;
  for (const one of prepare?.(size) ?? []) {
    const status = await send(one, tenant);
    if (status >= 400) process.stderr.write(`  not prepared: ${status}\n`);
  }
  const hostile = request(size);
  await sleep(300);
  await child.loopDelay();
  const state = { isOver: false };
  const others = [
    repeat({ method: 'GET', path: '/ngsi-ld/v1/entities/urn:others:1' }, state),
    repeat(
      { method: 'POST', path: '/ngsi-ld/v1/entityOperations/upsert', body: '[{"id":"urn:others:1","type":"Other"}]' },
      state,
    ),
  ];
  await sleep(100);
  const began = performance.now();
  const status = await send(hostile, tenant).catch(() => 0);
  const ms = performance.now() - began;
  await sleep(100);
  state.isOver = true;
  const [read = 0, write = 0] = await Promise.all(others);
  return { status, ms, loop: (await child.loopDelay()).max, read, write };
}

const whole = (ms: number): string => ms.toFixed(ms < 10 ? 1 : 0);

await send({ method: 'POST', path: '/ngsi-ld/v1/entities', body: '{"id":"urn:others:1","type":"Other"}' }, 'others');
process.stdout.write(
  '| input | n | 4n | status | time at n | at 4n | exponent | loop held at most | other reads | other writes |\n|---|--:|--:|---|--:|--:|--:|--:|--:|--:|\n',
);
for (const input of hostileInputs.filter(({ what }) => what.includes(only))) {
  await measure(input, Math.ceil(input.size / 16), broker);
  const small = await measure(input, input.size / 4, broker);
  const large = await measure(input, input.size, broker);
  const exponent = Math.log(large.ms / small.ms) / Math.log(4);
  const cells = [
    input.what,
    String(input.size / 4),
    String(input.size),
    small.status === large.status ? String(large.status) : `${small.status}, ${large.status}`,
    `${whole(small.ms)} ms`,
    `${whole(large.ms)} ms`,
    exponent.toFixed(2),
    `${whole(large.loop)} ms`,
    `${whole(large.read)} ms`,
    `${whole(large.write)} ms`,
  ];
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}
await broker.stop();
