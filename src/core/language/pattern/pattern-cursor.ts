/** Defines the position in a regular expression and the errors of its parsers. */
import { badData, type Problem } from '../../model/problem.ts';
import { quoted } from '../../model/read/id.ts';

/** `text` is a list of code points. */
export interface PatternCursor {
  readonly text: readonly string[];
  at: number;
  /** The number of open groups. */
  depth: number;
}

/** The error of a pattern at the cursor, or at `at`. Positions in the message count from 1. */
export function wrongPattern({ text, at: here }: PatternCursor, why: string, at = here): Problem {
  return badData(`The regular expression ${quoted(text.join(''))} is wrong at position ${at + 1}: ${why}.`);
}
