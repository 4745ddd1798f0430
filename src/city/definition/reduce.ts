/** Makes one number of the values that an entity has in a period. */
import type { Interval, Micros } from '../../core/model/instant.ts';

export const reductions = ['increase', 'sum', 'average', 'lowest', 'highest', 'last'] as const;
/** How the values that one entity has in a period become one number. */
export type Reduction = (typeof reductions)[number];

export interface Reading {
  readonly at: Micros;
  readonly value: number;
}

/**
 * The number of a period. Readings may begin before the period: the last one before it is where an increase begins. Undefined when there
 * are too few readings.
 */
export function reduce(readings: readonly Reading[], reduction: Reduction, { from, to }: Interval): number | undefined {
  if (reduction === 'increase') return increaseOf(readings, { from, to });
  const values = readings.filter(({ at }) => at >= from && at < to).map(({ value }) => value);
  return combine(values, reduction);
}

/** Undefined without values. */
export function combine(
  values: readonly number[],
  how: 'sum' | 'average' | 'lowest' | 'highest' | 'last',
): number | undefined {
  const last = values.at(-1);
  if (last === undefined) return undefined;
  const sum = values.reduce((total, value) => total + value, 0);
  switch (how) {
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
