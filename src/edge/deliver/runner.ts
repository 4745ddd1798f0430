/** What a subscription that is carried out looks like from outside, be it told of changes or by the clock. */
import type { Progress, Progressing } from './ledger.ts';
import type { Addressee } from './write-message.ts';

export interface Runner extends Progressing {
  start(): void;
  /** Begins nothing more. Resolves when what was under way has ended. */
  end(): Promise<void>;
}

export interface RunnerOptions extends Addressee {
  /** What was reached before. */
  readonly progress: Progress;
}
