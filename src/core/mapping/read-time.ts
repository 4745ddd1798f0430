/** Reads times from files by a pattern such as `d.M.yyyy HH:mm`. */
import { instantOf, isExact, isShortest, microsOf, microsOfInstant } from '../model/instant.ts';
import { quoted, RowError } from './row-error.ts';
import { hourMs } from '../model/calendar/offsets.ts';
import type { ChooseMoment, ToUtc } from './time-zone.ts';

/** A parsed time: in milliseconds since 1970 (UTC), rounded down, and as an instant. */
interface TimeRead {
  readonly ms: number;
  readonly instant: string;
}

/** Reads a text. When a local time occurs twice, `choose` selects the moment. Throws a RowFlaw when the text is not a time. */
export type ReadTime = (text: string, choose: ChooseMoment) => TimeRead;

/** The regular expressions for the letters of a pattern. A single letter accepts one or two digits. */
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
  X: 'Z|[+\\u2212-]\\d{2}(?::?\\d{2})?',
};

/** Letters for the same part of a time. A pattern can have only one of them. */
const sameParts = ['yyyy yy', 'MM M', 'dd d', 'HH H hh h', 'mm m', 'ss s', 'S', 'a', 'X'].map((one) => one.split(' '));

/**
 * Creates a reader for a pattern: `iso` (with an offset, or in the time zone without one), `epoch-s`, `epoch-ms`, or letters: yyyy yy MM M
 * dd d HH H hh h mm m ss s S (fraction) a (AM, PM) X (Z or an offset). All other characters are literal. Throws an Error when the pattern
 * has no year, month and day, or has a part twice.
 */
export function createTimeReader(pattern: string, toUtc: ToUtc): ReadTime {
  if (pattern === 'epoch-s') return (text) => ofEpoch(text, 1_000_000, 'seconds');
  if (pattern === 'epoch-ms') return (text) => ofEpoch(text, 1000, 'milliseconds');
  const patterns = pattern === 'iso' ? isoPatterns : [pattern];
  const readers = patterns.map((one) => createPatternReader(one, toUtc));
  return (text, choose) => {
    if (pattern === 'iso' && isInstant(text)) return { ms: Math.floor(microsOfInstant(text) / 1000), instant: text };
    for (const read of readers) {
      const found = read(text, choose);
      if (found !== undefined) return found;
    }
    throw new RowError(`${quoted(text)} is no time like ${pattern === 'iso' ? '2026-03-02T07:00:00Z' : pattern}`);
  };
}

/** True for a text that `instantOf` would write, and for a time that it cannot write exactly. */
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

function ofEpoch(text: string, microsPerUnit: number, units: string): TimeRead {
  const plain = text.replace('\u2212', '-');
  const micros = /^-?\d{1,16}(\.\d+)?$/.test(plain) ? Math.round(Number(plain) * microsPerUnit) : Number.NaN;
  if (Number.isNaN(micros)) throw new RowError(`${quoted(text)} is no number of ${units} since 1970`);
  const ms = Math.floor(micros / 1000);
  return timeAt(ms, micros - ms * 1000, text);
}

/** The first millisecond of the year 0 and of the year 10000: the range of years with four digits. */
const [firstMs, endMs] = [-62_167_219_200_000, 253_402_300_800_000];

function timeAt(ms: number, micros: number, text: string): TimeRead {
  if (ms < firstMs || ms >= endMs) throw new RowError(`${quoted(text)} is not in the years 0 to 9999`);
  const second = Math.floor(ms / 1000);
  // Far from 1970, a double loses single microseconds, but not whole seconds.
  const fraction = String((ms - second * 1000) * 1000 + micros)
    .padStart(6, '0')
    .replace(/0+$/, '');
  const whole = instantOf(second * 1_000_000);
  return { ms, instant: fraction === '' ? whole : whole.replace('Z', `.${fraction}Z`) };
}

type Fields = Readonly<Record<string, string | undefined>>;
type ReadPattern = (text: string, choose: ChooseMoment) => TimeRead | undefined;

const letterGroups = /y+|M+|d+|H+|h+|m+|s+|S+|a|X/g;

function createPatternReader(pattern: string, toUtc: ToUtc): ReadPattern {
  refuseFlaws(pattern);
  const source = pattern.replaceAll(/y+|M+|d+|H+|h+|m+|s+|S+|a|X|[^A-Za-z0-9\s]/g, (part) => {
    const expression = parts[part];
    return expression === undefined ? `\\${part}` : `(?<${part}>${expression})`;
  });
  const shape = new RegExp(`^${source}$`);
  return (text, choose) => {
    const fields: Fields | undefined = shape.exec(text)?.groups;
    return fields && timeFrom(fields, text, (time) => chosen(toUtc(time), choose));
  };
}

const chosen = ([earlier, later]: ReturnType<ToUtc>, choose: ChooseMoment): number =>
  later === undefined ? earlier : choose(earlier, later);

/** Throws an Error that describes the fault of an invalid pattern. */
function refuseFlaws(pattern: string): void {
  const letters = pattern.match(letterGroups) ?? [];
  const unknown = letters.find((one) => !(one in parts));
  if (unknown !== undefined || !/y/.test(pattern) || !/M/.test(pattern) || !/d/.test(pattern))
    throw new Error(
      `${quoted(pattern)} is no pattern of a time: ${unknown === undefined ? 'it needs year, month and day' : `${quoted(unknown)} is none of ${Object.keys(parts).join(' ')}`}, such as yyyy-MM-dd HH:mm:ss.`,
    );
  for (const same of sameParts) {
    const [first, second] = letters.filter((one) => same.includes(one));
    if (second === undefined) continue;
    const names = first === second ? `${first} twice` : `both ${first} and ${second}`;
    throw new Error(`${quoted(pattern)} is no pattern of a time: it has ${names}. Each part of a time is read once.`);
  }
}

function timeFrom(fields: Fields, text: string, toMs: (time: Parameters<ToUtc>[0]) => number): TimeRead {
  const number = (...names: readonly string[]): number => Number(names.map((name) => fields[name]).find(Boolean) ?? 0);
  const year = fields['yy'] === undefined ? number('yyyy') : 2000 + number('yy');
  const micros = Number((fields['S'] ?? '').slice(0, 6).padEnd(6, '0'));
  const dayMs = dayOf(year, number('MM', 'M'), number('dd', 'd'));
  const inDayMs = timeOfDay(hourOf(fields, number), number('mm', 'm'), number('ss', 's'));
  const asUtcMs = dayMs + inDayMs;
  // 24:00 is the end of the day (ISO 8601): 00:00 of the next day.
  const isBeyondDay = inDayMs === 24 * hourMs && micros > 0;
  if (Number.isNaN(asUtcMs) || isBeyondDay) throw new RowError(`${quoted(text)} is no time that there is`);
  const ms = fields['X'] === undefined ? toMs({ asUtcMs, text }) : asUtcMs - offsetIn(fields['X'], text);
  return timeAt(ms + Math.floor(micros / 1000), micros % 1000, text);
}

/** The start of a day in milliseconds; NaN for a date that does not exist. */
function dayOf(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : Number.NaN;
}

/** A time of day in milliseconds, up to 24:00:00; NaN for an invalid time. */
function timeOfDay(hour: number, minute: number, second: number): number {
  const ms = hour * hourMs + minute * 60_000 + second * 1000;
  return minute < 60 && second < 60 && ms <= 24 * hourMs ? ms : Number.NaN;
}

/** The hour of the day. With AM or PM, hours are 12, then 1 to 11. */
function hourOf(fields: Fields, number: (...names: readonly string[]) => number): number {
  const half = fields['a']?.toLowerCase();
  const hour = number('HH', 'H', 'hh', 'h');
  if (half === undefined) return hour;
  return hour > 12 ? Number.NaN : (hour % 12) + (half === 'pm' ? 12 : 0);
}

function offsetIn(text: string, time: string): number {
  if (text === 'Z') return 0;
  const [, sign, hours = 0, minutes = 0] = /^([+\u2212-])([01]\d|2[0-3]):?([0-5]\d)?$/.exec(text) ?? [];
  if (sign === undefined) throw new RowError(`${quoted(time)} has the offset ${text}, which there is not`);
  return (sign === '+' ? 1 : -1) * (Number(hours) * hourMs + Number(minutes) * 60_000);
}
