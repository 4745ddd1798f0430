/** Reads the parameters of requests to QuantumLeap. */
import type { Filter } from '../../../language/filter.ts';
import { compilePattern } from '../../../language/pattern/pattern.ts';
import { readV2Geo } from '../../../v2/geo-query.ts';
import { attributeIris, typeIri } from '../../../v2/names.ts';
import { badRequest, V2Problem } from '../../../v2/problem.ts';
import { readUri } from '../../../v2/read-entity.ts';
import { readPaths } from '../../../v2/service-path.ts';
import type { HistoryQuery } from '../history/entities.ts';
import { type Bounds, readTime, temporalOf } from '../history/interval.ts';
import { type PeriodName, periodNames } from '../history/periods.ts';
import type { RowPage } from '../history/rows.ts';
import type { CallContext, OperationRequest } from '../../operation.ts';
import { historyPathOf, type Params, readNames } from '../request.ts';

const methods = ['count', 'sum', 'avg', 'min', 'max'] as const;

/** One value of each attribute per period, or one for the whole interval. */
export interface QuantumLeapAggregation {
  readonly method: (typeof methods)[number];
  readonly period?: PeriodName;
}

/** What a request asks for. */
export interface QuantumLeapQuery {
  readonly query: HistoryQuery;
  readonly page: RowPage;
  readonly aggregation?: QuantumLeapAggregation;
  /** `fromDate` and `toDate` as given; empty where they are not. */
  readonly interval: readonly [from: string, to: string];
}

export const noRecords = (): V2Problem =>
  new V2Problem('NotFound', 'No records were found for such query.', 'Not Found');

const invalid = (description: string): V2Problem =>
  new V2Problem('Unprocessable', description, 'Invalid parameter value');
const badUse = (description: string): V2Problem => new V2Problem('BadRequest', description, 'Bad parameters use');

/** The parameters that all reads have, and those that all but the list of entities have. */
export const selectionParameters = ['type', 'fromDate', 'toDate', 'limit', 'offset'] as const;
export const valueParameters = [
  ...selectionParameters,
  'lastN',
  'aggrMethod',
  'aggrPeriod',
  'options',
  'georel',
  'geometry',
  'coords',
] as const;

/** Throws BadRequest, Unprocessable, NotImplemented, and NotFound where the interval is empty. */
export function readQuantumLeapQuery({ path, params }: OperationRequest, call: CallContext): QuantumLeapQuery {
  const attr = path['attr'];
  const names = attr === undefined ? readNames(params, 'attrs') : [attr];
  const aggregation = readAggregation(params, names !== undefined);
  const geo = readV2Geo({ georel: params['georel'], geometry: params['geometry'], coords: params['coords'] });
  const { lastN } = params;
  const page = readRowPage(params);
  const last = lastN === undefined ? undefined : readWhole('lastN', lastN, 1);
  return {
    query: {
      ...readEntities({ path, params }, call, geo ? [geo] : []),
      attrs: names?.flatMap((name) => attributeIris(name, call.context)),
    },
    page: last === undefined ? page : { ...page, limit: Math.min(last, page.limit), isNewest: true },
    ...(aggregation ? { aggregation } : undefined),
    interval: [params['fromDate'] ?? '', params['toDate'] ?? ''],
  };
}

/** The entities of a request, and the interval. */
export function readEntities(
  { path, params }: Pick<OperationRequest, 'path' | 'params'>,
  call: CallContext,
  conditions: readonly Filter[] = [],
): HistoryQuery {
  const temporal = temporalOf(readBounds(params));
  if (!temporal) throw noRecords();
  const paths = readPaths(historyPathOf(call));
  const ids = path['id'] === undefined ? readNames(params, 'id') : [path['id']];
  const types = path['type'] === undefined ? readNames(params, 'type') : [path['type']];
  return {
    ids: ids?.map(readUri),
    types: types?.map((type) => typeIri(type, call.context)),
    matchesId: readIdPattern(params),
    temporal,
    conditions: [...(paths ? [paths] : []), ...conditions],
  };
}

function readBounds(params: Params): Bounds {
  const read = (name: string): number | undefined => {
    const text = params[name];
    if (text === undefined || text === '') return undefined;
    const time = readTime(text);
    if (time === undefined) throw invalid(`The parameter ${name} must be a time in ISO 8601, not ${quoted(text)}.`);
    return time;
  };
  return { from: read('fromDate'), to: read('toDate') };
}

function readIdPattern({ idPattern }: Params): HistoryQuery['matchesId'] {
  if (idPattern === undefined) return undefined;
  try {
    return compilePattern(idPattern);
  } catch {
    throw badRequest('Invalid regex for entity idPattern');
  }
}

function readAggregation(
  { aggrMethod, aggrPeriod, aggrScope = 'entity', options }: Params,
  areAttributesNamed: boolean,
): QuantumLeapAggregation | undefined {
  if (aggrPeriod !== undefined && aggrMethod === undefined)
    throw badUse('aggrMethod is compulsory when using aggrPeriod.');
  if (options !== undefined || aggrScope !== 'entity')
    throw new V2Problem('NotImplemented', 'aggrScope and options are not yet implemented.', 'Not implemented option');
  if (aggrMethod === undefined) return undefined;
  if (!areAttributesNamed) throw badUse(`Specified aggrMethod = ${aggrMethod} but missing attrs parameter.`);
  const method = oneOf(methods, 'aggrMethod', aggrMethod);
  return aggrPeriod === undefined ? { method } : { method, period: oneOf(periodNames, 'aggrPeriod', aggrPeriod) };
}

/** The initial limit, which is the maximum too. */
const limitMax = 10_000;

export const readRowPage = ({ limit = String(limitMax), offset = '0' }: Params): RowPage => ({
  limit: Math.min(readWhole('limit', limit, 1), limitMax),
  offset: readWhole('offset', offset, 0),
  isNewest: false,
});

function readWhole(name: string, text: string, least: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (number < least)
    throw invalid(`The parameter ${name} must be a whole number of at least ${least}, not ${quoted(text)}.`);
  return number;
}

function oneOf<T extends string>(words: readonly T[], name: string, text: string): T {
  const word = words.find((one) => one === text);
  if (word === undefined)
    throw invalid(`The parameter ${name} must be one of ${words.join(', ')}, not ${quoted(text)}.`);
  return word;
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 120));
