/** Converts numbers from files: changes units, divides by other columns, rounds decimals. */
import type { Json } from '../model/json.ts';
import { RowError } from './row-error.ts';
import { cellOf, numberOf, type RowReading, type Row } from './row.ts';
import type { Spec } from './spec.ts';

type ReadNumber = (row: Row) => number | undefined;

/** Applied in this order: `times`, `dividedBy`, `plus`, `minus`. */
const steps: readonly (readonly [name: string, apply: (value: number, by: number) => number])[] = [
  ['times', (value, by) => value * by],
  ['dividedBy', (value, by) => value / by],
  ['plus', (value, by) => value + by],
  ['minus', (value, by) => value - by],
];

/**
 * Applies the steps of a spec to a number. The operand of a step is a number or the number in another column. The result is undefined when
 * a number is missing. With `runningSum`, the result is added to the results of the previous rows, like the register of a meter.
 */
export function createArithmetic(
  start: ReadNumber,
  spec: Spec,
  { reading, isInteger }: { readonly reading: RowReading; readonly isInteger: boolean },
): ReadNumber {
  const applied = steps.flatMap(([name, apply]) => {
    const by = spec.json(name);
    return by === undefined ? [] : [{ apply, by: operandOf(by, `${spec.place}.${name}`, reading) }];
  });
  const sum = spec.flag('runningSum') ? createSum(reading) : undefined;
  const decimals = spec.number('decimals');
  return (row) => {
    let value = start(row);
    for (const { apply, by } of applied) {
      const operand = value === undefined ? undefined : by(row);
      value = value === undefined || operand === undefined ? undefined : apply(value, operand);
    }
    if (value === undefined) return undefined;
    const number = checked(value, isInteger);
    const total = sum ? sum(row, number) : number;
    return decimals === undefined ? total : Number(total.toFixed(decimals));
  };
}

function checked(value: number, isInteger: boolean): number {
  if (!Number.isFinite(value)) throw new RowError('a number is divided by zero or is too large');
  if (isInteger && !Number.isInteger(value)) throw new RowError(`${value} is no whole number`);
  return value;
}

/** Sums over the rows, one per entity. */
function createSum({ idOf }: RowReading): (row: Row, value: number) => number {
  const sums = new Map<string | undefined, number>();
  return (row, value) => {
    const id = idOf(row);
    const total = (sums.get(id) ?? 0) + value;
    sums.set(id, total);
    return total;
  };
}

function operandOf(by: Json, place: string, reading: RowReading): ReadNumber {
  if (typeof by === 'number') return () => by;
  if (typeof by !== 'string') throw new Error(`${place} must be a number or the name of a column.`);
  reading.columns.add(by);
  return (row) => {
    const cell = cellOf(row, by, reading);
    return cell === undefined ? undefined : numberOf(cell, by, reading);
  };
}
