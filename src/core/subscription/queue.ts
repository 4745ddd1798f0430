/** The queue of notifications of one subscription that wait or are in flight. */
import type { Instant } from '../model/instant.ts';
import type { LogRecord, Position } from '../port/store.ts';

/** The attempts at a notification so far. */
export interface RetryState {
  /** The number of attempts. */
  readonly attempts: number;
  /** The number of attempts that failed although the receiver was reachable. Only these count against the notification. */
  readonly failures: number;
  /** When the first attempt began. */
  readonly firstAt?: Instant;
}

export const notAttempted: RetryState = { attempts: 0, failures: 0 };

/** A change whose notification is neither delivered nor given up. */
export interface OpenNotification {
  readonly position: Position;
  /** The id of the entity that changed. */
  readonly entity: string;
}

/** A notification that waits. */
export interface QueuedNotification extends OpenNotification {
  /** Undefined when it was evicted. It must be read from the log again before the notification can be sent. */
  readonly record: LogRecord | undefined;
  readonly retry: RetryState;
  /** Earliest time of the next attempt, in milliseconds of the clock of the caller. */
  readonly notBeforeMs: number;
}

/** A notification that can be sent. */
export interface DueNotification extends QueuedNotification {
  readonly record: LogRecord;
}

export interface Queue {
  /** Adds a record. Callers add records in the order of their positions. */
  add(record: LogRecord): void;
  /** Restores open notifications of an earlier queue, in the order of positions and before any record is added. All count as evicted. */
  restore(open: readonly OpenNotification[]): void;
  /** Takes a notification that may be sent now. It is then in flight. */
  take(nowMs: number): DueNotification | undefined;
  /** The notification was delivered or given up. */
  finish(due: DueNotification): void;
  /** Puts a notification back for a retry, before all others of its entity. */
  giveBack(due: DueNotification): void;
  /** When `take` may return something again. Undefined: only after something is added, refilled, finished or given back. */
  nextMs(): number | undefined;
  /** The first position that is neither delivered nor given up. */
  first(): Position | undefined;
  /** All notifications that wait or are in flight, in the order of their positions. */
  open(): readonly OpenNotification[];
  /** The known attempts for the change at a position. Undefined when its notification neither waits nor is in flight. */
  attemptsAt(position: Position): number | undefined;
  /** The number of notifications that wait or are in flight. */
  size(): number;
  underWay(): number;
  /** Evicts the records of waiting notifications. Their positions and retry states stay, as far as the queue keeps them. */
  evictRecords(): void;
  /** The first position whose record was evicted. */
  firstEvicted(): Position | undefined;
  /** Whether the record at a position was evicted. */
  isEvicted(position: Position): boolean;
  /** Puts an evicted record back. */
  refill(record: LogRecord): void;
  /** Removes a notification whose record was evicted. */
  dropEvicted(position: Position): void;
  /** Removes all waiting notifications. */
  clear(): void;
}
