/** Numbers in JSON texts that a double cannot hold: integers that it would change, and what is too large for it. */

const longRun = /\d{16}/;
const longInteger = /(?:^|[[:,\s-])\d{16}/;

/**
 * False where every integer is kept. It is asked of all that comes in: the first pattern passes over most texts in a hundredth
 * of the time of parsing, the second tells integers from decimals.
 */
export const mayLoseNumbers = (text: string): boolean => longRun.test(text) && longInteger.test(text);

const integer = /^[+-]?0*(\d+)(?:\.0*)?$/;

/** True when a number is written again as in the text: an integer in the same digits, any other as near as doubles are. */
export function isKept(text: string): boolean {
  const number = Number(text);
  if (!Number.isFinite(number)) return false;
  const digits = Number.isSafeInteger(number) ? undefined : integer.exec(text)?.[1];
  return digits === undefined || digits === digitsOf(number);
}

/** The digits in which JSON gives an integer: the fewest that tell it from its neighbours, then zeros. */
function digitsOf(number: number): string {
  const [digits = '', exponent = ''] = Math.abs(number).toExponential().split('e');
  return digits.replace('.', '').padEnd(Number(exponent) + 1, '0');
}

/** For `JSON.parse`: NaN takes the place of a number that is not kept, so that whoever reads the value refuses it. */
export const markLost = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
  typeof value === 'number' && context?.source !== undefined && !isKept(context.source) ? Number.NaN : value;
