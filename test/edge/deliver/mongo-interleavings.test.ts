/**
 * Tests delivery by two brokers on a MongoDB server that freezes repeatedly and continues. Each broker is cut off from it at times, also
 * for longer than its leases are valid. MLAKA_RUNS sets how many runs.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import { openMongoStores } from '../../../src/store/mongo/stores.ts';
import { type Line, openLine } from '../../mongo/pausable-proxy.ts';
import { findMongod } from '../../mongo/mongod.ts';
import { type ReplicaSet, startReplicaSet } from '../../mongo/replica-set.ts';
import { noFaults, sail } from './unreliable-store.ts';

const runs = Number(process.env['MLAKA_RUNS'] ?? 50);
/** How many go on at a time. */
const fleet = 50;
/** A lease holds for 5 s. */
const longMs = 7000;

let servers: ReplicaSet | undefined;
const lines: Line[] = [];
afterAll(async () => {
  for (const line of lines) await line.close();
  await servers?.stop();
});

interface Weather {
  begin(): void;
  end(): void;
}

/** First one broker loses its leases, then anything happens, until it is over. */
async function trouble([freeze, ...cuts]: readonly Weather[], isOver: () => boolean): Promise<void> {
  const last = async (weather: Weather | undefined, ms: number): Promise<void> => {
    weather?.begin();
    await wait(ms);
    weather?.end();
  };
  await wait(1000);
  await last(cuts[0], longMs);
  while (!isOver()) {
    await wait(Math.random() * 1500);
    if (Math.random() < 0.7) await last(freeze, Math.random() * 1000);
    else await last([freeze, ...cuts][Math.floor(Math.random() * 3)], Math.random() * longMs);
  }
}

test(
  'every subscription is told of every change, of each entity in order, and again only of what was told and not recorded when a lease ran out',
  async () => {
    servers = await startReplicaSet(await findMongod((text) => process.stderr.write(`${text}\n`)), 1);
    const { members } = servers;
    const freeze = { begin: () => members[0]?.freeze(), end: () => members[0]?.thaw() };
    for (let broker = 0; broker < 2; broker += 1) lines.push(await openLine(members[0]?.port ?? 0));
    const cuts = lines.map((line) => ({ begin: () => line.cut(), end: () => line.mend() }));
    const open = lines.map(
      ({ port }) =>
        () =>
          openMongoStores({ url: `mongodb://127.0.0.1:${port}/sea?directConnection=true` }),
    );
    let handOvers = 0;
    for (let left = runs; left > 0; left -= fleet) {
      let isOver = false;
      const troubles = trouble([freeze, ...cuts], () => isOver);
      const voyage = await sail({ open, runs: Math.min(left, fleet), paceMs: 500, slowMs: 3000 }).finally(() => {
        isOver = true;
        return troubles;
      });
      expect(voyage).toMatchObject(noFaults);
      handOvers += voyage.handOvers;
    }
    expect(handOvers).toBeGreaterThan(0);
  },
  180_000 + runs * 2000,
);
