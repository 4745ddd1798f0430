/** Tests the files of tenants: they open on use, close when idle, and are reported when they are unusable. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import type { Write } from '../../src/core/language/write.ts';
import type { Observation } from '../../src/core/port/observe.ts';
import type { Store, Stores } from '../../src/core/port/store.ts';
import { failureOf } from '../../src/store/sqlite/failure.ts';
import { createSqliteStores, type SqliteOptions } from '../../src/store/sqlite/stores.ts';
import { fileOf } from '../../src/store/sqlite/tenant-file.ts';
import { eventually } from '../edge/deliver/test-broker.ts';

const root = mkdtempSync(join(tmpdir(), 'mlaka-files-'));
const closing: Stores[] = [];
afterEach(async () => {
  for (const stores of closing.splice(0)) await stores.close();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const at = '2026-01-01T00:00:00Z';
const creation = (id: string): Write => ({
  mutation: { op: 'create', id, entity: { types: ['https://example.org/Thing'], attrs: {} } },
});
const plan = { filter: {}, limit: 10, now: at };

function open(directory: string, options: Partial<SqliteOptions> = {}) {
  const seen: Observation[] = [];
  const observe = (observation: Observation): void => void seen.push(observation);
  const stores = createSqliteStores({ directory, observe, yieldToEventLoop: () => undefined, ...options });
  closing.push(stores);
  const storeOf = async (tenant: string): Promise<Store> => {
    const store = await stores.open(tenant, true);
    if (!store) throw new Error(`${tenant} is not there.`);
    return store;
  };
  return { stores, storeOf, seen };
}
const folder = (): string => mkdtempSync(join(root, 'data-'));

describe('files of tenants', () => {
  test('are closed when there are too many, and opened again by whoever asks', async () => {
    const { stores, storeOf } = open(folder(), { openMax: 3 });
    const tenants = Array.from({ length: 12 }, (_, n) => `t${n}`);
    const held = await Promise.all(tenants.map(storeOf));
    const positions: number[] = [];
    held[0]?.log.follow((position) => void positions.push(position));
    for (const round of [1, 2]) {
      await Promise.all(held.map((store) => store.apply([creation(`urn:${round}`)], at)));
      for (const store of held) expect(await store.count(plan)).toBe(round);
      expect((await stores.tenantsInUse()).length).toBeLessThanOrEqual(3);
    }
    expect(positions).toEqual([1, 2]);
  });

  test('are closed when nobody has used them for a while; what the broker does by itself is no use', async () => {
    const { stores, storeOf } = open(folder(), { idleMs: 40 });
    const store = await storeOf('t');
    await store.apply([creation('urn:1')], at);
    const sweep = async (): Promise<readonly string[]> => {
      const tenants = await stores.tenantsInUse();
      if (tenants.length > 0) await store.sweep(at);
      return tenants;
    };
    await eventually(sweep, (tenants) => tenants.length === 0);
    expect(await store.count(plan)).toBe(1);
  });

  test('tell whether there is something on a shelf without being opened', async () => {
    const directory = folder();
    const first = open(directory);
    await (await first.storeOf('with')).collection('subscriptions').put('urn:1', {});
    await (await first.storeOf('without')).collection('other').put('urn:1', {});
    await first.stores.close();
    const { stores } = open(directory);
    expect(await stores.tenantsWith('subscriptions')).toEqual(['with']);
    expect(await stores.tenantsInUse()).toEqual([]);
  });
});

describe('a file that cannot be used', () => {
  test('is named, keeps down its own tenant only, and is used again once it is whole', async () => {
    const directory = folder();
    const first = open(directory);
    for (const tenant of ['good', 'bad']) await (await first.storeOf(tenant)).apply([creation('urn:1')], at);
    await first.stores.close();
    const [path, copy] = [join(directory, fileOf('bad')), join(directory, 'copy')];
    copyFileSync(path, copy);
    writeFileSync(path, Buffer.alloc(8192, 7));
    const { storeOf, stores, seen } = open(directory);
    const problem = {
      type: 'TenantUnavailable',
      message: expect.stringMatching(/^The file tenant-bad\.db is damaged/),
    };
    const bad = await stores.open('bad', false);
    await expect(bad?.find(plan)).rejects.toMatchObject(problem);
    await expect(bad?.apply([creation('urn:2')], at)).rejects.toMatchObject(problem);
    expect(await (await storeOf('good')).count(plan)).toBe(1);
    expect(seen.map((one) => one.kind === 'storeFailed' && one.isRepeated)).toEqual([false, true]);
    expect(await stores.tenantsWith('subscriptions')).toEqual(['bad']);
    copyFileSync(copy, path);
    expect(await bad?.apply([creation('urn:2')], at)).toEqual([{ status: 'created' }]);
    expect(await bad?.count(plan)).toBe(2);
  });

  test.each([
    ['SQLITE_FULL', 'InsufficientStorage', /^The disk is full: nothing can be added to t\.db/],
    ['SQLITE_CORRUPT_INDEX', 'TenantUnavailable', /^The file t\.db is damaged/],
    ['SQLITE_READONLY_DBMOVED', 'TenantUnavailable', /^The file t\.db can only be read/],
    ['SQLITE_CANTOPEN', 'TenantUnavailable', /^The file t\.db cannot be opened/],
    ['SQLITE_IOERR_FSYNC', 'TenantUnavailable', /^The file t\.db cannot be read or written/],
    ['SQLITE_BUSY_SNAPSHOT', 'Unavailable', /^Another program holds the file t\.db/],
  ])('for the reason %s is %s', (code, type, detail) => {
    const { problem } = failureOf(new Database.SqliteError('so it is', code), join(root, 't.db'));
    expect(problem).toEqual({ type, detail: expect.stringMatching(detail) });
  });

  test('is something else than a fault of the broker', () => {
    expect(failureOf(new Database.SqliteError('no such table', 'SQLITE_ERROR'), 't.db')).not.toHaveProperty('problem');
    expect(failureOf(new TypeError('a mistake'), 't.db')).not.toHaveProperty('problem');
  });
});
