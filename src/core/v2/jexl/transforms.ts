/** The transforms of JEXL in NGSI v2: `value|name(arguments)`. */
import { instantOf, type Micros, microsOf } from '../../model/instant.ts';
import { isArray, isObject, type Json, parseJson, sameJson } from '../../model/json.ts';
import { readDate } from '../date.ts';
import { JexlFailure } from './syntax.ts';

/** Throws JexlFailure when it does not apply to the value or the arguments. */
export type Transform = (value: Json, args: readonly Json[], now: Micros) => Json;

const wrong = (): JexlFailure => new JexlFailure('the transform does not apply');

function text(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  throw wrong();
}

function number(value: Json | undefined): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw wrong();
}

function array(value: Json | undefined): readonly Json[] {
  if (isArray(value)) return value;
  throw wrong();
}

/** The numbers of an array that has some. */
function numbers(value: Json): readonly number[] {
  const list = array(value).map(number);
  if (list.length === 0) throw wrong();
  return list;
}

const finite = (value: number): number => number(value);

const ofText =
  (apply: (value: string, args: readonly Json[]) => Json): Transform =>
  (value, args) =>
    apply(text(value), args);

const ofNumber =
  (apply: (value: number) => number): Transform =>
  (value) =>
    finite(apply(number(value)));

const ofNumbers =
  (apply: (list: readonly number[]) => number): Transform =>
  (value) =>
    finite(apply(numbers(value)));

const sum = (list: readonly number[]): number => list.reduce((total, one) => total + one, 0);

function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** Numbers before texts before everything else. */
function compare(a: Json, b: Json): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [first, second] = [a, b].map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
  return first === second ? 0 : String(first) < String(second) ? -1 : 1;
}

function find(value: Json, sought: Json | undefined): number {
  if (isArray(value)) return value.findIndex((element) => sameJson(element, sought));
  return text(value).indexOf(text(sought));
}

/** Unlike in JavaScript, a part that is not wholly there is none. */
function part(value: string, from: number, to: number): string {
  if (from < 0 || from > to || to > value.length) throw wrong();
  return value.slice(from, to);
}

function length(value: Json): number {
  return isArray(value) ? value.length : text(value).length;
}

function typeOf(value: Json): string {
  if (value === null) return 'Null';
  if (isArray(value)) return 'Array';
  if (isObject(value)) return 'Object';
  if (typeof value === 'string') return 'String';
  return typeof value === 'number' ? 'Number' : 'Boolean';
}

/** The choice at the place of the value among the values. */
function mapped(value: Json, [values, choices]: readonly Json[]): Json {
  const [from, to] = [array(values), array(choices)];
  const choice = to[from.findIndex((one) => sameJson(one, value))];
  if (from.length !== to.length || choice === undefined) throw wrong();
  return choice;
}

/** The choice between thresholds: there is one choice more than thresholds. */
function between(value: Json, [thresholds, choices]: readonly Json[]): Json {
  const [limits, to] = [array(thresholds).map(number), array(choices)];
  const place = limits.findIndex((limit) => number(value) <= limit);
  const choice = to[place < 0 ? limits.length : place];
  if (to.length !== limits.length + 1 || choice === undefined) throw wrong();
  return choice;
}

function parsed(value: Json): Json {
  try {
    return parseJson(text(value));
  } catch {
    throw wrong();
  }
}

function secondsOf(value: Json): number {
  const micros = microsOf(readDate(text(value)) ?? '');
  if (micros === undefined) throw wrong();
  return Math.floor(micros / 1_000_000);
}

function members(value: Json): readonly (readonly [string, Json])[] {
  if (isObject(value)) return Object.entries(value);
  throw wrong();
}

const readNumber =
  (read: (text: string) => number): Transform =>
  (value) =>
    finite(typeof value === 'number' ? read(String(value)) : read(text(value)));

const texts: Readonly<Record<string, Transform>> = {
  uppercase: ofText((value) => value.toUpperCase()),
  lowercase: ofText((value) => value.toLowerCase()),
  split: ofText((value, [separator]) => value.split(text(separator))),
  trim: ofText((value) => value.trim()),
  substring: ofText((value, [from, to]) => part(value, number(from), to === undefined ? value.length : number(to))),
  replaceStr: ofText((value, [from, to]) => value.replaceAll(text(from), () => text(to))),
  indexOf: (value, [sought]) => find(value, sought),
  includes: (value, [sought]) => find(value, sought) >= 0,
  len: length,
};

const kinds: Readonly<Record<string, Transform>> = {
  isNaN: (value) => typeof value !== 'number',
  parseInt: readNumber((value) => Number.parseInt(value, 10)),
  parseFloat: readNumber((value) => Number.parseFloat(value)),
  typeOf,
  toString: (value: Json) => (typeof value === 'string' ? value : JSON.stringify(value)),
  toJson: parsed,
  values: (value) => members(value).map(([, member]) => member),
  keys: (value) => members(value).map(([key]) => key),
  mapper: mapped,
  nMapper: (value, args) => mapped(number(value), args),
  thMapper: between,
};

const figures: Readonly<Record<string, Transform>> = {
  floor: ofNumber(Math.floor),
  ceil: ofNumber(Math.ceil),
  round: ofNumber(Math.round),
  toFixed: (value, [digits]) => Number(number(value).toFixed(Math.min(100, Math.max(0, number(digits))))),
  log: ofNumber(Math.log),
  log10: ofNumber(Math.log10),
  log2: ofNumber(Math.log2),
  sqrt: ofNumber(Math.sqrt),
  arrSum: ofNumbers(sum),
  arrAvg: ofNumbers((list) => sum(list) / list.length),
  arrMax: ofNumbers((list) => list.reduce((a, b) => Math.max(a, b))),
  arrMin: ofNumbers((list) => list.reduce((a, b) => Math.min(a, b))),
  arrMed: ofNumbers(median),
  arrSort: (value) => [...array(value)].sort(compare),
  arrReverse: (value) => [...array(value)].reverse(),
};

/** Times are in whole seconds. */
const times: Readonly<Record<string, Transform>> = {
  now: (value, _args, now) => Math.floor(now / 1_000_000) + Math.trunc(number(value)),
  toIsoString: (value) => isoOf(Math.trunc(number(value))),
  getTime: (value) => secondsOf(value),
};

/** The years that a time of NGSI-LD can have. */
function isoOf(seconds: number): string {
  const instant = Math.abs(seconds) < 8.6e12 ? instantOf(seconds * 1_000_000) : '';
  if (microsOf(instant) === undefined) throw wrong();
  return instant.replace('Z', '+00:00');
}

export const transforms: ReadonlyMap<string, Transform> = new Map(
  Object.entries({ ...texts, ...kinds, ...figures, ...times }),
);
