/** Tests periods along the calendar of a time zone: days of 23 and 25 hours, months, weeks, and local times that do not exist. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isZero, parseDuration } from '../../../src/core/language/duration.ts';
import { calendarPeriods } from '../../../src/core/language/periods.ts';
import { instantOf, microsOf } from '../../../src/core/model/instant.ts';

const micros = (text: string): number => microsOf(text) ?? NaN;

const spanOf = (duration: string, zone: string, at: string, first = at): readonly string[] => {
  const span = calendarPeriods(parseDuration(duration) ?? { months: 0, days: 0, micros: 0 }, zone).spanAt(
    micros(at),
    micros(first),
  );
  return [instantOf(span.from), instantOf(span.to)];
};

describe('a calendar period', () => {
  test.each([
    ['a day', 'P1D', 'Europe/Ljubljana', '2026-03-02T12:00:00Z', '2026-03-01T23:00:00Z', '2026-03-02T23:00:00Z'],
    [
      'a day of 23 hours',
      'P1D',
      'Europe/Ljubljana',
      '2026-03-29T12:00:00Z',
      '2026-03-28T23:00:00Z',
      '2026-03-29T22:00:00Z',
    ],
    [
      'a day of 25 hours',
      'P1D',
      'Europe/Ljubljana',
      '2026-10-25T00:00:00Z',
      '2026-10-24T22:00:00Z',
      '2026-10-25T23:00:00Z',
    ],
    [
      'a week from Monday',
      'P1W',
      'Europe/Ljubljana',
      '2026-11-29T22:59:00Z',
      '2026-11-22T23:00:00Z',
      '2026-11-29T23:00:00Z',
    ],
    ['a month', 'P1M', 'Europe/Ljubljana', '2026-10-31T22:59:59Z', '2026-09-30T22:00:00Z', '2026-10-31T23:00:00Z'],
    ['a quarter', 'P3M', 'Europe/Ljubljana', '2026-11-15T00:00:00Z', '2026-09-30T22:00:00Z', '2026-12-31T23:00:00Z'],
    ['a year', 'P1Y', 'Europe/Ljubljana', '2026-12-31T23:00:00Z', '2026-12-31T23:00:00Z', '2027-12-31T23:00:00Z'],
    ['six hours', 'PT6H', 'Europe/Ljubljana', '2026-03-02T12:00:00Z', '2026-03-02T11:00:00Z', '2026-03-02T17:00:00Z'],
    [
      'a day west of Greenwich',
      'P1D',
      'America/St_Johns',
      '2026-01-02T03:00:00Z',
      '2026-01-01T03:30:00Z',
      '2026-01-02T03:30:00Z',
    ],
    ['a day of an offset', 'P1D', '+05:30', '2026-01-01T20:00:00Z', '2026-01-01T18:30:00Z', '2026-01-02T18:30:00Z'],
    [
      'a day whose midnight does not exist',
      'P1D',
      'Asia/Beirut',
      '2026-03-29T12:00:00Z',
      '2026-03-28T22:00:00Z',
      '2026-03-29T21:00:00Z',
    ],
  ])('is %s', (_, duration, zone, at, ...span) => {
    expect(spanOf(duration, zone, at)).toEqual(span);
  });

  test('is counted from the first moment when its length fits into no larger unit', () => {
    const first = '2026-10-23T12:00:00Z';
    expect(spanOf('P2D', 'Europe/Ljubljana', '2026-10-25T12:00:00Z', first)).toEqual([
      '2026-10-24T22:00:00Z',
      '2026-10-26T23:00:00Z',
    ]);
  });

  test('contains its moment and touches its neighbours', () => {
    const zone = fc.constantFrom(
      'Europe/Ljubljana',
      'Asia/Beirut',
      'Australia/Lord_Howe',
      'America/Sao_Paulo',
      'Asia/Kolkata',
    );
    const duration = fc.constantFrom('P1D', 'P2D', 'P1W', 'P1M', 'P5M', 'P1Y', 'PT1H', 'PT7H', 'P1DT3H');
    const moment = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2040, 0) });
    fc.assert(
      fc.property(fc.tuple(zone, duration), moment, fc.nat(90 * 24 * 3600), ([name, text], firstMs, seconds) => {
        const parsed = parseDuration(text);
        if (!parsed || isZero(parsed)) return;
        const periods = calendarPeriods(parsed, name);
        const [first, at] = [firstMs * 1000, (firstMs + seconds * 1000) * 1000];
        const span = periods.spanAt(at, first);
        expect(span.from <= at && at < span.to).toBe(true);
        expect(periods.spanAt(span.to, first).from).toBe(span.to);
        expect(periods.spanAt(span.to - 1, first)).toMatchObject({ from: span.from, to: span.to });
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['PT1M', '0001-02-03T04:05:06Z', '0001-02-03T04:05:00Z', '0001-02-03T04:06:00Z'],
    ['P1M', '0050-02-03T04:05:06Z', '0050-02-01T00:00:00Z', '0050-03-01T00:00:00Z'],
    ['P1Y', '1999-12-31T23:59:59Z', '1999-01-01T00:00:00Z', '2000-01-01T00:00:00Z'],
  ])('of %s is found at once long before the first moment', (duration, at, from, to) => {
    expect(spanOf(duration, 'Z', at, '2000-01-03T00:00:00Z')).toEqual([from, to]);
    const [begin = '', end = ''] = spanOf(duration, 'Europe/Ljubljana', at, '2000-01-03T00:00:00Z');
    expect(begin <= at && at < end).toBe(true);
  });

  test('needs a zone that exists', () => {
    expect(() => spanOf('P1D', 'Europe/Kranj', '2026-03-02T12:00:00Z')).toThrow(/no time zone Europe\/Kranj/);
  });
});
