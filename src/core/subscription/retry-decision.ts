/** Decides what follows after an attempt to deliver. */
import type { Delivery } from '../port/messenger.ts';

/**
 * `done`: delivered. `lost`: given up. `again`: retried, while notifications of other entities go on. `later`: nothing is sent to this
 * receiver for a while.
 */
export type RetryDecision = 'done' | 'lost' | 'again' | 'later';

export interface AttemptCount {
  /** Attempts that failed although the receiver was reachable, including the last one. */
  readonly failures: number;
  readonly failuresMax: number;
}

/**
 * The decision on a notification after an attempt. A receiver that is unreachable for all notifications never costs a notification. A
 * notification is given up when the receiver is unreachable only for it.
 */
export function decideRetry(
  { kind }: Exclude<Delivery, { readonly kind: 'abandoned' }>,
  { failures, failuresMax }: AttemptCount,
): RetryDecision {
  switch (kind) {
    case 'taken':
      return 'done';
    case 'refused':
      return 'lost';
    case 'failed':
      return failures < failuresMax ? 'again' : 'lost';
    case 'unreached':
      return failures < failuresMax ? 'later' : 'lost';
  }
}
