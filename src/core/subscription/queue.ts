/** Notifications of one subscription that wait or are under way. */
import type { Instant } from '../model/instant.ts';
import type { LogRecord, Position } from '../port/store.ts';

/** How a notification has fared so far. */
export interface RetryState {
  /** Attempts. */
  readonly attempts: number;
  /** Attempts that failed although the receiver was there: what counts against the notification. */
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
  /** Undefined when it was let go: it is to be read from the log again before the notification can go. */
  readonly record: LogRecord | undefined;
  readonly retry: RetryState;
  /** Not to be tried before, in milliseconds of the holder's clock. */
  readonly notBeforeMs: number;
}

/** A notification that may go. */
export interface DueNotification extends QueuedNotification {
  readonly record: LogRecord;
}

export interface Queue {
  /** Records come in the order of their positions. */
  add(record: LogRecord): void;
  /** Takes in what was open elsewhere, in the order of positions and before any record is added. All of it is let go. */
  restore(open: readonly OpenNotification[]): void;
  /** One that may go now; it is then under way. */
  take(nowMs: number): DueNotification | undefined;
  /** It is delivered or given up. */
  finish(due: DueNotification): void;
  /** It is to be tried again; it stays before all others of its entity. */
  giveBack(due: DueNotification): void;
  /** When `take` may answer something again; undefined: when something is added, filled in, finished or given back. */
  nextMs(): number | undefined;
  /** The first position that is neither delivered nor given up. */
  first(): Position | undefined;
  /** All that wait or are under way, in the order of their positions. */
  open(): readonly OpenNotification[];
  /** Attempts at the notification of the change at a position, as far as known; undefined when it neither waits nor is under way. */
  attemptsAt(position: Position): number | undefined;
  /** Waiting and under way. */
  size(): number;
  underWay(): number;
  /** Lets go of the records of what waits; their places and fates are kept. */
  evictRecords(): void;
  /** The first position whose record was let go. */
  firstEvicted(): Position | undefined;
  /** Whether the record at a position was let go. */
  isEvicted(position: Position): boolean;
  /** Takes in a record that was let go. */
  refill(record: LogRecord): void;
  /** Forgets one that was let go. */
  dropEvicted(position: Position): void;
  /** Forgets what waits. */
  clear(): void;
}
