/** A place in a query text: what all parsers of this folder read with, and how they say what is wrong and where. */
import { quoted } from '../../model/read/id.ts';
import { badData, Problem } from '../../model/problem.ts';

/** Longest query text that is read, in UTF-16 units. */
const longest = 16_384;
/** Deepest nesting of parentheses and braces. */
const deepest = 64;
/** Most terms and listed values of one query. */
const mostTerms = 500;
/** Most steps of all regular expressions of one query together. */
const mostSteps = 2000;

/** The text that is read, and how far reading has come. */
export interface Cursor {
  readonly text: string;
  /** What the text is called in messages: the name of the parameter. */
  readonly name: string;
  at: number;
  /** Parentheses and braces that are open. */
  depth: number;
  terms: number;
  steps: number;
}

/** The beginning of a text. Throws TooComplexQuery when it is too long. */
export function createCursor(text: string, name: string): Cursor {
  if (text.length > longest)
    throw new Problem('TooComplexQuery', `The ${name} has ${text.length} characters; ${longest} are allowed.`);
  return { text, name, at: 0, depth: 0, terms: 0, steps: 0 };
}

/** The character here; empty at the end. */
export const peek = ({ text, at }: Cursor): string => text.charAt(at);

const blank = /\s*/y;

/** Goes on to the next character that is no blank. */
export function skipBlanks(cursor: Cursor): void {
  blank.lastIndex = cursor.at;
  cursor.at += blank.exec(cursor.text)?.[0].length ?? 0;
}

/** Goes past the token and the blanks around it, if it stands here. */
export function eat(cursor: Cursor, token: string): boolean {
  skipBlanks(cursor);
  if (!cursor.text.startsWith(token, cursor.at)) return false;
  cursor.at += token.length;
  skipBlanks(cursor);
  return true;
}

/** Reads what a sticky expression finds here; undefined when it finds nothing. */
export function read(cursor: Cursor, sticky: RegExp): string | undefined {
  sticky.lastIndex = cursor.at;
  const found = sticky.exec(cursor.text)?.[0];
  if (found === undefined || found === '') return undefined;
  cursor.at += found.length;
  return found;
}

/** The problem that something else was expected here, or at `at`. Positions count from 1. */
export function unexpected({ text, name, at: here }: Cursor, expected: string, at = here): Problem {
  const rest = text.slice(at, at + 20);
  const found = rest === '' ? 'it ends there' : `found ${quoted(rest)}`;
  return badData(`The ${name} is wrong at position ${at + 1}: expected ${expected}, but ${found}.`);
}

/** Reads between an opening token, already read, and a closing one. */
export function enclosed<T>(cursor: Cursor, close: string, inner: () => T): T {
  cursor.depth += 1;
  if (cursor.depth > deepest)
    throw new Problem('TooComplexQuery', `The ${cursor.name} is nested deeper than ${deepest} levels.`);
  const result = inner();
  if (!eat(cursor, close)) throw unexpected(cursor, quoted(close));
  cursor.depth -= 1;
  return result;
}

/** Counts a term. Throws TooComplexQuery when there are too many. */
export function countTerm(cursor: Cursor): void {
  cursor.terms += 1;
  if (cursor.terms > mostTerms)
    throw new Problem('TooComplexQuery', `The ${cursor.name} has more than ${mostTerms} terms.`);
}

/** Counts the steps of a regular expression. Throws TooComplexQuery when all together take too many. */
export function countSteps(cursor: Cursor, steps: number): void {
  cursor.steps += steps;
  if (cursor.steps > mostSteps)
    throw new Problem('TooComplexQuery', `The regular expressions in the ${cursor.name} are too large together.`);
}

/** Refuses what stands after the end of a query. */
export function readEnd(cursor: Cursor, expected: string): void {
  skipBlanks(cursor);
  if (cursor.at < cursor.text.length) throw unexpected(cursor, expected);
}
