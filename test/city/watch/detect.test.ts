/** Tests the checks of the watch on made series: what each finds, what it learns first, and when a fault ends. */
import { describe, expect, test } from '@jest/globals';
import type { Check, Finding, Limits } from '../../../src/city/watch/detect/checks.ts';
import { followFaults } from '../../../src/city/watch/detect/faults.ts';
import { observe } from '../../../src/city/watch/detect/observe.ts';
import { createSeries, type Series } from '../../../src/city/watch/detect/series.ts';
import { findSilence, silentAfter } from '../../../src/city/watch/detect/silence.ts';
import { seriesIn, seriesJson } from '../../../src/city/watch/series-json.ts';
import { hourMicros } from '../../../src/core/model/instant.ts';
import type { Json } from '../../../src/core/model/json.ts';
import { limitsOf } from './real-series.ts';

const all = limitsOf();

/** A value of a day that is warm in the afternoon, with a small noise of its own that repeats after 17 hours. */
const usualAt = (hour: number): number => 10 + 5 * Math.sin(((hour % 24) / 24) * 2 * Math.PI) + ((hour * 7) % 17) / 20;

const add = (series: Series, hour: number, value: number, limits: Limits = all): readonly Finding[] => {
  const at = hour * hourMicros;
  return observe(series, { value, at, arrivedAt: at }, { limits }).findings;
};

/** A series after so many usual hours. */
function learnt(hours: number, limits: Limits = all): Series {
  const series = createSeries();
  for (let hour = 0; hour < hours; hour += 1) expect(add(series, hour, usualAt(hour), limits)).toEqual([]);
  return series;
}

const found = (findings: readonly Finding[]): readonly Check[] => findings.map(({ check }) => check);

describe('a value', () => {
  test('is out of the range that is declared, from the first value on', () => {
    const limits = limitsOf({ minimum: 0, maximum: 40 });
    const series = createSeries();
    expect(add(series, 0, 41, limits)).toEqual([{ check: 'range', since: 0, low: 0, high: 40, plausibility: 0 }]);
    expect(add(series, 1, 40, limits)).toEqual([]);
    expect(found(add(series, 2, -0.1, limits))).toEqual(['range']);
  });

  test('changes faster than is declared, and its way back is no second fault', () => {
    const limits = limitsOf({ ratePerHour: 5 });
    const series = createSeries();
    add(series, 0, 10, limits);
    expect(add(series, 1, 16, limits)).toMatchObject([{ check: 'rate', low: 5, high: 15, plausibility: 0.83 }]);
    expect(add(series, 2, 11, limits)).toEqual([]);
  });

  test('changes faster than it ever did on an ordinary day, until the new level is accepted', () => {
    const series = learnt(10 * 24);
    const spiked = Array.from({ length: 5 }, (_, hour) => found(add(series, 240 + hour, 60 + hour)));
    expect(spiked).toEqual([['rate'], ['rate'], ['rate'], [], []]);
  });

  test('of a register never falls', () => {
    const series = createSeries();
    for (let hour = 0; hour < 60; hour += 1) expect(add(series, hour, 100 + hour)).toEqual([]);
    expect(add(series, 60, 120)).toMatchObject([{ check: 'rate', plausibility: 0 }]);
  });

  test('stays the same for longer than ever before, or than is declared', () => {
    const series = learnt(10 * 24);
    const stuck = Array.from({ length: 8 }, (_, hour) => found(add(series, 240 + hour, 12.345)));
    expect(stuck.slice(0, 6).flat()).toEqual([]);
    expect(stuck.slice(6)).toEqual([['flatLine'], ['flatLine']]);
    const limits = limitsOf({ flatMicros: 2 * hourMicros });
    const declared = createSeries();
    expect([0, 1, 2].map((hour) => found(add(declared, hour, 7, limits)))).toEqual([[], [], ['flatLine']]);
  });

  test('may stay at zero for as long as it did before, such as rain', () => {
    const series = createSeries();
    const rain = (hour: number): number => (hour % 100 < 3 ? 1 + (hour % 3) : 0);
    for (let hour = 0; hour < 500; hour += 1) expect(found(add(series, hour, rain(hour)))).toEqual([]);
  });

  test('of a setting, which never changes, is no flat line', () => {
    const series = createSeries();
    for (let hour = 0; hour < 300; hour += 1) expect(add(series, hour, 42)).toEqual([]);
  });

  test('comes twice, comes from the future, or comes late', () => {
    const series = createSeries();
    add(series, 5, 1);
    expect(found(add(series, 5, 1))).toEqual(['duplicateTime']);
    expect(add(series, 5, 2)).toEqual([]);
    expect(add(series, 4, 1)).toEqual([]);
    const ahead = observe(series, { value: 3, at: 9 * hourMicros, arrivedAt: 8 * hourMicros }, { limits: all });
    expect(found(ahead.findings)).toEqual(['futureTime']);
  });

  test('is far from what the hour of the week brought, and the same value is usual at another hour', () => {
    const day = (hour: number): number => (hour % 24 >= 8 && hour % 24 < 18 ? 400 : 20) + ((hour * 7) % 17);
    const series = createSeries();
    for (let hour = 0; hour < 5 * 168; hour += 1) add(series, hour, day(hour));
    const night = Array.from({ length: 3 }, (_, hour) => found(add(series, 5 * 168 + 1 + hour, 300)));
    expect(night.flat()).toContain('history');
    const again = createSeries();
    for (let hour = 0; hour < 5 * 168 + 10; hour += 1) add(again, hour, day(hour));
    expect(add(again, 5 * 168 + 10, 410)).toEqual([]);
  });

  test('is unlike the neighbours, and is no fault when they are all alike', () => {
    const limits = limitsOf({ neighbourMetres: 500, checks: new Set<Check>(['history', 'neighbours']) });
    const judge = (areAlike: boolean): readonly Check[] => {
      const series = learnt(4 * 168);
      return Array.from({ length: 4 }, (_, number) => {
        const hour = 4 * 168 + number;
        const at = hour * hourMicros;
        const value = usualAt(hour) + 30;
        return found(
          observe(series, { value, at, arrivedAt: at }, { limits, neighbours: () => (areAlike ? series.deviation : 0) })
            .findings,
        );
      }).flat();
    };
    expect(judge(false)).toContain('neighbours');
    expect(judge(true)).toEqual([]);
  });

  test('that stays at a new level is usual after two weeks', () => {
    const series = learnt(4 * 168);
    const late: (readonly Check[])[] = [];
    for (let hour = 4 * 168; hour < 9 * 168; hour += 1) late.push(found(add(series, hour, usualAt(hour) + 40)));
    expect(late[10]).toContain('history');
    expect(late.at(-1)).toEqual([]);
  });
});

describe('silence', () => {
  const missing = (series: Series, hours: number, limits: Limits = all): Finding | undefined =>
    findSilence(series, limits, { now: series.arrivedAt + hours * hourMicros, from: 0 });

  test('begins after three declared intervals', () => {
    const series = createSeries();
    const limits = limitsOf({ intervalMicros: hourMicros });
    add(series, 0, 1, limits);
    expect(missing(series, 3, limits)).toBeUndefined();
    expect(missing(series, 3.1, limits)).toEqual({ check: 'silence', since: 0, plausibility: 0.97 });
  });

  test('is learnt: a pause of every night is none, a single interruption is not learnt', () => {
    const series = createSeries();
    for (let hour = 0; hour < 24 * 20; hour += 1)
      if (hour % 24 >= 8 && hour % 24 < 18 && !(hour > 200 && hour < 260)) add(series, hour, usualAt(hour));
    expect(silentAfter(series, all) / hourMicros).toBeCloseTo(1.25 * 15);
  });

  test('is not known in the first days', () => {
    expect(silentAfter(learnt(48), all)).toBe(Number.POSITIVE_INFINITY);
    expect(silentAfter(learnt(100), all)).toBeCloseTo(3 * hourMicros);
  });
});

test('a fault that comes and goes is one, and ends after three good values', () => {
  const series = createSeries();
  const limits = limitsOf({ maximum: 10 });
  const events = [20, 5, 20, 5, 5, 5, 5].flatMap((value, hour) =>
    followFaults(series, add(series, hour, value, limits), { value, at: hour * hourMicros }).map(
      ({ kind, fault }) => `${hour} ${kind} ${fault.count}`,
    ),
  );
  expect(events).toEqual(['0 opened 1', '2 continued 2', '5 closed 2']);
  expect(series.faults).toBeUndefined();
});

test('what was learnt is stored and read again', () => {
  const place = { id: 'urn:x:1', attribute: 'urn:a', types: ['urn:t'], point: [14.3, 46.2] as const };
  const series = learnt(4 * 168);
  const again = seriesIn(JSON.parse(JSON.stringify(seriesJson(place, series))) as Json);
  expect(again?.place).toEqual(place);
  expect(again?.series.learnt).toEqual(series.learnt);
  expect(again?.series.usual.means).toEqual(series.usual.means);
  const next = (one: Series | undefined): readonly Check[] => {
    const values = [0, 1, 2].map((hour) => (one ? add(one, 4 * 168 + hour, 300) : []));
    return found(values.flat());
  };
  expect(next(again?.series)).toEqual(expect.arrayContaining(['history']));
  expect(JSON.stringify(seriesJson(place, series)).length).toBeLessThan(6000);
  expect(seriesIn({ id: 1 })).toBeUndefined();
});
