/** What is to be done after an attempt to deliver. */
import type { Delivery } from '../port/messenger.ts';

/**
 * `done`: it is delivered. `lost`: it is given up. `again`: it is tried again, while notifications of other entities go on.
 * `later`: nothing goes to this receiver for a while.
 */
export type Verdict = 'done' | 'lost' | 'again' | 'later';

export interface Trial {
  /** Attempts at this notification, with the one that has just ended. */
  readonly attempts: number;
  readonly attemptsMax: number;
  /** Whether the receiver has taken others since the last failure. */
  readonly isReachable: boolean;
}

/**
 * The verdict on a notification after an attempt. A receiver that is out of reach never costs a notification; but one that
 * is out of reach only when it gets this very notification does.
 */
export function judge({ kind }: Delivery, { attempts, attemptsMax, isReachable }: Trial): Verdict {
  switch (kind) {
    case 'taken':
      return 'done';
    case 'refused':
      return 'lost';
    case 'failed':
      return attempts < attemptsMax ? 'again' : 'lost';
    case 'unreached':
      return isReachable && attempts >= attemptsMax ? 'lost' : 'later';
  }
}
