/** Finds the first syntax error of a JSON text (RFC 8259). It runs only after parsing fails, to report the position to the client. */

/** A syntax error: what was expected, and at which byte offset. */
export interface SyntaxFault {
  readonly at: number;
  readonly expected: string;
}

interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

/** Returns the first syntax error of a text, or undefined when there is none. Recursive: the caller must limit the nesting depth first. */
export function findSyntaxError(bytes: Buffer): SyntaxFault | undefined {
  const cursor = { bytes, at: 0 };
  const expected = expectedByValue(cursor) ?? (skipBlanks(cursor) === '' ? undefined : 'the end');
  return expected === undefined ? undefined : { at: cursor.at, expected };
}

/** One character per byte value. JSON's structural characters are one byte each. */
const chars = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));

/** The character at the cursor, exact for JSON's structural characters; empty at the end. */
const charAt = ({ bytes, at }: Cursor): string => chars[bytes[at] ?? -1] ?? '';

const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

function skipBlanks(cursor: Cursor): string {
  const { bytes } = cursor;
  while (isBlank(bytes[cursor.at])) cursor.at += 1;
  return charAt(cursor);
}

/** Skips a value. Returns what was expected where the cursor stopped, or undefined on success. */
function expectedByValue(cursor: Cursor): string | undefined {
  const char = skipBlanks(cursor);
  if (char === '{') return expectedByList(cursor, '}', expectedByMember);
  if (char === '[') return expectedByList(cursor, ']', expectedByValue);
  if (char === '"') return expectedByString(cursor);
  if (char === '-' || isDigit(char)) return expectedByNumber(cursor);
  return expectedByWord(cursor);
}

function expectedByList(cursor: Cursor, end: string, expectedByElement: typeof expectedByValue): string | undefined {
  cursor.at += 1;
  if (skipBlanks(cursor) === end) return advance(cursor);
  for (;;) {
    const expected = expectedByElement(cursor);
    if (expected !== undefined) return expected;
    const char = skipBlanks(cursor);
    if (char === end) return advance(cursor);
    if (char !== ',') return `"," or "${end}"`;
    cursor.at += 1;
  }
}

function expectedByMember(cursor: Cursor): string | undefined {
  if (skipBlanks(cursor) !== '"') return 'a name in double quotes';
  const expected = expectedByString(cursor);
  if (expected !== undefined) return expected;
  if (skipBlanks(cursor) !== ':') return '":"';
  cursor.at += 1;
  return expectedByValue(cursor);
}

function expectedByString(cursor: Cursor): string | undefined {
  cursor.at += 1;
  for (;;) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) return 'a closing double quote';
    if (byte === 0x22) return advance(cursor);
    if (byte < 0x20) return 'no control character in a string';
    const length = byte === 0x5c ? lengthOfEscape(cursor) : 1;
    if (length === 0) return 'an escape of JSON';
    cursor.at += length;
  }
}

function lengthOfEscape({ bytes, at }: Cursor): number {
  const text = bytes.toString('latin1', at, at + 6);
  if (/^\\u[\da-f]{4}/i.test(text)) return 6;
  return /^\\["\\/bfnrt]/.test(text) ? 2 : 0;
}

function expectedByNumber(cursor: Cursor): string | undefined {
  if (charAt(cursor) === '-') cursor.at += 1;
  if (charAt(cursor) === '0') cursor.at += 1;
  else if (!skipDigits(cursor)) return 'a digit';
  if (charAt(cursor) === '.') {
    cursor.at += 1;
    if (!skipDigits(cursor)) return 'a digit';
  }
  if (charAt(cursor).toLowerCase() !== 'e') return undefined;
  cursor.at += 1;
  if (/^[+-]$/.test(charAt(cursor))) cursor.at += 1;
  return skipDigits(cursor) ? undefined : 'a digit';
}

const isDigit = (char: string): boolean => char >= '0' && char <= '9';

/** Skips digits. True when there was at least one. */
function skipDigits(cursor: Cursor): boolean {
  const from = cursor.at;
  while (isDigit(charAt(cursor))) cursor.at += 1;
  return cursor.at > from;
}

function expectedByWord(cursor: Cursor): string | undefined {
  const word = ['true', 'false', 'null'].find(
    (one) => cursor.bytes.toString('latin1', cursor.at, cursor.at + one.length) === one,
  );
  if (word === undefined) return 'a value';
  cursor.at += word.length;
  return undefined;
}

/** Skips a closing character. */
function advance(cursor: Cursor): string | undefined {
  cursor.at += 1;
  return undefined;
}
