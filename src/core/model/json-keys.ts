/**
 * Keeps keys with escapes right. JSON.parse of V8 12.8 and later can take such a key for another one, which an earlier text
 * had in the same place and which has a backslash in it: `{"a":1,"\\":2}` makes `{"a":1,"\n":2}` have that key too
 * (nodejs/node#63785). One client could so change what another one writes.
 */

/** A text without escapes in its keys: those that had some are numbered, in place of their names. */
export interface PlainText {
  readonly text: string;
  /** What numbered keys begin with, and no others. */
  readonly mark: string;
  /** The names of the numbered keys. */
  readonly names: readonly string[];
}

/** The same JSON, which must be valid, without escapes in its keys; undefined when there are none. */
export function withoutEscapedKeys(text: string): PlainText | undefined {
  const pieces: string[] = [];
  const names: string[] = [];
  const mark = markFor(text);
  let copied = 0;
  for (let start = text.indexOf('"'); start >= 0; ) {
    const end = endOfString(text, start);
    if (isKey(text, end) && text.slice(start, end).includes('\\')) {
      pieces.push(text.slice(copied, start), `"${mark}${names.length}"`);
      names.push(String(JSON.parse(text.slice(start, end))));
      copied = end;
    }
    start = text.indexOf('"', end);
  }
  return names.length === 0 ? undefined : { text: pieces.join('') + text.slice(copied), mark, names };
}

/** Characters that the text does not have. */
function markFor(text: string): string {
  let mark = '\ue000';
  while (text.includes(mark)) mark += '\ue000';
  return mark;
}

/** The offset behind a string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - 1 - slashes] === '\\') slashes += 1;
  return slashes % 2 === 1;
}

const colon = /[ \t\r\n]*:/y;

function isKey(text: string, end: number): boolean {
  colon.lastIndex = end;
  return colon.test(text);
}

/** Gives numbered keys their names again, in place and as deep as the value goes. */
export function nameKeys(value: unknown, { mark, names }: PlainText): void {
  const open = [value];
  while (open.length > 0) {
    const part = open.pop();
    if (typeof part !== 'object' || part === null) continue;
    if (!Array.isArray(part)) renameMembers(part, mark, names);
    for (const inner of Object.values(part)) open.push(inner);
  }
}

function renameMembers(object: object, mark: string, names: readonly string[]): void {
  const members: readonly (readonly [string, unknown])[] = Object.entries(object);
  if (!members.some(([key]) => key.startsWith(mark))) return;
  for (const [key] of members) Reflect.deleteProperty(object, key);
  for (const [key, value] of members) {
    const name = key.startsWith(mark) ? (names[Number(key.slice(mark.length))] ?? key) : key;
    // Defined, not set: `__proto__` is a name like any other.
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  }
}
