/**
 * Inserts instances among those of a series: they are older than its newest instance, replace others, or its open bucket is unknown. This
 * path reads each bucket that it changes and writes it anew.
 */
import type { Micros } from '../../../core/model/instant.ts';
import type { Row } from '../own-text.ts';
import type { BucketDocument, SeriesDocument } from '../schema.ts';
import {
  bucketAfter,
  bucketAt,
  type BucketOperation,
  type Buckets,
  type BucketWrites,
  fillBuckets,
  isObserved,
  rewriting,
  rowsIn,
  type SeriesKey,
} from './bucket.ts';

interface Insertion {
  readonly key: SeriesKey;
  readonly open: SeriesDocument['open'];
  readonly rows: readonly Row[];
  /** The open bucket, when all rows belong to it and it was read before. */
  readonly bucket?: BucketDocument | undefined;
}

/** The writes of all rows of a series that is empty, or is cleared before. */
export const insertIntoEmpty = (key: SeriesKey, rows: readonly Row[]): BucketWrites => ({
  writes: rewriting(key, undefined, merged([], inTimeOrder(rows))),
  open: 'unknown',
});

/** Rewrites each affected bucket with all rows that belong to it. The open bucket stays open if it is not affected. */
export async function insertRows(
  { key, open, rows, bucket: known }: Insertion,
  buckets: Buckets,
): Promise<BucketWrites> {
  let left = inTimeOrder(rows);
  const writes: BucketOperation[] = [];
  for (;;) {
    const { bucket, end } = known ? { bucket: known, end: Infinity } : await bucketFor(key, left[0]?.[0] ?? 0, buckets);
    const all = merged(
      bucket ? rowsIn(bucket) : [],
      left.filter(([at]) => at < end),
    );
    writes.push(...rewriting(key, bucket, all));
    left = left.filter(([at]) => at >= end);
    const last = end === Infinity ? fillBuckets(null, all).at(-1) : undefined;
    if (left.length === 0) return { writes, open: last?.open ?? open };
  }
}

/** The bucket for an instance at a place, if any, and the start of the next bucket. */
async function bucketFor(
  key: SeriesKey,
  at: Micros,
  buckets: Buckets,
): Promise<{ readonly bucket: BucketDocument | undefined; readonly end: Micros }> {
  const bucket = (await bucketAt(buckets, key, at)) ?? (await bucketAfter(buckets, key, at));
  const next = bucket && (await bucketAfter(buckets, key, Math.max(at, bucket._id.from)));
  return { bucket: bucket ?? undefined, end: next?._id.from ?? Infinity };
}

/** The sort is stable: rows at the same place stay in order. Merging rows in descending order would cost the square of their number. */
const inTimeOrder = (rows: readonly Row[]): readonly Row[] => rows.toSorted(([a], [b]) => a - b);

/** Observed rows replace rows observed at the same time. Others come after those at the same place. */
function merged(before: readonly Row[], rows: readonly Row[]): readonly Row[] {
  const all = [...before];
  for (const row of rows) {
    const end = all.findLastIndex(([at]) => at <= row[0]) + 1;
    const same = isObserved(row) ? observedAmong(all, row[0], end) : undefined;
    if (same === undefined) all.splice(end, 0, row);
    else all[same] = inPlaceOf(all[same], row);
  }
  return all;
}

/** The index of the row observed at a time. Rows before `end` are at that time or earlier. */
function observedAmong(rows: readonly Row[], moment: Micros, end: number): number | undefined {
  for (let index = end - 1; index >= 0; index -= 1) {
    const row = rows[index];
    if (row?.[0] !== moment) return undefined;
    if (isObserved(row)) return index;
  }
  return undefined;
}

/** A replacement takes the id of the old instance, unless it has its own. */
function inPlaceOf(before: Row | undefined, [at, number, instance]: Row): Row {
  if (!before || instance.instanceId !== undefined) return [at, number, instance];
  const [, own, { instanceId }] = before;
  return [at, own, { ...instance, ...(instanceId === undefined ? undefined : { instanceId }) }];
}
