/** Reads the quality marks of values, which the watch of the broker writes (docs/watch.md). */
import { numberOf, textsOf } from './json.ts';
import type { Reading, Thing } from './entity.ts';
import { shortName } from './names.ts';

/** How far the values of an entity can be trusted; `none`: nothing of it is measured. */
export const qualities = ['suspect', 'stale', 'good', 'none'] as const;
export type Quality = (typeof qualities)[number];

export interface QualityMark {
  readonly mark: 'suspect' | 'stale';
  /** The checks that the value failed, such as `range`. */
  readonly rules: readonly string[];
  /** From 0 to 1: the part of the deviation that was to be expected. */
  readonly plausibility: number | undefined;
}

const isQuality = ({ name }: Reading): boolean => shortName(name) === 'quality';

/** The mark of a value; undefined when it has none, as good values do. */
export function markOf(reading: Reading): QualityMark | undefined {
  const quality = reading.inner.find(isQuality);
  const mark = quality?.value;
  if (!quality || (mark !== 'suspect' && mark !== 'stale')) return undefined;
  const inner = (name: string): Reading | undefined => quality.inner.find((part) => shortName(part.name) === name);
  return {
    mark,
    rules: textsOf(inner('brokenRule')?.value),
    plausibility: numberOf(inner('plausibility'), 'value'),
  };
}

/** The attributes of an attribute that are no quality mark. */
export const otherParts = (reading: Reading): readonly Reading[] =>
  markOf(reading) ? reading.inner.filter((part) => !isQuality(part)) : reading.inner;

/** The worst mark of all values of an entity. */
export function qualityOf({ readings }: Thing): Quality {
  const marks = new Set(readings.map((reading) => markOf(reading)?.mark));
  if (marks.has('suspect')) return 'suspect';
  if (marks.has('stale')) return 'stale';
  const isMeasured = readings.some(({ value, observedAt }) => typeof value === 'number' && observedAt !== undefined);
  return isMeasured ? 'good' : 'none';
}
