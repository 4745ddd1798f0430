/** Measures the watch on series of real measurements, into which faults are put: what it finds, how late, and how often it is wrong. */
import type { Check, Limits } from '../../../src/city/watch/detect/checks.ts';
import { followFaults, noteFault } from '../../../src/city/watch/detect/faults.ts';
import { observe } from '../../../src/city/watch/detect/observe.ts';
import { createSeries, type Series } from '../../../src/city/watch/detect/series.ts';
import { findSilence } from '../../../src/city/watch/detect/silence.ts';
import { dayMicros, hourMicros } from '../../../src/core/model/instant.ts';

/** A value and its time in microseconds. */
export type Point = readonly [at: number, value: number];

/** The series of one sensor. `neighbours`: the names of sensors beside it. */
export interface Sensor {
  readonly name: string;
  readonly points: readonly Point[];
  readonly limits: Limits;
  readonly neighbours?: readonly string[];
}

export const injections = ['stuck', 'spike', 'drift', 'silence', 'unit'] as const;
export type Injection = (typeof injections)[number];

interface Alarm {
  readonly check: Check | 'threshold';
  readonly at: number;
}

interface Fault {
  readonly sensor: string;
  readonly from: number;
  readonly to: number;
}

/** The same numbers from 0 to 1 for the same seed (mulberry32). */
function createChance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const sortedValues = (points: readonly Point[]): number[] => points.map(([, value]) => value).sort((a, b) => a - b);
const quantile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;

/** The part of a series in which the watch learns only. */
const learningPart = 0.6;

const judgedFrom = (points: readonly Point[]): number => {
  const [first, last] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0];
  return first + learningPart * (last - first);
};

/** How long a fault lasts: a day, or 24 values when these take longer. */
function durationOf(points: readonly Point[]): number {
  const gaps = points.slice(1).map(([at], index) => at - (points[index]?.[0] ?? at));
  return Math.max(
    dayMicros,
    24 *
      quantile(
        gaps.sort((a, b) => a - b),
        0.5,
      ),
  );
}

/** Puts one fault into a series, at a place that chance chooses in the judged part. */
function inject(
  sensor: Sensor,
  injection: Injection,
  chance: () => number,
): { readonly points: readonly Point[]; readonly fault: Fault } | undefined {
  const { points } = sensor;
  const lasts = injection === 'drift' ? 3 * durationOf(points) : durationOf(points);
  const [start, end] = [judgedFrom(points), points.at(-1)?.[0] ?? 0];
  const begin = start + chance() * Math.max(0, end - lasts - start);
  const first = points.findIndex(([at]) => at >= begin);
  const from = points[first]?.[0];
  if (first < 1 || from === undefined) return undefined;
  const to = injection === 'spike' ? from : from + lasts;
  const sorted = sortedValues(points);
  const [span, held] = [quantile(sorted, 0.95) - quantile(sorted, 0.05), points[first]?.[1] ?? 0];
  const changed = (at: number, value: number): readonly Point[] => {
    if (at < from || at > to) return [[at, value]];
    switch (injection) {
      case 'stuck':
        return [[at, held]];
      case 'spike':
        return [[at, value + 3 * span]];
      case 'drift':
        return [[at, value + (1.5 * span * (at - from)) / lasts]];
      case 'silence':
        return [];
      case 'unit':
        return [[at, value * 10]];
    }
  };
  return { points: points.flatMap(([at, value]) => changed(at, value)), fault: { sensor: sensor.name, from, to } };
}

/** Runs the watch over all sensors, in the order of time. Silence is looked for every hour. */
function runWatch(sensors: readonly Sensor[]): ReadonlyMap<string, readonly Alarm[]> {
  const kept = new Map<string, Series>(sensors.map(({ name }) => [name, createSeries()]));
  const alarms = new Map<string, Alarm[]>(sensors.map(({ name }) => [name, []]));
  const events = sensors
    .flatMap((sensor) => sensor.points.map(([at, value]) => ({ sensor, at, value })))
    .sort((a, b) => a.at - b.at);
  let looked = events[0]?.at ?? 0;
  const look = (now: number): void => {
    for (const { name, limits } of sensors) {
      const series = kept.get(name);
      const finding = series && findSilence(series, limits, { now, from: 0 });
      if (!series || !finding || series.faults?.has('silence')) continue;
      alarms.get(name)?.push({ check: 'silence', at: now });
      noteFault(series, finding, { value: Number.NaN, at: now });
    }
  };
  for (const { sensor, at, value } of events) {
    for (; looked + hourMicros <= at; looked += hourMicros) look(looked + hourMicros);
    const series = kept.get(sensor.name);
    if (!series) continue;
    const deviationsAround = (): number | undefined => {
      const near = (sensor.neighbours ?? []).flatMap((name) => {
        const other = kept.get(name);
        return other && at - other.at <= 2 * hourMicros && !Number.isNaN(other.deviation) ? [other.deviation] : [];
      });
      return near.length < 3 ? undefined : near.sort((a, b) => a - b)[near.length >> 1];
    };
    const { findings } = observe(
      series,
      { value, at, arrivedAt: at },
      { limits: sensor.limits, neighbours: deviationsAround },
    );
    for (const { kind, fault } of followFaults(series, findings, { value, at }))
      if (kind === 'opened') alarms.get(sensor.name)?.push({ check: fault.finding.check, at });
  }
  return alarms;
}

/** The baseline: an alarm when a value leaves the range of the learning part by more than a tenth. */
function runThreshold({ points }: Pick<Sensor, 'points'>): readonly Alarm[] {
  const from = judgedFrom(points);
  const learnt = sortedValues(points.filter(([at]) => at < from));
  const [low, high] = [learnt[0] ?? 0, learnt.at(-1) ?? 0];
  const slack = 0.1 * (high - low);
  let isOut = false;
  return points.flatMap(([at, value]): readonly Alarm[] => {
    const wasOut = isOut;
    isOut = at >= from && (value < low - slack || value > high + slack);
    return isOut && !wasOut ? [{ check: 'threshold', at }] : [];
  });
}

/** How well faults of a kind were found. */
export interface Found {
  readonly injected: number;
  readonly detected: number;
  /** The median time from the beginning of a fault to its alarm, in hours. */
  readonly delayHours: number;
  /** How many of the faults each check was the first to find. */
  readonly by: Readonly<Record<string, number>>;
  readonly detectedByThreshold: number;
}

/** Puts a fault of one kind into one sensor at a time, and runs all sensors. `repeats` times for each sensor. */
export function measureDetection(
  sensors: readonly Sensor[],
  injection: Injection,
  { seed, repeats }: { readonly seed: number; readonly repeats: number },
): Found {
  const chance = createChance(seed);
  const delays: number[] = [];
  const by: Record<string, number> = {};
  let [injected, detectedByThreshold] = [0, 0];
  const before = runWatch(sensors);
  for (const sensor of sensors.flatMap((one) => Array.from({ length: repeats }, () => one))) {
    const done = inject(sensor, injection, chance);
    if (!done) continue;
    injected += 1;
    const { points, fault } = done;
    const others = new Set(sensor.neighbours ?? []);
    const alarms = runWatch([{ ...sensor, points }, ...sensors.filter(({ name }) => others.has(name))]);
    const grace = hourMicros;
    const isWithin = ({ at }: Alarm): boolean => at >= fault.from && at <= fault.to + grace;
    const first = alarms.get(sensor.name)?.find(isNew(before.get(sensor.name) ?? [], isWithin));
    if (first) {
      delays.push((first.at - fault.from) / hourMicros);
      by[first.check] = (by[first.check] ?? 0) + 1;
    }
    if (runThreshold({ points }).some(isNew(runThreshold(sensor), isWithin))) detectedByThreshold += 1;
  }
  const sorted = delays.sort((a, b) => a - b);
  return { injected, detected: delays.length, delayHours: quantile(sorted, 0.5), by, detectedByThreshold };
}

/** Tells alarms of a fault from those that there were without it. */
const isNew =
  (before: readonly Alarm[], isWithin: (alarm: Alarm) => boolean) =>
  (alarm: Alarm): boolean =>
    isWithin(alarm) && !before.some(({ check, at }) => check === alarm.check && Math.abs(at - alarm.at) <= hourMicros);

/** Alarms that say what anybody can see in the data: the value is out of range, or there is something wrong with its time. */
const certain = new Set<string>(['range', 'duplicateTime', 'futureTime']);

/**
 * The alarms on the series as they are, in the judged part. `perWeek`: per sensor and week, without those that are certain. They count as
 * false, although some may be of real faults.
 */
export function measureAlarms(sensors: readonly Sensor[]): {
  readonly perWeek: number;
  readonly byCheck: Readonly<Record<string, number>>;
  readonly thresholdPerWeek: number;
} {
  const alarms = runWatch(sensors);
  const byCheck: Record<string, number> = {};
  let [weeks, total, ofThreshold] = [0, 0, 0];
  for (const sensor of sensors) {
    const from = judgedFrom(sensor.points);
    weeks += ((sensor.points.at(-1)?.[0] ?? 0) - from) / (7 * dayMicros);
    for (const { check, at } of alarms.get(sensor.name) ?? []) {
      if (at < from) continue;
      if (!certain.has(check)) total += 1;
      byCheck[check] = (byCheck[check] ?? 0) + 1;
    }
    ofThreshold += runThreshold(sensor).length;
  }
  return { perWeek: total / weeks, byCheck, thresholdPerWeek: ofThreshold / weeks };
}
