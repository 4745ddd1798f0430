/** The interface of a running subscription, whether it notifies changes or at intervals. */
import type { Instant } from '../../core/model/instant.ts';
import type { Position } from '../../core/port/store.ts';
import type { Progress } from './progress.ts';
import type { ProgressSource } from './progress-store.ts';
import type { MessageTarget } from './write-message.ts';

export interface SubscriptionRunner extends ProgressSource {
  start(): void;
  /** From now on, begins no attempt. Resolves when everything in flight has ended. */
  end(): Promise<void>;
  /** What is pending, and the state of the change at a position. Undefined for a subscription at intervals. */
  pendingStatus(position: Position): PendingStatus | undefined;
}

/** The state of a subscription, and of the change at one position. */
export interface PendingStatus {
  /** The log was matched up to here. */
  readonly seen: Position;
  /** Notifications that wait or are in flight. */
  readonly waiting: number;
  /** True when the change at the position is among these, or was not matched yet. */
  readonly isOpen: boolean;
  /** Attempts so far at the notification of the change at the position; 0 when it does not wait. */
  readonly attempts: number;
  /** Nothing is sent before this time, in milliseconds of the monotonic clock of the broker. */
  readonly notBeforeMs: number;
}

export interface SubscriptionRunnerOptions extends MessageTarget {
  /** The progress to resume from. */
  readonly progress: Progress;
  /** When the subscription was created. It distinguishes a later subscription of the same id. */
  readonly madeAt: Instant;
  /** Whether this broker still holds the lease under which it took over the progress. */
  readonly isOurs: () => boolean;
  /** Stores that the subscription is inactive, for one that has ended itself. Never rejects. */
  readonly deactivate: () => void;
}
