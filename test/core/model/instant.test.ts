/** Points in time: every real one is read exactly, and nothing else. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { instantOf, isShortest, microsOf } from '../../../src/core/model/instant.ts';

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
});
