/** What a command of the command line is. */
import type { Writable } from 'node:stream';

/** Where a command writes to, and how it is told to stop. */
export interface Io {
  readonly out: Writable;
  readonly err: Writable;
  readonly signal: AbortSignal;
}

export interface Command {
  /** The word after `mlaka`. */
  readonly name: string;
  /** What it does, in a few words. */
  readonly summary: string;
  /** Answers the exit code: 0 when all went well. Throws an Error whose message says what the user can mend. */
  run(args: readonly string[], io: Io): Promise<number>;
}
