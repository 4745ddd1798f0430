/** Stores rollups of instances that are about to be deleted, and deletes expired rollups. */
import { dayOf, daysOf, rollupState } from '../../../core/model/rollup.ts';
import type { SeriesDocument } from '../schema.ts';
import type { UnitOfWork } from '../writer/unit-of-work.ts';
import { bulkWrite } from '../bulk-write.ts';
import { bucketAfter, keysBetween, type SeriesKey } from './bucket.ts';
import { rollDays } from './rollup-day.ts';
import { byLeaf, isLeafBefore, leavesOf, newestDay, type RollupOperation } from './rollup-documents.ts';
import type { Bounds } from '../../../core/language/retention.ts';

/** A series with its retention bounds. */
interface Bounded {
  readonly key: SeriesKey;
  readonly series: SeriesDocument;
  readonly bounds: Bounds;
}

/**
 * Computes the days between the bounds for the last time, because their instances are about to be deleted. Skips days computed this way
 * before.
 */
export async function finalizeRollups(work: UnitOfWork, { key, series, bounds }: Bounded): Promise<void> {
  const { session } = work;
  const { history, rollups } = work.collections;
  const start = (await bucketAfter({ history, session }, key, -Infinity))?._id.from ?? bounds.instances;
  const [first, last] = daysOf({ from: Math.max(start, bounds.rollups), to: bounds.instances });
  const leaves = await rollups
    .find({ _id: leavesOf(key, first, last) }, { session, projection: { stale: 1, 'days.day': 1, 'days.state': 1 } })
    .toArray();
  const known = leaves.flatMap(({ days = [] }) => days);
  const kept = new Set(known.filter(({ state }) => state === rollupState.kept).map(({ day }) => day));
  const listed = [leaves.flatMap(({ stale = [] }) => stale), known.map(({ day }) => day), newestDay(series.open) ?? []];
  const going = [...new Set(listed.flat())]
    .filter((day) => day >= first && day <= last && !kept.has(day))
    .sort((a, b) => a - b);
  const days = await rollDays({ history, session }, key, { days: going, isLast: true });
  const { turn } = work.state();
  const operations = [...byLeaf(key, going)].flatMap(([_id, own]): readonly RollupOperation[] => {
    const $each = days.filter(({ day }) => own.includes(day));
    const $pull = { days: { day: { $in: own } }, stale: { $in: own } };
    return [
      { updateOne: { filter: { _id }, update: { $pull } } },
      {
        updateOne: {
          filter: { _id },
          update: { $push: { days: { $each, $sort: { day: 1 } } }, $set: { turn } },
          upsert: true,
        },
      },
    ];
  });
  await bulkWrite(rollups, operations, { session });
}

/** Removes the days before the bounds. */
export async function expireRollups(work: UnitOfWork, all: readonly Bounded[]): Promise<void> {
  const { session } = work;
  const { rollups } = work.collections;
  const { turn } = work.state();
  const bounded = all.filter(({ bounds }) => bounds.rollups > -Infinity);
  if (bounded.length === 0) return;
  const isOver = ({ key, bounds }: Bounded) => ({
    _id: keysBetween(key, -Infinity, dayOf(bounds.rollups)),
    'days.day': { $lt: dayOf(bounds.rollups) },
  });
  const found = await rollups.find({ $or: bounded.map(isOver) }, { session, projection: { _id: 1 } }).toArray();
  const ends = new Map(bounded.map(({ key, bounds }) => [`${key.s}/${key.n}`, dayOf(bounds.rollups)]));
  const operations = found.map(({ _id }): RollupOperation => {
    const end = ends.get(`${_id.s}/${_id.n}`) ?? -Infinity;
    if (isLeafBefore(_id, end)) return { deleteOne: { filter: { _id } } };
    const $pull = { days: { day: { $lt: end } }, stale: { $lt: end } };
    return { updateOne: { filter: { _id }, update: { $pull, $set: { turn } } } };
  });
  await bulkWrite(rollups, operations, { session });
}
