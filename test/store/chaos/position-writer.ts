/**
 * Runs a broker that stores the position of a subscription repeatedly, and prints a line each time, until its standard input ends: node
 * position-writer.ts URL.
 */
import { noStatistics } from '../../../src/core/model/subscription.ts';
import type { Progress } from '../../../src/edge/deliver/progress.ts';
import { createProgressStore, type ProgressStore } from '../../../src/edge/deliver/progress-store.ts';
import { openMongoStores } from '../../../src/store/mongo/stores.ts';
import type { Stores } from '../../../src/core/port/store.ts';

export const subscription = 'urn:ngsi-ld:Subscription:1';

/** The progress store of a broker, with all subscriptions in one part, that have come as far as it says. */
export async function progressStoreOf({ open }: Stores, position: () => number): Promise<ProgressStore> {
  const store = await open('', true);
  if (!store) throw new Error('There is no default tenant.');
  const collection = store.collection('deliveries');
  const observe = (): void => undefined;
  return createProgressStore({ collection, partitionOf: () => 0, position, observe });
}

export const progressAt = (position: number, isCaughtUp: boolean): Progress => ({
  position,
  isCaughtUp,
  statistics: noStatistics,
});

async function run(url: string): Promise<void> {
  let position = 100;
  const stores = await openMongoStores({ url });
  const progressStore = await progressStoreOf(stores, () => position);
  const isOver = { yes: false };
  process.stdin.resume().on('end', () => (isOver.yes = true));
  const leaseTerm = stores.partitions.leaseTerm(0);
  if (leaseTerm) await progressStore.acquire(leaseTerm, () => Promise.resolve([]));
  for (; !isOver.yes; position += 1) {
    progressStore.mark({ id: subscription, progress: () => progressAt(position, true) });
    await progressStore.flush();
    process.stdout.write(`${position}\n`);
  }
  await stores.close();
}

const [, path, url] = process.argv;
if (path === import.meta.filename && url !== undefined) await run(url);
