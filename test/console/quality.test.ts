/** Tests what the console reads from quality marks. */
import { describe, expect, test } from '@jest/globals';
import { readThing } from '../../src/console/data/entity.ts';
import { markOf, otherParts, qualityOf } from '../../src/console/data/quality.ts';

const at = '2026-03-02T08:00:00Z';
const mark = (value: string): object => ({
  value,
  'https://smart-data-models.mlaka.si/brokenRule': { value: ['range', 'rate'] },
  'https://smart-data-models.mlaka.si/plausibility': 0.5,
});
const suspect = {
  value: -3,
  observedAt: at,
  'https://smart-data-models.mlaka.si/quality': mark('suspect'),
  accuracy: 2,
};
const stale = { value: 7, observedAt: at, quality: mark('stale') };
const good = { value: 5, observedAt: at };
const thingOf = (attributes: object) => readThing({ id: 'urn:x:1', type: 'T', ...attributes });

describe('a quality mark', () => {
  test('names the checks that a value failed, whatever the @context', () => {
    const { readings } = thingOf({ suspect });
    expect(readings.map(markOf)).toEqual([{ mark: 'suspect', rules: ['range', 'rate'], plausibility: 0.5 }]);
    expect(readings.flatMap(otherParts).map(({ name }) => name)).toEqual(['accuracy']);
  });

  test('is absent from a good value, and from an attribute that is named so for another reason', () => {
    const { readings } = thingOf({ good, water: { value: 1, quality: 'high' } });
    expect(readings.map(markOf)).toEqual([undefined, undefined]);
    expect(readings.flatMap(otherParts).map(({ name }) => name)).toEqual(['quality']);
  });

  test('of an entity is the worst of its values', () => {
    expect(qualityOf(thingOf({ good, stale, suspect }))).toBe('suspect');
    expect(qualityOf(thingOf({ good, stale }))).toBe('stale');
    expect(qualityOf(thingOf({ good }))).toBe('good');
    expect(qualityOf(thingOf({ name: 'Mlaka', height: 3 }))).toBe('none');
  });
});
