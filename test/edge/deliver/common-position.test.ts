/** Tests when the common position of a partition may be stored: only after each of its subscriptions is settled. */
import { expect, test } from '@jest/globals';
import { createCommonPosition } from '../../../src/edge/deliver/common-position.ts';

test('it stays until every subscription is settled, and then advances with the log', () => {
  const common = createCommonPosition(40, ['s1', 's2']);
  expect([common.start, common.next(90)]).toEqual([40, undefined]);
  common.settle('s1');
  common.settle('s1');
  common.settle('a subscription of another partition');
  expect(common.next(90)).toBeUndefined();
  common.settle('s2');
  expect(common.next(90)).toBe(90);
  // Nothing was stored yet, because the store failed.
  expect(common.next(95)).toBe(95);
  common.onStored(95);
  expect([common.next(95), common.next(96), common.start]).toEqual([undefined, 96, 40]);
});

test('in a partition without subscriptions it is stored at once', () => {
  expect(createCommonPosition(0, []).next(0)).toBe(0);
});
