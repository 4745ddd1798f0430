/** Looks over the bytes of a JSON text before it is parsed: how deep it nests, and where its outermost elements part. */

const quote = 0x22;
const backslash = 0x5c;
const [other, opening, closing, comma, quoting] = [0, 1, 2, 3, 4] as const;

/** What a byte means outside a string. UTF-8 keeps all of these apart from the bytes of other characters. */
const meanings = new Uint8Array(256);
for (const byte of Buffer.from('[{')) meanings[byte] = opening;
for (const byte of Buffer.from(']}')) meanings[byte] = closing;
meanings[0x2c] = comma;
meanings[quote] = quoting;

/** How far a scan has come. */
export interface Scan {
  readonly bytes: Buffer;
  /** The next byte to look at. */
  at: number;
  depth: number;
  /** The deepest nesting seen. */
  deepest: number;
  /** Offsets of the commas between outermost elements or members. */
  readonly cuts: number[];
  /** Offset of the bracket that closes the outermost array or object. */
  end?: number;
}

export const startScan = (bytes: Buffer): Scan => ({ bytes, at: 0, depth: 0, deepest: 0, cuts: [] });

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
  if (meaning === opening) {
    scan.depth += 1;
    if (scan.depth > scan.deepest) scan.deepest = scan.depth;
  } else if (meaning === closing) {
    scan.depth -= 1;
    if (scan.depth === 0) scan.end ??= scan.at;
  } else if (scan.depth === 1) scan.cuts.push(scan.at);
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
