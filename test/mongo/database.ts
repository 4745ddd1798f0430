/** Creates databases with unique names for tests, and drops them afterwards. */
import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';

export interface TestDatabases {
  /** A URL that names an empty database. */
  readonly url: string;
  /** Empties it. Its collections and indexes stay, because making them takes longer than most tests. */
  clear(): Promise<void>;
  /** The names of the databases of its tenants. */
  names(): Promise<readonly string[]>;
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
  const names = async (): Promise<readonly string[]> => {
    const { databases } = await client.db('admin').command({ listDatabases: 1, nameOnly: true });
    return (databases as readonly { readonly name: string }[])
      .map((one) => one.name)
      .filter((one) => one.startsWith(`${name}-`));
  };
  const dropTenants = async (): Promise<void> => {
    for (const one of await names()) await client.db(one).dropDatabase();
  };
  return {
    url: mongoUrl().replace(/^([^/]+\/\/[^/?]+)(?:\/[^?]*)?/, `$1/${name}`),
    names,
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
