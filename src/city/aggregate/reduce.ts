/** Makes one number of the values that an entity has in a period. */
import type { HistoricInstance } from '../../core/model/history.ts';
import { type Interval, type Micros, microsOfInstant } from '../../core/model/instant.ts';
import type { Reduction } from './aggregate-job.ts';

interface Reading {
  readonly at: Micros;
  readonly value: number;
}

/**
 * The number of a period. Readings may begin before the period: the last one before it is where an increase begins. Undefined when there
 * are too few readings.
 */
export function reduce(
  instances: readonly HistoricInstance[],
  reduction: Reduction,
  { from, to }: Interval,
): number | undefined {
  const readings = instances.flatMap(readingOf);
  if (reduction === 'increase') return increaseOf(readings, { from, to });
  const values = readings.filter(({ at }) => at >= from && at < to).map(({ value }) => value);
  const last = values.at(-1);
  if (last === undefined) return undefined;
  const sum = values.reduce((total, value) => total + value, 0);
  switch (reduction) {
    case 'sum':
      return sum;
    case 'average':
      return sum / values.length;
    case 'lowest':
      return values.reduce((lowest, value) => Math.min(lowest, value));
    case 'highest':
      return values.reduce((highest, value) => Math.max(highest, value));
    case 'last':
      return last;
  }
}

function readingOf({ value, observedAt, modifiedAt, deletedAt }: HistoricInstance): readonly Reading[] {
  const isReading = typeof value === 'number' && Number.isFinite(value) && deletedAt === undefined;
  return isReading ? [{ at: microsOfInstant(observedAt ?? modifiedAt), value }] : [];
}

/** The increase of a register from its last reading before the period. A register that falls has been replaced, and began at 0. */
function increaseOf(readings: readonly Reading[], { from, to }: Interval): number | undefined {
  const before = readings.findLastIndex(({ at }) => at <= from);
  const own = readings.slice(Math.max(0, before)).filter(({ at }) => at <= to);
  if (own.length < 2) return undefined;
  return own.slice(1).reduce((sum, { value }, index) => {
    const previous = own[index]?.value ?? value;
    return sum + (value >= previous ? value - previous : value);
  }, 0);
}
