/** Checks a store after a crash. */
import { expect } from '@jest/globals';
import type { Entity } from '../../../src/core/model/entity.ts';
import type { LogRecord, Store } from '../../../src/core/port/store.ts';

const now = '2099-01-01T00:00:00Z';

/** The whole log. */
export async function recordsOf(store: Store): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  for (;;) {
    const more = await store.log.read(records.length, 1000);
    if (more.length === 0) return records;
    records.push(...more);
  }
}

/** The entities, which all have one type and the same attributes, are what the log makes of nothing; every count of them agrees. */
export async function checkReplay(store: Store, type: string): Promise<void> {
  const records = await recordsOf(store);
  expect(records.map(({ position }) => position)).toEqual(records.map((_, index) => index + 1));
  const replayed = new Map<string, { entity: Entity; version: number }>();
  for (const { id, event, entity, position } of records) {
    if (event === 'deleted') replayed.delete(id);
    else replayed.set(id, { entity, version: position });
  }
  const found = await store.find({ filter: { selectors: [{ types: { op: 'type', type } }] }, limit: 1_000_000, now });
  const present = found.map((stored) => [stored.id, { entity: stored.entity(), version: stored.version }] as const);
  expect(new Map(present)).toEqual(replayed);
  const { entities, types } = await store.summary();
  expect(entities).toBe(replayed.size);
  const counts = types.flatMap((one) => one.attrs.map((attr) => attr.entities));
  expect(new Set(counts)).toEqual(new Set(replayed.size === 0 ? [] : [replayed.size]));
}
