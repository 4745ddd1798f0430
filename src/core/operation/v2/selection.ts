/** Reads which entities a request of NGSI v2 selects, in which order, and which page of them. */
import { anyOfTypes, type EntitySelector, type Filter, type Pattern } from '../../language/filter.ts';
import type { Order } from '../../language/order.ts';
import { compilePattern, refuseManyPatterns } from '../../language/pattern/pattern.ts';
import type { Geometry } from '../../model/geometry.ts';
import { isArray, isObject, isStrings, type Json, type JsonObject } from '../../model/json.ts';
import { coreLocation } from '../../model/v2/location.ts';
import { isClean } from '../../v2/characters.ts';
import { readExpression, type V2Expression } from '../../v2/expression.ts';
import { readV2Geo } from '../../v2/geo-query.ts';
import { typeIri, typeName } from '../../v2/names.ts';
import { badRequest } from '../../v2/problem.ts';
import { parseV2Query, pathOfName } from '../../v2/query.ts';
import { readUri } from '../../v2/read-entity.ts';
import type { CallContext } from '../operation.ts';
import { type Params, pathsOf, readNames, typesOf } from './request.ts';
import type { ListDemand } from './with-sources.ts';

/** The entities that the parameters select. Throws BadRequest. */
export async function readV2Selection(params: Params, call: CallContext): Promise<Filter> {
  const { id, idPattern, type, typePattern } = params;
  refuseBoth([id, idPattern], 'id, IdPattern');
  refuseBoth([type, typePattern], 'type, typePattern');
  const ids = readNames(params, 'id')?.map(readUri);
  const types = typesOf(params, call.context) ?? (await typesMatching(typePattern, call));
  return allOf([
    ids && { selectors: [{ ids }] },
    types && { selectors: [{ types: anyOfTypes(types) }] },
    idPattern === undefined ? undefined : ofIdPattern(idPattern),
    ...readConditions(params, call),
    pathsOf(call),
  ]);
}

function refuseBoth(texts: readonly (string | undefined)[], names: string): void {
  if (!texts.includes(undefined)) throw badRequest(`Incompatible parameters: ${names}`);
}

/** The filter that all of these make. */
function allOf(filters: readonly (Filter | undefined)[]): Filter {
  const given = filters.flatMap((filter) => filter ?? []);
  const [first = {}, ...others] = given;
  return others.length === 0 ? first : { ...first, also: [...(first.also ?? []), ...others] };
}

/** `q`, `mq` and the geographical query. */
function readConditions(
  params: V2Expression,
  { context }: CallContext,
  geoPrefix = 'Invalid query',
): readonly (Filter | undefined)[] {
  const { q, mq, georel, geometry, coords } = params;
  return [
    q === undefined ? undefined : { q: parseV2Query(q, 'q', context) },
    mq === undefined ? undefined : { q: parseV2Query(mq, 'mq', context) },
    readV2Geo({ georel, geometry, coords }, geoPrefix),
  ];
}

/** The pattern is for the id as v2 spells it. */
const ofIdPattern = (source: string): Filter => ({
  q: { op: '~=', path: { attr: 'v2Id', sub: [], inside: [], text: 'id' }, pattern: readPattern(source, 'idPattern') },
});

function readPattern(source: string, what: 'idPattern' | 'typePattern'): Pattern {
  try {
    compilePattern(source);
  } catch {
    throw badRequest(`Invalid regex for entity ${what}`);
  }
  return { source };
}

/** The expanded types of the tenant whose v2 names match; undefined without a pattern. */
async function typesMatching(
  source: string | undefined,
  { store, context }: CallContext,
): Promise<readonly string[] | undefined> {
  if (source === undefined) return undefined;
  const matches = compilePattern(readPattern(source, 'typePattern').source);
  const { types } = await store.summary();
  return types.map(({ type }) => type).filter((type) => matches(typeName(type, context)));
}

/** The entities that the body of `op/query` selects. Throws BadRequest. */
export async function readQueryFilter(body: JsonObject, call: CallContext): Promise<Filter> {
  const { entities, expression, attributes } = body;
  const selected = entities === undefined ? undefined : await readEntities(entities, call);
  const conditions = expression === undefined ? {} : readExpression(expression);
  return allOf([
    selected,
    isStrings(attributes) && attributes.length > 0
      ? { attrs: attributes.map((name) => pathOfName(name, call.context).attr) }
      : undefined,
    ...readConditions(conditions, call, 'error parsing geo-query fields'),
    pathsOf(call),
  ]);
}

function textIn(json: JsonObject, name: string): string | undefined {
  const text = json[name];
  if (text === undefined || typeof text === 'string') return text;
  throw badRequest(`Invalid JSON type for entity ${name}`);
}

async function readEntities(json: Json, call: CallContext): Promise<Filter> {
  if (!isArray(json)) throw badRequest('not a JSON array');
  refuseManyPatterns(patternsIn(json));
  const filters: Filter[] = [];
  for (const element of json) filters.push(await readSelector(element, call));
  return filters.length === 0 ? {} : { anyOf: filters };
}

/** The patterns for ids and types. Each is read only when it is asked for, so that too many of them are not all compiled. */
function* patternsIn(elements: readonly Json[]): Iterable<string> {
  for (const element of elements)
    for (const name of ['idPattern', 'typePattern'] as const) {
      const source = isObject(element) ? textIn(element, name) : undefined;
      if (source !== undefined) yield readPattern(source, name).source;
    }
}

/** One element of `entities`: id or idPattern, type or typePattern. */
async function readSelector(json: Json, call: CallContext): Promise<Filter> {
  if (!isObject(json)) throw badRequest('entity is not a JSON object');
  const [id, idPattern, type, typePattern] = ['id', 'idPattern', 'type', 'typePattern'].map((name) =>
    textIn(json, name),
  );
  requireOne(id, idPattern);
  refuseForbiddenIn(id, 'entity id');
  if (type === '') throw badRequest('entity type length: 0, min length supported: 1');
  refuseForbiddenIn(type, 'entity type');
  const types = type === undefined ? await typesMatching(typePattern, call) : [typeIri(type, call.context)];
  const selector: EntitySelector = {
    ...(id === undefined ? undefined : { ids: [readUri(id)] }),
    ...(types ? { types: anyOfTypes(types) } : undefined),
  };
  return {
    ...(id === undefined && !types ? undefined : { selectors: [selector] }),
    ...(idPattern === undefined ? undefined : ofIdPattern(idPattern)),
  };
}

/** Names of NGSI-LD may be longer than those of NGSI v2, and have other characters; those that v2 forbids are in none that is asked for. */
function refuseForbiddenIn(text: string | undefined, what: string): void {
  if (text !== undefined && !isClean(text)) throw badRequest(`Invalid characters in ${what}`);
}

function requireOne(id: string | undefined, idPattern: string | undefined): void {
  if (id !== undefined && idPattern !== undefined) throw badRequest('both /id/ and /idPattern/ present');
  if (id === undefined && idPattern === undefined) throw badRequest('nor /id/ nor /idPattern/ present');
}

/** What sources are asked for by the parameters of a list. Patterns are tested here: sources may spell ids in another way. */
export function demandOf(params: Params, { context }: CallContext): ListDemand {
  const ids = readNames(params, 'id')?.map(readUri);
  const types = typesOf(params, context);
  const isConditional = ['q', 'mq', 'georel'].some((name) => params[name] !== undefined);
  return { selectors: ids || types ? [selectorOf(ids, types)] : [], isConditional };
}

const selectorOf = (ids: readonly string[] | undefined, types: readonly string[] | undefined): EntitySelector => ({
  ...(ids ? { ids } : undefined),
  ...(types ? { types: anyOfTypes(types) } : undefined),
});

/** The same for the body of `op/query`, which has been read. */
export function demandOfBody({ entities, expression, attributes }: JsonObject, { context }: CallContext): ListDemand {
  const selectors = (isArray(entities) ? entities : []).map((json) => {
    const { id, type } = isObject(json) ? json : {};
    return selectorOf(
      typeof id === 'string' ? [readUri(id)] : undefined,
      typeof type === 'string' ? [typeIri(type, context)] : undefined,
    );
  });
  return { selectors, isConditional: isObject(expression) || attributes !== undefined };
}

/** The order in the parameter `orderBy`; undefined without it. Throws BadRequest. */
export function readOrder(params: Params, call: CallContext): Order | undefined {
  const tokens = readNames(params, 'orderBy');
  if (!tokens) return undefined;
  const names = tokens.map((token) => token.replace(/^!/, ''));
  if (new Set(names).size < names.length) throw badRequest('duplicate orderBy token detected');
  return {
    collation: call.services.collation,
    keys: tokens.map((token) => keyOf(token, params, call)),
  };
}

function keyOf(token: string, params: Params, { context }: CallContext): Order['keys'][number] {
  const isDescending = token.startsWith('!');
  const name = isDescending ? token.slice(1) : token;
  if (name !== 'geo:distance') return { path: pathOfName(name, context), isDescending };
  const path = { attr: coreLocation, sub: [], inside: [], text: name };
  return { path, isDescending, from: readNear(params), isV2Location: true };
}

/** The geometry that distances are measured from. Throws BadRequest when there is none. */
function readNear({ georel, geometry, coords }: Params): Geometry {
  const { geo, also = [] } = (georel?.startsWith('near') === true && readV2Geo({ georel, geometry, coords })) || {};
  const from = (geo ?? also[0]?.geo)?.geometry;
  if (!from) throw badRequest('geo:distance in orderBy needs a geo-query with near');
  return from;
}
