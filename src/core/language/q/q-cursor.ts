/** Defines the cursor in a query text and the reading functions and errors that all parsers of this folder use. */
import { quoted } from '../../model/read/id.ts';
import { badData, Problem } from '../../model/problem.ts';

/** The maximum length of a query text in UTF-16 units. */
const longest = 16_384;
/** The maximum nesting depth of parentheses and braces. */
const deepest = 64;
/** The maximum number of terms and listed values of one query. */
const termsMax = 500;
/** The maximum number of steps of all regular expressions of one query. */
const stepsMax = 2000;

/** A query text and the current position. */
export interface Cursor {
  readonly text: string;
  /** The name of the text in messages: the name of the parameter. */
  readonly name: string;
  at: number;
  /** The number of open parentheses and braces. */
  depth: number;
  terms: number;
  steps: number;
}

/** A cursor at the start of a text. Throws TooComplexQuery when the text is too long. */
export function createCursor(text: string, name: string): Cursor {
  if (text.length > longest)
    throw new Problem('TooComplexQuery', `The ${name} has ${text.length} characters; ${longest} are allowed.`);
  return { text, name, at: 0, depth: 0, terms: 0, steps: 0 };
}

/** The character at the cursor; empty at the end. */
export const peek = ({ text, at }: Cursor): string => text.charAt(at);

const blank = /\s*/y;

/** Moves to the next character that is not a blank. */
export function skipBlanks(cursor: Cursor): void {
  blank.lastIndex = cursor.at;
  cursor.at += blank.exec(cursor.text)?.[0].length ?? 0;
}

/** Moves past the token and the blanks around it; false when the token is not at the cursor. */
export function eat(cursor: Cursor, token: string): boolean {
  skipBlanks(cursor);
  if (!cursor.text.startsWith(token, cursor.at)) return false;
  cursor.at += token.length;
  skipBlanks(cursor);
  return true;
}

/** Reads the match of a sticky expression at the cursor; undefined without a match. */
export function read(cursor: Cursor, sticky: RegExp): string | undefined {
  sticky.lastIndex = cursor.at;
  const found = sticky.exec(cursor.text)?.[0];
  if (found === undefined || found === '') return undefined;
  cursor.at += found.length;
  return found;
}

/** The error that another text was expected at the cursor, or at `at`. Positions in the message count from 1. */
export function unexpected({ text, name, at: here }: Cursor, expected: string, at = here): Problem {
  const rest = text.slice(at, at + 20);
  const found = rest === '' ? 'it ends there' : `found ${quoted(rest)}`;
  return badData(`The ${name} is wrong at position ${at + 1}: expected ${expected}, but ${found}.`);
}

/** Reads the content between an opening token, which is already read, and a closing token. */
export function enclosed<T>(cursor: Cursor, close: string, inner: () => T): T {
  cursor.depth += 1;
  if (cursor.depth > deepest)
    throw new Problem('TooComplexQuery', `The ${cursor.name} is nested deeper than ${deepest} levels.`);
  const result = inner();
  if (!eat(cursor, close)) throw unexpected(cursor, quoted(close));
  cursor.depth -= 1;
  return result;
}

/** Counts a term. Throws TooComplexQuery beyond the maximum. */
export function countTerm(cursor: Cursor): void {
  cursor.terms += 1;
  if (cursor.terms > termsMax)
    throw new Problem('TooComplexQuery', `The ${cursor.name} has more than ${termsMax} terms.`);
}

/** Counts the steps of a regular expression. Throws TooComplexQuery when the total exceeds the maximum. */
export function countSteps(cursor: Cursor, steps: number): void {
  cursor.steps += steps;
  if (cursor.steps > stepsMax)
    throw new Problem('TooComplexQuery', `The regular expressions in the ${cursor.name} are too large together.`);
}

/** Refuses text after the end of a query. */
export function readEnd(cursor: Cursor, expected: string): void {
  skipBlanks(cursor);
  if (cursor.at < cursor.text.length) throw unexpected(cursor, expected);
}
