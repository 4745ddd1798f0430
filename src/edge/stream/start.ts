/** Finds the position in the log at which a subscription starts. */
import type { Position } from '../../core/port/store.ts';
import { parsePosition } from '../../core/port/position.ts';
import type { Feed } from './feed.ts';

/**
 * Where a subscription starts. `now`: with the next change, or for a stored subscription after its acknowledged position.
 * `snapshot`: with the current entities. `position`: after a position. `tail`: a number of changes back.
 */
export type SubscribeStart =
  | { readonly from: 'now' | 'snapshot' }
  | { readonly from: 'position'; readonly after: string }
  | { readonly from: 'tail'; readonly changes: number };

export interface Start {
  /** Records after this position may match. */
  readonly position: Position;
  readonly isSnapshotFirst: boolean;
  /** True when changes between the client's position and this one are lost, or may be. */
  readonly isGap: boolean;
}

/** `leftAt`: the acknowledged position of a stored subscription, the default start. */
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

/** A position of another log, or beyond the end of a log that was reset, is unknown: the client continues from now. */
function resumeAt(after: Position | undefined, { newest, prunedTo }: { newest: Position; prunedTo: Position }): Start {
  if (after === undefined || after > newest) return { position: newest, isSnapshotFirst: false, isGap: true };
  return { position: Math.max(after, prunedTo), isSnapshotFirst: false, isGap: after < prunedTo };
}
