/** Cuts histories that are too long for one answer at a moment that holds for all of them (clauses 5.5.9, 6.3.10). */
import type { TemporalQuery } from '../../language/filter.ts';
import type { EntityHistory, HistoricInstance } from '../../model/history.ts';
import { type Instant, instantOf, type Micros, microsOfInstant } from '../../model/instant.ts';
import type { TimeRange } from '../operation.ts';

export interface Cut {
  readonly histories: readonly EntityHistory[];
  /** The part of time that is shown, where it is not all that was asked for. */
  readonly range?: TimeRange;
}

/**
 * The instances up to a moment, oldest first, or with `lastN` back to a moment, newest first: at most so many, unless more
 * have the same time stamp. Attributes of which nothing is left are shown empty.
 */
export function cutHistories(histories: readonly EntityHistory[], temporal: TemporalQuery, most: number): Cut {
  const isBackward = temporal.lastN !== undefined;
  const lists = histories.flatMap(({ attrs }) => Object.values(attrs));
  if (lists.reduce((sum, instances) => sum + instances.length, 0) <= most) return { histories };
  const momentOf = (instance: HistoricInstance): Micros =>
    microsOfInstant(instance[temporal.timeproperty] ?? instance.modifiedAt);
  const sorted = Float64Array.from(lists.flatMap((instances) => instances.map(momentOf))).sort();
  const last = (isBackward ? sorted[sorted.length - most] : sorted[most - 1]) ?? 0;
  const isKept = (instance: HistoricInstance): boolean =>
    isBackward ? momentOf(instance) >= last : momentOf(instance) <= last;
  const first = isBackward ? sorted.at(-1) : sorted[0];
  return {
    histories: histories.map((history) => keep(history, isKept)),
    range: { start: startOf(temporal, first ?? 0), end: instantOf(last), size: temporal.lastN ?? '*' },
  };
}

function keep(history: EntityHistory, isKept: (instance: HistoricInstance) => boolean): EntityHistory {
  const attrs = Object.entries(history.attrs);
  return {
    ...history,
    attrs: Object.fromEntries(attrs.map(([name, instances]) => [name, instances.filter(isKept)])),
    kinds: Object.fromEntries(attrs.flatMap(([name, [first]]) => (first ? [[name, first.kind]] : []))),
  };
}

/** Where the range begins: at the bound of the query on that side, else at the first instance. */
function startOf({ timerel, timeAt, endTimeAt, lastN }: TemporalQuery, first: Micros): Instant {
  const bound =
    lastN === undefined ? (timerel === 'before' ? undefined : timeAt) : timerel === 'before' ? timeAt : endTimeAt;
  return instantOf(bound ?? first);
}
