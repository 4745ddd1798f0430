/**
 * Tests delivery on SQLite with slow reads and intermittent receivers: no notification is lost, and none is out of order. MLAKA_RUNS sets
 * how many runs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createSqliteStores } from '../../../src/store/sqlite/stores.ts';
import { noFaults, sail } from './unreliable-store.ts';

const runs = Number(process.env['MLAKA_RUNS'] ?? 100);
/** How many go on at a time. */
const fleet = 200;

test(
  'every subscription is told of every change, in the order of each entity',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'mlaka-sea-'));
    const open = () => Promise.resolve(createSqliteStores({ directory, yieldToEventLoop: () => undefined }));
    let told = 0;
    for (let left = runs; left > 0; left -= fleet) {
      const voyage = await sail({ open: [open], runs: Math.min(left, fleet), paceMs: 80, slowMs: 150 });
      expect(voyage).toMatchObject(noFaults);
      told += voyage.told;
    }
    expect(told).toBeGreaterThan(runs);
    rmSync(directory, { recursive: true });
  },
  60_000 + runs * 500,
);
