/** Tests temporal queries: accepted texts, matching times, and refused texts. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isWithin, parseTemporal } from '../../../src/core/language/temporal-query.ts';
import { microsOfInstant } from '../../../src/core/model/instant.ts';

const [first, second] = ['2026-03-01T08:00:00Z', '2026-03-01T09:00:00.000001Z'];
const [one, two] = [microsOfInstant(first), microsOfInstant(second)];

describe('a temporal query', () => {
  test.each([
    [{}, { timeproperty: 'any' }],
    [{ timeproperty: 'observedAt' }, { timeproperty: 'observedAt' }],
    [
      { timerel: 'before', timeAt: first },
      { timerel: 'before', timeAt: one, timeproperty: 'observedAt' },
    ],
    [
      { timerel: 'after', timeAt: first, timeproperty: 'modifiedAt', lastN: '5' },
      { timerel: 'after', timeAt: one, timeproperty: 'modifiedAt', lastN: 5 },
    ],
    [
      { timerel: 'between', timeAt: first, endTimeAt: second, timeproperty: 'createdAt' },
      { timerel: 'between', timeAt: one, endTimeAt: two, timeproperty: 'createdAt' },
    ],
    [
      { timeproperty: 'deletedAt', lastN: '1' },
      { timeproperty: 'deletedAt', lastN: 1 },
    ],
    [
      { type: 'Lamp', lastN: '999999999' },
      { timeproperty: 'any', lastN: 999_999_999 },
    ],
  ])('%j is read', (params, expected) => expect(parseTemporal(params as Record<string, string>)).toEqual(expected));

  test.each<readonly [Readonly<Record<string, string>>, RegExp]>([
    [{ timerel: 'during', timeAt: first }, /timerel must be one of before, after, between, not "during"/],
    [{ timerel: '', timeAt: first }, /timerel/],
    [{ timerel: 'Before', timeAt: first }, /timerel/],
    [{ timerel: 'before' }, /before needs a timeAt/],
    [{ timerel: 'between', endTimeAt: second }, /between needs a timeAt/],
    [{ timerel: 'between', timeAt: first }, /between needs an endTimeAt/],
    [{ timerel: 'between', timeAt: second, endTimeAt: first }, /endTimeAt must be later/],
    [{ timerel: 'between', timeAt: first, endTimeAt: first }, /endTimeAt must be later/],
    [{ timerel: 'before', timeAt: first, endTimeAt: second }, /before takes no endTimeAt/],
    [{ timerel: 'after', timeAt: first, endTimeAt: second }, /after takes no endTimeAt/],
    [{ timeAt: first }, /need a timerel/],
    [{ endTimeAt: first }, /need a timerel/],
    [{ timerel: 'after', timeAt: '' }, /timeAt must be a UTC time .* not ""/],
    [{ timerel: 'after', timeAt: '2026-03-01' }, /timeAt must be a UTC time/],
    [{ timerel: 'after', timeAt: '2026-02-30T00:00:00Z' }, /timeAt/],
    [{ timerel: 'after', timeAt: '2026-03-01T00:00:00+01:00' }, /timeAt/],
    [{ timerel: 'between', timeAt: first, endTimeAt: 'later' }, /endTimeAt must be a UTC time .* not "later"/],
    [{ timeproperty: 'birthday' }, /timeproperty must be one of observedAt, createdAt, modifiedAt, deletedAt/],
    [{ timeproperty: 'expiresAt' }, /timeproperty/],
    [{ lastN: '0' }, /lastN must be a whole number of at least 1, not "0"/],
    [{ lastN: '' }, /lastN/],
    [{ lastN: '-1' }, /lastN/],
    [{ lastN: '1.5' }, /lastN/],
    [{ lastN: '1e3' }, /lastN/],
    [{ lastN: 'all' }, /lastN/],
  ])('%j is refused', (params, said) => expect(() => parseTemporal(params)).toThrow(said));
});

describe('the moments covered', () => {
  const covered = (params: Readonly<Record<string, string>>): readonly number[] => {
    const query = parseTemporal(params);
    return [one - 1, one, one + 1, two - 1, two, two + 1].filter((micros) => isWithin(query, micros));
  };

  test('are all where none are named', () => expect(covered({})).toHaveLength(6));
  test('before leave out their bound', () => expect(covered({ timerel: 'before', timeAt: first })).toEqual([one - 1]));
  test('after have their bound', () => expect(covered({ timerel: 'after', timeAt: second })).toEqual([two, two + 1]));
  test('between have the first bound and leave out the second', () =>
    expect(covered({ timerel: 'between', timeAt: first, endTimeAt: second })).toEqual([one, one + 1, two - 1]));

  test('before and after a time make up all moments; between are those after one and before the other', () => {
    const moment = fc.integer({ min: -1e15, max: 1e15 });
    fc.assert(
      fc.property(moment, moment, moment, (timeAt, endTimeAt, micros) => {
        const [before, after] = (['before', 'after'] as const).map(
          (timerel) => ({ timerel, timeAt, timeproperty: 'observedAt' }) as const,
        );
        if (!before || !after) throw new Error('There are two relations.');
        expect(isWithin(before, micros)).toBe(!isWithin(after, micros));
        const between = { ...after, timerel: 'between', endTimeAt } as const;
        expect(isWithin(between, micros)).toBe(isWithin(after, micros) && micros < endTimeAt);
      }),
    );
  });
});
