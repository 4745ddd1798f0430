/** Buckets: how the instances of a series lie in them, and which bucket has a place in time. */
import type { AnyBulkWriteOperation, ClientSession, Collection, Document } from 'mongodb';
import type { HistoricInstance } from '../../../core/model/history.ts';
import type { Micros } from '../../../core/model/instant.ts';
import { type Row, rowIn } from '../own-text.ts';
import type { BucketDocument, BucketKey } from '../schema.ts';

/** How many instances a bucket has when the next is begun. */
export const bucketMax = 100;

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
export function rewriting(
  series: SeriesKey,
  before: BucketDocument | undefined,
  rows: readonly Row[],
): readonly BucketOperation[] {
  return [
    ...(before ? [{ deleteOne: { filter: { _id: before._id } } }] : []),
    ...chunksOf(rows).map((chunk) => ({ insertOne: { document: bucketOf(series, chunk) } })),
  ];
}

/** Rows at the same place stay together. */
export function chunksOf(rows: readonly Row[]): readonly (readonly Row[])[] {
  const chunks: Row[][] = [];
  for (const row of rows) {
    const last = chunks.at(-1);
    if (last && (last.length < bucketMax || last.at(-1)?.[0] === row[0])) last.push(row);
    else chunks.push([row]);
  }
  return chunks;
}

export function bucketOf({ s, n }: SeriesKey, rows: readonly Row[]): BucketDocument {
  const moved = rows.flatMap(([, , { instanceId }]) => instanceId ?? []);
  return {
    _id: { s, n, from: rows[0]?.[0] ?? 0 },
    rows: rows.map((row) => JSON.stringify(row)),
    ...(moved.length === 0 ? undefined : { moved }),
  };
}
