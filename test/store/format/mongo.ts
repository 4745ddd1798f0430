/** Copies the databases of the MongoDB store into a document, and makes databases of such a document. */
import { BSON, MongoClient } from 'mongodb';

/** The documents of each collection that has some, by database and collection. Databases begin with `PREFIX`. */
export type StoredDatabases = Readonly<Record<string, Readonly<Record<string, readonly object[]>>>>;

/** Copies all databases of a store. `url` names that of the default tenant. */
export async function readDatabases(url: string): Promise<StoredDatabases> {
  const client = new MongoClient(url, { promoteBuffers: true });
  const prefix = client.db().databaseName;
  try {
    const { databases } = await client.db('admin').command({ listDatabases: 1, nameOnly: true });
    const names = (databases as readonly { readonly name: string }[]).map(({ name }) => name).sort();
    const own = names.filter((name) => name === prefix || name.startsWith(`${prefix}-`));
    const entries: (readonly [string, Record<string, readonly object[]>])[] = [];
    for (const name of own) entries.push([name.replace(prefix, 'PREFIX'), await readDatabase(client, name)]);
    return JSON.parse(JSON.stringify(Object.fromEntries(entries)).replaceAll(prefix, 'PREFIX')) as StoredDatabases;
  } finally {
    await client.close();
  }
}

async function readDatabase(client: MongoClient, database: string): Promise<Record<string, readonly object[]>> {
  const stored: Record<string, readonly object[]> = {};
  for (const { collectionName } of await client.db(database).collections()) {
    const documents = await client.db(database).collection(collectionName).find().sort({ _id: 1 }).toArray();
    const plain = documents.map((one) => JSON.parse(BSON.EJSON.stringify(one, { relaxed: false })) as object);
    if (plain.length > 0) stored[collectionName] = plain;
  }
  return Object.fromEntries(Object.entries(stored).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Makes the databases of a copy. `url` names that of the default tenant. */
export async function writeDatabases(url: string, stored: StoredDatabases): Promise<void> {
  const client = new MongoClient(url);
  const prefix = client.db().databaseName;
  try {
    for (const [database, collections] of Object.entries(stored)) {
      for (const [name, documents] of Object.entries(collections)) {
        const texts = documents.map((one) => JSON.stringify(one).replaceAll('PREFIX', prefix));
        const collection = client.db(database.replace('PREFIX', prefix)).collection(name);
        await collection.insertMany(texts.map((text) => BSON.EJSON.parse(text, { relaxed: false }) as object));
      }
    }
  } finally {
    await client.close();
  }
}
