/** A place in a regular expression, and how its parsers say what is wrong there. */
import { badData, type Problem } from '../../model/problem.ts';
import { quoted } from '../../model/read/id.ts';

/** `text` is in code points. */
export interface PatternCursor {
  readonly text: readonly string[];
  at: number;
  /** Groups that are open. */
  depth: number;
}

/** The problem with a pattern here, or at `at`. Positions count from 1. */
export function wrongPattern({ text, at: here }: PatternCursor, why: string, at = here): Problem {
  return badData(`The regular expression ${quoted(text.join(''))} is wrong at position ${at + 1}: ${why}.`);
}
