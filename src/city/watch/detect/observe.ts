/** Checks one value of a series against its limits and what was learnt from the values before, and learns from it. */
import { dayMicros, hourMicros, type Micros } from '../../../core/model/instant.ts';
import type { Check, Finding, Limits, Observation } from './checks.ts';
import { countValue, extreme, learntOf, note } from './ordinary.ts';
import { isCounter, type Series } from './series.ts';
import { computeUsual, learnUsual } from './usual.ts';

/** What the neighbours of a series say: the median of their deviations. Undefined: there are too few neighbours with values. */
export type AskNeighbours = () => number | undefined;

export interface Verdict {
  readonly findings: readonly Finding[];
  /** The usual spread of good values around what is usual at this time, in the unit of the value. Undefined: not known yet. */
  readonly spread: number | undefined;
}

/** A value may be ahead of the clock of the broker by this much. */
const aheadMax: Micros = 5 * 60_000_000;

const nothing: Verdict = { findings: [], spread: undefined };

/**
 * The findings about a value. It costs the same for each value. A value that is older than the one before is not checked: it arrived late.
 */
export function observe(
  series: Series,
  observation: Observation,
  { limits, neighbours }: { readonly limits: Limits; readonly neighbours?: AskNeighbours },
): Verdict {
  const { value, at, arrivedAt } = observation;
  const asks = (check: Check): boolean => limits.checks.has(check);
  if (at > arrivedAt + aheadMax) {
    const finding: Finding = { check: 'futureTime', since: at, plausibility: 0 };
    return asks('futureTime') ? { findings: [finding], spread: undefined } : nothing;
  }
  learnPause(series, arrivedAt);
  if (at < series.at) return nothing;
  if (at === series.at && value === series.value) {
    const finding: Finding = { check: 'duplicateTime', since: at, plausibility: 1 };
    return asks('duplicateTime') ? { findings: [finding], spread: undefined } : nothing;
  }
  const found: Finding[] = [];
  const add = (finding: Finding | undefined): void => {
    if (finding && asks(finding.check)) found.push(finding);
  };
  add(outOfRange(value, at, limits));
  add(tooFast(series, observation, limits));
  for (const finding of unusual(series, observation, { limits, neighbours })) add(finding);
  add(unchanged(series, observation, limits));
  learn(series, observation, { found, limits });
  const { spread } = series.usual;
  return { findings: found, spread: Number.isNaN(spread) ? undefined : spread };
}

/** A part of the distance to what was expected; 1 without a distance. */
const partOf = (expected: number, found: number): number => Math.min(1, Math.round((100 * expected) / found) / 100);

function outOfRange(value: number, at: Micros, { minimum, maximum }: Limits): Finding | undefined {
  const isWithin = (minimum === undefined || value >= minimum) && (maximum === undefined || value <= maximum);
  return isWithin ? undefined : { check: 'range', since: at, ...bounds(minimum, maximum), plausibility: 0 };
}

const bounds = (low: number | undefined, high: number | undefined): Pick<Finding, 'low' | 'high'> => ({
  ...(low === undefined || !Number.isFinite(low) ? undefined : { low: rounded(low) }),
  ...(high === undefined || !Number.isFinite(high) ? undefined : { high: rounded(high) }),
});

/** Learnt bounds need no more than four digits. */
const rounded = (bound: number): number => Number(bound.toPrecision(4));

/** A change of more than this many ordinary ones is too fast. After so many values, the new level is accepted. */
const changeFactor = 2;
const acceptAfter = 4;

function tooFast(series: Series, { value, at }: Observation, limits: Limits): Finding | undefined {
  const change = Math.abs(value - series.accepted);
  const changeMax = changeLimit(series, at, limits);
  const hasFallen = isCounter(series) && value < series.accepted;
  if (Number.isNaN(change) || (change <= changeMax && !hasFallen)) {
    series.rejections = 0;
    series.accepted = value;
    return undefined;
  }
  series.rejections += 1;
  if (series.rejections >= acceptAfter) {
    series.rejections = 0;
    series.accepted = value;
    return undefined;
  }
  const low = hasFallen ? series.accepted : series.accepted - changeMax;
  return {
    check: 'rate',
    since: at,
    ...bounds(low, series.accepted + changeMax),
    plausibility: hasFallen ? 0 : partOf(changeMax, change),
  };
}

/** The largest change that is to be expected since the last value. After a longer pause, only a declared rate applies. */
function changeLimit({ at: before, pause, learnt }: Series, at: Micros, { ratePerHour }: Limits): number {
  const elapsed = Math.max(at - before, 0);
  if (ratePerHour !== undefined) return (ratePerHour * Math.max(elapsed, pause)) / hourMicros;
  const isAfterPause = elapsed > 3 * Math.max(pause, 1);
  return isAfterPause || learnt.change === undefined || learnt.change === 0
    ? Number.POSITIVE_INFINITY
    : changeFactor * learnt.change;
}

/** How many values in a row must be unusual; and the multiple of the limit from which one is enough. */
const [unusualMin, atOnceFactor] = [3, 3];

function unusual(
  series: Series,
  { value, at }: Observation,
  { limits, neighbours }: { readonly limits: Limits; readonly neighbours: AskNeighbours | undefined },
): readonly (Finding | undefined)[] {
  const { usual } = series;
  computeUsual(usual, at + limits.offsetAt(at));
  const { centre, spread } = usual;
  series.deviation = isCounter(series) ? Number.NaN : (value - centre) / spread;
  if (Number.isNaN(series.deviation)) return none;
  const others = neighbours?.();
  const { deviation } = series;
  const isShared = others !== undefined && Math.sign(others) === Math.sign(deviation) && Math.abs(others) > 1;
  if (Math.abs(deviation) <= limits.deviations && others === undefined) {
    series.unusualCount = 0;
    return none;
  }
  const range = bounds(centre - limits.deviations * spread, centre + limits.deviations * spread);
  return [
    isShared ? undefined : fromHistory(series, at, { deviation, limits, range }),
    others === undefined ? undefined : fromNeighbours(series, at, { deviation: deviation - others, limits, range }),
  ];
}

const none: readonly undefined[] = [];

interface Unusual {
  readonly deviation: number;
  readonly limits: Limits;
  readonly range: Pick<Finding, 'low' | 'high'>;
}

function fromHistory(series: Series, at: Micros, { deviation, limits, range }: Unusual): Finding | undefined {
  const size = Math.abs(deviation);
  if (size <= limits.deviations) {
    series.unusualCount = 0;
    return undefined;
  }
  if (series.unusualCount === 0) series.unusualSince = at;
  series.unusualCount += 1;
  if (series.unusualCount < unusualMin && size < atOnceFactor * limits.deviations) return undefined;
  return { check: 'history', since: series.unusualSince, ...range, plausibility: partOf(limits.deviations, size) };
}

function fromNeighbours(series: Series, at: Micros, { deviation, limits, range }: Unusual): Finding | undefined {
  const size = Math.abs(deviation);
  if (size <= limits.deviations) {
    series.aloneCount = 0;
    return undefined;
  }
  if (series.aloneCount === 0) series.aloneSince = at;
  series.aloneCount += 1;
  if (series.aloneCount < unusualMin) return undefined;
  return { check: 'neighbours', since: series.aloneSince, ...range, plausibility: partOf(limits.deviations, size) };
}

/** A run of equal values that is longer than this many of the longest ones, and than so many values, is a flat line. */
const [runFactor, runMin] = [2, 6];

function unchanged(series: Series, { value, at }: Observation, limits: Limits): Finding | undefined {
  if (value !== series.value) {
    series.sameSince = at;
    series.sameCount = 1;
    return undefined;
  }
  series.sameCount += 1;
  const lasted = at - series.sameSince;
  const { flatMicros } = limits;
  if (flatMicros !== undefined) {
    if (lasted < flatMicros) return undefined;
    return { check: 'flatLine', since: series.sameSince, plausibility: partOf(flatMicros, Math.max(lasted, 1)) };
  }
  const run = isAtBound(value, limits) ? series.learnt.runAtBound : series.learnt.run;
  // A series that never changes is a setting.
  if (run === undefined || series.learnt.change === 0) return undefined;
  const runMax = Math.max(runMin, runFactor * run);
  if (series.sameCount <= runMax) return undefined;
  return { check: 'flatLine', since: series.sameSince, plausibility: partOf(runMax, series.sameCount) };
}

const isAtBound = (value: number, { minimum, maximum }: Limits): boolean =>
  value === 0 || value === minimum || value === maximum;

/** Learns from a value. What is wrong does not become usual. */
function learn(
  series: Series,
  { value, at }: Observation,
  { found, limits }: { readonly found: readonly Finding[]; readonly limits: Limits },
): void {
  const { ordinary, usual } = series;
  const isPlausible = found.length === 0;
  const isUsual = isPlausible || isNewLevel(series, found, at);
  const change = value - series.value;
  if (isPlausible && !Number.isNaN(change)) {
    note(ordinary, extreme.change, Math.abs(change));
    note(ordinary, isAtBound(value, limits) ? extreme.runAtBound : extreme.run, series.sameCount);
    if (change > 0) series.rises = Math.min(series.rises + 1, bounded);
    if (change < 0) series.falls = Math.min(series.falls + 1, bounded);
  }
  if (isUsual) learnUsual(usual, at + limits.offsetAt(at), value);
  if (countValue(ordinary, at)) series.learnt = learntOf(ordinary);
  series.value = value;
  series.at = at;
}

const bounded = 1_000_000;

/** Values that stay unusual for so long are learnt: the place or the use of the sensor has changed. */
const newLevelAfter = 14 * dayMicros;

const isNewLevel = ({ unusualSince }: Series, found: readonly Finding[], at: Micros): boolean =>
  at - unusualSince > newLevelAfter && found.every(({ check }) => check === 'history' || check === 'neighbours');

/** Learns the typical pause between arrivals: it goes up and down in steps, so that it stays near the median. */
function learnPause(series: Series, arrivedAt: Micros): void {
  const pause = arrivedAt - series.arrivedAt;
  series.arrivedAt = arrivedAt;
  if (!(pause > 0)) return;
  note(series.ordinary, extreme.pause, pause);
  if (series.pause === 0) series.pause = pause;
  else series.pause += Math.sign(pause - series.pause) * Math.min(Math.abs(pause - series.pause), series.pause * 0.1);
}
