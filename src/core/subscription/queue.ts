/** Notifications of one subscription that wait or are under way. */
import type { Instant } from '../model/instant.ts';
import type { LogRecord, Position } from '../port/store.ts';

/** How a notification has fared so far. */
export interface Fate {
  /** Attempts. */
  readonly tries: number;
  /** Attempts that failed although the receiver was there: what counts against the notification. */
  readonly strikes: number;
  /** When the first attempt began. */
  readonly firstAt?: Instant;
}

export const untried: Fate = { tries: 0, strikes: 0 };

/** A change whose notification is neither delivered nor given up. */
export interface Open {
  readonly position: Position;
  /** The id of the entity that changed. */
  readonly entity: string;
}

/** A notification that waits. */
export interface Waiting extends Open {
  /** Undefined when it was let go: it is to be read from the log again before the notification can go. */
  readonly record: LogRecord | undefined;
  readonly fate: Fate;
  /** Not to be tried before, in milliseconds of the holder's clock. */
  readonly notBeforeMs: number;
}

/** A notification that may go. */
export interface Due extends Waiting {
  readonly record: LogRecord;
}

export interface Queue {
  /** Records come in the order of their positions. */
  add(record: LogRecord): void;
  /** Takes in what was open elsewhere, in the order of positions and before any record is added. All of it is let go. */
  restore(open: readonly Open[]): void;
  /** One that may go now; it is then under way. */
  take(nowMs: number): Due | undefined;
  /** It is delivered or given up. */
  finish(due: Due): void;
  /** It is to be tried again; it stays before all others of its entity. */
  giveBack(due: Due): void;
  /** When `take` may answer something again; undefined: when something is added, filled in, finished or given back. */
  nextMs(): number | undefined;
  /** The first position that is neither delivered nor given up. */
  first(): Position | undefined;
  /** All that wait or are under way, in the order of their positions. */
  open(): readonly Open[];
  /** Attempts at the notification of the change at a position, as far as known; undefined when it neither waits nor is under way. */
  triesAt(position: Position): number | undefined;
  /** Waiting and under way. */
  size(): number;
  underWay(): number;
  /** Lets go of the records of what waits; their places and fates are kept. */
  letGo(): void;
  /** The first position whose record was let go. */
  missing(): Position | undefined;
  /** Whether the record at a position was let go. */
  isMissing(position: Position): boolean;
  /** Takes in a record that was let go. */
  fill(record: LogRecord): void;
  /** Forgets one that was let go. */
  forget(position: Position): void;
  /** Forgets what waits. */
  clear(): void;
}
