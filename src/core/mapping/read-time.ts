/** Reads times as files write them, by a pattern such as `d.M.yyyy HH:mm`. */
import { instantOf, isExact, isShortest, microsOf } from '../model/instant.ts';
import { quoted, RowFlaw } from './flaw.ts';
import type { ToUtc } from './time-zone.ts';

/** An instant (UTC) out of a text. Throws a RowFlaw when it is none. */
export type ReadTime = (text: string) => string;

/** What the letters of a pattern stand for, as regular expressions. A single letter takes one digit or two. */
const parts: Readonly<Record<string, string>> = {
  yyyy: '\\d{4}',
  yy: '\\d{2}',
  MM: '\\d{2}',
  M: '\\d{1,2}',
  dd: '\\d{2}',
  d: '\\d{1,2}',
  HH: '\\d{2}',
  H: '\\d{1,2}',
  hh: '\\d{2}',
  h: '\\d{1,2}',
  mm: '\\d{2}',
  m: '\\d{1,2}',
  ss: '\\d{2}',
  s: '\\d{1,2}',
  S: '\\d{1,9}',
  a: '[AaPp][Mm]',
  X: 'Z|[+-]\\d{2}:?\\d{2}',
};

/**
 * A reader for a pattern: `iso` (with offset, or without one in the zone), `epoch-s`, `epoch-ms`, or letters: yyyy yy MM
 * M dd d HH H hh h mm m ss s S (fraction) a (AM, PM) X (Z or an offset); all else stands for itself. Throws an Error
 * when the pattern has no year, month and day.
 */
export function createTimeReader(pattern: string, toUtc: ToUtc): ReadTime {
  if (pattern === 'epoch-s') return (text) => ofEpoch(text, 1_000_000);
  if (pattern === 'epoch-ms') return (text) => ofEpoch(text, 1000);
  const patterns = pattern === 'iso' ? isoPatterns : [pattern];
  const readers = patterns.map((one) => createPatternReader(one, toUtc));
  return (text) => {
    if (pattern === 'iso' && isInstant(text)) return text;
    for (const read of readers) {
      const instant = read(text);
      if (instant !== undefined) return instant;
    }
    throw new RowFlaw(`${quoted(text)} is no time like ${pattern === 'iso' ? '2026-03-02T07:00:00Z' : pattern}`);
  };
}

/** True for what `instantOf` would write, and for times that it could not write to the last digit. */
function isInstant(text: string): boolean {
  const micros = microsOf(text);
  return micros !== undefined && (!isExact(micros) || isShortest(text));
}

const isoPatterns = ['yyyy-MM-dd', ...['T', ' '].flatMap((blank) => isoOf(blank))];

function isoOf(blank: string): readonly string[] {
  return ['', 'X'].flatMap((zone) =>
    ['HH:mm', 'HH:mm:ss', 'HH:mm:ss.S'].map((time) => `yyyy-MM-dd${blank}${time}${zone}`),
  );
}

function ofEpoch(text: string, microsPerUnit: number): string {
  const micros = /^-?\d{1,16}(\.\d+)?$/.test(text) ? Math.round(Number(text) * microsPerUnit) : Number.NaN;
  // Beyond this, Date has no day for it.
  if (!(Math.abs(micros) < 8e18)) throw new RowFlaw(`${quoted(text)} is no number of seconds since 1970`);
  return instantOf(micros);
}

type Fields = Readonly<Record<string, string | undefined>>;

function createPatternReader(pattern: string, toUtc: ToUtc): (text: string) => string | undefined {
  const letters = pattern.match(/y+|M+|d+|H+|h+|m+|s+|S+|a|X/g) ?? [];
  const unknown = letters.find((one) => !(one in parts));
  if (unknown !== undefined || !/y/.test(pattern) || !/M/.test(pattern) || !/d/.test(pattern))
    throw new Error(
      `${quoted(pattern)} is no pattern of a time: it needs year, month and day, such as yyyy-MM-dd HH:mm:ss.`,
    );
  const source = pattern.replaceAll(/y+|M+|d+|H+|h+|m+|s+|S+|a|X|[^A-Za-z0-9\s]/g, (part) => {
    const expression = parts[part];
    return expression === undefined ? `\\${part}` : `(?<${part}>${expression})`;
  });
  const shape = new RegExp(`^${source}$`);
  return (text) => {
    const fields: Fields | undefined = shape.exec(text)?.groups;
    return fields && instantFrom(fields, text, toUtc);
  };
}

function instantFrom(fields: Fields, text: string, toUtc: ToUtc): string {
  const number = (...names: readonly string[]): number => Number(names.map((name) => fields[name]).find(Boolean) ?? 0);
  const year = fields['yy'] === undefined ? number('yyyy') : 2000 + number('yy');
  const [month, day] = [number('MM', 'M'), number('dd', 'd')];
  const [hour, minute, second] = [hourOf(fields, number), number('mm', 'm'), number('ss', 's')];
  const asUtcMs = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(asUtcMs);
  const isReal =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!isReal) throw new RowFlaw(`${quoted(text)} is no time that there is`);
  const utcMs = fields['X'] === undefined ? toUtc({ asUtcMs, text }) : asUtcMs - offsetIn(fields['X']);
  return instantOf(utcMs * 1000 + Number((fields['S'] ?? '').slice(0, 6).padEnd(6, '0')));
}

/** The hour of the day; hours of the forenoon and afternoon run from 12 over 1 to 11. */
function hourOf(fields: Fields, number: (...names: readonly string[]) => number): number {
  const half = fields['a']?.toLowerCase();
  const hour = number('HH', 'H', 'hh', 'h');
  return half === undefined ? hour : (hour % 12) + (half === 'pm' ? 12 : 0);
}

function offsetIn(text: string): number {
  if (text === 'Z') return 0;
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(text) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
