/**
 * Tests queries on a long series by the times of its writes: the SQLite store finds what the memory store finds, at any place in the
 * series.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TemporalQuery } from '../../src/core/language/filter.ts';
import { instantOf, microsOfInstant } from '../../src/core/model/instant.ts';
import type { Store } from '../../src/core/port/store.ts';
import { createMemoryStores } from '../../src/store/memory/stores.ts';
import { createSqliteStores } from '../../src/store/sqlite/stores.ts';
import { startWriter } from '../../src/store/sqlite/writer/writer.ts';

const directory = mkdtempSync(join(tmpdir(), 'mlaka-stamped-'));
const writer = startWriter({ observe: () => undefined, limits: { pendingWrites: 20_000, pendingBytes: 1e8 } });
const stores = createSqliteStores({ directory, yieldToEventLoop: () => undefined, writer });
afterAll(async () => {
  await stores.close();
  await writer.close();
  rmSync(directory, { recursive: true, force: true });
});

const [name, id] = ['https://example.org/level', 'urn:a'];
const begin = microsOfInstant('2026-01-01T00:00:00Z');
const writtenAt = (batch: number): string => `2026-02-0${batch + 1}T00:00:00Z`;

/** 12,000 rows in three batches, which lie across each other: the series is walked through in two pieces. */
async function fill(store: Store): Promise<void> {
  for (let batch = 0; batch < 3; batch += 1) {
    const past = Array.from({ length: 4000 }, (_, n) => ({
      id,
      types: ['https://example.org/Thing'],
      name,
      instance: {
        kind: 'Property' as const,
        value: n,
        observedAt: instantOf(begin + (n * 3 + ((batch * 2) % 3)) * 60_000_000),
      },
    }));
    await store.record(past, writtenAt(batch));
  }
}

async function found(store: Store, temporal: TemporalQuery, limitInstances: number): Promise<unknown> {
  const [history] = await store.history({ filter: {}, temporal, limit: 1, limitInstances, now: writtenAt(8) });
  return history?.attrs[name]?.map(({ observedAt, modifiedAt, value }) => [observedAt, modifiedAt, value]);
}

describe('a long series by the times of its writing', () => {
  let [memory, sqlite]: (Store | undefined)[] = [];
  beforeAll(async () => {
    [memory, sqlite] = [await createMemoryStores().open('', true), await stores.open('', true)];
    if (memory && sqlite) await Promise.all([fill(memory), fill(sqlite)]);
  }, 60_000);

  const between = (from: number, to: number): TemporalQuery => ({
    timeproperty: 'modifiedAt',
    timerel: 'between',
    timeAt: microsOfInstant(writtenAt(from)),
    endTimeAt: microsOfInstant(writtenAt(to)),
  });
  test.each<[string, TemporalQuery, number, number]>([
    ['one batch of three', between(1, 2), 100_000, 4000],
    ['the first ones of two', between(1, 3), 6000, 6000],
    ['the last ones of all', { timeproperty: 'modifiedAt', lastN: 5000 }, 100_000, 5000],
    ['the last one', { timeproperty: 'createdAt', lastN: 1 }, 100_000, 1],
    ['few of all', { timeproperty: 'modifiedAt' }, 3, 3],
    ['nothing', between(6, 7), 100_000, 0],
  ])('%s', async (_, temporal, limitInstances, count) => {
    if (!memory || !sqlite) throw new Error('The default tenants are not there.');
    const all = await found(sqlite, temporal, limitInstances);
    expect(all).toEqual(await found(memory, temporal, limitInstances));
    if (count > 0) expect(all).toHaveLength(count);
    else expect(all).toBeUndefined();
  });
});
