/** Rollup documents (leaves): which days of a series a document holds, and how days are marked as stale. */
import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import { rollupState } from '../../../core/model/rollup.ts';
import type { RollupDocument, RollupKey, SeriesDocument } from '../schema.ts';
import { keysBetween, type SeriesKey } from './bucket.ts';

export type Rollups = Collection<RollupDocument>;
export type RollupOperation = AnyBulkWriteOperation<RollupDocument>;

/** Days per document. A year of a series takes a dozen documents, and a change of a day rewrites at most 50 kB. */
export const leafDays = 32;

/** The first day of the document that holds a day. */
const leafOf = (day: number): number => Math.floor(day / leafDays) * leafDays;

/** The keys of the documents that hold these days. */
export const leavesOf = (series: SeriesKey, first: number, last: number) =>
  keysBetween(series, leafOf(first), leafOf(last) + leafDays);

/** Days grouped by the keys of their documents. */
export const byLeaf = (
  { s, n }: SeriesKey,
  days: readonly number[],
): readonly (readonly [key: RollupKey, own: number[]])[] =>
  [...Map.groupBy(new Set(days), leafOf)].map(([from, own]) => [{ s, n, from }, own]);

/** True when all days of a document are before `day`. */
export const isLeafBefore = ({ from }: RollupKey, day: number): boolean => from + leafDays <= day;

/** The operations that mark days as stale, unless only their rollups are left. */
export const touching = (series: SeriesKey, days: readonly number[], turn: number): readonly RollupOperation[] =>
  byLeaf(series, days).map(([_id, own]) => ({
    updateOne: {
      filter: { _id },
      update: {
        $pull: { days: { day: { $in: own }, state: { $ne: rollupState.kept } } },
        $addToSet: { stale: { $each: own } },
        $set: { due: true, turn },
      },
      upsert: true,
    },
  }));

/** The day of a series that needs no mark. */
export const newestDay = (open: SeriesDocument['open']): number | undefined =>
  open === null || open === 'unknown' ? undefined : open.day;
