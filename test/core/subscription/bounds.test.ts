/** Tests the time members of subscriptions: which are refused, and how stored ones beyond the bounds are handled. */
import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { checkTimes, readTimeMs, timerMs } from '../../../src/core/subscription/bounds.ts';

const endpoint = (members: JsonObject): JsonObject => ({ notification: { endpoint: members } });

describe('a time', () => {
  test.each<[JsonObject, string]>([
    [{ timeInterval: 0.001 }, 'timeInterval of a subscription must be from 0.5 to 31622400 seconds, not 0.001'],
    [{ timeInterval: 1e13 }, 'timeInterval of a subscription must be from 0.5 to 31622400 seconds'],
    [{ throttling: Infinity }, 'throttling of a subscription must be from 0.001 to 31622400 seconds'],
    [{ throttling: 1e-9 }, 'throttling of a subscription must be from 0.001 to 31622400 seconds'],
    [endpoint({ timeout: 2 ** 31 }), 'timeout of a subscription must be from 1 to 3600000 milliseconds'],
    [endpoint({ timeout: 0.1 }), 'timeout of a subscription must be from 1 to 3600000 milliseconds'],
    [endpoint({ cooldown: 2 ** 31 }), 'cooldown of a subscription must be from 1 to 604800000 milliseconds'],
  ])('%j is refused, by its name and bounds', (members, detail) => {
    expect(() => checkTimes(members)).toThrow(detail);
  });

  test.each<JsonObject>([
    { timeInterval: 0.5, throttling: 0.001, ...endpoint({ timeout: 1, cooldown: 1 }) },
    { timeInterval: 31_622_400, throttling: 31_622_400, ...endpoint({ timeout: 3_600_000, cooldown: 604_800_000 }) },
    {},
  ])('%j is taken', (members) => {
    expect(() => checkTimes(members)).not.toThrow();
  });

  test('that was taken by an older version counts as the nearest that is within bounds', () => {
    const read = (name: Parameters<typeof readTimeMs>[1], value: number) => readTimeMs({ [name]: value }, name, 'it');
    expect([read('timeInterval', 0.001), read('timeInterval', 1e13)]).toEqual([500, 31_622_400_000]);
    expect([read('throttling', 1.5), read('timeout', 1e12), read('cooldown', 400)]).toEqual([1500, 3_600_000, 400]);
    expect(() => read('throttling', 0)).toThrow('The throttling of it must be a number above 0, not 0.');
  });
});

test('a timer is never set to more than it can hold, or to nothing', () => {
  expect([timerMs(-5), timerMs(0.2), timerMs(1.2), timerMs(1e13), timerMs(Infinity)]).toEqual([
    1,
    1,
    2,
    2 ** 31 - 1,
    2 ** 31 - 1,
  ]);
});
