/** What a subscription that is carried out looks like from outside, be it told of changes or by the clock. */
import type { Instant } from '../../core/model/instant.ts';
import type { Position } from '../../core/port/store.ts';
import type { Progress, ProgressSource } from './progress-store.ts';
import type { MessageTarget } from './write-message.ts';

export interface SubscriptionRunner extends ProgressSource {
  start(): void;
  /** Begins nothing more. Resolves when what was under way has ended. */
  end(): Promise<void>;
  /** What is to come, and what of the change at a position; undefined where changes are not told. */
  pendingStatus(position: Position): PendingStatus | undefined;
}

export interface PendingStatus {
  /** The log was looked through up to here. */
  readonly seen: Position;
  /** Notifications that wait or are under way. */
  readonly waiting: number;
  /** Whether the change at the position is among these, or was not looked at yet. */
  readonly isOpen: boolean;
  /** Attempts at it, as far as they are known. */
  readonly attempts: number;
  /** Nothing is sent before, in milliseconds of the broker's own clock. */
  readonly notBeforeMs: number;
}

export interface SubscriptionRunnerOptions extends MessageTarget {
  /** What was reached before. */
  readonly progress: Progress;
  /** When the subscription was created: one of the same id that is made later is another one. */
  readonly madeAt: Instant;
  /** Whether it is still this broker's to carry out, in the term in which the progress was taken over. */
  readonly isOurs: () => boolean;
}
