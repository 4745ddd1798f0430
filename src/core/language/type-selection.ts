/** Parses entity type selections (clause 4.17), which select entities by combinations of types. */
import type { Terms } from '../model/entity.ts';
import { readTypeName } from '../model/read/name.ts';
import type { TypeSelection } from './filter.ts';
import { type Cursor, countTerm, createCursor, eat, enclosed, read, readEnd, unexpected } from './q/q-cursor.ts';

interface Reader {
  readonly cursor: Cursor;
  readonly terms: Terms;
}

/**
 * `A,B` or `A|B`: one of them; `(A;B)`: both; `*`: any. Parentheses nest; `;` has a higher precedence. Throws BadRequestData with the
 * position of the first error, TooComplexQuery beyond 500 names.
 */
export function parseTypeSelection(text: string, terms: Terms): TypeSelection {
  const cursor = createCursor(text, 'type');
  const selection = readAny({ cursor, terms });
  readEnd(cursor, '",", "|", ";" or the end');
  return selection;
}

function readAny(reader: Reader): TypeSelection {
  const { cursor } = reader;
  const parts = [readAll(reader)];
  while (eat(cursor, ',') || eat(cursor, '|')) parts.push(readAll(reader));
  return joined('or', parts);
}

function readAll(reader: Reader): TypeSelection {
  const parts = [readPart(reader)];
  while (eat(reader.cursor, ';')) parts.push(readPart(reader));
  return joined('and', parts);
}

const joined = (op: 'and' | 'or', parts: readonly TypeSelection[]): TypeSelection =>
  parts.length === 1 && parts[0] ? parts[0] : { op, parts };

const typeName = /[^\s,;|()]+/y;

function readPart(reader: Reader): TypeSelection {
  const { cursor, terms } = reader;
  if (eat(cursor, '(')) return enclosed(cursor, ')', () => readAny(reader));
  countTerm(cursor);
  const name = read(cursor, typeName);
  if (name === undefined) throw unexpected(cursor, 'the name of an entity type');
  return name === '*' ? { op: 'any' } : { op: 'type', type: readTypeName(name, terms) };
}
