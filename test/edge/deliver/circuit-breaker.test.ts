/** Tests the circuit breaker of a receiver: when it opens, for how long, and how many messages may be in flight. */
import { expect, test } from '@jest/globals';
import type { Delivery } from '../../../src/core/port/messenger.ts';
import { type CircuitBreaker, createCircuitBreaker } from '../../../src/edge/deliver/circuit-breaker.ts';

const taken: Delivery = { kind: 'taken' };
const failed: Delivery = { kind: 'failed', reason: 'status 500' };
const unreached: Delivery = { kind: 'unreached', reason: 'refused' };

/** A breaker whose clock the test sets. Its backoff is never shortened by chance. */
function breakerAt(clock: { nowMs: number }): CircuitBreaker {
  return createCircuitBreaker({ nowMs: () => clock.nowMs, chance: () => 1 });
}

test('it begins with one message, and each response allows one more, up to 16', () => {
  const breaker = breakerAt({ nowMs: 0 });
  expect([breaker.isOpen(), breaker.inFlightMax(), breaker.hasAccepted()]).toEqual([false, 1, false]);
  breaker.record(failed);
  // The receiver can be reached, but has accepted nothing.
  expect([breaker.isOpen(), breaker.inFlightMax(), breaker.hasAccepted()]).toEqual([false, 2, false]);
  for (let count = 0; count < 30; count += 1) breaker.record(taken);
  expect([breaker.isOpen(), breaker.inFlightMax(), breaker.hasAccepted()]).toEqual([false, 16, true]);
});

test('it opens when the receiver is unreachable, for twice as long each time, and then allows one message', () => {
  const clock = { nowMs: 5000 };
  const breaker = breakerAt(clock);
  for (let count = 0; count < 3; count += 1) breaker.record(taken);
  for (const waitMs of [1000, 2000, 4000]) {
    breaker.record(unreached);
    expect([breaker.isOpen(), breaker.openUntilMs(), breaker.hasAccepted()]).toEqual([
      true,
      clock.nowMs + waitMs,
      false,
    ]);
    clock.nowMs += waitMs - 1;
    expect(breaker.isOpen()).toBe(true);
    clock.nowMs += 1;
    expect([breaker.isOpen(), breaker.inFlightMax()]).toEqual([false, 1]);
  }
  // After a response the first backoff applies again.
  breaker.record(failed);
  breaker.record(unreached);
  expect(breaker.openUntilMs()).toBe(clock.nowMs + 1000);
});

test('attempts that were in flight when it opened do not make it wait longer', () => {
  const clock = { nowMs: 0 };
  const breaker = breakerAt(clock);
  for (let count = 0; count < 4; count += 1) breaker.record(taken);
  breaker.record(unreached);
  clock.nowMs = 10;
  breaker.record(unreached);
  breaker.record({ ...unreached, retryAfterMs: 60_000 });
  expect(breaker.openUntilMs()).toBe(1000);
  clock.nowMs = 1000;
  breaker.record(unreached);
  expect(breaker.openUntilMs()).toBe(3000);
});

test('it stays open for the time that the receiver named, when that is longer than the backoff', () => {
  const clock = { nowMs: 0 };
  const breaker = breakerAt(clock);
  breaker.record({ ...unreached, retryAfterMs: 30_000 });
  expect(breaker.openUntilMs()).toBe(30_000);
  clock.nowMs = 30_000;
  breaker.record({ ...unreached, retryAfterMs: 1 });
  expect(breaker.openUntilMs()).toBe(32_000);
});

test('an attempt that was given up for another broker says nothing of the receiver', () => {
  const breaker = breakerAt({ nowMs: 0 });
  breaker.record(taken);
  breaker.record({ kind: 'abandoned', reason: 'another broker' });
  expect([breaker.isOpen(), breaker.inFlightMax(), breaker.hasAccepted()]).toEqual([false, 2, true]);
});
