/** Reads parameters of Open311, which come in the query, in a form or as JSON. */
import { dayMicros, microsOf, type Micros } from '../../core/model/instant.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../core/model/json.ts';
import { badData } from '../../core/model/problem.ts';
import type { OperationRequest } from '../../core/operation/operation.ts';
import type { ReportQuery } from './reports.ts';

/** Values by name; a parameter that is given more than once has a list. */
export type Given = JsonObject;

export const givenIn = ({ body }: Pick<OperationRequest, 'body'>): Given => (isObject(body) ? body : {});

/** A text without blanks around it. Undefined: absent or empty. Throws BadRequestData when it is longer. */
export function textOf(given: Given, name: string, longest: number): string | undefined {
  const value = given[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' && typeof value !== 'number') throw badData(`The parameter ${name} must be one text.`);
  const text = String(value).trim();
  if (text.length > longest)
    throw badData(`The parameter ${name} must have at most ${longest} characters, not ${text.length}.`);
  return text === '' ? undefined : text;
}

/** A decimal number within bounds. */
export function numberOf(given: Given, name: string, [least, most]: readonly [number, number]): number | undefined {
  const text = textOf(given, name, 100);
  if (text === undefined) return undefined;
  const number = Number(text);
  if (number >= least && number <= most) return number;
  throw badData(`The parameter ${name} must be a number from ${least} to ${most}, not ${JSON.stringify(text)}.`);
}

function wholeOf(given: Given, name: string, most: number): number | undefined {
  const number = numberOf(given, name, [1, most]);
  if (number === undefined || Number.isInteger(number)) return number;
  throw badData(`The parameter ${name} must be a whole number, not ${number}.`);
}

/** Most elements of a list in a parameter. */
const listMax = 100;

/** A list with commas. Undefined: absent or empty. */
function listOf(given: Given, name: string): readonly string[] | undefined {
  const value = given[name];
  const text = isArray(value) ? value.filter((one) => typeof one === 'string').join(',') : textOf(given, name, 20_000);
  const list = (text ?? '').split(',').map((one) => one.trim());
  const filled = list.filter((one) => one !== '');
  if (filled.length > listMax) throw badData(`The parameter ${name} may have ${listMax} elements at most.`);
  return filled.length === 0 ? undefined : filled;
}

function momentOf(given: Given, name: string): Micros | undefined {
  const text = textOf(given, name, 100);
  if (text === undefined) return undefined;
  const micros = microsWithOffset(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  if (micros !== undefined) return micros;
  throw badData(`The parameter ${name} must be a time such as 2026-03-01T00:00:00Z, not ${JSON.stringify(text)}.`);
}

/** A time in UTC, or with an offset, whose plus sign a form may have made a blank. */
function microsWithOffset(text: string): Micros | undefined {
  const [, local, sign = '+', hours = '0', minutes = '0'] = /^(.*T.*?)(?:([+\s-])(\d\d):?(\d\d))?$/.exec(text) ?? [];
  if (local === undefined) return undefined;
  const micros = microsOf(local.endsWith('Z') ? local : `${local}Z`);
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000_000;
  return micros === undefined ? undefined : micros - (sign === '-' ? -offset : offset);
}

/** Reports that one answer has at most, as the standard says. */
const reportsMax = 1000;
/** Pages end here: each page costs as much as those before it. */
const pageMax = 1000;
/** Longest range of a query by time, as the standard says. */
const rangeMax = 90 * dayMicros;
const statuses = new Set(['open', 'closed']);

/** Without dates: the last 90 days before `now`. Throws BadRequestData that names the parameter. */
export function readReportQuery(given: Given, now: Micros): ReportQuery {
  const limit = wholeOf(given, 'page_size', reportsMax) ?? reportsMax;
  const page = wholeOf(given, 'page', pageMax) ?? 1;
  const jurisdiction = textOf(given, 'jurisdiction_id', 200);
  const common = { limit, offset: (page - 1) * limit, jurisdiction };
  const ids = listOf(given, 'service_request_id');
  if (ids) return { ...common, ids };
  const wanted = listOf(given, 'status');
  const wrong = wanted?.find((one) => !statuses.has(one));
  if (wrong !== undefined)
    throw badData(`The parameter status may have open and closed, not ${JSON.stringify(wrong.slice(0, 100))}.`);
  return { ...common, codes: listOf(given, 'service_code'), statuses: wanted, ...rangeIn(given, now) };
}

function rangeIn(given: Given, now: Micros): { readonly from: Micros; readonly to?: Micros } {
  const [start, end] = [momentOf(given, 'start_date'), momentOf(given, 'end_date')];
  if (start === undefined) return { from: (end ?? now) - rangeMax, ...(end === undefined ? {} : { to: end }) };
  if (end === undefined) return { from: start, to: start + rangeMax };
  if (end < start) throw badData('The parameter end_date must not be before start_date.');
  if (end - start > rangeMax) throw badData('The time from start_date to end_date must be 90 days at most.');
  return { from: start, to: end };
}

/** The answers to questions by their codes: the parameters `attribute[CODE]` and `attribute[CODE][]`. */
export function answersIn(given: Given): ReadonlyMap<string, readonly string[]> {
  const answers = Object.entries(given).flatMap(([name, value]): readonly (readonly [string, readonly string[]])[] => {
    const code = /^attribute\[([^\]]+)\](?:\[\])?$/.exec(name)?.[1];
    return code === undefined ? [] : [[code, textsIn(value)]];
  });
  return new Map(answers);
}

const textsIn = (value: Json): readonly string[] =>
  (isArray(value) ? value : [value])
    .filter((one) => typeof one === 'string' || typeof one === 'number')
    .map((one) => String(one).trim())
    .filter((one) => one !== '');
