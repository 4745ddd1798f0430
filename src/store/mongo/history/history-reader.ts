/** Answers history plans: which entities, and which of their instances. */
import {
  byTime,
  compileRemembered,
  createCollector,
  expiredPlaces,
  hasAsked,
  isOfDataset,
  type Place,
  type Remembered,
  type Timed,
} from '../../../core/language/history-selection.ts';
import { withoutAttrs } from '../../../core/language/filter.ts';
import { isWithin } from '../../../core/language/temporal-query.ts';
import type { EntityHistory } from '../../../core/model/history.ts';
import { type Micros, microsOfInstant } from '../../../core/model/instant.ts';
import type { HistoryPlan } from '../../../core/port/store.ts';
import { entityIn } from '../own-text.ts';
import type { BucketDocument, Collections, SeriesDocument, SubjectDocument } from '../schema.ts';
import { compileCondition } from '../search/condition.ts';
import { createPace, type Pace } from '../search/pace.ts';
import { bucketAt, instanceIn, keysBetween, rowsIn, type SeriesKey } from './bucket.ts';

/** Subjects that are read at once. */
const pageSize = 50;

export async function readHistories(plan: HistoryPlan, collections: Collections): Promise<readonly EntityHistory[]> {
  const pace = createPace();
  const isAskedFor = compileRemembered(plan.filter, plan.now);
  const { where = {} } = compileCondition(withoutAttrs(plan.filter));
  const collector = createCollector(plan);
  for (let last = 0; ; ) {
    const page = await collections.subjects
      .find({ $and: [where, { subject: { $gt: last } }] }, { sort: { subject: 1 }, limit: pageSize, ...pace() })
      .toArray();
    for (const document of page) {
      if (collector.isFull()) return collector.found;
      const remembered = rememberedIn(document);
      if (!isAskedFor(remembered)) continue;
      const reading = { plan, most: collector.left() + 1, pace, history: collections.history };
      collector.add(remembered, await select(document, remembered, reading));
    }
    const end = page.at(-1);
    if (!end || page.length < pageSize) return collector.found;
    last = end.subject;
  }
}

const rememberedIn = ({ _id, types, doc }: SubjectDocument): Remembered => ({
  id: _id,
  types,
  ...(doc === undefined ? undefined : { entity: entityIn(doc) }),
});

interface Reading extends Pick<Collections, 'history'> {
  readonly plan: HistoryPlan;
  /** No more than this many instances of a series are needed, the earliest ones. */
  readonly most: number;
  readonly pace: Pace;
}

/** The instances that a plan selects, series by series, each ascending in time. */
async function select(
  { subject, series }: SubjectDocument,
  { entity }: Remembered,
  reading: Reading,
): Promise<readonly Timed[]> {
  const { attrs, datasetIds, filter, now } = reading.plan;
  const hidden = expiredPlaces(entity, now);
  const wanted = series.filter(
    (one) =>
      (attrs?.includes(one.name) ?? true) &&
      isOfDataset({ datasetId: one.dataset }, datasetIds) &&
      !hidden.some((place) => isOf(one, place)),
  );
  const lists = await Promise.all(wanted.map(({ name, n }) => readSeries(name, { s: subject, n }, reading)));
  const selected = lists.flat();
  return hasAsked(selected, filter) ? selected : [];
}

const isOf = ({ name, dataset }: SeriesDocument, place: Place): boolean =>
  name === place.name && dataset === place.datasetId;

async function readSeries(name: string, key: SeriesKey, reading: Reading): Promise<readonly Timed[]> {
  const { temporal } = reading.plan;
  const { timeproperty, lastN } = temporal;
  const isByPlace = timeproperty === 'observedAt';
  const enough = isByPlace ? (lastN ?? reading.most) : Infinity;
  const found: Timed[] = [];
  for await (const bucket of bucketsOf(key, reading)) {
    const timed = rowsIn(bucket).flatMap((row): readonly Timed[] => {
      const instance = instanceIn(key, row);
      const instant = instance[timeproperty];
      const time = instant === undefined ? undefined : microsOfInstant(instant);
      return time !== undefined && isWithin(temporal, time) ? [{ name, time, instance }] : [];
    });
    found.push(...timed);
    if (found.length >= enough) break;
  }
  const sorted = found.sort(byTime);
  return (lastN === undefined ? sorted : sorted.slice(-lastN)).slice(0, reading.most);
}

/** The buckets of a series that may have what is asked for. By `observedAt`, keys lead to the interval, or to its end. */
async function* bucketsOf(key: SeriesKey, { history, plan, pace }: Reading): AsyncGenerator<BucketDocument> {
  const { timeproperty, timerel, timeAt = 0, endTimeAt = 0, lastN } = plan.temporal;
  const isByPlace = timeproperty === 'observedAt';
  const isOpenBefore = !isByPlace || timerel === undefined || timerel === 'before';
  const from = isOpenBefore ? -Infinity : await startOf(key, timeAt, { history });
  const ends = { before: timeAt, between: endTimeAt, after: Infinity };
  const to = isByPlace && timerel !== undefined ? ends[timerel] : Infinity;
  const sort = { _id: isByPlace && lastN !== undefined ? -1 : 1 } as const;
  yield* history.find({ _id: keysBetween(key, from, to) }, { sort, batchSize: 20, ...pace() });
}

/** Where the bucket begins in which an instance at a moment is. */
async function startOf(key: SeriesKey, at: Micros, { history }: Pick<Reading, 'history'>): Promise<Micros> {
  return (await bucketAt({ history }, key, at))?._id.from ?? at;
}
