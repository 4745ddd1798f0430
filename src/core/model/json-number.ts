/** Finds numbers in JSON texts that a double cannot represent: integers that would change, and numbers that are too large. */

const longRun = /\d{16}/;
const longInteger = /(?:^|[[:,\s-])\d{16}/;

/**
 * False when a double represents every integer of the text. Every request body is checked. The first pattern rules out most texts in a
 * hundredth of the parsing time. The second pattern distinguishes integers from decimals.
 */
export const mayLoseNumbers = (text: string): boolean => longRun.test(text) && longInteger.test(text);

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
