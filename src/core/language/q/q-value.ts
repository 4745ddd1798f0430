/** Reads the operands of `q`: numbers, strings, booleans, times, URIs, lists, ranges and patterns (clause 4.9). */
import { badData, type Problem } from '../../model/problem.ts';
import { isUri, quoted } from '../../model/read/id.ts';
import type { Pattern, QOperator, QValue } from '../filter.ts';
import { stepsOf } from '../pattern/pattern.ts';
import { type Cursor, countSteps, countTerm, eat, peek, read, skipBlanks, unexpected } from './q-cursor.ts';
import { closingQuote, readQuoted } from './q-path.ts';
import { looksLikeTime, microsIn, timeFormOf } from './q-time.ts';

/** The part of a term after its path: the operator and the operand. */
export type Tail =
  | { readonly op: '~=' | '!~='; readonly pattern: Pattern }
  | { readonly op: Exclude<QOperator, '~=' | '!~='>; readonly value: QValue };

const patternOperators = ['!~=', '~='] as const;
/** Longer operators come first, because `>` is a prefix of `>=`. */
const valueOperators = ['==', '!=', '>=', '<=', '>', '<'] as const;

/** Reads an operator and its operand; undefined when a path without an operator ends here. */
export function readTail(cursor: Cursor): Tail | undefined {
  skipBlanks(cursor);
  const matching = patternOperators.find((op) => eat(cursor, op));
  if (matching) return { op: matching, pattern: readPattern(cursor) };
  const op = valueOperators.find((one) => eat(cursor, one));
  if (op) return { op, value: readOperand(cursor, op) };
  if (!isEnd(cursor)) throw unexpected(cursor, 'an operator (==, !=, >, >=, <, <=, ~=, !~=), ";", "|", or the end');
  return undefined;
}

const isEnd = (cursor: Cursor): boolean => [';', '|', ')', '}', ''].includes(peek(cursor));

function readOperand(cursor: Cursor, op: QOperator): QValue {
  const start = cursor.at;
  const first = readValue(cursor);
  const isEquality = op === '==' || op === '!=';
  const next = peek(cursor) === ',' ? 'a list' : cursor.text.startsWith('..', cursor.at) ? 'a range' : undefined;
  if (next !== undefined && !isEquality)
    throw unexpected(cursor, `one value after ${op}, for ${next} goes with == and != only`, start);
  if (eat(cursor, '..')) return rangeOf(cursor, { from: first, to: readValue(cursor) }, start);
  if (next === undefined) return first;
  const values = [first];
  while (eat(cursor, ',')) {
    countTerm(cursor);
    values.push(readValue(cursor));
  }
  return { kind: 'list', values };
}

function rangeOf(cursor: Cursor, { from, to }: { from: QValue; to: QValue }, start: number): QValue {
  const line = lineOf(from);
  if (line === undefined || line !== lineOf(to))
    throw unexpected(cursor, 'a range between two numbers, two strings or two times', start);
  return { kind: 'range', from, to };
}

/** The group of values that can be ordered with this value; undefined when it has no order. */
function lineOf(value: QValue): string | undefined {
  if (value.kind === 'time') return value.form === 'time' ? 'time' : 'dateTime';
  return value.kind === 'json' && typeof value.value !== 'boolean' ? typeof value.value : undefined;
}

function readValue(cursor: Cursor): QValue {
  skipBlanks(cursor);
  if (peek(cursor) === '"') {
    const value = readQuoted(cursor);
    skipBlanks(cursor);
    return { kind: 'json', value };
  }
  const start = cursor.at;
  const text = read(cursor, commaTime) ?? readBare(cursor);
  if (text === '') throw unexpected(cursor, 'a value', start);
  const value = valueOf(text, cursor);
  if (value === undefined) throw unexpected(cursor, 'a value; strings with such characters need quotes', start);
  return value;
}

/** A time with a comma before its fraction. This comma does not divide a list. */
const commaTime = /(?:\d{4}-\d{2}-\d{2}T)?\d{2}:\d{2}:\d{2},\d{1,6}(?:Z|[ +-]\d{2}(?::?\d{2})?(?![-\d]))/y;
/** Text up to the end of a value, or to a character that needs a check. */
const plainRun = /[^;|,"}():.]+/y;
const schemeOnly = /^[A-Za-z][A-Za-z0-9+.-]*$/;

/** Reads an unquoted value. It can contain balanced parentheses, and `..` when it is a URI. */
function readBare(cursor: Cursor): string {
  const { text, at: start } = cursor;
  let isUriLike: boolean | undefined;
  let open = 0;
  for (read(cursor, plainRun); !endsBare(cursor, open, isUriLike === true); read(cursor, plainRun)) {
    const sign = peek(cursor);
    if (sign === ':') isUriLike ??= schemeOnly.test(text.slice(start, cursor.at));
    open += sign === '(' ? 1 : sign === ')' ? -1 : 0;
    cursor.at += 1;
  }
  return text.slice(start, cursor.at).trimEnd();
}

function endsBare(cursor: Cursor, open: number, isUriLike: boolean): boolean {
  switch (peek(cursor)) {
    case '(':
    case ':':
      return false;
    case ')':
      return open === 0;
    case '.':
      return !isUriLike && cursor.text[cursor.at + 1] === '.';
    default:
      return true;
  }
}

/**
 * Characters that an unquoted text cannot contain. A percent-encoded character shows that the query must be decoded first.
 */
const unquotable = /[=<>{}[\]]|%[\dA-Fa-f]{2}/;
const numberShape = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** The meaning of an unquoted text; undefined when the text needs quotes. */
function valueOf(text: string, { name }: Cursor): QValue | undefined {
  if (text === 'true' || text === 'false') return { kind: 'json', value: text === 'true' };
  if (numberShape.test(text)) return numberOf(text);
  const time = timeOf(text);
  if (time) return time;
  if (isUri(text)) return { kind: 'uri', uri: text };
  if (looksLikeTime(text))
    throw badData(
      `${quoted(text)} in the ${name} is no time: it needs Z or an offset at its end, as 2026-03-01T08:00:00Z. In quotes it is a text.`,
    );
  return unquotable.test(text) ? undefined : { kind: 'json', value: text };
}

function numberOf(text: string): QValue {
  const value = Number(text);
  if (!Number.isFinite(value)) throw badData(`The number ${quoted(text)} is too large to compare with.`);
  return { kind: 'json', value };
}

/** The plus sign of an offset becomes a blank when a URL contains it unencoded. */
const blankOffset = /^([\d:.,T-]+) (\d{2}(?::?\d{2})?)$/;

function timeOf(given: string): QValue | undefined {
  const text = given.includes(' ') ? given.replace(blankOffset, '$1+$2') : given;
  const form = timeFormOf(text);
  const micros = form && microsIn(form, text);
  return form === undefined || micros === undefined ? undefined : { kind: 'time', form, text, micros };
}

/**
 * Converts quoted times to times, for a member that can only hold a time. Throws BadRequestData for any other text, because it would be
 * compared as text.
 */
export function asTime(value: QValue, cursor: Cursor): QValue {
  if (value.kind === 'uri') throw noTime(value.uri, cursor);
  if (value.kind === 'json') {
    if (typeof value.value !== 'string') return value;
    const time = timeOf(value.value);
    if (time) return time;
    throw noTime(value.value, cursor);
  }
  if (value.kind === 'list') return { kind: 'list', values: value.values.map((one) => asTime(one, cursor)) };
  if (value.kind !== 'range') return value;
  return { kind: 'range', from: asTime(value.from, cursor), to: asTime(value.to, cursor) };
}

const noTime = (text: string, { name }: Cursor): Problem =>
  badData(
    `A time stamp in the ${name} is compared with a time that has Z or an offset at its end, as 2026-03-01T08:00:00Z, not with ${quoted(text)}.`,
  );

/** Reads a pattern: quoted, or up to the next `;`, `|` or `)` outside of the pattern's own parentheses and brackets. */
function readPattern(cursor: Cursor): Pattern {
  const start = cursor.at;
  const source = peek(cursor) === '"' ? readQuotedPattern(cursor) : readBarePattern(cursor);
  if (source === '' || source.startsWith('%22')) throw unexpected(cursor, 'a regular expression', start);
  countSteps(cursor, stepsOf(source));
  return { source };
}

/** In a quoted pattern, `\"` and `\\` are escapes of the string; all other escapes belong to the pattern. */
function readQuotedPattern(cursor: Cursor): string {
  const { text, at } = cursor;
  const end = closingQuote(text, at);
  if (end === -1) throw unexpected(cursor, `a closing quote for the one at position ${at + 1}`, text.length);
  cursor.at = end + 1;
  skipBlanks(cursor);
  if (!isEnd(cursor)) throw unexpected(cursor, '";", "|", ")" or the end after a quoted regular expression');
  return text.slice(at + 1, end).replace(/\\(["\\])/g, '$1');
}

function readBarePattern(cursor: Cursor): string {
  const { text, at: start } = cursor;
  const open: string[] = [];
  for (; cursor.at < text.length; cursor.at += 1) {
    const character = text.charAt(cursor.at);
    if (open.length === 0 && ';|)}'.includes(character)) break;
    if (character === '\\') cursor.at += 1;
    else track(open, character);
  }
  cursor.at = Math.min(cursor.at, text.length);
  return text.slice(start, cursor.at).trimEnd();
}

const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Maintains the stack of open brackets of a pattern. Inside a character class, only its end counts. */
function track(open: string[], character: string): void {
  const innermost = open.at(-1);
  if (character === innermost) open.pop();
  else if (innermost !== ']' && character in closers) open.push(closers[character] ?? '');
}
