/** Tests `mlaka compact` on files from which most data has been deleted. The remaining data survives, even when the process is killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import { compactFiles } from '../../../src/app/command/compact.ts';
import type { Store, Stores } from '../../../src/core/port/store.ts';
import { measureSpace } from '../../../src/store/sqlite/compact.ts';
import { currentVersion } from '../../../src/store/sqlite/migrations.ts';
import { createSqliteStores } from '../../../src/store/sqlite/stores.ts';
import { startTestBroker } from '../../scenario/scenario.ts';
import { run } from './test-broker.ts';

const root = mkdtempSync(join(tmpdir(), 'mlaka-compact-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const filled = join(root, 'filled');
const now = '2026-03-31T00:00:00Z';
const name = 'https://example.org/note';
const types = ['https://example.org/Thing'];

const openAt = (directory: string): Stores => createSqliteStores({ directory, yieldToEventLoop: () => undefined });

async function storeIn(stores: Stores, tenant: string): Promise<Store> {
  const store = await stores.open(tenant, true);
  if (!store) throw new Error('A tenant was not made.');
  return store;
}

/** An entity with notes, of which the newest tenth is left, and one more document of each other kind. */
async function fill(store: Store, notes: number): Promise<void> {
  const attrs = { [name]: [{ kind: 'Property' as const, value: 'present' }] };
  await store.apply([{ mutation: { op: 'create', id: 'urn:a', entity: { types, attrs } } }], now);
  await store.collection('one').put('key', { kept: true });
  for (const [year, count] of [
    [2024, 9 * notes],
    [2026, notes],
  ] as const) {
    const instances = Array.from({ length: count }, (_, n) => ({
      ...{ id: 'urn:a', types, name },
      instance: {
        kind: 'Property' as const,
        value: `${n} `.repeat(100),
        observedAt: new Date(Date.UTC(year, 0, 1) + n * 1000).toISOString(),
      },
    }));
    await store.record(instances, now);
  }
  let after: string | undefined;
  do {
    const retention = { before: '2025-01-01T00:00:00Z', rules: [] };
    after = (await store.forgetHistory({ retention, ...(after === undefined ? undefined : { after }) })).next;
  } while (after !== undefined);
}

beforeAll(async () => {
  const stores = openAt(filled);
  await fill(await storeIn(stores, ''), 2000);
  await fill(await storeIn(stores, 'city'), 200);
  await stores.close();
}, 60_000);

/** A copy of the filled folder of its own. */
function copyOf(): string {
  const folder = mkdtempSync(join(root, 'copy-'));
  cpSync(filled, folder, { recursive: true });
  return folder;
}

const bytesIn = (folder: string, file = 'default.db'): number => statSync(join(folder, file)).size;

/** Everything that a store tells. */
async function contentOf(folder: string, tenant: string): Promise<unknown> {
  const stores = openAt(folder);
  const store = await storeIn(stores, tenant);
  const plan = { filter: {}, limit: 10, now, limitInstances: 1_000_000 };
  const content = {
    histories: await store.history({ ...plan, temporal: { timeproperty: 'modifiedAt' } }),
    present: (await store.find(plan)).map((stored) => [stored.version, stored.cursor, stored.entity()]),
    log: await store.log.read(0, 100),
    summary: await store.summary(),
    collection: await store.collection('one').list(),
  };
  await stores.close();
  return content;
}

const main = fileURLToPath(new URL('../../../src/app/main.ts', import.meta.url));

/** Kills it as soon as what will be the file is being written. False when it had ended by then. */
async function compactAndKill(folder: string): Promise<boolean> {
  const child = spawn(process.execPath, [main, 'compact', '--data', folder], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const wal = join(folder, 'default.db-wal');
  const isWriting = (): boolean => (statSync(wal, { throwIfNoEntry: false })?.size ?? 0) > 0;
  while (!isWriting() && child.exitCode === null) await turn();
  child.kill('SIGKILL');
  return (await ended)[1] === 'SIGKILL';
}

describe('compact', () => {
  test('makes files smaller, and everything is still there', async () => {
    const folder = copyOf();
    const { code, out } = await run(compactFiles, ['--data', folder]);
    expect(code).toBe(0);
    expect(out).toMatch(
      /default\.db: [1-9][\d.]* MB.*\n {2}.*history [\d.]+ MB.*free [1-9][\d.]* MB\n {2}now [\d.]+ MB/,
    );
    for (const [file, tenant] of [
      ['default.db', ''],
      ['tenant-city.db', 'city'],
    ] as const) {
      expect(bytesIn(folder, file)).toBeLessThan(bytesIn(filled, file) / 3);
      expect(measureSpace(join(folder, file)).free).toBe(0);
      expect(await contentOf(folder, tenant)).toEqual(await contentOf(filled, tenant));
    }
    expect(readdirSync(folder).sort()).toEqual(['default.db', 'owner.lock', 'tenant-city.db']);
  });

  test('is for one tenant where one is named', async () => {
    const folder = copyOf();
    await run(compactFiles, ['--data', folder, '--tenant', 'city']);
    expect(bytesIn(folder)).toBe(bytesIn(filled));
    expect(bytesIn(folder, 'tenant-city.db')).toBeLessThan(bytesIn(filled, 'tenant-city.db'));
    await expect(run(compactFiles, ['--data', folder, '--tenant', 'town'])).rejects.toThrow(
      /no file of the tenant town/,
    );
  });

  test('tells what takes room, of all of the file', () => {
    const { free, taken } = measureSpace(join(filled, 'default.db'));
    expect(free + Object.values(taken).reduce((sum, bytes) => sum + bytes, 0)).toBe(bytesIn(filled));
    expect(Object.keys(taken)).toEqual(expect.arrayContaining(['entities', 'history', 'log', 'shelves']));
    expect(taken['history']).toBeGreaterThan(bytesIn(filled) / 20);
  });

  test('refuses while a broker runs, which goes on; a dry run does not', async () => {
    const folder = copyOf();
    const broker = await startTestBroker(['--data', folder]);
    const ended = spawn(process.execPath, [main, 'compact', '--data', folder], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    ended.stderr.on('data', (text: Buffer) => (said += text.toString()));
    expect(await once(ended, 'close')).toEqual([1, null]);
    expect(said).toMatch(/is in use by process \d+ on .*: mlaka serve, since/);
    const { code, out } = await run(compactFiles, ['--data', folder, '--dry-run']);
    expect(code).toBe(0);
    expect(out).toMatch(/free [1-9]/);
    const metrics = await (await fetch(`${broker.url}/metrics`)).text();
    expect(metrics).toContain(`mlaka_store_bytes{tenant="city",where="file"} ${bytesIn(folder, 'tenant-city.db')}\n`);
    expect(metrics).toMatch(/mlaka_store_bytes\{tenant="",where="wal"\} \d+\n/);
    await broker.stop();
    expect(bytesIn(folder)).toBeGreaterThanOrEqual(bytesIn(filled));
  });

  test('loses nothing when it is killed while it writes', async () => {
    const folder = copyOf();
    const content = await contentOf(filled, '');
    const kills: boolean[] = [];
    // It may be faster than whoever watches it.
    while (kills.filter((isKilled) => isKilled).length < 2 && kills.length < 10) {
      kills.push(await compactAndKill(folder));
      expect(await contentOf(folder, '')).toEqual(content);
      const database = new Database(join(folder, 'default.db'));
      expect(database.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }]);
      database.close();
    }
    expect(kills).toContain(true);
    expect((await run(compactFiles, ['--data', folder])).code).toBe(0);
    expect(bytesIn(folder)).toBeLessThan(bytesIn(filled) / 3);
  }, 60_000);

  test('leaves files of a newer program alone', async () => {
    const folder = copyOf();
    const newer = new Database(join(folder, 'default.db'));
    newer.pragma(`user_version = ${currentVersion + 1}`);
    newer.close();
    await expect(run(compactFiles, ['--data', folder])).rejects.toThrow(/Use a newer program/);
    expect(bytesIn(folder)).toBe(bytesIn(filled));
  });

  test('stops before the next file when it is told to', async () => {
    const folder = copyOf();
    expect((await run(compactFiles, ['--data', folder], AbortSignal.abort())).code).toBe(1);
    expect(bytesIn(folder)).toBe(bytesIn(filled));
  });
});
