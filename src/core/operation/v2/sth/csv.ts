/** Writes values of a series as CSV, with the columns of STH-Comet. */
import { forEachInterruptible, type Interruptible } from '../../../model/interruptible.ts';
import type { Json } from '../../../model/json.ts';
import { csvLine } from '../../csv.ts';

export interface SthValue {
  readonly recvTime: string;
  readonly attrType: string;
  readonly attrValue: Json;
}

const columns = ['attrName', 'attrType', 'attrValue', 'recvTime'];

export function* csvOf(attrName: string, values: readonly SthValue[]): Interruptible<string> {
  const lines = [csvLine(columns)];
  yield* forEachInterruptible(values, ({ attrType, attrValue, recvTime }) =>
    lines.push(csvLine([attrName, attrType, attrValue ?? 'null', recvTime])),
  );
  return lines.join('');
}
