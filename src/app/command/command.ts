/** Defines a command of the command line. */
import type { Writable } from 'node:stream';

/** The streams that a command writes to, and the signal that stops it. */
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
  /** Returns the exit code: 0 for success. Throws an Error whose message tells the user what to correct. */
  run(args: readonly string[], io: Io): Promise<number>;
}
