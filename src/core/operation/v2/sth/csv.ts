/** Writes values of a series as CSV (RFC 4180), with the columns of STH-Comet. */
import type { Json } from '../../../model/json.ts';

export interface SthValue {
  readonly recvTime: string;
  readonly attrType: string;
  readonly attrValue: Json;
}

const header = 'attrName,attrType,attrValue,recvTime';

export const csvOf = (attrName: string, values: readonly SthValue[]): string =>
  [
    header,
    ...values.map(({ attrType, attrValue, recvTime }) =>
      [attrName, attrType, textOf(attrValue), recvTime].map(cellOf).join(','),
    ),
    '',
  ].join('\r\n');

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

const cellOf = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
