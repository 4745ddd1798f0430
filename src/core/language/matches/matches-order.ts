/** Implements the comparisons of `q`: numbers, texts by code point, times (clause 4.9). */
import type { Json } from '../../model/json.ts';
import type { QValue } from '../filter.ts';
import { compareInstants, isExact, microsOf } from '../../model/instant.ts';
import { microsBeside } from '../q/q-time.ts';

/** Negative, zero or positive when the stored value is before, at or after the operand; NaN when they have no order. */
export type Compare = (value: Json) => number;

/** Compares two texts by code point. `<` compares UTF-16 units, which puts U+FFFD after an emoji. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  return at === length ? a.length - b.length : rank(a.charCodeAt(at)) - rank(b.charCodeAt(at));
}

/** Surrogates belong to code points above all others. */
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/** The comparison with an operand. Booleans, lists and ranges have no order. */
export function compareWith(operand: QValue): Compare {
  if (operand.kind === 'time') return compareWithTime(operand);
  const fixed = operand.kind === 'uri' ? operand.uri : operand.kind === 'json' ? operand.value : undefined;
  if (typeof fixed === 'number') return (value) => (typeof value === 'number' ? value - fixed : Number.NaN);
  if (typeof fixed === 'string')
    return (value) => (typeof value === 'string' ? compareTexts(value, fixed) : Number.NaN);
  return () => Number.NaN;
}

const compareWithTime =
  ({ form, micros, text }: Extract<QValue, { kind: 'time' }>): Compare =>
  (value) => {
    if (typeof value !== 'string') return Number.NaN;
    const difference = (microsBeside(form, value) ?? Number.NaN) - micros;
    const isTold = difference !== 0 || isExact(micros) || microsOf(value) === undefined || microsOf(text) === undefined;
    return isTold ? difference : compareInstants(value, text);
  };
