/** Time, ids and pauses. The core takes them as arguments so that tests can replay them. */
import type { Instant } from '../model/instant.ts';

/** The wall clock. Never throws. */
export interface Clock {
  /**
   * The current wall clock time, with milliseconds. It follows the wall clock when that is set. It is earlier than the previous result only
   * when the clock was set back by more than a second. Use a monotonic clock to measure durations.
   */
  now(): Instant;
}

/** Makes ids for new resources. Never throws. */
export interface IdSource {
  /** A new, unguessable URI: `urn:ngsi-ld:<kind>:<unique part>`. */
  next(kind: string): string;
}

/**
 * Call this between pieces of long work, so that no single request blocks the event loop for more than a few milliseconds. Undefined:
 * continue at once. A promise: wait for it first, because other work is due. The promise never rejects.
 */
export type YieldToEventLoop = () => Promise<void> | undefined;
