/**
 * The common position of a partition: how far all its subscriptions that have caught up have come. One number in the store stands for all of
 * them, so that a change of the log costs one write and not one per subscription.
 *
 * When a broker takes over a partition, this number is the only record of those subscriptions. So it stays as it is until each subscription
 * of the partition is settled: its progress is marked to be stored itself, or it does not run any more.
 *
 *   stored by                    common position   progress of s1               progress of s2
 *   the broker before            40                caught up                    caught up
 *   this broker, takes over      40 stays          caught up                    caught up
 *   this broker, s1 resumes      40 stays          40, stored for itself        caught up: resumes from 40
 *   this broker, s2 resumes      40 stays          40, stored for itself        40, stored for itself
 *   this broker, has read on     90                caught up                    caught up
 *
 * If the broker stored 90 before s2 resumed, then s2 would lose the changes from 41 to 90.
 */
import { isObject, isWhole } from '../../core/model/json.ts';
import type { DocumentCollection, Position } from '../../core/port/store.ts';

export interface CommonPosition {
  /** What the earlier holder of the partition stored. Subscriptions that had caught up resume from here. */
  readonly start: Position;
  /** The subscription is settled. */
  settle(id: string): void;
  /** The position to store, when the log is matched up to `matched`. Undefined: nothing is to be stored now. */
  next(matched: Position): Position | undefined;
  /** This position is stored. */
  onStored(position: Position): void;
}

/** `ids`: the subscriptions that are not settled yet. */
export function createCommonPosition(start: Position, ids: readonly string[]): CommonPosition {
  const unsettled = new Set(ids);
  let stored: Position | undefined;
  return {
    start,
    settle: (id) => void unsettled.delete(id),
    next: (matched) => (unsettled.size === 0 && matched !== stored ? matched : undefined),
    onStored(position) {
      stored = position;
    },
  };
}

/** The key in the store. Ids of subscriptions contain a colon, so they never collide with it. */
const keyOf = (part: number): string => (part === 0 ? 'log' : `log ${part}`);

export const commonPositionDocument = (part: number, position: Position) => ({
  key: keyOf(part),
  document: { position },
});

export async function readCommonPosition(collection: DocumentCollection, part: number): Promise<Position> {
  const json = await collection.get(keyOf(part));
  const position = isObject(json) ? json['position'] : undefined;
  return isWhole(position) ? position : 0;
}
