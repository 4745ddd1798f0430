/** Tests which lines of the log are kept in memory. */
import { expect, test } from '@jest/globals';
import { createRecentLog } from '../../src/app/telemetry/recent-log.ts';

test('lines are kept for an hour', () => {
  let now = 0;
  const log = createRecentLog(() => now);
  log.add('{"n":1}\n');
  now = 1_800_000;
  log.add('{"n":2}\n');
  now = 3_600_000;
  expect(log.lines()).toEqual(['{"n":2}']);
  now = 9_000_000;
  expect(log.lines()).toEqual([]);
});

test('the newest 2000 are kept, however many come', () => {
  const log = createRecentLog(() => 0);
  for (let n = 1; n <= 10_001; n += 1) log.add(`{"n":${n}}`);
  expect(log.lines()).toHaveLength(2000);
  expect(log.lines().at(-1)).toBe('{"n":10001}');
});
