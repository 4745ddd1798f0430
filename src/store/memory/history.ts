/** Executes history plans: finds the entities and selects their instances. */
import {
  byTime,
  compileHistoryTest,
  createCollector,
  expiredSeries,
  hasRequestedSeries,
  type SeriesName,
  seriesTest,
  type Timed,
} from '../../core/language/history-selection.ts';
import type { TemporalQuery } from '../../core/language/filter.ts';
import { isWithin, timeOf } from '../../core/language/temporal-query.ts';
import type { Entity } from '../../core/model/entity.ts';
import { type EntityHistory, summaryInstance } from '../../core/model/history.ts';
import { dayMicros, hourMicros, microsOfInstant } from '../../core/model/instant.ts';
import { memorySize } from '../../core/model/memory-size.ts';
import { beginningOf } from '../../core/model/numeric-summary.ts';
import type { YieldToEventLoop } from '../../core/port/clock.ts';
import type { HistoryPlan } from '../../core/port/store.ts';
import { type Archive, placeKey, rolledDays, type Series, type Subject } from './archive.ts';

interface Sources {
  readonly archive: Archive;
  readonly yieldToEventLoop: YieldToEventLoop;
  /** The stored entity, expired or not. */
  readonly entityOf: (id: string) => Entity | undefined;
}

/** The histories that a plan asks for, in the order of the first appearance of their entities. */
export async function readHistories(plan: HistoryPlan, sources: Sources): Promise<readonly EntityHistory[]> {
  const { filter, now } = plan;
  const isAskedFor = compileHistoryTest(filter, now);
  const collector = createCollector(plan);
  for (const subject of sources.archive.subjects()) {
    const pause = sources.yieldToEventLoop();
    if (pause) await pause;
    if (collector.isFull()) break;
    const entity = sources.entityOf(subject.id);
    if (!isAskedFor({ ...subject, entity })) continue;
    const selected = selectInstances(subject, plan, expiredSeries(entity, now));
    if (plan.onRead) for (const { instance } of selected) plan.onRead(memorySize(instance.value));
    if (hasRequestedSeries(selected, filter)) collector.add(subject, selected);
  }
  return collector.found;
}

/** The instances that a plan selects, by series, each ascending in time. */
function selectInstances({ series }: Subject, plan: HistoryPlan, expired: readonly SeriesName[]): readonly Timed[] {
  const isMeant = seriesTest(plan);
  const hidden = new Set(expired.map(placeKey));
  return [...series.values()]
    .filter((one) => isMeant(one) && !hidden.has(placeKey(one)))
    .flatMap((one) => selectFrom(one, plan));
}

function selectFrom(series: Series, { temporal, rollup, limitEach }: HistoryPlan): readonly Timed[] {
  const { name, entries } = series;
  const { lastN } = temporal;
  const days = rollup ? rolledDays(series) : new Set();
  const rolled = rollup ? selectRollups(series, temporal) : [];
  const timed = entries.flatMap(({ at, instance }) => {
    if (instance.observedAt !== undefined && days.has(beginningOf(at, dayMicros))) return [];
    const instant = timeOf(instance, temporal);
    const time = instant === undefined ? undefined : microsOfInstant(instant);
    return time !== undefined && isWithin(temporal, time) ? [{ name, time, instance }] : [];
  });
  const sorted = [...rolled, ...timed].sort(byTime);
  return lastN === undefined ? sorted.slice(0, limitEach) : sorted.slice(-lastN);
}

/** The rollups of the hours that are completely in the interval. */
const selectRollups = ({ name, datasetId, rollups }: Series, temporal: TemporalQuery): readonly Timed[] =>
  rollups
    .filter(({ first }) => {
      const begin = beginningOf(first, hourMicros);
      return isWithin(temporal, begin) && isWithin(temporal, begin + hourMicros - 1);
    })
    .map((summary) => ({ name, time: summary.first, instance: summaryInstance([summary], datasetId) }));
