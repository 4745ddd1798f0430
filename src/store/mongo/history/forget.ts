/** Deletes history past its retention period, some subjects at a time. */
import { type Bounds, boundsFor } from '../../../core/language/retention.ts';
import { scopeSeries } from '../../../core/model/history.ts';
import { dayOf } from '../../../core/model/rollup.ts';
import { dayMicros } from '../../../core/model/instant.ts';
import type { Forgotten, RetentionSlice } from '../../../core/port/store.ts';
import { bulkWrite, groupedByKind } from '../bulk-write.ts';
import type { SeriesDocument, SubjectDocument } from '../schema.ts';
import type { UnitOfWork } from '../writer/unit-of-work.ts';
import { bucketAt, type BucketOperation, keysBetween, rewriting, rowsIn, type SeriesKey } from './bucket.ts';
import { expireRollups, finalizeRollups } from './rollup-retention.ts';

/** Subjects per slice. */
const subjectsMax = 100;

/** The approximate number of instances that one slice reads to make rollups: other writes must get in between. */
const readMax = 5000;

/** A series with a retention period. */
interface Due {
  readonly document: SubjectDocument;
  readonly series: SeriesDocument;
  readonly key: SeriesKey;
  /** What is before these bounds is deleted. */
  readonly bounds: Bounds;
}

export async function forgetSome(work: UnitOfWork, slice: RetentionSlice): Promise<Forgotten> {
  const { isDryRun, after = '0' } = slice;
  await work.flush();
  const options = { session: work.session, sort: { subject: 1 }, limit: subjectsMax } as const;
  const page = await work.collections.subjects.find({ subject: { $gt: Number(after) } }, options).toArray();
  const last = page.length === subjectsMax ? page.at(-1)?.subject : undefined;
  const due = page.flatMap((document) => dueIn(document, slice));
  const { going, next = last } = await goingOf(work, due, isDryRun === true ? Infinity : readMax);
  if (isDryRun !== true) {
    await expireRollups(work, due);
    await forgetAll(work, going);
  }
  return { instances: countsIn(going), ...(next === undefined ? undefined : { next: String(next) }) };
}

function countsIn(going: readonly Going[]): Forgotten['instances'] {
  const instances: Record<string, number> = {};
  for (const { due, count } of going) {
    const { name } = due.series;
    if (count > 0) instances[name] = (instances[name] ?? 0) + count;
  }
  return instances;
}

function dueIn(document: SubjectDocument, slice: RetentionSlice): readonly Due[] {
  const { subject, types } = document;
  return document.series.flatMap((series) => {
    const bounds = boundsFor(slice, { types, name: series.name });
    return bounds.instances === -Infinity ? [] : [{ document, series, key: { s: subject, n: series.n }, bounds }];
  });
}

const keyText = ({ s, n }: SeriesKey): string => `${s}/${n}`;

/** The number of instances in the buckets of each series that begin before its bound. */
async function countBefore(
  { collections, session }: UnitOfWork,
  due: readonly Due[],
): Promise<ReadonlyMap<string, number>> {
  if (due.length === 0) return new Map();
  const counted = await collections.history
    .aggregate<{ readonly _id: SeriesKey; readonly count: number }>(
      [
        { $match: { $or: due.map(({ key, bounds }) => ({ _id: keysBetween(key, -Infinity, bounds.instances) })) } },
        { $group: { _id: { s: '$_id.s', n: '$_id.n' }, count: { $sum: { $size: '$rows' } } } },
      ],
      { session },
    )
    .toArray();
  return new Map(counted.map(({ _id, count }) => [keyText(_id), count]));
}

/** What is deleted from a series. */
interface Going {
  readonly due: Due;
  /** The number of instances. */
  readonly count: number;
  readonly operations: readonly BucketOperation[];
}

/** `next`: the slice was full; the rest comes after that subject. */
async function goingOf(
  work: UnitOfWork,
  all: readonly Due[],
  most: number,
): Promise<{ readonly going: readonly Going[]; readonly next?: number }> {
  const counts = await countBefore(work, all);
  const going: Going[] = [];
  let left = most;
  for (const due of all) {
    const count = counts.get(keyText(due.key)) ?? 0;
    if (count === 0) continue;
    const isPart = isKeeping(due) && count > left;
    if (!isPart || left > 0) going.push(await (isPart ? partOf(work, due, left) : goingOfOne(work, due, count)));
    if (isPart) return { going, next: due.document.subject - 1 };
    if (isKeeping(due)) left -= count;
  }
  return { going };
}

/** True when rollups of the deleted instances are kept. A scope has none. */
const isKeeping = ({ series, bounds }: Due): boolean =>
  bounds.rollups < bounds.instances && series.name !== scopeSeries;

/** Deletes the first days of a series. */
async function partOf(work: UnitOfWork, due: Due, most: number): Promise<Going> {
  const { key, bounds } = due;
  const sizes = await work.collections.history
    .aggregate<{ readonly _id: { readonly from: number }; readonly size: number }>(
      [
        { $match: { _id: keysBetween(key, -Infinity, bounds.instances) } },
        { $sort: { _id: 1 } },
        { $limit: most },
        { $project: { size: { $size: '$rows' } } },
      ],
      { session: work.session },
    )
    .toArray();
  let left = most;
  const end = sizes.find(({ size }) => (left -= size) <= 0) ?? sizes.at(-1);
  const first = dayOf(sizes[0]?._id.from ?? 0);
  const day = Math.max(dayOf(end?._id.from ?? 0), first + 1);
  const part = { ...due, bounds: { ...bounds, instances: Math.min(bounds.instances, day * dayMicros) } };
  const counts = await countBefore(work, [part]);
  return goingOfOne(work, part, counts.get(keyText(key)) ?? 0);
}

/** `count`: the number of instances in its buckets that begin before the bound. */
async function goingOfOne({ collections, session }: UnitOfWork, due: Due, count: number): Promise<Going> {
  const { series, key, bounds } = due;
  // The last of these buckets may have instances that stay.
  const bucket = await bucketAt({ history: collections.history, session }, key, bounds.instances - 1);
  const rows = bucket ? rowsIn(bucket) : [];
  const last = series.name === scopeSeries ? rows.findLast(([at]) => at < bounds.instances) : undefined;
  // The last scope before the bound still holds at the bound, and stays.
  const end = last && last[2].deletedAt === undefined ? last[0] : bounds.instances;
  const staying = rows.filter(([at]) => at >= end);
  const removal = { deleteMany: { filter: { _id: keysBetween(key, -Infinity, bounds.instances) } } };
  return { due, count: count - staying.length, operations: [removal, ...rewriting(key, undefined, staying)] };
}

async function forgetAll(work: UnitOfWork, all: readonly Going[]): Promise<void> {
  const going = all.filter(({ count }) => count > 0);
  const operations = going.flatMap((one) => one.operations);
  if (operations.length === 0) return;
  for (const { due } of going) if (isKeeping(due)) await finalizeRollups(work, due);
  await bulkWrite(work.collections.history, groupedByKind(operations), { session: work.session });
  for (const { due } of going) {
    const subject = work.adopt(due.document);
    const { instances } = due.bounds;
    // The day of the bound loses a part of its instances.
    work.put(work.history.disturb(subject, due.series.n, instances % dayMicros === 0 ? [] : [dayOf(instances)]));
  }
}
