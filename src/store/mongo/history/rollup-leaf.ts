/** Leaves of rollups: which days of a series are in which document, and what is noted there of days that are touched. */
import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import { rollupState } from '../../../core/model/rollup.ts';
import type { RollupDocument, RollupKey, SeriesDocument } from '../schema.ts';
import { keysBetween, type SeriesKey } from './bucket.ts';

export type Rollups = Collection<RollupDocument>;
export type RollupOperation = AnyBulkWriteOperation<RollupDocument>;

/** Days in one document: a year of a series is a dozen of them, and to change a day costs 50 kB at most. */
export const leafDays = 32;

/** The first of the days that are in the same document as one. */
const leafOf = (day: number): number => Math.floor(day / leafDays) * leafDays;

/** The keys of the documents that have some of these days. */
export const leavesOf = (series: SeriesKey, first: number, last: number) =>
  keysBetween(series, leafOf(first), leafOf(last) + leafDays);

/** Days by the keys of the documents in which they are. */
export const byLeaf = (
  { s, n }: SeriesKey,
  days: readonly number[],
): readonly (readonly [key: RollupKey, own: number[]])[] =>
  [...Map.groupBy(new Set(days), leafOf)].map(([from, own]) => [{ s, n, from }, own]);

/** True when all days of a document are before one. */
export const isLeafBefore = ({ from }: RollupKey, day: number): boolean => from + leafDays <= day;

/** The operations after which days are to be worked out anew, unless only their rollups are left. */
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

/** The day of a series that need not be noted. */
export const newestDay = (open: SeriesDocument['open']): number | undefined =>
  open === null || open === 'unknown' ? undefined : open.day;
