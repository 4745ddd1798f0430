/** Tests partition leases of several brokers on one database: each partition has exactly one holder, and a dead holder is replaced. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { type Collection, MongoClient } from 'mongodb';
import type { PartitionEvent } from '../../src/core/port/partitions.ts';
import { openMongoStores } from '../../src/store/mongo/stores.ts';
import type { Store, Stores } from '../../src/core/port/store.ts';
import { createTestDatabases } from '../mongo/database.ts';
import { progressStoreOf, progressAt, subscription } from './chaos/position-writer.ts';

const databases = createTestDatabases();
const positionWriter = fileURLToPath(new URL('chaos/position-writer.ts', import.meta.url));
const opened: Stores[] = [];
const children: ChildProcess[] = [];
const open = async (): Promise<Stores> => {
  const stores = await openMongoStores({ url: databases.url });
  opened.push(stores);
  return stores;
};

afterEach(async () => {
  // In the midst of a transaction it would keep others waiting.
  for (const child of children.splice(0)) {
    const ended = once(child, 'exit');
    child.kill('SIGCONT');
    child.stdin?.end();
    await ended;
  }
  for (const stores of opened.splice(0)) await stores.close();
  await databases.clear();
});
afterAll(() => databases.drop());

const partsOf = ({ partitions: parts }: Stores): readonly number[] =>
  Array.from({ length: parts.count }, (_, part) => part).filter((part) => parts.holds(part));

/** The shelves of the default tenant. */
async function shelfOf(stores: Stores): Promise<Store['collection']> {
  const store = await stores.open('', true);
  if (!store) throw new Error('There is no default tenant.');
  return store.collection;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(20);
}

test('one broker has all from the start; two have half each, and one that leaves gives its own back', async () => {
  const first = await open();
  expect(partsOf(first)).toHaveLength(first.partitions.count);
  const events: PartitionEvent[] = [];
  let isDone = false;
  first.partitions.follow(async (_, event) => {
    events.push(event);
    await sleep(50);
    isDone = true;
  });
  const second = await open();
  await until(() => partsOf(second).length === second.partitions.count / 2);
  expect(isDone).toBe(true);
  expect(partsOf(first)).toHaveLength(first.partitions.count / 2);
  expect(new Set([...partsOf(first), ...partsOf(second)]).size).toBe(first.partitions.count);
  expect(new Set(events)).toEqual(new Set(['leaving']));
  await opened.pop()?.close();
  await until(() => partsOf(first).length === first.partitions.count);
}, 30_000);

test('a broker that died is replaced when its leases have expired, and one that slept finds that it has lost', async () => {
  const first = await open();
  const client = new MongoClient(databases.url);
  const leases = client.db().collection<{ _id: string }>('leases');
  const lost: number[] = [];
  first.partitions.follow((part, event) => {
    if (event === 'lost') lost.push(part);
    return Promise.resolve();
  });
  await leaveBehind(leases, [0, 1, 2, 3], 3000);
  await until(() => lost.length >= 4);
  expect(partsOf(first)).not.toContain(0);
  await until(() => partsOf(first).length === first.partitions.count);
  await client.close();
}, 30_000);

/** What a broker leaves behind that was killed a moment ago: it lives by its document, and holds parts. */
async function leaveBehind(leases: Collection<{ _id: string }>, parts: readonly number[], ms: number): Promise<void> {
  const end = new Date(Date.now() + ms);
  await leases.insertOne({ _id: 'node dead', holder: 'dead', until: end } as never);
  const names = parts.map((part) => `part ${part}`);
  await leases.updateMany({ _id: { $in: names } }, { $set: { holder: 'dead', until: end } as never });
}

test('who takes long to hear that a part was lost keeps no lease from being renewed, and hears one thing after the other', async () => {
  const first = await open();
  const client = new MongoClient(databases.url);
  const heard: PartitionEvent[] = [];
  let release = (): void => undefined;
  first.partitions.follow(async (part, event) => {
    if (part !== 0) return;
    heard.push(event);
    await new Promise<void>((resolve) => (release = resolve));
  });
  await leaveBehind(client.db().collection('leases'), [0], 1500);
  await until(() => !first.partitions.holds(0));
  // One beat after the other: all is taken again, while the first word about it is still being listened to.
  await until(() => partsOf(first).length === first.partitions.count);
  const heardMeanwhile = [...heard];
  release();
  await until(() => heard.length > 1);
  release();
  expect(heardMeanwhile).toEqual(['lost']);
  expect(heard).toEqual(['lost', 'gained']);
  await client.close();
}, 30_000);

test('what a broker that died has left locked is free again when its lease has expired', async () => {
  const first = await open();
  const store = await first.open('', true);
  const client = new MongoClient(databases.url);
  const session = client.startSession();
  session.startTransaction();
  await client
    .db()
    .collection('state')
    .updateOne({}, { $inc: { turn: 1 } }, { session });
  const dead = { _id: 'node dead', holder: 'dead', until: new Date(Date.now() + 2000), sessions: [session.id] };
  await client
    .db()
    .collection('leases')
    .insertOne(dead as never);
  // Without this it would take a minute, and be given up long before.
  await store?.collection('a').put('key', 1);
  await expect(session.commitTransaction()).rejects.toThrow();
  await session.endSession();
  await client.close();
}, 30_000);

test('a broker that slept until its leases were over writes down nothing any more of what another has by then', async () => {
  const child = spawn(process.execPath, [positionWriter, databases.url], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  let written = 0;
  child.stdout.on('data', () => (written += 1));
  await until(() => written > 3);
  child.kill('SIGSTOP');
  const stores = await open();
  await until(() => stores.partitions.holds(0));
  const progressStore = await progressStoreOf(stores, () => 9);
  const leaseTerm = stores.partitions.leaseTerm(0) ?? { part: 0, term: 0 };
  expect(await progressStore.acquire(leaseTerm, () => Promise.resolve([]))).toBe(true);
  expect((await progressStore.find(subscription))?.position).toBeGreaterThan(100);
  progressStore.mark({ id: subscription, progress: () => progressAt(7, false) });
  await progressStore.flush();
  // What it was about to write, and what it goes on to write until it finds out, and then.
  const before = written;
  child.kill('SIGCONT');
  await until(() => written > before + 20);
  expect(await progressStore.find(subscription)).toMatchObject(progressAt(7, false));
  expect(await (await shelfOf(stores))('deliveries').get('log')).toEqual({ position: 9 });
}, 30_000);

test('what one broker puts on a shelf another hears of', async () => {
  const [first, second] = [await open(), await open()];
  const [here, there] = [await shelfOf(first), await shelfOf(second)];
  const heard: (string | undefined)[] = [];
  const own: (string | undefined)[] = [];
  const stop = there('a').follow((key) => heard.push(key));
  here('a').follow((key) => own.push(key));
  // A stream that opens tells that anything may have come before.
  await until(() => heard.includes(undefined) && own.includes(undefined));
  await here('a').put('first', 1);
  await until(() => heard.includes('first'));
  await here('b').put('elsewhere', 1);
  expect(await there('a').replace('first', undefined, 'again')).toBe(false);
  expect(await here('a').replace('fresh', undefined, 2)).toBe(true);
  await here('a').put('fresh', 3);
  await here('a').delete('fresh');
  await until(() => heard.filter((key) => key === 'fresh').length === 3);
  expect(heard).not.toContain('elsewhere');
  expect(own.filter((key) => key === 'first')).toEqual([]);
  stop();
}, 30_000);
