/** Cuts histories that are too long for one answer, all of them at the same moment (clauses 5.5.9, 6.3.10). */
import type { TemporalQuery } from '../../language/filter.ts';
import { timeOf } from '../../language/temporal-query.ts';
import type { EntityHistory, HistoricInstance } from '../../model/history.ts';
import { type Instant, instantOf, type Micros, microsOfInstant } from '../../model/instant.ts';
import type { TimeRange } from '../operation.ts';

export interface Cut {
  readonly histories: readonly EntityHistory[];
  /** The time range that is shown, when there is more after it. */
  readonly range?: TimeRange;
}

export interface CutOptions {
  readonly temporal: TemporalQuery;
  /** Maximum number of instances in an answer, unless more of them have the same moment. */
  readonly most: number;
  /** The moment up to which earlier parts of the same answer have shown everything. */
  readonly partAfter?: Micros | undefined;
}

/**
 * The instances after `partAfter` up to a moment, oldest first, or with `lastN` back to a moment, newest first. All instances of the same
 * moment are in the same part. Attributes without instances in the part are shown empty.
 */
export function cutHistories(histories: readonly EntityHistory[], cutting: CutOptions): Cut {
  const { temporal, most, partAfter } = cutting;
  if (partAfter === undefined && countInstances(histories) <= most) return { histories };
  // With `lastN`, moments are negated: an instance that comes earlier in the answer always has a smaller place.
  const sign = temporal.lastN === undefined ? 1 : -1;
  const placeOf = (instance: HistoricInstance): number => sign * momentOf(instance, temporal);
  const begin = partAfter === undefined ? -Infinity : sign * partAfter;
  const places = sortKeysIn(histories, placeOf).filter((place) => place > begin);
  const end = endOf(places, { most, least: Math.max(begin, sign * firstOf(temporal)) });
  const kept = histories.map((history) =>
    keep(history, (instance) => placeOf(instance) > begin && placeOf(instance) <= (end ?? Infinity)),
  );
  if (end === undefined) return { histories: kept };
  const start = startOf(cutting, sign * (places[0] ?? end));
  return { histories: kept, range: { start, end: instantOf(sign * end), size: temporal.lastN ?? '*' } };
}

/** True when the cut is correct although at most the first `each` instances of each series were read. */
export function isComplete(
  histories: readonly EntityHistory[],
  temporal: TemporalQuery,
  { each, end }: { readonly each: number; readonly end: Instant | undefined },
): boolean {
  const moment = end === undefined ? Infinity : microsOfInstant(end);
  const isKnown = (series: readonly HistoricInstance[]): boolean => {
    const last = series.length < each ? undefined : series.at(-1);
    return last === undefined || momentOf(last, temporal) > moment;
  };
  return histories.every(({ attrs }) =>
    Object.values(attrs).every((all) =>
      [...Map.groupBy(all, ({ datasetId }) => datasetId).values()].every((series) => isKnown(series)),
    ),
  );
}

const countInstances = (histories: readonly EntityHistory[]): number =>
  histories.reduce((sum, { attrs }) => Object.values(attrs).reduce((all, { length }) => all + length, sum), 0);

const momentOf = (instance: HistoricInstance, temporal: TemporalQuery): Micros =>
  microsOfInstant(timeOf(instance, temporal) ?? instance.modifiedAt);

const sortKeysIn = (
  histories: readonly EntityHistory[],
  placeOf: (instance: HistoricInstance) => number,
): Float64Array<ArrayBuffer> =>
  Float64Array.from(histories.flatMap(({ attrs }) => Object.values(attrs).flat().map(placeOf))).sort();

/**
 * The last place that is shown; undefined when nothing comes after it. It is greater than `least`, the start of the query: a client that
 * queries again from the end, which is included, would otherwise get the same part again and again.
 */
function endOf(
  places: Float64Array,
  { most, least }: { readonly most: number; readonly least: number },
): number | undefined {
  const newest = places.at(-1) ?? least;
  const end = places[most - 1] ?? newest;
  const shown = end > least ? end : (places.find((place) => place > least) ?? newest);
  return shown < newest ? shown : undefined;
}

/** The start of the interval of a forward query. Other bounds are not part of their intervals. */
function firstOf({ timerel, timeAt, lastN }: TemporalQuery): Micros {
  if (lastN !== undefined) return Infinity;
  return timeAt !== undefined && timerel !== 'before' ? timeAt : -Infinity;
}

function keep(history: EntityHistory, isKept: (instance: HistoricInstance) => boolean): EntityHistory {
  const attrs = Object.entries(history.attrs);
  return {
    ...history,
    attrs: Object.fromEntries(attrs.map(([name, instances]) => [name, instances.filter(isKept)])),
    kinds: {
      ...history.kinds,
      ...Object.fromEntries(attrs.flatMap(([name, [one]]) => (one ? [[name, one.kind]] : []))),
    },
  };
}

/** The start of the range: the bound of the query on that side, else the first instance. */
function startOf({ temporal, partAfter }: CutOptions, first: Micros): Instant {
  const { timerel, timeAt, endTimeAt, lastN } = temporal;
  if (partAfter !== undefined) return instantOf(first);
  if (lastN === undefined) return instantOf((timerel === 'before' ? undefined : timeAt) ?? first);
  return instantOf((timerel === 'before' ? timeAt : endTimeAt) ?? first);
}
