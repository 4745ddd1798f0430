/** Appends instances to a series: the path of nearly all writes. It reads nothing. */
import type { Row } from '../own-text.ts';
import type { OpenBucket } from '../schema.ts';
import {
  bucketOf,
  type BucketOperation,
  type BucketWrites,
  fillBuckets,
  isObserved,
  type SeriesKey,
} from './bucket.ts';

/** True when each row comes after all before it, and none replaces another. */
export function isInOrder(open: OpenBucket | null, rows: readonly Row[]): boolean {
  let last = open?.last ?? -Infinity;
  for (const row of rows) {
    const [at, , { instanceId }] = row;
    if (at < last || (at === last && isObserved(row)) || instanceId !== undefined) return false;
    last = at;
  }
  return true;
}

/** The writes that append rows in order. `open`: the open bucket, null when there is none. */
export function appendRows(key: SeriesKey, open: OpenBucket | null, rows: readonly Row[]): BucketWrites {
  const filled = fillBuckets(open, rows);
  const writes = filled.map((bucket): BucketOperation => {
    if (bucket.open.from !== open?.from) return { insertOne: { document: bucketOf(key, bucket) } };
    return {
      updateOne: {
        filter: { _id: { ...key, from: open.from } },
        update: { $push: { rows: { $each: [...bucket.texts] } } },
      },
    };
  });
  return { writes, open: filled.at(-1)?.open ?? open };
}
