/** Finds where in the log a subscription begins. */
import type { Position } from '../../core/port/store.ts';
import { parsePosition } from '../../core/port/position.ts';
import type { Feed } from './feed.ts';

/** Where a subscription begins: with the next change, or where a stored one was left; behind a position, some changes back, or with what is there now. */
export type SubscribeStart =
  | { readonly from: 'now' | 'snapshot' }
  | { readonly from: 'position'; readonly after: string }
  | { readonly from: 'tail'; readonly changes: number };

export interface Start {
  /** The first record that may concern the client is behind this one. */
  readonly position: Position;
  readonly isSnapshotFirst: boolean;
  /** True when changes between where the client was and here are lost to it, or may be. */
  readonly isGap: boolean;
}

/** `leftAt`: where a stored subscription was left, and goes on when nothing else is wanted. */
export async function findStart(
  wanted: SubscribeStart,
  { store: { log }, epoch }: Feed,
  leftAt?: Position,
): Promise<Start> {
  const newest = await log.position();
  if (wanted.from === 'now' && leftAt !== undefined)
    return resumeAt(leftAt, { newest, prunedTo: await log.prunedTo() });
  switch (wanted.from) {
    case 'now':
    case 'snapshot':
      return { position: newest, isSnapshotFirst: wanted.from === 'snapshot', isGap: false };
    case 'tail':
      return {
        position: Math.max(await log.prunedTo(), newest - wanted.changes, 0),
        isSnapshotFirst: false,
        isGap: false,
      };
    case 'position':
      return resumeAt(parsePosition(wanted.after, epoch), { newest, prunedTo: await log.prunedTo() });
  }
}

/** Of another log, or of one that was set back, nothing is known: the client is to go on from now. */
function resumeAt(after: Position | undefined, { newest, prunedTo }: { newest: Position; prunedTo: Position }): Start {
  if (after === undefined || after > newest) return { position: newest, isSnapshotFirst: false, isGap: true };
  return { position: Math.max(after, prunedTo), isSnapshotFirst: false, isGap: after < prunedTo };
}
