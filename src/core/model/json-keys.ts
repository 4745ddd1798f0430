/**
 * Works around a bug of V8 12.8 and later: JSON.parse can replace a key with escapes by another key that has a backslash. The other key is
 * from an earlier text, at the same position: `{"a":1,"\\":2}` causes `{"a":1,"\n":2}` to have that key too (nodejs/node#63785). Without
 * this, one client could change the data that another client writes.
 */

/** A JSON text without escapes in its keys. Each key that had escapes is replaced by a number. */
export interface PlainText {
  readonly text: string;
  /** The prefix of the numbered keys. No other key starts with it. */
  readonly mark: string;
  /** The names of the numbered keys. */
  readonly names: readonly string[];
}

/** The same JSON, without escapes in its keys; undefined when no key has escapes. The JSON must be valid. */
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

/** A short text that does not occur in the given text. A client can include many similar texts on purpose. */
function markFor(text: string): string {
  let mark = '\ue000';
  while (text.includes(mark)) mark += rarestDigitAfter(mark, text);
  return mark;
}

/** The digit that follows the mark least often. It keeps the mark short. */
function rarestDigitAfter(mark: string, text: string): string {
  const counts = new Map(Array.from({ length: 10 }, (_, digit) => [String(digit), 0]));
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
    const next = text.charAt(at + mark.length);
    const count = counts.get(next);
    if (count !== undefined) counts.set(next, count + 1);
  }
  const [[rarest] = ['0', 0]] = [...counts].sort(([, a], [, b]) => a - b);
  return rarest;
}

/** The offset after the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

const backslash = 0x5c;

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(at - 1 - slashes) === backslash) slashes += 1;
  return slashes % 2 === 1;
}

const colon = /[ \t\r\n]*:/y;

function isKey(text: string, end: number): boolean {
  colon.lastIndex = end;
  return colon.test(text);
}

/** The value with the original names in place of numbered keys, at every depth. Can modify the given objects. */
export function nameKeys(value: unknown, { mark, names }: PlainText): unknown {
  const root = { value };
  const open: [object, string][] = [[root, 'value']];
  for (let place = open.pop(); place; place = open.pop()) {
    const [holder, key] = place;
    const part: unknown = Reflect.get(holder, key);
    if (typeof part !== 'object' || part === null) continue;
    const named = Array.isArray(part) ? part : withNames(part, mark, names);
    if (named !== part) Reflect.set(holder, key, named);
    for (const [name, inner] of Object.entries(named)) if (typeof inner === 'object') open.push([named, name]);
  }
  return root.value;
}

/** Object.fromEntries treats `__proto__` like any other name. */
function withNames(object: object, mark: string, names: readonly string[]): object {
  const members: readonly (readonly [string, unknown])[] = Object.entries(object);
  if (!members.some(([key]) => key.startsWith(mark))) return object;
  return Object.fromEntries(
    members.map(([key, value]) => [key.startsWith(mark) ? (names[Number(key.slice(mark.length))] ?? key) : key, value]),
  );
}
