/** Regular expressions of clients: compiled without the engine of the language, whose time may grow without bound. */
import { Problem } from '../../model/problem.ts';
import { programOf } from './pattern-program.ts';
import { createSearch, type Lead } from './pattern-search.ts';
import { everything } from './pattern-set.ts';
import { parsePattern, type PatternNode } from './pattern-syntax.ts';

/**
 * The test whether a POSIX extended regular expression matches anywhere in a subject. It knows `. [] [[:class:]] () (?:) | * + ?
 * {m,n} ^ $`, the escapes `\d \D \w \W \s \S \b \B \n \r \t \f \v \xHH \uHHHH \u{H}`, and works on code points; `.` is any
 * of them. Its time is linear in the subject, and counted (`countSteps`). Throws BadRequestData for anything else, with the position, and
 * TooComplexQuery when the pattern is too large.
 */
export function compilePattern(source: string): (subject: string) => boolean {
  const node = trimmed(partsOf(parsePattern(source)));
  return plainTest(node) ?? createSearch(programOf({ kind: 'sequence', parts: node }), leadOf(node));
}

/** How many steps each character of a subject may cost: what bounds the time of a query with many patterns. */
export const stepsOf = (source: string): number => programOf(parsePattern(source)).ops.length;

/** Most patterns in the selectors of one request, and most steps of all of them. */
const patternsMax = 500;
const patternStepsMax = 20_000;

/** Throws TooComplexQuery when one request has too many patterns, or such as are too large together. */
export function refuseManyPatterns(sources: readonly string[]): void {
  let steps = 0;
  for (const [index, source] of sources.entries()) {
    if (index === patternsMax) throw tooMany(`more than ${patternsMax} regular expressions as idPattern`);
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

/** A search need not look for `.*` at its ends, nor for an anchor beyond it. */
function trimmed(parts: readonly PatternNode[]): readonly PatternNode[] {
  const before = isAssertion(parts[0], 'start') ? 1 : 0;
  if (isAnything(parts[before])) return trimmed(parts.slice(before + 1));
  const after = isAssertion(parts.at(-1), 'end') ? 1 : 0;
  const end = parts.length - after - 1;
  return end >= 0 && isAnything(parts[end]) ? trimmed(parts.slice(0, end)) : parts;
}

/** The characters that stand at the beginning, as a text. Half a surrogate pair would match inside a whole one. */
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

/** The test for a pattern of nothing but characters and anchors at the ends. */
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

function leadOf(parts: readonly PatternNode[]): Lead {
  const isAnchored = isAssertion(parts[0], 'start');
  return { isAnchored, text: textAt(isAnchored ? parts.slice(1) : parts).text };
}
