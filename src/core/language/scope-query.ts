/** Parses scope queries (clause 4.19), which select entities by scope. */
import { Problem } from '../model/problem.ts';
import { readRawOrDecoded } from '../model/read/percent.ts';
import { isScope } from '../model/scope.ts';
import type { ScopePattern, ScopeQuery } from './filter.ts';
import { type Cursor, countTerm, createCursor, eat, enclosed, read, readEnd, unexpected } from './q/q-cursor.ts';

/** The maximum number of combinations when parentheses are expanded. */
const partsMax = 500;

type Parts = ScopeQuery['anyOf'];

/**
 * `/A/B`: exactly that scope; `/A/B/#`: the scope and every scope below it; `/#`: any scope; `+`: one level with any name; `,` or `|`: one
 * of them; `;`: all of them, each matched by some scope of the entity. The first slash is optional, and the whole text can be quoted. A
 * text that is only valid when percent-decoded is decoded. Throws BadRequestData with the position of the first error, TooComplexQuery
 * beyond 500 scopes.
 */
export const parseScopeQ = (text: string): ScopeQuery => readRawOrDecoded(text, readScopeQ);

function readScopeQ(text: string): ScopeQuery {
  const isQuoted = text.length > 1 && text.startsWith('"') && text.endsWith('"');
  const cursor = createCursor(isQuoted ? text.slice(1, -1) : text, 'scopeQ');
  const anyOf = readAny(cursor);
  readEnd(cursor, '",", "|", ";" or the end');
  return { anyOf };
}

function readAny(cursor: Cursor): Parts {
  const parts = [...readAll(cursor)];
  while (eat(cursor, ',') || eat(cursor, '|')) parts.push(...readAll(cursor));
  return parts;
}

function readAll(cursor: Cursor): Parts {
  let parts = readPart(cursor);
  while (eat(cursor, ';')) {
    const others = readPart(cursor);
    if (parts.length * others.length > partsMax)
      throw new Problem('TooComplexQuery', `The scopeQ comes to more than ${partsMax} combinations.`);
    parts = parts.flatMap(({ allOf }) => others.map((other) => ({ allOf: [...allOf, ...other.allOf] })));
  }
  return parts;
}

const pattern = /[^\s,;|()]+/y;

function readPart(cursor: Cursor): Parts {
  if (eat(cursor, '(')) return enclosed(cursor, ')', () => readAny(cursor));
  countTerm(cursor);
  const start = cursor.at;
  const text = read(cursor, pattern);
  const scope = text === undefined ? undefined : patternOf(text);
  if (!scope) throw unexpected(cursor, 'a scope such as /Madrid/Gardens, /Madrid/+ or /Madrid/#', start);
  return [{ allOf: [scope] }];
}

/** The pattern of a text; undefined when the text is invalid. */
function patternOf(text: string): ScopePattern | undefined {
  const names = (text.startsWith('/') ? text.slice(1) : text).split('/');
  const deep = names.at(-1) === '#';
  const levels = deep ? names.slice(0, -1) : names;
  const isRight = levels.every((level) => level === '+' || (isScope(level) && !level.startsWith('/')));
  return isRight ? { levels, deep } : undefined;
}
