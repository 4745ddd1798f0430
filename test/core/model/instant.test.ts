/** Tests points in time: every valid one is parsed exactly, and all others are refused. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  compareInstants,
  exactMicros,
  instantOf,
  isShortest,
  microsOf,
  stampText,
} from '../../../src/core/model/instant.ts';

describe('an instant', () => {
  test.each([
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01T00:00:00.000001Z', 1],
    ['1969-12-31T23:59:59.5Z', -500_000],
    ['2026-03-01T08:00:00,25Z', Date.UTC(2026, 2, 1, 8) * 1000 + 250_000],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29) * 1000],
    ['0001-01-01T00:00:00Z', Date.parse('0001-01-01T00:00:00Z') * 1000],
  ])('%s is %d microseconds', (text, micros) => expect(microsOf(text)).toBe(micros));

  test.each([
    '',
    '2026-03-01',
    '2026-03-01T08:00:00',
    '2026-03-01T08:00:00+01:00',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-03-01T24:00:00Z',
    '2026-03-01T08:60:00Z',
    '2026-03-01T08:00:60Z',
    '2026-03-01T08:00:00.1234567Z',
    '2026-03-01t08:00:00z',
    ' 2026-03-01T08:00:00Z',
  ])('%j is none', (text) => expect(microsOf(text)).toBeUndefined());

  test('is written in the shortest form, and read back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -62_000_000_000_000, max: 250_000_000_000_000 }),
        fc.constantFrom(1, 1000, 7),
        (number, scale) => {
          const micros = number * scale;
          expect(microsOf(instantOf(micros))).toBe(micros);
        },
      ),
    );
    expect(instantOf(1_500_000)).toBe('1970-01-01T00:00:01.5Z');
  });

  test('has the date and the time of day that Date gives', () => {
    const millis = fc.integer({ min: -9_000_000_000_000, max: 9_000_000_000_000 });
    const unit = fc.constantFrom(1, 1000, 60_000, 86_400_000);
    fc.assert(
      fc.property(millis, unit, (number, span) => {
        const whole = Math.floor(number / span) * span;
        expect(instantOf(whole * 1000)).toBe(new Date(whole).toISOString().replace(/\.?0*Z$/, 'Z'));
      }),
    );
  });

  test('is in its shortest form exactly when it would be written so', () => {
    const digits = fc.string({ unit: fc.constantFrom('0', '5'), minLength: 1, maxLength: 6 });
    const fraction = fc.oneof(
      fc.constant(''),
      fc.tuple(fc.constantFrom('.', ','), digits).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(fraction, (text) => {
        const instant = `2026-03-01T08:00:00${text}Z`;
        expect(isShortest(instant)).toBe(instantOf(microsOf(instant) ?? Number.NaN) === instant);
      }),
    );
  });

  const anyTime = fc
    .tuple(
      fc.integer({ min: 0, max: 9999 }),
      fc.integer({ min: 0, max: 31_535_999 }),
      fc.integer({ min: 0, max: 999_999 }),
    )
    .map(([year, second, micros]) => {
      const day = new Date(Date.UTC(2001, 0, 1) + second * 1000).toISOString().slice(4, 19);
      return `${String(year).padStart(4, '0')}${day}.${String(micros).padStart(6, '0')}Z`;
    });

  test('stays in its order and in its year, however far away', () => {
    fc.assert(
      fc.property(anyTime, anyTime, (a, b) => {
        const [one, other] = [microsOf(a) ?? Number.NaN, microsOf(b) ?? Number.NaN];
        expect(Math.sign(compareInstants(a, b))).toBe(a < b ? -1 : a > b ? 1 : 0);
        expect(a < b ? one <= other : one >= other).toBe(true);
        expect(instantOf(one).slice(0, 19)).toBe(a.slice(0, 19));
        expect(isShortest(a)).toBe(instantOf(one) === a);
        expect(exactMicros(a) - BigInt(one)).toBeLessThanOrEqual(32n);
        expect(BigInt(one) <= exactMicros(a)).toBe(true);
      }),
    );
    expect(instantOf(microsOf('9999-12-31T23:59:59.999999Z') ?? 0)).toMatch(/^9999-12-31T23:59:59/);
    expect(compareInstants('9999-12-31T23:59:59.999998Z', '9999-12-31T23:59:59.999999Z')).toBe(-1);
  });

  test.each([
    ['2026-03-01T08:00:00Z', '2026-03-01T08:00:00.000Z'],
    ['2026-03-01T08:00:00.5Z', '2026-03-01T08:00:00.500Z'],
    ['2026-03-01T08:00:00.123Z', '2026-03-01T08:00:00.123Z'],
    ['2026-03-01T08:00:00.123456Z', '2026-03-01T08:00:00.123456Z'],
  ])('that is a stamp has three digits: %s', (text, stamp) => expect(stampText(text)).toBe(stamp));
});
