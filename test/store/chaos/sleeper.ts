/**
 * A broker that writes down how far a subscription has come, again and again, and says so each time, until its standard input
 * ends: node sleeper.ts URL.
 */
import { emptyAccount } from '../../../src/core/model/subscription.ts';
import { createLedger, type Ledger, type Progress } from '../../../src/edge/deliver/ledger.ts';
import { openMongoStores } from '../../../src/store/mongo/stores.ts';
import type { Stores } from '../../../src/core/port/store.ts';

export const subscription = 'urn:ngsi-ld:Subscription:1';

/** The ledger of a broker, with all subscriptions in one part, that have come as far as it says. */
export async function ledgerOf({ open }: Stores, position: () => number): Promise<Ledger> {
  const store = await open('', true);
  if (!store) throw new Error('There is no default tenant.');
  const shelf = store.shelf('deliveries');
  const observe = (): void => undefined;
  return createLedger({ shelf, partOf: () => 0, position, observe });
}

export const progressAt = (position: number, isCaughtUp: boolean): Progress => ({
  position,
  isCaughtUp,
  account: emptyAccount,
});

async function run(url: string): Promise<void> {
  let position = 100;
  const stores = await openMongoStores({ url });
  const ledger = await ledgerOf(stores, () => position);
  const isOver = { yes: false };
  process.stdin.resume().on('end', () => (isOver.yes = true));
  const tenure = stores.parts.tenure(0);
  if (tenure) await ledger.enter(tenure, () => Promise.resolve([]));
  for (; !isOver.yes; position += 1) {
    ledger.mark({ id: subscription, progress: () => progressAt(position, true) });
    await ledger.flush();
    process.stdout.write(`${position}\n`);
  }
  await stores.close();
}

const [, path, url] = process.argv;
if (path === import.meta.filename && url !== undefined) await run(url);
