/** Tests the positions of subscriptions that are found after a crash. */
import { expect, test } from '@jest/globals';
import { noStatistics } from '../../../src/core/model/subscription.ts';
import type { DocumentCollection } from '../../../src/core/port/store.ts';
import type { Progress } from '../../../src/edge/deliver/progress.ts';
import { createProgressStore, type ProgressStore } from '../../../src/edge/deliver/progress-store.ts';
import { createMemoryStores } from '../../../src/store/memory/stores.ts';

const ids = ['urn:n:Subscription:1', 'urn:n:Subscription:2'] as const;
const [one, other] = ids;

/** The progress store of a broker whose log tailer is at a position. */
const progressStoreAt = (collection: DocumentCollection, position: number): ProgressStore =>
  createProgressStore({
    collection,
    partitionOf: () => 0,
    position: () => position,
    observe: ({ kind }) => {
      throw new Error(kind);
    },
  });
const leaseTerm = { part: 0, term: 0 };
const enter = (progressStore: ProgressStore): Promise<boolean> =>
  progressStore.acquire(leaseTerm, () => Promise.resolve(ids));
const caughtUp = (position: number): Progress => ({ statistics: noStatistics, position, isCaughtUp: true });

test('who has caught up is not thought to have come further before it is resumed, however often brokers crash', async () => {
  const stores = createMemoryStores();
  const collection = (await stores.open('', true))?.collection('deliveries');
  if (!collection) throw new Error('There is no collection.');
  const first = progressStoreAt(collection, 10);
  await enter(first);
  for (const id of ids) expect(await first.resume(id)).toBeUndefined();
  for (const id of ids) first.mark({ id, progress: () => caughtUp(3) });
  await first.flush();
  expect((await first.find(other))?.position).toBe(10);

  // The next broker has read on, and writes down what it has of the one before it comes to the other.
  const second = progressStoreAt(collection, 50);
  await enter(second);
  expect(await second.resume(one)).toMatchObject(caughtUp(10));
  second.mark({ id: one, progress: () => caughtUp(50) });
  await second.flush();
  expect(await second.find(other)).toMatchObject(caughtUp(10));

  // It ends so, and the third comes to both but no further.
  const third = progressStoreAt(collection, 90);
  await enter(third);
  expect((await third.resume(one))?.position).toBe(50);
  expect(await third.resume(other)).toMatchObject(caughtUp(10));
  await third.flush();
  const fourth = progressStoreAt(collection, 99);
  await enter(fourth);
  expect(await fourth.resume(other)).toMatchObject({ position: 10, isCaughtUp: false });
  for (const id of ids) fourth.mark({ id, progress: () => caughtUp(95) });
  await fourth.flush();
  expect((await fourth.find(one))?.position).toBe(99);
});
