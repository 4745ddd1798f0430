/** What the process hands to the core: the time. */
import { expect, test } from '@jest/globals';
import { createClock } from '../../src/app/process.ts';

test('the clock has three digits of a second, always, and is never set back', () => {
  const times = [1_767_225_600_000, 1_767_225_600_500, 1_767_225_600_120, 1_767_225_600_501];
  const clock = createClock(() => times.shift() ?? 0);
  expect(Array.from({ length: 5 }, () => clock.now())).toEqual([
    '2026-01-01T00:00:00.000Z',
    '2026-01-01T00:00:00.500Z',
    '2026-01-01T00:00:00.500Z',
    '2026-01-01T00:00:00.501Z',
    '2026-01-01T00:00:00.501Z',
  ]);
});
