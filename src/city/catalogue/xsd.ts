/** Lexical forms of XML Schema that the catalogue uses: dates, durations, numbers. */
import { iriOf, type PrefixedName } from './vocabulary.ts';

/** Days of a month; 0 for a month that does not exist. */
const daysIn = (year: number, month: number): number =>
  month < 1 || month > 12 ? 0 : new Date(Date.UTC(year, month, 0)).getUTCDate();

const isDay = (text: string): boolean => {
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number);
  return day >= 1 && day <= daysIn(year, month);
};

const zone = '(?:Z|[+-](?:0\\d|1[0-4]):[0-5]\\d)';
const date = new RegExp(`^(\\d{4}-\\d\\d-\\d\\d)${zone}?$`);
const dateTime = new RegExp(`^(\\d{4}-\\d\\d-\\d\\d)T(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d+)?${zone}?$`);

const lexicalForms: Readonly<Record<string, (text: string) => boolean>> = {
  date: (text) => isDay(date.exec(text)?.[1] ?? ''),
  dateTime: (text) => isDay(dateTime.exec(text)?.[1] ?? ''),
  gYear: (text) => /^\d{4}$/.test(text),
  gYearMonth: (text) => /^\d{4}-(?:0[1-9]|1[0-2])$/.test(text),
  duration: (text) =>
    /^-?P(?=\d|T\d)(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?$/.test(text),
  decimal: (text) => /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/.test(text),
  nonNegativeInteger: (text) => /^\+?\d+$/.test(text),
  hexBinary: (text) => /^(?:[0-9A-Fa-f]{2})*$/.test(text),
};

/** The datatypes that dates in the catalogue may have. */
export const temporalTypes = ['date', 'dateTime', 'gYear', 'gYearMonth'] as const;

/** True when a text is well formed for a datatype of XML Schema, or when the datatype is none of those that the catalogue uses. */
export const isWellFormed = (text: string, datatype: string): boolean =>
  lexicalForms[datatype.slice(iriOf('xsd:').length)]?.(text) ?? true;

/** The datatype of a date or time; undefined for a text that is none. */
export function temporalTypeOf(text: string): PrefixedName | undefined {
  const found = temporalTypes.find((type) => lexicalForms[type]?.(text));
  return found && `xsd:${found}`;
}

/** A number as `xsd:decimal`: without an exponent. Undefined for what is no finite number. */
export function decimalText(value: number): string | undefined {
  if (!Number.isFinite(value)) return undefined;
  return /e/.test(String(value)) ? value.toFixed(20).replace(/\.?0+$/, '') : String(value);
}
