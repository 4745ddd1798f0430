/** Looks over the bytes of a JSON text before it is parsed: how deep it nests, how much it holds, and where its outermost elements part. */

const bracket = 0x5b;
const quote = 0x22;
const backslash = 0x5c;
const [other, opening, closing, comma, quoting, colon] = [0, 1, 2, 3, 4, 5] as const;

/** What a byte means outside a string. UTF-8 keeps all of these apart from the bytes of other characters. */
const meanings = new Uint8Array(256);
for (const byte of Buffer.from('[{')) meanings[byte] = opening;
for (const byte of Buffer.from(']}')) meanings[byte] = closing;
meanings[0x2c] = comma;
meanings[0x3a] = colon;
meanings[quote] = quoting;

/** How far a scan has come. */
export interface Scan {
  readonly bytes: Buffer;
  /** The next byte to look at. */
  at: number;
  depth: number;
  /** The deepest nesting seen. */
  deepest: number;
  /** True when an outermost array is going to be parsed element by element. */
  readonly isPiecewise: boolean;
  /** True when the outermost value is such an array. */
  isSplit: boolean;
  /** Members of objects, at every depth, in the whole or in the outermost element that is being looked over. */
  members: number;
  /** Values behind a comma, likewise. */
  values: number;
  /** Offsets of the commas between outermost elements or members. */
  readonly cuts: number[];
  /** Offset of the bracket that closes the outermost array or object. */
  end?: number;
}

export const startScan = (bytes: Buffer, isPiecewise: boolean): Scan => ({
  bytes,
  isPiecewise,
  at: 0,
  depth: 0,
  deepest: 0,
  isSplit: false,
  members: 0,
  values: 0,
  cuts: [],
});

/** Goes on to offset `to`, or further where that is inside a string. It judges nothing: parsing does. */
export function scanTo(scan: Scan, to: number): void {
  const { bytes } = scan;
  while (scan.at < to) {
    const meaning = meanings[bytes[scan.at] ?? 0];
    if (meaning === quoting) scan.at = endOfString(bytes, scan.at);
    else if (meaning !== other) note(scan, meaning);
    scan.at += 1;
  }
}

function note(scan: Scan, meaning: number | undefined): void {
  if (meaning === colon) scan.members += 1;
  else if (meaning === comma) noteComma(scan);
  else if (meaning === opening) {
    if (scan.depth === 0) scan.isSplit = scan.isPiecewise && scan.bytes[scan.at] === bracket;
    scan.depth += 1;
    if (scan.depth > scan.deepest) scan.deepest = scan.depth;
  } else {
    scan.depth -= 1;
    if (scan.depth === 0) scan.end ??= scan.at;
  }
}

function noteComma(scan: Scan): void {
  scan.values += 1;
  if (scan.depth !== 1) return;
  scan.cuts.push(scan.at);
  if (scan.isSplit) scan.members = scan.values = 0;
}

/** The offset of the quote that ends the string beginning at `from`; that of the end where there is none. */
function endOfString(bytes: Buffer, from: number): number {
  let at = from + 1;
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === quote) return at;
    if (byte === backslash) at += 1;
  }
  return at;
}
