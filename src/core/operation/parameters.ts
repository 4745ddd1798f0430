/**
 * Reads query parameters, the entity ids of paths and bodies into values. Every error message names the parameter and its allowed values.
 */
import { type Instant, microsOf } from '../model/instant.ts';
import { isObject, type JsonObject } from '../model/json.ts';
import { badData, Problem } from '../model/problem.ts';
import { readId } from '../model/read/id.ts';
import type { OperationRequest, Limits, Page } from './operation.ts';

type Params = Readonly<Record<string, string>>;

const invalid = (detail: string): Problem => new Problem('InvalidRequest', detail);

/** The elements of a comma-separated list; undefined when the parameter is absent. Throws BadRequestData when an element is empty. */
export function readList(params: Params, name: string): readonly string[] | undefined {
  const text = params[name];
  if (text === undefined) return undefined;
  const elements = text.split(',').map((element) => element.trim());
  if (elements.includes('')) throw badData(`The parameter ${name} has an empty element: ${JSON.stringify(text)}.`);
  return elements;
}

/** The datasets of the parameter `datasetId`: URIs, and `@none` for the default instance (clause 4.5.5). */
export const readDatasetIds = (params: Params): readonly string[] | undefined =>
  readList(params, 'datasetId')?.map((text) => (text === '@none' ? text : readId(text, 'datasetId')));

/**
 * The instances of an attribute that a deletion applies to: all with `deleteAll=true`, else the instance that `datasetId` names. That is
 * the default instance when `datasetId` is absent or `@none` (clauses 5.6.5, 5.6.13).
 */
export function readDeletedInstances(params: Params): 'all' | { readonly datasetId?: string } {
  const isAll = readBoolean(params, 'deleteAll') ?? false;
  const datasetId = readDatasetId(params);
  if (isAll) return 'all';
  return datasetId === undefined ? {} : { datasetId };
}

/** The dataset of the parameter `datasetId` where it names one. Undefined: the default instance. */
export const readDatasetId = ({ datasetId }: Params): string | undefined =>
  datasetId === undefined || datasetId === '@none' ? undefined : readId(datasetId, 'datasetId');

/** The time of the parameter `observedAt`; undefined when absent. */
export function readObservedAt({ observedAt }: Params): Instant | undefined {
  if (observedAt === undefined || microsOf(observedAt) !== undefined) return observedAt;
  throw badData(
    `The parameter observedAt must be a UTC time such as 2026-03-01T08:00:00Z, not ${JSON.stringify(observedAt)}.`,
  );
}

/** The id of an entity in the path of an operation. Throws BadRequestData when it is not a URI. */
export const readEntityId = ({ path }: Pick<OperationRequest, 'path'>): string => readId(path['id'] ?? '');

/** The body of an operation whose body is an object. Empty without a body. */
export const bodyOf = ({ body }: Pick<OperationRequest, 'body'>): JsonObject => (isObject(body) ? body : {});

/** `true` or `false` in any case; undefined when absent. */
export function readBoolean(params: Params, name: string): boolean | undefined {
  const text = params[name]?.toLowerCase();
  if (text === undefined || text === 'true' || text === 'false')
    return text === undefined ? undefined : text === 'true';
  throw badData(`The parameter ${name} must be true or false, not ${JSON.stringify(params[name])}.`);
}

/** A whole number of at least `least`; undefined when absent. */
export function readWhole(params: Params, name: string, least: number): number | undefined {
  const text = params[name];
  if (text === undefined) return undefined;
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(number) || number < least) {
    throw badData(`The parameter ${name} must be a whole number of at least ${least}, not ${JSON.stringify(text)}.`);
  }
  return number;
}

/** `limit`, `offset` and `count` (clause 6.3.10). `limit=0` only counts. */
export function readPaging(
  params: Params,
  { pageDefault, pageMax }: Limits,
): { limit: number; offset: number; isCounted: boolean } {
  const limit = readWhole(params, 'limit', 0) ?? pageDefault;
  const isCounted = readBoolean(params, 'count') ?? false;
  if (limit === 0 && !isCounted) throw badData('The parameter limit may be 0 only together with count=true.');
  if (limit > pageMax)
    throw new Problem('TooManyResults', `The parameter limit must be at most ${pageMax}, not ${limit}.`);
  return { limit, offset: readWhole(params, 'offset', 0) ?? 0, isCounted };
}

/** Replaces the value `count` of `options`, which older clients send, by `count=true`. */
export function liftCount(params: Params): Params {
  const { options, ...others } = params;
  const chosen = options?.split(',').map((option) => option.trim()) ?? [];
  if (!chosen.includes('count')) return params;
  const rest = chosen.filter((option) => option !== 'count').join(',');
  return { count: 'true', ...others, ...(rest === '' ? undefined : { options: rest }) };
}

/** The page of a query that asked for one element more than the limit. */
export const pageOf = (
  found: number,
  { limit, offset }: { limit: number; offset: number },
  count: number | undefined,
): Page => ({
  limit,
  offset,
  hasMore: found > limit,
  ...(count === undefined ? undefined : { count }),
});

/** The values of `options` (a comma-separated list). Each must be allowed (clauses 6.3.11, 6.3.12). */
export function readOptions<T extends string>(params: Params, allowed: readonly T[]): ReadonlySet<T> {
  const chosen = new Set<T>();
  for (const text of params['options']?.split(',') ?? []) {
    const option = allowed.find((one) => one === text.trim());
    if (option === undefined)
      throw invalid(`The parameter options may hold ${allowed.join(', ')}, not ${JSON.stringify(text)}.`);
    chosen.add(option);
  }
  return chosen;
}

/** The parameter `format`. It must be one of the allowed values. */
export function readFormat<T extends string>(params: Params, allowed: readonly T[]): T | undefined {
  const text = params['format'];
  if (text === undefined) return undefined;
  const format = allowed.find((one) => one === text);
  if (format === undefined)
    throw invalid(`The parameter format may be ${allowed.join(', ')}, not ${JSON.stringify(text)}.`);
  return format;
}
