/** What is to be done after an attempt to deliver. */
import type { Delivery } from '../port/messenger.ts';

/**
 * `done`: it is delivered. `lost`: it is given up. `again`: it is tried again, while notifications of other entities go on.
 * `later`: nothing goes to this receiver for a while.
 */
export type RetryDecision = 'done' | 'lost' | 'again' | 'later';

export interface AttemptCount {
  /** Attempts that failed although the receiver was there, with the one that has just ended. */
  readonly failures: number;
  readonly failuresMax: number;
}

/**
 * The verdict on a notification after an attempt. A receiver that is out of reach never costs a notification; but one that
 * is out of reach only when it gets this very notification does.
 */
export function decideRetry(
  { kind }: Exclude<Delivery, { readonly kind: 'abandoned' }>,
  { failures: strikes, failuresMax: strikesMax }: AttemptCount,
): RetryDecision {
  switch (kind) {
    case 'taken':
      return 'done';
    case 'refused':
      return 'lost';
    case 'failed':
      return strikes < strikesMax ? 'again' : 'lost';
    case 'unreached':
      return strikes < strikesMax ? 'later' : 'lost';
  }
}
