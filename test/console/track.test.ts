/** Tests what the console says a value was at a past time. */
import { describe, expect, test } from '@jest/globals';
import { readThing } from '../../src/console/data/entity.ts';
import { boundsOf, thingAt, trackOf, valueAt } from '../../src/console/data/track.ts';

const hour = 3_600_000;
const at = (text: string): number => Date.parse(`2026-03-02T${text}Z`);

describe('the past of a value', () => {
  const track = trackOf([
    ['on', '2026-03-02T18:00:00Z', '2026-03-02T19:00:00Z'],
    ['off', '2026-03-02T06:00:00Z'],
    ['lost', 'no time'],
  ]);

  test.each([
    ['before the first value there is none', '05:59:59', undefined],
    ['a value counts from its time', '06:00:00', 'off'],
    ['it counts until the next one', '17:59:59', 'off'],
    ['the last one counts on', '23:00:00', 'on'],
  ])('%s', (_, time, value) => expect(valueAt(track, at(time))).toBe(value));

  test('an entity of the past has that value, and what describes it, and nothing else that is measured', () => {
    const light = readThing({
      ...{ id: 'urn:x:1', type: 'Streetlight', name: 'L', location: { type: 'Point', coordinates: [14, 46] } },
      powerState: { value: 'off', observedAt: '2026-03-02T19:00:00Z' },
      power: { value: 0, observedAt: '2026-03-02T19:00:00Z' },
    });
    const judged = light.readings.find(({ name }) => name === 'powerState');
    const named = (value: unknown) =>
      thingAt(light, judged, value).readings.map(({ name, value: found }) => [name, found]);
    expect(named('on').filter(([name]) => name !== 'location')).toEqual([
      ['powerState', 'on'],
      ['name', 'L'],
    ]);
    expect(named(undefined).map(([name]) => name)).toEqual(['name', 'location']);
    expect(thingAt(light, judged, 'on').geometry).toEqual(light.geometry);
  });
});

test('the slider moves in whole steps that end before now', () => {
  expect(boundsOf('day', at('10:44:00'))).toEqual({
    from: at('10:30:00') - 24 * hour,
    to: at('10:30:00'),
    step: hour / 2,
  });
  expect(boundsOf('week', at('10:44:00')).to).toBe(at('08:00:00'));
});
