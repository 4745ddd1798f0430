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

/** A short text that does not stand in the given one: a client may have put many there that look like it. */
function markFor(text: string): string {
  let mark = '\ue000';
  while (text.includes(mark)) mark += rarestDigitAfter(mark, text);
  return mark;
}

/** What follows least often, so that a few digits are enough. */
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

/** The offset behind a string that begins at `start`. */
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

/** The value with the names of numbered keys, as deep as it goes. The objects given may change. */
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

/** `__proto__` is a name like any other here. */
function withNames(object: object, mark: string, names: readonly string[]): object {
  const members: readonly (readonly [string, unknown])[] = Object.entries(object);
  if (!members.some(([key]) => key.startsWith(mark))) return object;
  return Object.fromEntries(
    members.map(([key, value]) => [key.startsWith(mark) ? (names[Number(key.slice(mark.length))] ?? key) : key, value]),
  );
}
