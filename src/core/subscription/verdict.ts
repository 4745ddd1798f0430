/** What is to be done after an attempt to deliver. */
import type { Delivery } from '../port/messenger.ts';

/**
 * `done`: it is delivered. `lost`: it is given up. `again`: it is tried again, as the notifications behind it may be
 * meanwhile. `later`: nothing goes to this receiver for a while.
 */
export type Verdict = 'done' | 'lost' | 'again' | 'later';

/** The verdict on a notification after so many attempts. A receiver that is out of reach never costs a notification. */
export function judge({ kind }: Delivery, attempts: number, attemptsMax: number): Verdict {
  switch (kind) {
    case 'taken':
      return 'done';
    case 'refused':
      return 'lost';
    case 'failed':
      return attempts < attemptsMax ? 'again' : 'lost';
    case 'unreached':
      return 'later';
  }
}
