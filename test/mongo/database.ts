/** Creates databases with unique names for tests, and drops them afterwards. */
import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';

export interface TestDatabases {
  /** A URL that names an empty database. */
  readonly url: string;
  /** Empties it. Its collections and indexes stay, because making them takes longer than most tests. */
  clear(): Promise<void>;
  /** Removes it, and those of its tenants. */
  drop(): Promise<void>;
}

/** The replica set that this run has. Throws an Error that says why there is none. */
function mongoUrl(): string {
  const url = process.env['MLAKA_MONGO_URL'];
  if (url !== undefined) return url;
  throw new Error(process.env['MLAKA_MONGO_ABSENT'] ?? 'There is no MongoDB replica set for the tests.');
}

export function createTestDatabases(): TestDatabases {
  const name = `mlaka-test-${randomUUID().slice(0, 8)}`;
  const client = new MongoClient(mongoUrl());
  const dropTenants = async (): Promise<void> => {
    const { databases } = await client.db('admin').command({ listDatabases: 1, nameOnly: true });
    for (const one of databases as readonly { readonly name: string }[]) {
      if (one.name.startsWith(`${name}-`)) await client.db(one.name).dropDatabase();
    }
  };
  return {
    url: mongoUrl().replace(/^([^/]+\/\/[^/?]+)(?:\/[^?]*)?/, `$1/${name}`),
    async clear() {
      await dropTenants();
      const collections = await client.db(name).collections();
      await Promise.all(collections.map((collection) => collection.deleteMany({})));
    },
    async drop() {
      await dropTenants();
      await client.db(name).dropDatabase();
      await client.close();
    },
  };
}
