/**
 * Scans the bytes of a JSON text before parsing. It measures nesting depth, members and values, and finds the commas between
 * outermost elements.
 */

const bracket = 0x5b;
const quote = 0x22;
const backslash = 0x5c;
const [other, opening, closing, comma, quoting, colon] = [0, 1, 2, 3, 4, 5] as const;

/** The role of a byte outside strings. In UTF-8, none of these bytes is part of another character. */
const meanings = new Uint8Array(256);
for (const byte of Buffer.from('[{')) meanings[byte] = opening;
for (const byte of Buffer.from(']}')) meanings[byte] = closing;
meanings[0x2c] = comma;
meanings[0x3a] = colon;
meanings[quote] = quoting;

/** The state of a scan. */
export interface Scan {
  readonly bytes: Buffer;
  /** Offset of the next byte to scan. */
  at: number;
  /** True when `at` is within a string. */
  isInString: boolean;
  depth: number;
  /** The deepest nesting seen. */
  deepest: number;
  /** True when an outermost array will be parsed element by element. */
  readonly isPiecewise: boolean;
  /** True when the outermost value is such an array. */
  isSplit: boolean;
  /** Number of object members at all depths, in the whole text or in the current outermost element. */
  members: number;
  /** Number of values that follow a comma, counted in the same scope. */
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
  isInString: false,
  depth: 0,
  deepest: 0,
  isSplit: false,
  members: 0,
  values: 0,
  cuts: [],
});

/** Scans up to offset `to`, or one byte beyond it. It reports no syntax errors: parsing does. */
export function scanTo(scan: Scan, to: number): void {
  const { bytes } = scan;
  if (scan.isInString) passString(scan, to);
  while (scan.at < to) {
    const meaning = meanings[bytes[scan.at] ?? 0];
    if (meaning !== other && meaning !== quoting) note(scan, meaning);
    scan.at += 1;
    if (meaning === quoting) passString(scan, to);
  }
}

/** Passes the rest of a string, or the part of it before offset `to`. */
function passString(scan: Scan, to: number): void {
  const { bytes } = scan;
  let { at } = scan;
  while (at < to && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  scan.isInString = at >= to;
  scan.at = scan.isInString ? at : at + 1;
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
