/** Tests the clocks that the process provides to the core. */
import { expect, test } from '@jest/globals';
import { createClock, createCautiousClock } from '../../src/app/process.ts';

const start = Date.parse('2026-01-01T00:00:00.000Z');
const yearMs = 365 * 86_400_000;

test('the clock has three digits of a second, always, stands still when it is set back a little, and follows when it is set', () => {
  const offsets = [0, 500, 120, 501, yearMs, yearMs + 1, 1000, 900, -yearMs];
  const times = offsets.map((ms) => start + ms);
  const clock = createClock(() => times.shift() ?? 0);
  expect(offsets.map(() => clock.now())).toEqual([
    '2026-01-01T00:00:00.000Z',
    '2026-01-01T00:00:00.500Z',
    '2026-01-01T00:00:00.500Z',
    '2026-01-01T00:00:00.501Z',
    '2027-01-01T00:00:00.000Z',
    '2027-01-01T00:00:00.001Z',
    '2026-01-01T00:00:01.000Z',
    '2026-01-01T00:00:01.000Z',
    '2025-01-01T00:00:00.000Z',
  ]);
});

test('what cannot be undone is done by a clock that follows a jump forward after an hour, and one back at once', () => {
  let [steadyMs, offsetMs] = [0, 0];
  const clock = createClock(() => start + offsetMs + steadyMs);
  const patient = createCautiousClock(clock, () => steadyMs);
  const after = (minutes: number): string => {
    steadyMs += minutes * 60_000;
    return patient.now();
  };
  expect(after(10)).toBe('2026-01-01T00:10:00.000Z');
  offsetMs = yearMs;
  expect([after(0), after(50)]).toEqual(['2026-01-01T00:10:00.000Z', '2026-01-01T01:00:00.000Z']);
  // It was wrong for less than an hour.
  offsetMs = 0;
  expect(after(10)).toBe('2026-01-01T01:10:00.000Z');
  offsetMs = yearMs;
  expect([after(0), after(59), after(1)]).toEqual([
    '2026-01-01T01:10:00.000Z',
    '2026-01-01T02:09:00.000Z',
    '2027-01-01T02:10:00.000Z',
  ]);
  offsetMs = -yearMs;
  expect(after(1)).toBe('2025-01-01T02:11:00.000Z');
});
