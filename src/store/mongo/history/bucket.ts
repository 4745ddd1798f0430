/** Buckets: how they store the instances of a series, and which bucket covers a time. */
import type { AnyBulkWriteOperation, ClientSession, Collection, Document, FindOptions } from 'mongodb';
import type { HistoricInstance } from '../../../core/model/history.ts';
import type { Interval, Micros } from '../../../core/model/instant.ts';
import { type Row, rowIn } from '../own-text.ts';
import type { BucketDocument, BucketKey, OpenBucket, SeriesDocument } from '../schema.ts';

/** A bucket is full at this many instances, or UTF-16 units of text. */
const bucketMax = 100;
const sizeMax = 500_000;

/** A series: the number of its subject, and its own number within the subject. */
export type SeriesKey = Pick<BucketKey, 's' | 'n'>;

export type BucketOperation = AnyBulkWriteOperation<BucketDocument>;

/** The writes that put rows into a series, and its open bucket after them. */
export interface BucketWrites {
  readonly writes: readonly BucketOperation[];
  readonly open: SeriesDocument['open'];
}

/** The collection within a transaction; without a session, outside of any. */
export interface Buckets {
  readonly history: Collection<BucketDocument>;
  readonly session?: ClientSession;
}

/** The keys of a series' buckets that begin at or after `from` and before `to`. */
export const keysBetween = ({ s, n }: SeriesKey, from: Micros, to: Micros): Document => ({
  $gte: { s, n, from },
  $lt: { s, n, from: to },
});

export const allKeys = (series: SeriesKey): Document => keysBetween(series, -Infinity, Infinity);

/** The bucket that covers a time: the last that begins at or before it. */
export function bucketAt(
  { history, session }: Buckets,
  { s, n }: SeriesKey,
  at: Micros,
): Promise<BucketDocument | null> {
  const _id = { $gte: { s, n, from: -Infinity }, $lte: { s, n, from: at } };
  return history.findOne({ _id }, { sort: { _id: -1 }, ...(session ? { session } : undefined) });
}

/** Buckets by key, in one query. */
export async function bucketsWith(
  { history, session }: Buckets,
  keys: readonly BucketKey[],
): Promise<readonly BucketDocument[]> {
  if (keys.length === 0) return [];
  return history.find({ _id: { $in: [...keys] } }, session ? { session } : {}).toArray();
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

/** The observed instances of an interval, ascending, bucket by bucket. */
export async function* observedIn(
  buckets: Buckets,
  series: SeriesKey,
  interval: Interval & FindOptions,
): AsyncGenerator<readonly Row[]> {
  for await (const bucket of bucketsIn(buckets, series, interval))
    yield rowsIn(bucket).filter((row) => isObserved(row) && row[0] >= interval.from && row[0] < interval.to);
}

export const isObserved = ([, , { observedAt }]: Row): boolean => observedAt !== undefined;

/** True for a value without a time of observation: its place is the time of the write. */
export const isUnobserved = ({ observedAt, deletedAt }: Row[2]): boolean =>
  observedAt === undefined && deletedAt === undefined;

/** The first bucket that begins after a time. */
export function bucketAfter(
  { history, session }: Buckets,
  { s, n }: SeriesKey,
  at: Micros,
): Promise<BucketDocument | null> {
  const _id = { $gt: { s, n, from: at }, $lt: { s, n, from: Infinity } };
  return history.findOne({ _id }, { sort: { _id: 1 }, ...(session ? { session } : undefined) });
}

export const rowsIn = ({ rows }: BucketDocument): readonly Row[] => rows.map(rowIn);

/** The instance of a row. Its id is made from its place and number, unless it was moved. */
export const instanceIn = ({ s, n }: SeriesKey, [at, number, instance]: Row): HistoricInstance => ({
  ...instance,
  instanceId: instance.instanceId ?? `urn:ngsi-ld:Instance:${s}-${n}-${at}-${number}`,
});

/** The operations that replace a bucket by rows: ascending rows, in as many buckets as they need. */
export const rewriting = (
  series: SeriesKey,
  before: BucketDocument | undefined,
  rows: readonly Row[],
): readonly BucketOperation[] => [
  ...(before ? [{ deleteOne: { filter: { _id: before._id } } }] : []),
  ...fillBuckets(null, rows).map((bucket) => ({ insertOne: { document: bucketOf(series, bucket) } })),
];

/** The rows that one bucket gets. */
export interface FilledBucket {
  readonly rows: readonly Row[];
  readonly texts: readonly string[];
  /** The state of the bucket afterwards. */
  readonly open: OpenBucket;
}

/**
 * Distributes ascending rows among buckets: first into the open one while it has room, then into new ones. Rows at the same time stay
 * together. The first result is for the open bucket if both have the same `from`.
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
