/** One subscription that is told of changes: what concerns it waits here until its receiver has it (clause 5.8.6). */
import { instantOf } from '../../core/model/instant.ts';
import type { SubscriptionAccount } from '../../core/model/subscription.ts';
import type { Delivery, Message } from '../../core/port/messenger.ts';
import type { LogRecord, Position } from '../../core/port/store.ts';
import { attempted, ended } from '../../core/subscription/account.ts';
import { backoffMs } from '../../core/subscription/backoff.ts';
import { createLanes, createThrottled, type Due, type Queue } from '../../core/subscription/queue.ts';
import type { StoredPlan } from '../../core/subscription/read-stored.ts';
import { judge } from '../../core/subscription/verdict.ts';
import type { Source } from './receivers.ts';
import type { Surroundings } from './surroundings.ts';
import { type Progress } from './ledger.ts';

export interface ConsumerOptions {
  readonly id: string;
  readonly stored: StoredPlan;
  /** What was reached before. */
  readonly progress: Progress;
  readonly around: Surroundings;
  /** Answers the records behind a position that concern the subscription, and up to where it has looked. */
  readonly read: (after: Position, limit: number) => Promise<Reading>;
}
