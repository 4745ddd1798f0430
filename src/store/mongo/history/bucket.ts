/** Buckets: how the instances of a series lie in them, and which bucket has a place in time. */
import type { AnyBulkWriteOperation, ClientSession, Collection, Document, FindOptions } from 'mongodb';
import type { HistoricInstance } from '../../../core/model/history.ts';
import type { Interval, Micros } from '../../../core/model/instant.ts';
import { type Row, rowIn } from '../own-text.ts';
import type { BucketDocument, BucketKey, OpenBucket } from '../schema.ts';

/** How many instances a bucket has, or UTF-16 units of text, when the next is begun. */
const bucketMax = 100;
const sizeMax = 500_000;

/** A series: its subject's number, and its own among those of the subject. */
export type SeriesKey = Pick<BucketKey, 's' | 'n'>;

export type BucketOperation = AnyBulkWriteOperation<BucketDocument>;

/** The collection, as a transaction sees it; without a session, as everybody does. */
export interface Buckets {
  readonly history: Collection<BucketDocument>;
  readonly session?: ClientSession;
}

/** Keys of the buckets of a series that begin at or after one moment and before another. */
export const keysBetween = ({ s, n }: SeriesKey, from: Micros, to: Micros): Document => ({
  $gte: { s, n, from },
  $lt: { s, n, from: to },
});

export const allKeys = (series: SeriesKey): Document => keysBetween(series, -Infinity, Infinity);

/** The bucket in which an instance at that place is, if there is one: the last that begins at or before it. */
export function bucketAt(
  { history, session }: Buckets,
  { s, n }: SeriesKey,
  at: Micros,
): Promise<BucketDocument | null> {
  const _id = { $gte: { s, n, from: -Infinity }, $lte: { s, n, from: at } };
  return history.findOne({ _id }, { sort: { _id: -1 }, ...(session ? { session } : undefined) });
}

/** The buckets that may have instances of an interval; ascending, unless `options` say otherwise. */
export async function* bucketsIn(
  buckets: Buckets,
  series: SeriesKey,
  { from, to, ...options }: Interval & FindOptions,
): AsyncGenerator<BucketDocument> {
  const { history, session } = buckets;
  const start = from === -Infinity ? from : ((await bucketAt(buckets, series, from))?._id.from ?? from);
  yield* history.find(
    { _id: keysBetween(series, start, to) },
    { sort: { _id: 1 }, batchSize: 20, ...(session ? { session } : undefined), ...options },
  );
}

/** What was observed in an interval, ascending, bucket by bucket. */
export async function* observedIn(
  buckets: Buckets,
  series: SeriesKey,
  interval: Interval & FindOptions,
): AsyncGenerator<readonly Row[]> {
  for await (const bucket of bucketsIn(buckets, series, interval))
    yield rowsIn(bucket).filter((row) => isObserved(row) && row[0] >= interval.from && row[0] < interval.to);
}

export const isObserved = ([, , { observedAt }]: Row): boolean => observedAt !== undefined;

/** True for a value that stands at the time of its write, for want of another. */
export const isUnobserved = ({ observedAt, deletedAt }: Row[2]): boolean =>
  observedAt === undefined && deletedAt === undefined;

/** The first bucket that begins after a moment. */
export function bucketAfter(
  { history, session }: Buckets,
  { s, n }: SeriesKey,
  at: Micros,
): Promise<BucketDocument | null> {
  const _id = { $gt: { s, n, from: at }, $lt: { s, n, from: Infinity } };
  return history.findOne({ _id }, { sort: { _id: 1 }, ...(session ? { session } : undefined) });
}

export const rowsIn = ({ rows }: BucketDocument): readonly Row[] => rows.map(rowIn);

/** The instance of a row. Its id is that of its place and number, unless it was moved. */
export const instanceIn = ({ s, n }: SeriesKey, [at, number, instance]: Row): HistoricInstance => ({
  ...instance,
  instanceId: instance.instanceId ?? `urn:ngsi-ld:Instance:${s}-${n}-${at}-${number}`,
});

/** The operations that put rows in the place of a bucket: ascending rows, in as many buckets as they need. */
export const rewriting = (
  series: SeriesKey,
  before: BucketDocument | undefined,
  rows: readonly Row[],
): readonly BucketOperation[] => [
  ...(before ? [{ deleteOne: { filter: { _id: before._id } } }] : []),
  ...fillBuckets(null, rows).map((bucket) => ({ insertOne: { document: bucketOf(series, bucket) } })),
];

/** What one bucket gets. */
export interface FilledBucket {
  readonly rows: readonly Row[];
  readonly texts: readonly string[];
  /** The bucket as it is then. */
  readonly open: OpenBucket;
}

/**
 * Divides ascending rows among buckets: into the open one as long as there is room, then into new ones. Rows at the same place
 * stay together. The first lot is for the open bucket when its `from` is that one's.
 */
export function fillBuckets(open: OpenBucket | null, rows: readonly Row[]): readonly FilledBucket[] {
  const lots: { rows: Row[]; texts: string[]; open: OpenBucket }[] = [];
  let current = open;
  for (const row of rows) {
    const [at] = row;
    const text = JSON.stringify(row);
    const isGoingOn = current && (at === current.last || (current.count < bucketMax && current.size < sizeMax));
    const before = isGoingOn && current ? current : { from: at, count: 0, size: 0 };
    current = { from: before.from, count: before.count + 1, size: before.size + text.length, last: at };
    const bucket = isGoingOn ? lots.at(-1) : undefined;
    if (bucket) {
      bucket.rows.push(row);
      bucket.texts.push(text);
      bucket.open = current;
    } else lots.push({ rows: [row], texts: [text], open: current });
  }
  return lots;
}

/** A new bucket. */
export function bucketOf({ s, n }: SeriesKey, { rows, texts, open }: FilledBucket): BucketDocument {
  const moved = rows.flatMap(([, , { instanceId }]) => instanceId ?? []);
  return { _id: { s, n, from: open.from }, rows: texts, ...(moved.length === 0 ? undefined : { moved }) };
}
