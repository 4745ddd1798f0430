/** The same on a MongoDB server that is frozen again and again, and goes on as if nothing had been. MLAKA_RUNS says how often. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import { openMongoStores } from '../../../src/store/mongo/stores.ts';
import { findMongod } from '../../mongo/mongod.ts';
import { type ReplicaSet, startReplicaSet } from '../../mongo/replica-set.ts';
import { sail } from './rough-sea.ts';

const runs = Number(process.env['MLAKA_RUNS'] ?? 50);
/** How many go on at a time. */
const fleet = 50;

let servers: ReplicaSet | undefined;
afterAll(async () => {
  await servers?.stop();
});

/** For a moment, again and again, until it is over. */
async function freeze({ members }: ReplicaSet, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await wait(Math.random() * 1500);
    for (const member of members) member.freeze();
    await wait(Math.random() * 1000);
    for (const member of members) member.thaw();
  }
}

test(
  'every subscription is told of every change from its start on',
  async () => {
    servers = await startReplicaSet(await findMongod((text) => process.stderr.write(`${text}\n`)), 1);
    const stores = await openMongoStores({ url: servers.url.replace('/?', '/sea?') });
    let isOver = false;
    const freezing = freeze(servers, () => isOver);
    for (let left = runs; left > 0; left -= fleet) {
      const faults = await sail(stores, Math.min(left, fleet));
      // A lease that runs out while the server is frozen is to the next broker as a crash: what was told and not yet written
      // down is told again, so that an entity may go back in time.
      expect(faults).toMatchObject({ early: [], missing: [] });
    }
    isOver = true;
    await freezing;
    await stores.close();
  },
  120_000 + runs * 2000,
);
