/** Tests a damaged write-ahead log: the next start reports and keeps what SQLite would discard silently. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findDamage } from '../../src/store/sqlite/wal-frames.ts';

const main = new URL('../../src/app/main.ts', import.meta.url).pathname;
const source = mkdtempSync(join(tmpdir(), 'mlaka-wal-'));
const wal = join(source, 'default.db-wal');
const folders: string[] = [source];
/** Entities that were acknowledged, one transaction each. */
const count = 60;
const frameBytes = 4096 + 24;

interface Broker {
  readonly url: string;
  /** What it has logged so far. */
  readonly log: () => string;
  end(signal: NodeJS.Signals): Promise<void>;
}

async function start(folder: string): Promise<Broker> {
  const args = ['serve', '--port', '0', '--data', folder, '--models', 'off', '--log-level', 'error'];
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.on('data', (text: Buffer) => (log += text.toString()));
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    url: line.replace(/^.* /, ''),
    log: () => log,
    end: async (signal) => {
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
}

async function put({ url }: Broker, n: number): Promise<void> {
  const answer = await fetch(`${url}/ngsi-ld/v1/entities`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      id: `urn:ngsi-ld:Boat:${n}`,
      type: 'Boat',
      text: { type: 'Property', value: 'x'.repeat(3000) },
    }),
  });
  expect(answer.status).toBe(201);
}

async function countOf({ url }: Broker): Promise<number> {
  const answer = await fetch(`${url}/ngsi-ld/v1/entities?type=Boat&limit=0&count=true`);
  return Number(answer.headers.get('NGSILD-Results-Count'));
}

/** A copy of what the killed broker left. */
function copyOf(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-wal-'));
  folders.push(folder);
  for (const name of ['default.db', 'default.db-wal']) copyFileSync(join(source, name), join(folder, name));
  return folder;
}

function flip(folder: string, at: number): void {
  const path = join(folder, 'default.db-wal');
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
}

const damaged = (log: string): readonly Record<string, unknown>[] =>
  log
    .split('\n')
    .filter((line) => line.includes('walDamaged'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

beforeAll(async () => {
  const broker = await start(source);
  for (let n = 0; n < count; n += 1) await put(broker, n);
  await broker.end('SIGKILL');
}, 60_000);
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

test('of a process that was killed, nothing is missing', async () => {
  const folder = copyOf();
  const broker = await start(folder);
  expect(damaged(broker.log())).toEqual([]);
  expect(await countOf(broker)).toBe(count);
  await broker.end('SIGTERM');
  expect(readdirSync(folder).filter((name) => name.includes('damaged'))).toEqual([]);
}, 60_000);

test('with a changed byte in its middle it is told, kept, and told once', async () => {
  const folder = copyOf();
  const before = readFileSync(wal);
  const middle = Math.floor(before.length / frameBytes / 2);
  flip(folder, 32 + middle * frameBytes + 1000);
  const changed = readFileSync(join(folder, 'default.db-wal'));

  const broker = await start(folder);
  const [told] = damaged(broker.log());
  const there = await countOf(broker);
  expect(told).toMatchObject({ file: 'default.db', msg: 'walDamaged', level: 50 });
  const { usable, frames, transactions, bytes, copy } = told as {
    usable: number;
    frames: number;
    transactions: number;
    bytes: number;
    copy: string;
  };
  expect(usable).toBeLessThanOrEqual(middle);
  expect(usable + frames).toBe(Math.floor((before.length - 32) / frameBytes));
  expect(bytes).toBe(frames * frameBytes);
  expect(there).toBeLessThan(count);
  expect(transactions).toBeGreaterThanOrEqual(count - there);
  expect(readFileSync(join(folder, copy)).equals(changed)).toBe(true);
  const metrics = await (await fetch(`${broker.url}/metrics`)).text();
  expect(metrics).toContain(`mlaka_store_lost_transactions_total ${transactions}`);
  for (let n = count; n < count + 5; n += 1) await put(broker, n);
  await broker.end('SIGKILL');

  const again = await start(folder);
  expect(damaged(again.log())).toEqual([]);
  expect(await countOf(again)).toBe(there + 5);
  await again.end('SIGTERM');
}, 60_000);

describe('the frames of a log', () => {
  const all = (): number => Math.floor((statSync(wal).size - 32) / frameBytes);

  test.each([
    ['nothing', () => undefined],
    [
      'the last frame, which may have been being written',
      (folder: string) => flip(folder, 32 + (all() - 1) * frameBytes + 2000),
    ],
    [
      'the end, cut in the middle of a frame',
      (folder: string) => truncateSync(join(folder, 'default.db-wal'), 32 + 3 * frameBytes - 7),
    ],
    ['all behind the header', (folder: string) => truncateSync(join(folder, 'default.db-wal'), 32)],
    ['all of it', (folder: string) => truncateSync(join(folder, 'default.db-wal'), 0)],
  ])('are whole when damaged is %s', (_, change) => {
    const folder = copyOf();
    change(folder);
    expect(findDamage(join(folder, 'default.db-wal'))).toBeUndefined();
  });

  test.each([
    ['the page of the first frame', 32 + 24 + 5, 0],
    ['the number of a page', 32 + 2 * frameBytes + 3, 2],
    ['the salt of a frame', 32 + 3 * frameBytes + 9, 3],
    ['the sum of a frame', 32 + 4 * frameBytes + 17, 4],
    ['the magic number of the header', 0, 0],
    ['the size of a page in the header', 9, 0],
    ['the salt in the header', 16, 0],
    ['the sum in the header', 25, 0],
  ])('are missing when changed is %s', (_, at, usableMost) => {
    const folder = copyOf();
    flip(folder, at);
    const damage = findDamage(join(folder, 'default.db-wal'));
    expect(damage?.usable).toBeLessThanOrEqual(usableMost);
    expect((damage?.usable ?? 0) + (damage?.frames ?? 0)).toBe(all());
    expect(damage?.transactions).toBeGreaterThanOrEqual(count - usableMost);
  });
});
