/** Finds numbers in JSON texts that a double cannot represent: integers that would change, and numbers that are too large. */

/** The length of the shortest digits that may not fit. */
const runLength = 16;
const longInteger = /(?:^|[[:,\s-])\d{16}/;

/**
 * False when a double represents every integer of the text. Every request body is checked, and most have no long run of digits. The pattern
 * distinguishes integers from decimals.
 */
export const mayLoseNumbers = (text: string): boolean => hasLongRun(text) && longInteger.test(text);

/** Looks at every sixteenth character only: every run of that many digits contains one of them. A pattern takes three times as long. */
function hasLongRun(text: string): boolean {
  for (let at = runLength - 1; at < text.length; at += runLength) {
    if (!isDigit(text, at)) continue;
    let [start, end] = [at, at + 1];
    while (isDigit(text, start - 1)) start -= 1;
    while (isDigit(text, end)) end += 1;
    if (end - start >= runLength) return true;
  }
  return false;
}

/** False outside of the text. */
function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

const integer = /^[+-]?0*(\d+)(?:\.0*)?$/;

/** True when a number keeps its value: an integer keeps all its digits, any other number is as near as a double can be. */
export function isKept(text: string): boolean {
  const number = Number(text);
  if (!Number.isFinite(number)) return false;
  const digits = Number.isSafeInteger(number) ? undefined : integer.exec(text)?.[1];
  return digits === undefined || digits === digitsOf(number);
}

/** The digits that JSON.stringify writes for an integer: the shortest unique digits, then zeros. */
function digitsOf(number: number): string {
  const [digits = '', exponent = ''] = Math.abs(number).toExponential().split('e');
  return digits.replace('.', '').padEnd(Number(exponent) + 1, '0');
}

/** A reviver for `JSON.parse`: replaces a number that changes by NaN, so that the reader of the value refuses it. */
export const markLost = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
  typeof value === 'number' && context?.source !== undefined && !isKept(context.source) ? Number.NaN : value;
