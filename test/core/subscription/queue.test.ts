/** Tests the queue of a receiver: order per entity, retries, and the minimum time between two notifications. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { LogRecord } from '../../../src/core/port/store.ts';
import { backoffMs } from '../../../src/core/subscription/backoff.ts';
import { createEntityQueues } from '../../../src/core/subscription/entity-queues.ts';
import type { DueNotification, Queue } from '../../../src/core/subscription/queue.ts';
import { createThrottled } from '../../../src/core/subscription/throttled.ts';
import { decideRetry } from '../../../src/core/subscription/retry-decision.ts';

const record = (position: number, id = 'urn:a:1'): LogRecord => ({
  position,
  id,
  at: '2026-03-01T08:00:00Z',
  event: 'updated',
  entity: { id, types: ['https://example.org/Boat'], createdAt: '2026-03-01T08:00:00Z', attrs: {} },
  attrs: [],
  scopeChanged: false,
});
const taken = (queue: Queue, nowMs = 0): number | undefined => queue.take(nowMs)?.record.position;
const again = (due: DueNotification, notBeforeMs = 0): DueNotification => ({
  ...due,
  notBeforeMs,
  retry: { attempts: due.retry.attempts + 1, failures: 0 },
});
const take = (queue: Queue, nowMs = 0): DueNotification => {
  const due = queue.take(nowMs);
  if (!due) throw new Error('nothing is due');
  return due;
};

describe('lanes', () => {
  test('keep the order of each entity, and lose nothing, however attempts end', () => {
    const step = fc.record({
      entity: fc.integer({ min: 0, max: 3 }),
      end: fc.constantFrom('finish', 'giveBack', 'keep'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = createEntityQueues();
        const underWay: DueNotification[] = [];
        const open = new Set<number>();
        const delivered: number[] = [];
        const ends = {
          finish(due: DueNotification) {
            queue.finish(due);
            delivered.push(due.record.position);
            open.delete(due.record.position);
          },
          giveBack: (due: DueNotification) => queue.giveBack(again(due)),
          keep: (due: DueNotification) => underWay.push(due),
        };
        for (const [index, { entity, end }] of steps.entries()) {
          queue.add(record(index + 1, `urn:a:${entity}`));
          open.add(index + 1);
          const due = queue.take(0);
          if (due) ends[end](due);
          expect([queue.underWay(), queue.size(), queue.first()]).toEqual([underWay.length, open.size, [...open][0]]);
        }
        for (const due of underWay) ends.finish(due);
        for (let due = queue.take(0); due; due = queue.take(0)) ends.finish(due);
        expect(open.size).toBe(0);
        for (const entity of [0, 1, 2, 3]) {
          const own = delivered.filter((position) => steps[position - 1]?.entity === entity);
          expect(own).toEqual([...own].sort((a, b) => a - b));
        }
      }),
    );
  });

  test('let no two notifications of an entity be under way at a time', () => {
    const queue = createEntityQueues();
    for (const [position, id] of [
      [1, 'urn:a:1'],
      [2, 'urn:a:1'],
      [3, 'urn:a:2'],
    ] as const)
      queue.add(record(position, id));
    expect([taken(queue), taken(queue), taken(queue)]).toEqual([1, 3, undefined]);
  });

  test('put what was tried behind what was not, and wait where they are told to', () => {
    const queue = createEntityQueues();
    queue.add(record(1, 'urn:a:1'));
    queue.giveBack(again(take(queue), 50));
    expect(queue.nextMs()).toBe(50);
    expect(taken(queue, 49)).toBeUndefined();
    queue.add(record(2, 'urn:a:2'));
    expect([taken(queue, 50), taken(queue, 50)]).toEqual([2, 1]);
  });

  test('forget what waits, but not what is under way', () => {
    const queue = createEntityQueues();
    queue.add(record(1));
    queue.add(record(2));
    queue.add(record(3, 'urn:a:2'));
    const due = take(queue);
    queue.clear();
    expect([queue.size(), queue.first(), queue.underWay()]).toEqual([1, 1, 1]);
    queue.giveBack(again(due));
    expect(taken(queue)).toBe(1);
  });
});

describe('throttling', () => {
  test('drops what comes before the period is over', () => {
    const queue = createThrottled(100, -Infinity);
    queue.add(record(1));
    const due = take(queue, 1000);
    queue.add(record(2));
    expect(taken(queue, 1050)).toBeUndefined();
    queue.finish(due);
    expect([taken(queue, 1099), queue.size()]).toEqual([undefined, 0]);
    queue.add(record(3));
    expect(taken(queue, 1100)).toBe(3);
  });

  test('repeats what failed, unless something newer waits', () => {
    const queue = createThrottled(100, -Infinity);
    queue.add(record(1));
    queue.giveBack(again(take(queue, 0), 10));
    expect([taken(queue, 9), queue.nextMs()]).toEqual([undefined, 10]);
    const due = take(queue, 10);
    queue.add(record(2));
    queue.giveBack(again(due, 20));
    expect(taken(queue, 11)).toBe(2);
  });

  test('counts from a notification before', () => {
    const queue = createThrottled(100, 50);
    queue.add(record(1));
    expect(taken(queue, 149)).toBeUndefined();
  });
});

test('the wait grows with failures up to a minute, and differs by chance', () => {
  expect([1, 2, 3, 7, 100].map((failures) => backoffMs(failures, 1))).toEqual([1000, 2000, 4000, 60_000, 60_000]);
  expect(backoffMs(1, 0)).toBe(500);
});

test.each([
  [{ kind: 'taken' }, 0, 'done'],
  [{ kind: 'refused', reason: '' }, 0, 'lost'],
  [{ kind: 'failed', reason: '' }, 1, 'again'],
  [{ kind: 'failed', reason: '' }, 3, 'lost'],
  [{ kind: 'unreached', reason: '' }, 0, 'later'],
  [{ kind: 'unreached', reason: '' }, 3, 'lost'],
] as const)('%j after %d strikes of 3 is %s', (delivery, failures, verdict) => {
  expect(decideRetry(delivery, { failures, failuresMax: 3 })).toBe(verdict);
});
