/** Measures how often the values of a dataset come, and since when there are some, from a part of the history. */
import { type Instant, instantOf, type Micros, microsOfInstant } from '../../../core/model/instant.ts';
import type { CallContext } from '../../../core/operation/operation.ts';
import type { Selection } from '../file/selection.ts';

/** Entities that are measured, and the newest values of each of their attributes. */
const entitiesMax = 20;
const valuesMax = 30;
const instancesMax = 20_000;

export interface MeasuredTimes {
  /** The median time between two values of one attribute of one entity, in seconds. */
  readonly seconds?: number;
  /** When the first value was observed, among those of the entities that came first. */
  readonly from?: Instant;
}

/** Nothing for a caller without the right to histories. */
export async function measureTimes(selection: Selection, call: CallContext): Promise<MeasuredTimes> {
  if (call.principal.rights('history', call.tenant).extent !== 'full') return {};
  const {
    filter: { selectors = [] },
    attrs,
  } = selection;
  const plan = {
    filter: { selectors },
    now: call.now,
    limit: entitiesMax,
    limitInstances: instancesMax,
    ...(attrs ? { attrs: [...attrs] } : undefined),
  };
  const newest = await call.store.history({ ...plan, temporal: { timeproperty: 'observedAt', lastN: valuesMax } });
  const first = await call.store.history({ ...plan, temporal: { timeproperty: 'observedAt' }, limitEach: 1 });
  const timesOf = (history: (typeof newest)[number]): readonly (readonly Micros[])[] =>
    Object.values(history.attrs).map((instances) =>
      instances.flatMap(({ observedAt }) => (observedAt === undefined ? [] : [microsOfInstant(observedAt)])),
    );
  const gaps = newest
    .flatMap(timesOf)
    .flatMap(gapsOf)
    .sort((a, b) => a - b);
  const starts = first.flatMap(timesOf).flat();
  const median = gaps[Math.floor(gaps.length / 2)];
  return {
    ...(median === undefined ? undefined : { seconds: median / 1e6 }),
    ...(starts.length === 0 ? undefined : { from: instantOf(Math.min(...starts)) }),
  };
}

const gapsOf = (times: readonly Micros[]): readonly Micros[] => {
  const ordered = [...times].sort((a, b) => a - b);
  return ordered.flatMap((at, n) => {
    const before = ordered[n - 1];
    return before === undefined || before === at ? [] : [at - before];
  });
};
