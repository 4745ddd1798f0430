/** Executes history plans: finds the entities and selects their instances. */
import {
  byTime,
  compileHistoryTest,
  createCollector,
  expiredSeries,
  hasRequestedSeries,
  type SeriesName,
  seriesTest,
  type EntityWithHistory,
  splitSummaries,
  type Timed,
} from '../../../core/language/history-selection.ts';
import { type TimeProperty, withoutAttrs } from '../../../core/language/filter.ts';
import { boundsOf, isWithin, timeOf } from '../../../core/language/temporal-query.ts';
import {
  type EntityHistory,
  type HistoricInstance,
  scopeSeries,
  summaryInstance,
} from '../../../core/model/history.ts';
import { microsOfInstant } from '../../../core/model/instant.ts';
import type { RollupChoice } from '../../../core/model/rollup.ts';
import type { HistoryPlan } from '../../../core/port/store.ts';
import { entityIn } from '../own-text.ts';
import type { BucketDocument, Collections, SeriesDocument, SubjectDocument } from '../schema.ts';
import { compileCondition } from '../search/condition.ts';
import { createTimeBudget, type TimeBudget } from '../search/time-budget.ts';
import { bucketsIn, instanceIn, isUnobserved, rowsIn, type SeriesKey } from './bucket.ts';
import { readRolled } from './rollup-reader.ts';

/** Subjects per page. */
const pageSize = 50;

export async function readHistories(plan: HistoryPlan, collections: Collections): Promise<readonly EntityHistory[]> {
  const budget = createTimeBudget();
  const isAskedFor = compileHistoryTest(plan.filter, plan.now);
  const { where = {} } = compileCondition(withoutAttrs(plan.filter));
  const collector = createCollector(plan);
  for (let last = 0; ; ) {
    const page = await collections.subjects
      .find({ $and: [where, { subject: { $gt: last } }] }, { sort: { subject: 1 }, limit: pageSize, ...budget() })
      .toArray();
    for (const document of page) {
      if (collector.isFull()) return collector.found;
      const remembered = rememberedIn(document);
      if (!isAskedFor(remembered)) continue;
      const most = Math.min(collector.left() + 1, plan.limitEach ?? Infinity);
      const reading = { plan, most, budget, collections };
      collector.add(remembered, await select(document, remembered, reading));
    }
    const end = page.at(-1);
    if (!end || page.length < pageSize) return collector.found;
    last = end.subject;
  }
}

const rememberedIn = ({ _id, types, doc }: SubjectDocument): EntityWithHistory => ({
  id: _id,
  types,
  ...(doc === undefined ? undefined : { entity: entityIn(doc) }),
});

interface HistoryRead {
  readonly collections: Collections;
  readonly plan: HistoryPlan;
  /** The reader may stop after this many instances of a series, the earliest ones. */
  readonly most: number;
  readonly budget: TimeBudget;
  /** Absent: all instances. */
  readonly isWanted?: (instance: HistoricInstance) => boolean;
}

/** The instances that a plan selects, by series, each ascending in time. */
async function select(
  { subject, series }: SubjectDocument,
  { entity }: EntityWithHistory,
  reading: HistoryRead,
): Promise<readonly Timed[]> {
  const { filter, now } = reading.plan;
  const isMeant = seriesTest(reading.plan);
  const hidden = new Set(expiredSeries(entity, now).map(keyOf));
  const wanted = series
    .map((one) => ({ one, place: { name: one.name, datasetId: one.dataset } }))
    .filter(({ place }) => isMeant(place) && !hidden.has(keyOf(place)))
    .map(({ one }) => one);
  const lists = await Promise.all(wanted.map((one) => readSeries(one, { s: subject, n: one.n }, reading)));
  const selected = lists.flat();
  return hasRequestedSeries(selected, filter) ? selected : [];
}

const keyOf = ({ name, datasetId }: SeriesName): string => JSON.stringify([name, datasetId]);

async function readSeries(series: SeriesDocument, key: SeriesKey, reading: HistoryRead): Promise<readonly Timed[]> {
  const { rollup } = reading.plan;
  if (!rollup || series.name === scopeSeries) return readInstances(series.name, key, reading);
  const rolled = await readSummaries(series, key, { ...reading, rollup });
  const { timeproperty, timerel } = reading.plan.temporal;
  if (timeproperty !== 'any' || series.unobserved === false) return rolled;
  const others = await readInstances(series.name, key, { ...reading, isWanted: isUnobserved });
  const isAllObserved = others.length === 0 && timerel === undefined;
  if (isAllObserved && series.unobserved === undefined) await noteAllObserved(key, reading.collections);
  return others.length === 0 ? rolled : [...splitSummaries(rolled), ...others];
}

/**
 * Records that all instances of the series are observed, so that the next reader need not scan it: series of earlier versions lack this
 * mark. A writer that adds unobserved instances sets the mark in the same document, and that value stays.
 */
async function noteAllObserved({ s, n }: SeriesKey, { subjects }: Collections): Promise<void> {
  await subjects.updateOne(
    { subject: s, series: { $elemMatch: { n, unobserved: { $exists: false } } } },
    { $set: { 'series.$.unobserved': false } },
  );
}

/** Rollups for the numbers, and the other instances. */
async function readSummaries(
  { name, dataset, open, unobserved }: SeriesDocument,
  key: SeriesKey,
  { plan, collections, ...reading }: HistoryRead & { readonly rollup: RollupChoice },
): Promise<readonly Timed[]> {
  const isAllObserved = plan.temporal.timeproperty !== 'any' || unobserved === false;
  const range = { ...reading, ...boundsOf(plan.temporal), isAllObserved };
  const rolled = await readRolled({ ...key, open }, range, collections);
  return rolled.map(({ time, ...one }) => ({
    name,
    time,
    instance: 'row' in one ? instanceIn(key, one.row) : summaryInstance(one.summaries, dataset),
  }));
}

async function readInstances(name: string, key: SeriesKey, reading: HistoryRead): Promise<readonly Timed[]> {
  const { plan, isWanted = () => true } = reading;
  const { temporal } = plan;
  const { timeproperty, lastN } = temporal;
  const isByPlace = isOrderedBy(timeproperty);
  const enough = isByPlace ? (lastN ?? reading.most) : Infinity;
  const found: Timed[] = [];
  for await (const bucket of bucketsOf(key, reading)) {
    for (const row of bucket.rows) plan.onRead?.(row.length);
    const timed = rowsIn(bucket).flatMap((row): readonly Timed[] => {
      const instance = instanceIn(key, row);
      const instant = timeOf(instance, temporal);
      const time = instant === undefined ? undefined : microsOfInstant(instant);
      return time !== undefined && isWithin(temporal, time) && isWanted(instance) ? [{ name, time, instance }] : [];
    });
    found.push(...timed);
    if (found.length >= enough) break;
  }
  const sorted = found.sort(byTime);
  return (lastN === undefined ? sorted : sorted.slice(-lastN)).slice(0, reading.most);
}

/** True for the times that are the place of an instance in its series. */
const isOrderedBy = (timeproperty: TimeProperty): boolean => timeproperty === 'observedAt' || timeproperty === 'any';

/**
 * The buckets of a series that may have matching instances. For times that are the place of instances, the keys lead to the interval or
 * its end.
 */
function bucketsOf(key: SeriesKey, { collections, plan, budget }: HistoryRead): AsyncGenerator<BucketDocument> {
  const { temporal } = plan;
  const isByPlace = isOrderedBy(temporal.timeproperty);
  const sort = { _id: isByPlace && temporal.lastN !== undefined ? -1 : 1 } as const;
  const buckets = { history: collections.history };
  return bucketsIn(buckets, key, { ...(isByPlace ? boundsOf(temporal) : always), sort, ...budget() });
}

const always = { from: -Infinity, to: Infinity };
