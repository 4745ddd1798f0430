/** Writes values of a series as CSV, with the columns of STH-Comet. */
import type { Json } from '../../../model/json.ts';
import { csvLine } from '../../csv.ts';

export interface SthValue {
  readonly recvTime: string;
  readonly attrType: string;
  readonly attrValue: Json;
}

const columns = ['attrName', 'attrType', 'attrValue', 'recvTime'];

export const csvOf = (attrName: string, values: readonly SthValue[]): string =>
  [columns, ...values.map(({ attrType, attrValue, recvTime }) => [attrName, attrType, attrValue ?? 'null', recvTime])]
    .map(csvLine)
    .join('');
