/** Compiles the regular expressions of clients. It does not use the engine of JavaScript, because that can take exponential time. */
import { isObject, type Json } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import { programOf } from './pattern-program.ts';
import { createSearch, type MatchPrefix } from './pattern-search.ts';
import { everything } from './pattern-set.ts';
import { parsePattern, type PatternNode } from './pattern-syntax.ts';

/**
 * The test whether a POSIX extended regular expression matches anywhere in a subject. It supports `. [] [[:class:]] () (?:) | * + ? {m,n} ^
 * $` and the escapes `\d \D \w \W \s \S \b \B \n \r \t \f \v \xHH \uHHHH \u{H}`. It works on code points; `.` matches every code point. Its
 * time is linear in the subject and is counted (`countSteps`). Throws BadRequestData with the position for any other syntax, and
 * TooComplexQuery when the pattern is too large.
 */
export function compilePattern(source: string): (subject: string) => boolean {
  const node = trimmed(partsOf(parsePattern(source)));
  return plainTest(node) ?? createSearch(programOf({ kind: 'sequence', parts: node }), leadOf(node));
}

/** The maximum number of steps per character of a subject. It limits the time of a query with many patterns. */
export const stepsOf = (source: string): number => programOf(parsePattern(source)).ops.length;

/** The maximum number of patterns in the selectors of one request, and of their steps in total. */
const patternsMax = 500;
const patternStepsMax = 20_000;

/**
 * Throws TooComplexQuery when too many of these have a pattern. For lists whose patterns are compiled as they are read: that takes time too.
 */
export function refuseManyWithPattern(selectors: readonly Json[]): void {
  const count = selectors.filter((one) => isObject(one) && ('idPattern' in one || 'typePattern' in one)).length;
  if (count > patternsMax) throw tooManyPatterns();
}

const tooManyPatterns = (): Problem => tooMany(`more than ${patternsMax} regular expressions as idPattern`);

/** Throws TooComplexQuery when one request has too many patterns, or when they are too large in total. */
export function refuseManyPatterns(sources: Iterable<string>): void {
  let count = 0;
  let steps = 0;
  for (const source of sources) {
    count += 1;
    if (count > patternsMax) throw tooManyPatterns();
    steps += stepsOf(source);
    if (steps > patternStepsMax) throw tooMany('regular expressions as idPattern that are too large together');
  }
}

const tooMany = (what: string): Problem => new Problem('TooComplexQuery', `The request has ${what}.`);

const partsOf = (node: PatternNode): readonly PatternNode[] => (node.kind === 'sequence' ? node.parts : [node]);

const isAnything = (node: PatternNode | undefined): boolean =>
  node?.kind === 'repeat' &&
  node.least === 0 &&
  node.most === Infinity &&
  node.part.kind === 'set' &&
  node.part.ranges === everything;

const isAssertion = (node: PatternNode | undefined, holds: string): boolean =>
  node?.kind === 'assertion' && node.holds === holds;

/** Removes `.*` at both ends, with an anchor beyond it: they do not change the result of a search. */
function trimmed(parts: readonly PatternNode[]): readonly PatternNode[] {
  const before = isAssertion(parts[0], 'start') ? 1 : 0;
  if (isAnything(parts[before])) return trimmed(parts.slice(before + 1));
  const after = isAssertion(parts.at(-1), 'end') ? 1 : 0;
  const end = parts.length - after - 1;
  return end >= 0 && isAnything(parts[end]) ? trimmed(parts.slice(0, end)) : parts;
}

/** The literal characters at the beginning. It stops at a lone surrogate, because that would match inside a surrogate pair. */
function textAt(parts: readonly PatternNode[]): { readonly text: string; readonly count: number } {
  let text = '';
  let count = 0;
  for (const part of parts) {
    if (part.kind !== 'character' || (part.code >= 0xd800 && part.code <= 0xdfff)) break;
    text += String.fromCodePoint(part.code);
    count += 1;
  }
  return { text, count };
}

/** The test for a pattern that has only literal characters and anchors at its ends; undefined for other patterns. */
function plainTest(parts: readonly PatternNode[]): ((subject: string) => boolean) | undefined {
  const begins = isAssertion(parts[0], 'start');
  const ends = parts.length > (begins ? 1 : 0) && isAssertion(parts.at(-1), 'end');
  const middle = parts.slice(begins ? 1 : 0, ends ? -1 : undefined);
  const { text, count } = textAt(middle);
  if (count < middle.length) return undefined;
  if (begins && ends) return (subject) => subject === text;
  if (begins) return (subject) => subject.startsWith(text);
  return ends ? (subject) => subject.endsWith(text) : (subject) => subject.includes(text);
}

function leadOf(parts: readonly PatternNode[]): MatchPrefix {
  const isAnchored = isAssertion(parts[0], 'start');
  return { isAnchored, text: textAt(isAnchored ? parts.slice(1) : parts).text };
}
