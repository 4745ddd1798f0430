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

/** A notification that is due. */
export interface Due {
  readonly record: LogRecord;
  readonly fate: Fate;
  /** Not to be tried before, in milliseconds of the holder's clock. */
  readonly notBeforeMs: number;
}

export interface Queue {
  /** Records come in the order of their positions. */
  add(record: LogRecord, fate: Fate): void;
  /** One that may go now; it is then under way. */
  take(nowMs: number): Due | undefined;
  /** It is delivered or given up. */
  finish(due: Due): void;
  /** It is to be tried again; it stays before all others of its entity. */
  giveBack(due: Due): void;
  /** When `take` may answer something again; undefined: when something is added, finished or given back. */
  nextMs(): number | undefined;
  /** The first position that is neither delivered nor given up. */
  first(): Position | undefined;
  /** Whether the notification of the change at a position waits or is under way. */
  has(position: Position): boolean;
  /** Waiting and under way. */
  size(): number;
  underWay(): number;
  /** Forgets what waits. */
  clear(): void;
}
