/** Forgets what history is not to be kept of, some subjects at a time. */
import { boundsFor } from '../../../core/language/retention.ts';
import { scopeSeries } from '../../../core/model/history.ts';
import type { Micros } from '../../../core/model/instant.ts';
import type { Forgotten, RetentionSlice } from '../../../core/port/store.ts';
import type { SeriesDocument, SubjectDocument } from '../schema.ts';
import type { Work } from '../writer/work.ts';
import { bucketAt, type BucketOperation, keysBetween, rewriting, rowsIn, type SeriesKey } from './bucket.ts';

/** Subjects that one slice looks at. */
const subjectsMax = 100;

/** A series of which something may have to go. */
interface Due {
  readonly document: SubjectDocument;
  readonly series: SeriesDocument;
  readonly key: SeriesKey;
  /** What is before it goes. */
  readonly bound: Micros;
}

export async function forgetSome(
  work: Work,
  { retention, rollups, isDryRun, after = '0' }: RetentionSlice,
): Promise<Forgotten> {
  await work.flush();
  const options = { session: work.session, sort: { subject: 1 }, limit: subjectsMax } as const;
  const page = await work.collections.subjects.find({ subject: { $gt: Number(after) } }, options).toArray();
  const last = page.length === subjectsMax ? page.at(-1) : undefined;
  const going = await goingOf(
    work,
    page.flatMap((document) => dueIn(document, { retention, ...(rollups ? { rollups } : undefined) })),
  );
  if (isDryRun !== true) await forgetAll(work, going);
  const instances: Record<string, number> = {};
  for (const { due, count } of going) instances[due.series.name] = (instances[due.series.name] ?? 0) + count;
  return { instances, ...(last ? { next: String(last.subject) } : undefined) };
}

/** This store has no rollups: where they are to stay, the instances do. */
function dueIn(document: SubjectDocument, kept: Pick<RetentionSlice, 'retention' | 'rollups'>): readonly Due[] {
  const { subject, types } = document;
  return document.series.flatMap((series) => {
    const { rollups: bound } = boundsFor(kept, { types, name: series.name });
    return bound === -Infinity ? [] : [{ document, series, key: { s: subject, n: series.n }, bound }];
  });
}

const keyText = ({ s, n }: SeriesKey): string => `${s}/${n}`;

/** How many instances are in those buckets of each series that begin before the bound. */
async function countBefore({ collections, session }: Work, due: readonly Due[]): Promise<ReadonlyMap<string, number>> {
  if (due.length === 0) return new Map();
  const counted = await collections.history
    .aggregate<{ readonly _id: SeriesKey; readonly count: number }>(
      [
        { $match: { $or: due.map(({ key, bound }) => ({ _id: keysBetween(key, -Infinity, bound) })) } },
        { $group: { _id: { s: '$_id.s', n: '$_id.n' }, count: { $sum: { $size: '$rows' } } } },
      ],
      { session },
    )
    .toArray();
  return new Map(counted.map(({ _id, count }) => [keyText(_id), count]));
}

/** What goes of a series. */
interface Going {
  readonly due: Due;
  /** Of instances. */
  readonly count: number;
  readonly operations: readonly BucketOperation[];
}

async function goingOf(work: Work, all: readonly Due[]): Promise<readonly Going[]> {
  const counts = await countBefore(work, all);
  const going: Going[] = [];
  for (const due of all) {
    const count = counts.get(keyText(due.key)) ?? 0;
    const one = count > 0 ? await goingOfOne(work, due, count) : undefined;
    if (one && one.count > 0) going.push(one);
  }
  return going;
}

/** `count` instances are in those of its buckets that begin before the bound. */
async function goingOfOne({ collections, session }: Work, due: Due, count: number): Promise<Going> {
  const { series, key, bound } = due;
  // The last of these buckets may have some that stay.
  const bucket = await bucketAt({ history: collections.history, session }, key, bound - 1);
  const rows = bucket ? rowsIn(bucket) : [];
  const last = series.name === scopeSeries ? rows.findLast(([at]) => at < bound) : undefined;
  // The scope that was set last before the bound holds still at that time, and stays.
  const end = last && last[2].deletedAt === undefined ? last[0] : bound;
  const staying = rows.filter(([at]) => at >= end);
  const removal = { deleteMany: { filter: { _id: keysBetween(key, -Infinity, bound) } } };
  return { due, count: count - staying.length, operations: [removal, ...rewriting(key, undefined, staying)] };
}

async function forgetAll(work: Work, going: readonly Going[]): Promise<void> {
  const operations = going.flatMap((one) => one.operations);
  if (operations.length === 0) return;
  await work.collections.history.bulkWrite(operations, { session: work.session });
  for (const { due } of going) {
    const subject = work.adopt(due.document);
    // Which bucket is open has to be looked up.
    const closed = { ...due.series, open: 'unknown' as const };
    work.put({ ...subject, series: subject.series.map((one) => (one.n === closed.n ? closed : one)) });
  }
}
