/** Reads temporal queries (clause 4.11) and computes the time intervals that they cover. */
import type { HistoricInstance } from '../model/history.ts';
import { type Instant, type Interval, type Micros, microsOf } from '../model/instant.ts';
import { badData } from '../model/problem.ts';
import { quoted } from '../model/read/id.ts';
import type { TemporalQuery, TimeProperty } from './filter.ts';

type Params = Readonly<Record<string, string>>;

const relations = ['before', 'after', 'between'] as const;
const properties: readonly TimeProperty[] = ['observedAt', 'createdAt', 'modifiedAt', 'deletedAt', 'any'];

/**
 * The query in the parameters timerel, timeAt, endTimeAt, timeproperty and lastN. Throws BadRequestData that names the faulty parameter.
 */
export function parseTemporal(params: Params): TemporalQuery {
  const lastN = readLastN(params['lastN']);
  const interval = readInterval(params);
  const timeproperty = oneOf(properties, 'timeproperty', params['timeproperty']);
  return {
    ...interval,
    timeproperty: timeproperty ?? (interval.timerel === undefined ? 'any' : 'observedAt'),
    ...(lastN === undefined ? undefined : { lastN }),
  };
}

function readInterval(params: Params): Pick<TemporalQuery, 'timerel' | 'timeAt' | 'endTimeAt'> {
  const timerel = oneOf(relations, 'timerel', params['timerel']);
  const timeAt = readMoment(params, 'timeAt');
  const endTimeAt = readMoment(params, 'endTimeAt');
  if (timerel === undefined) {
    if (timeAt === undefined && endTimeAt === undefined) return {};
    throw badData('The parameters timeAt and endTimeAt need a timerel.');
  }
  if (timeAt === undefined) throw badData(`The timerel ${timerel} needs a timeAt.`);
  if (timerel !== 'between') {
    if (endTimeAt !== undefined) throw badData(`The timerel ${timerel} takes no endTimeAt.`);
    return { timerel, timeAt };
  }
  if (endTimeAt === undefined) throw badData('The timerel between needs an endTimeAt.');
  if (endTimeAt <= timeAt) throw badData('The endTimeAt must be later than the timeAt.');
  return { timerel, timeAt, endTimeAt };
}

/** The time in a parameter; undefined when it is absent. Throws BadRequestData that names an invalid parameter. */
export function readMoment(params: Params, name: string): Micros | undefined {
  const text = params[name];
  if (text === undefined) return undefined;
  const micros = microsOf(text);
  if (micros === undefined)
    throw badData(`The parameter ${name} must be a UTC time such as 2026-03-01T08:00:00Z, not ${quoted(text)}.`);
  return micros;
}

function readLastN(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (number < 1) throw badData(`The parameter lastN must be a whole number of at least 1, not ${quoted(text)}.`);
  return number;
}

function oneOf<T extends string>(words: readonly T[], name: string, text: string | undefined): T | undefined {
  const word = words.find((one) => one === text);
  if (text === undefined || word !== undefined) return word;
  throw badData(`The parameter ${name} must be one of ${words.join(', ')}, not ${quoted(text)}.`);
}

/** The time by which a query selects and orders an instance; undefined for an instance that it does not select. */
export function timeOf(
  instance: HistoricInstance,
  { timeproperty }: Pick<TemporalQuery, 'timeproperty'>,
): Instant | undefined {
  if (timeproperty !== 'any') return instance[timeproperty];
  return instance.deletedAt === undefined ? (instance.observedAt ?? instance.modifiedAt) : undefined;
}

/** True for a moment in the interval of the query: before excludes its bound, after includes it, between is half-open. */
export function isWithin(
  { timerel, timeAt = Number.NaN, endTimeAt = Number.NaN }: TemporalQuery,
  micros: Micros,
): boolean {
  if (timerel === undefined) return true;
  if (timerel === 'before') return micros < timeAt;
  return micros >= timeAt && (timerel === 'after' || micros < endTimeAt);
}

/** The half-open interval of a temporal query (clause 4.11). */
export function boundsOf({ timerel, timeAt = 0, endTimeAt = 0 }: TemporalQuery): Interval {
  switch (timerel) {
    case 'before':
      return { from: -Infinity, to: timeAt };
    case 'after':
      return { from: timeAt, to: Infinity };
    case 'between':
      return { from: timeAt, to: endTimeAt };
    default:
      return { from: -Infinity, to: Infinity };
  }
}
