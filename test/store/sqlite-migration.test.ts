/** Tests files of other versions, and files of tenants with every kind of name. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { currentVersion, migrate } from '../../src/store/sqlite/migrations.ts';
import {
  firstSchema,
  logSpace,
  movedInstances,
  rollups,
  unobserved,
  valuesInOrder,
} from '../../src/store/sqlite/schema.ts';
import { createSqliteStores } from '../../src/store/sqlite/stores.ts';
import { fileOf, tenantOf } from '../../src/store/sqlite/tenant-file.ts';

const root = mkdtempSync(join(tmpdir(), 'mlaka-migration-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const yieldToEventLoop = () => undefined;
const versionIn = (database: Database.Database): unknown => database.pragma('user_version', { simple: true });

describe('migration', () => {
  test('brings an empty file to the present version, and does nothing the second time', () => {
    const database = new Database(join(root, 'empty.db'));
    migrate(database);
    expect(versionIn(database)).toBe(currentVersion);
    const schema = database.prepare('SELECT sql FROM sqlite_schema ORDER BY name').all();
    migrate(database);
    expect(database.prepare('SELECT sql FROM sqlite_schema ORDER BY name').all()).toEqual(schema);
    database.close();
  });

  test('to version 2 notes where instances are that were moved before', () => {
    const database = new Database(join(root, 'first.db'));
    database.exec(firstSchema);
    database.pragma('user_version = 1');
    const add = database.prepare('INSERT INTO history VALUES (1, 2, 0, ?, 0, NULL, ?, 5, 5, NULL)');
    add.run(10, '{"value":"x","instanceId":"urn:moved"}');
    add.run(20, '{"value":{"instanceId":"urn:within"}}');
    add.run(30, 7);
    migrate(database);
    expect(database.prepare('SELECT * FROM moved').all()).toEqual([
      { id: 'urn:moved', subject: 1, name: 2, dataset: 0, at: 10, n: 0 },
    ]);
    database.close();
  });

  test('to version 3 notes the days of which rollups are to be made', () => {
    const database = new Database(join(root, 'second.db'));
    database.exec(firstSchema);
    database.exec(movedInstances);
    database.pragma('user_version = 2');
    const add = database.prepare('INSERT INTO history VALUES (1, 2, 0, ?, ?, 7, NULL, 5, 5, NULL)');
    const day = 86_400_000_000;
    for (const at of [-1, 0, 5, day - 1, 3 * day]) add.run(at, 0);
    add.run(9 * day, 4);
    migrate(database);
    expect(database.prepare('SELECT * FROM rollup').all()).toEqual(
      [-1, 0, 3].map((one) => ({ subject: 1, name: 2, dataset: 0, day: one, state: -1, tallies: null })),
    );
    database.close();
  });

  test('to version 4 notes the series that have what was not observed, and to version 8 only those with rollups', () => {
    const database = new Database(join(root, 'third.db'));
    for (const step of [firstSchema, movedInstances, rollups]) database.exec(step);
    database.pragma('user_version = 3');
    const add = database.prepare('INSERT INTO history VALUES (1, ?, 0, ?, ?, 7, NULL, 5, 5, ?)');
    add.run(2, 10, 0, null);
    add.run(2, 20, 3, 20);
    add.run(3, 10, 0, null);
    add.run(3, 20, 4, null);
    add.run(3, 30, 5, null);
    add.run(4, 10, 6, null);
    database.prepare('INSERT INTO rollup VALUES (1, ?, 0, 0, 0, NULL)').run(2);
    database.prepare('INSERT INTO rollup VALUES (1, ?, 0, 0, 0, NULL)').run(3);
    migrate(database);
    expect(database.prepare('SELECT * FROM unobserved').all()).toEqual([{ subject: 1, name: 3, dataset: 0 }]);
    database.close();
  });

  test('to version 7 tells the days to compute from the newest days of series', () => {
    const database = new Database(join(root, 'sixth.db'));
    for (const step of [firstSchema, movedInstances, rollups, unobserved, logSpace, valuesInOrder]) database.exec(step);
    database.pragma('user_version = 6');
    const day = 86_400_000_000;
    const add = database.prepare('INSERT INTO history VALUES (1, ?, 0, ?, 0, 7, NULL, 5, 5, NULL)');
    const roll = database.prepare('INSERT INTO rollup VALUES (1, ?, 0, ?, ?, NULL)');
    for (const [name, days] of [[2, [0, 1, 2]] as const, [3, [1]] as const]) {
      for (const one of days) {
        add.run(name, one * day + 5);
        roll.run(name, one, one === 1 ? 0 : one);
      }
    }
    migrate(database);
    expect(database.prepare('SELECT name, day, state FROM rollup').all()).toEqual([
      { name: 2, day: 0, state: -1 },
      { name: 2, day: 1, state: -1 },
      { name: 2, day: 2, state: 2 },
      { name: 3, day: 1, state: 0 },
    ]);
    database.close();
  });

  test('leaves a file alone that a step does not fit', () => {
    const file = join(root, 'foreign.db');
    const database = new Database(file);
    database.exec('CREATE TABLE entity (something TEXT); INSERT INTO entity VALUES (1)');
    expect(() => migrate(database)).toThrow('already exists');
    database.close();
    const again = new Database(file);
    expect(versionIn(again)).toBe(0);
    expect(again.prepare('SELECT count(*) FROM sqlite_schema').pluck().get()).toBe(1);
    again.close();
  });

  test('refuses a file of a newer program, and leaves it as it was', async () => {
    const directory = mkdtempSync(join(root, 'newer-'));
    const file = join(directory, 'default.db');
    const newer = new Database(file);
    newer.pragma(`user_version = ${currentVersion + 1}`);
    newer.close();
    const stores = createSqliteStores({ directory, yieldToEventLoop });
    const refused = await stores.open('', false);
    await expect(refused?.summary()).rejects.toThrow(
      `has version ${currentVersion + 1}; this program knows versions up to ${currentVersion}`,
    );
    expect((await (await stores.open('other', true))?.summary())?.entities).toBe(0);
    await stores.close();
    const after = new Database(file);
    expect(versionIn(after)).toBe(currentVersion + 1);
    expect(after.pragma('journal_mode', { simple: true })).toBe('delete');
    after.close();
  });
});

describe('the file of a tenant', () => {
  test('is the default one for no name, and beside the others for any', async () => {
    const directory = mkdtempSync(join(root, 'tenants-'));
    const stores = createSqliteStores({ directory, yieldToEventLoop });
    for (const tenant of ['', 'kranj', 'Kranj']) await stores.open(tenant, true);
    await stores.close();
    expect(readdirSync(directory).sort()).toEqual(['default.db', 'tenant-.4branj.db', 'tenant-kranj.db']);
  });

  test('tells the tenant, and no two share one even where case does not count', () => {
    const name = fc.string({
      minLength: 1,
      maxLength: 60,
      unit: fc.constantFrom('a', 'A', '.', '/', 'é', '🚦', '0', '-', '_'),
    });
    fc.assert(
      fc.property(name, name, (one, other) => {
        expect(tenantOf(fileOf(one))).toBe(one);
        expect(fileOf(one).toLowerCase() === fileOf(other).toLowerCase()).toBe(one === other);
        expect(fileOf(one)).toMatch(/^[a-z0-9._-]+$/);
      }),
    );
  });

  test('is refused for a name that is too long', () => {
    expect(() => fileOf('x'.repeat(300))).toThrow('The tenant name xxxxxxxxxxxxxxxxxxxx... is too long.');
  });

  test('is not seen in other files', () => {
    for (const file of [
      'contexts',
      'default.db-wal',
      'tenant-a.db-shm',
      'tenant-A.db',
      'tenant-.db',
      'tenant-.zz.db',
    ]) {
      expect(tenantOf(file)).toBeUndefined();
    }
  });
});
