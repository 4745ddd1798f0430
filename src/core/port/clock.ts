/** Time and chance, handed to the core from outside so that tests can replay them. */
import type { Instant } from '../model/instant.ts';

export interface Clock {
  /**
   * The present time with millisecond digits, as the broker stamps it: that of the wall clock, also after that was set. It is earlier
   * than an answer before only where the clock was set back by more than a second. For how long something lasts, ask a steady clock.
   */
  now(): Instant;
}

export interface IdSource {
  /** A URI that nobody has used, and nobody can guess: `urn:ngsi-ld:<kind>:<unique part>`. */
  next(kind: string): string;
}

/**
 * Called between pieces of long work. Undefined: go on. A promise: others have waited long enough; go on when it
 * resolves. So that no single request holds the thread for more than a few milliseconds.
 */
export type YieldToEventLoop = () => Promise<void> | undefined;
