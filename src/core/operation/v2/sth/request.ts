/** Reads the parameters of requests to STH-Comet. The texts of its errors are those of its validation. */
import { later } from '../../../language/duration.ts';
import type { Micros } from '../../../model/instant.ts';
import { attributeIris, typeIri } from '../../../v2/names.ts';
import { badRequest, type V2Problem } from '../../../v2/problem.ts';
import { readUri } from '../../../v2/read-entity.ts';
import { readPaths } from '../../../v2/service-path.ts';
import type { CallContext, OperationRequest } from '../../operation.ts';
import type { HistoryQuery } from '../history/entities.ts';
import { type Bounds, readTime, temporalOf } from '../history/interval.ts';
import { beginningOfPeriod, durations } from '../history/periods.ts';
import type { RowPage } from '../history/rows.ts';
import { historyPathOf, type Params } from '../request.ts';

export const sthParameters = [
  'lastN',
  'hLimit',
  'hOffset',
  'dateFrom',
  'dateTo',
  'filetype',
  'count',
  'aggrMethod',
  'aggrPeriod',
] as const;

const methods = ['min', 'max', 'sum', 'sum2', 'occur'] as const;
export type SthMethod = (typeof methods)[number];

const resolutions = ['month', 'day', 'hour', 'minute', 'second'] as const;
export type Resolution = (typeof resolutions)[number];

/** What a request asks for: single values, or points with aggregates. */
export type SthMode =
  | { readonly kind: 'raw'; readonly page: RowPage; readonly isCsv: boolean; readonly isCounted: boolean }
  | { readonly kind: 'aggregated'; readonly methods: ReadonlySet<SthMethod>; readonly resolution: Resolution };

export interface SthRequest {
  readonly mode: SthMode;
  /** Absent: the interval is empty. */
  readonly query: HistoryQuery | undefined;
}

/** Throws BadRequest. */
export function readSthRequest(request: OperationRequest, call: CallContext): SthRequest {
  const bounds = { from: readMoment(request.params, 'dateFrom'), to: readMoment(request.params, 'dateTo') };
  const mode = readMode(request.params, call);
  return {
    mode,
    query: readSeriesQuery(request, mode.kind === 'raw' ? bounds : wholePeriods(bounds, mode.resolution), call),
  };
}

/** The series of a path, or of all below it. The default of the service path is `/`. */
export function readSeriesQuery(
  { path, params }: Pick<OperationRequest, 'path' | 'params'>,
  bounds: Bounds,
  call: CallContext,
): HistoryQuery | undefined {
  const temporal = temporalOf(bounds);
  const { id, attr, type = params['type'] } = path;
  const paths = readPaths(historyPathOf(call));
  return (
    temporal && {
      ids: id === undefined ? undefined : [readUri(id)],
      types: type === undefined ? undefined : [typeIri(type, call.context)],
      attrs: attr === undefined ? undefined : attributeIris(attr, call.context),
      temporal,
      conditions: paths ? [paths] : [],
    }
  );
}

/** Points are shown with everything that is in their periods. */
function wholePeriods({ from, to }: Bounds, resolution: Resolution): Bounds {
  const end = to === undefined ? undefined : later(beginningOfPeriod(to, resolution), durations[resolution], 1);
  return {
    from: from === undefined ? undefined : beginningOfPeriod(from, resolution),
    // Both bounds of an interval are inclusive, as far as a millisecond.
    to: end === undefined ? undefined : end - 1000,
  };
}

function readMode(params: Params, call: CallContext): SthMode {
  const page = readPage(params);
  const isCsv = params['filetype']?.toLowerCase() === 'csv';
  const isCounted = readCounted(params);
  const aggregated = readAggregation(params);
  if (page) return { kind: 'raw', page, isCsv, isCounted };
  if (isCsv) {
    const all = { limit: call.services.limits.instancesMax, offset: 0, isNewest: false };
    return { kind: 'raw', page: all, isCsv, isCounted };
  }
  if (aggregated) return aggregated;
  throw badRequest(
    'A combination of the following query params is required: lastN, hLimit and hOffset, filetype, or aggrMethod and aggrPeriod',
  );
}

/** Most values of one answer. */
const pageMax = 10_000;

function readPage(params: Params): RowPage | undefined {
  const [lastN, hLimit, hOffset] = ['lastN', 'hLimit', 'hOffset'].map((name) => readWhole(params, name));
  if (hLimit !== undefined) refuseLarge(hLimit, lastN ?? pageMax);
  if (lastN !== undefined) refuseLarge(lastN, pageMax);
  if (lastN !== undefined) return { limit: lastN, offset: 0, isNewest: true };
  return hLimit === undefined || hOffset === undefined
    ? undefined
    : { limit: hLimit, offset: hOffset, isNewest: false };
}

function refuseLarge(size: number, most: number): void {
  if (size > most) throw badRequest('hLimit <= lastN <= config.maxPageSize');
}

function readAggregation({ aggrMethod, aggrPeriod }: Params): Extract<SthMode, { kind: 'aggregated' }> | undefined {
  const chosen = aggrMethod === undefined ? undefined : readMethods(aggrMethod);
  if (aggrPeriod !== undefined && !isOneOf(resolutions, aggrPeriod))
    throw invalid('aggrPeriod', `must be one of [${resolutions.join(', ')}]`);
  return chosen && aggrPeriod !== undefined
    ? { kind: 'aggregated', methods: chosen, resolution: aggrPeriod }
    : undefined;
}

function readMethods(text: string): ReadonlySet<SthMethod> {
  const names = text.split(',');
  const pattern = `(${[...methods, 'all'].join('|')})`;
  if (names.some((name) => name !== 'all' && !isOneOf(methods, name)))
    throw invalid(
      'aggrMethod',
      `with value "${text.slice(0, 120)}" fails to match the required pattern: /^${pattern}(,${pattern})*$/`,
    );
  return new Set(names.includes('all') ? methods : methods.filter((method) => names.includes(method)));
}

const isOneOf = <T extends string>(words: readonly T[], text: string): text is T => words.some((word) => word === text);

function readCounted({ count }: Params): boolean {
  if (count !== undefined && count !== 'true' && count !== 'false') throw invalid('count', 'must be a boolean');
  return count === 'true';
}

function readWhole(params: Params, name: string): number | undefined {
  const text = params[name];
  if (text === undefined) return undefined;
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(number)) throw invalid(name, 'must be a number');
  if (!Number.isSafeInteger(number)) throw invalid(name, 'must be an integer');
  if (number < 0) throw invalid(name, 'must be greater than -1');
  return number;
}

/** A date, or the milliseconds since 1970. */
function readMoment(params: Params, name: string): Micros | undefined {
  const text = params[name];
  if (text === undefined) return undefined;
  const time = /^\d{5,14}$/.test(text) ? Number(text) * 1000 : readTime(text);
  if (time === undefined) throw invalid(name, 'must be a number of milliseconds or valid date string');
  return time;
}

export const invalid = (name: string, why: string): V2Problem =>
  badRequest(`child "${name}" fails because ["${name}" ${why}]`);
