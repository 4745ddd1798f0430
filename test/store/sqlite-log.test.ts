/** Tests the disk space of the change log of the SQLite store, and its content after a restart. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import type { Write } from '../../src/core/language/write.ts';
import type { Store, Stores } from '../../src/core/port/store.ts';
import { createSqliteStores } from '../../src/store/sqlite/stores.ts';

const root = mkdtempSync(join(tmpdir(), 'mlaka-log-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const level = 'https://example.org/level';
const at = (n: number): string => new Date(1.8e12 + n).toISOString();
const id = 'urn:ngsi-ld:Thing:1';
const megabyte = 2 ** 20;

const creation: Write = {
  mutation: {
    op: 'create',
    id,
    entity: {
      types: ['https://example.org/Thing'],
      attrs: {
        [level]: [{ kind: 'Property', value: 0 }],
        'https://example.org/text': [{ kind: 'Property', value: 'x'.repeat(megabyte) }],
      },
    },
  },
};
const setTo = (value: number): Write => ({
  mutation: { op: 'update', id, fragment: { attrs: { [level]: [{ kind: 'Property', value }] } } },
});

async function open(directory: string): Promise<{ readonly stores: Stores; readonly store: Store }> {
  const stores = createSqliteStores({ directory, yieldToEventLoop: () => undefined });
  const store = await stores.open('', true);
  if (!store) throw new Error('The default tenant is not there.');
  return { stores, store };
}

const valuesIn = async (store: Store): Promise<readonly unknown[]> =>
  (await store.log.read(0, 1000)).map(({ entity }) => entity.attrs[level]?.[0]?.value);

test('a change of one number in an entity of a megabyte adds little to the log, which tells the whole entity, after a restart too', async () => {
  const directory = mkdtempSync(join(root, 'data-'));
  const first = await open(directory);
  await first.store.apply([creation], at(0));
  for (let n = 1; n <= 20; n += 1) await first.store.apply([setTo(n)], at(n));
  await first.stores.close();
  const database = new Database(join(directory, 'default.db'));
  const bytes = database
    .prepare<[], number>("SELECT sum(length(doc) + length(coalesce(rest, '')) + length(coalesce(undo, ''))) FROM log")
    .pluck()
    .get();
  database.close();
  expect(bytes).toBeLessThan(20 * 1000);
  const second = await open(directory);
  await second.store.apply([setTo(21)], at(21));
  expect(await valuesIn(second.store)).toEqual(Array.from({ length: 22 }, (_, n) => n));
  expect((await second.store.log.read(3, 1))[0]?.entity.attrs['https://example.org/text']?.[0]?.value).toHaveLength(
    megabyte,
  );
  await second.stores.close();
});

test('records of an earlier version are read, and pruned as if they took all there is', async () => {
  const directory = mkdtempSync(join(root, 'data-'));
  const first = await open(directory);
  await first.store.apply([creation], at(0));
  await first.stores.close();
  const database = new Database(join(directory, 'default.db'));
  // As it lay there: the whole entity, and none of the columns that came later.
  database.exec('UPDATE log SET doc = (SELECT doc FROM entity), num = NULL, undo = NULL, total = NULL');
  database.close();
  const second = await open(directory);
  await second.store.apply([setTo(1)], at(1));
  await second.store.apply([setTo(2)], at(2));
  expect(await valuesIn(second.store)).toEqual([0, 1, 2]);
  expect(await second.store.log.prune({ before: at(0), records: 100, bytes: 10_000 })).toBe(0);
  expect(await second.store.log.prune({ before: at(0), records: 100, bytes: 100 })).toBe(2);
  expect(await valuesIn(second.store)).toEqual([2]);
  await second.stores.close();
});
