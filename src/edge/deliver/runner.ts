/** What a subscription that is carried out looks like from outside, be it told of changes or by the clock. */
import type { Instant } from '../../core/model/instant.ts';
import type { Position } from '../../core/port/store.ts';
import type { Progress, Progressing } from './ledger.ts';
import type { Addressee } from './write-message.ts';

export interface Runner extends Progressing {
  start(): void;
  /** Begins nothing more. Resolves when what was under way has ended. */
  end(): Promise<void>;
  /** What is to come, and what of the change at a position; undefined where changes are not told. */
  outlook(position: Position): Outlook | undefined;
}

export interface Outlook {
  /** The log was looked through up to here. */
  readonly seen: Position;
  /** Notifications that wait or are under way. */
  readonly waiting: number;
  /** Whether the change at the position is among these, or was not looked at yet. */
  readonly isOpen: boolean;
  /** Attempts at it, as far as they are known. */
  readonly tries: number;
  /** Nothing is sent before, in milliseconds of the broker's own clock. */
  readonly notBeforeMs: number;
}

export interface RunnerOptions extends Addressee {
  /** What was reached before. */
  readonly progress: Progress;
  /** When the subscription was created: one of the same id that is made later is another one. */
  readonly madeAt: Instant;
  /** Whether it is still this broker's to carry out, in the term in which the progress was taken over. */
  readonly isOurs: () => boolean;
}
