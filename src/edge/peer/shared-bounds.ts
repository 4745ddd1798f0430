/** Bounds the time and the bytes of all requests to sources that one request of a client leads to. */
import type { SourceRequest } from '../../core/port/sources.ts';

/** What is left for the requests of one group. */
export interface SharedBounds {
  leftMs(): number;
  /** Counts bytes of an answer. False: there are too many, and the answer is not read on. */
  take(bytes: number): boolean;
}

interface BoundsOptions {
  readonly nowMs: () => number;
  readonly timeMs: number;
  readonly bytesMax: number;
}

/** Requests without a group have bounds of their own. */
export function createSharedBounds({
  nowMs,
  timeMs,
  bytesMax,
}: BoundsOptions): (request: SourceRequest) => SharedBounds {
  const byGroup = new WeakMap<object, SharedBounds>();
  const begin = (): SharedBounds => {
    const end = nowMs() + timeMs;
    let bytesLeft = bytesMax;
    return {
      leftMs: () => Math.max(0, Math.ceil(end - nowMs())),
      take(bytes) {
        bytesLeft -= bytes;
        return bytesLeft >= 0;
      },
    };
  };
  return ({ group }) => {
    const bounds = (group && byGroup.get(group)) ?? begin();
    if (group) byGroup.set(group, bounds);
    return bounds;
  };
}
