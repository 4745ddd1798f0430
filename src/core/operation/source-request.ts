/** Writes the requests by which sources are asked (clauses 4.3.6, 6.3.18): URL, headers, body. */
import { joinSelectors, type NarrowDemand, type NarrowSelector } from '../federation/narrow.ts';
import { type Registration, requestedHeader } from '../federation/registration.ts';
import { aliasOf, extendVia } from '../federation/via.ts';
import type { Context } from '../jsonld/context.ts';
import type { Filter } from '../language/filter.ts';
import { writeQ } from '../language/q/write-q.ts';
import { isArray, isObject, type Json, type JsonObject, parseJson } from '../model/json.ts';
import { isEntityMember } from '../model/read/entity.ts';
import { isReserved } from '../model/read/name.ts';
import type { SourceRequest } from '../port/sources.ts';
import type { CallContext, Operation, OperationRequest } from './operation.ts';

type Params = Readonly<Record<string, string>>;

/** The header of this name, as one text. */
export function headerOf({ headers }: Pick<CallContext, 'headers'>, name: string): string | undefined {
  const value = headers?.[name.toLowerCase()];
  return typeof value === 'string' || value === undefined ? value : value.join(', ');
}

/** The name by which this broker, with the tenant of the request, is known among brokers. */
export const ownAlias = ({ services, tenant }: CallContext): string => aliasOf(services.identity.alias, tenant);

/** A source, the @context of the names that it is asked in, and the headers for it. Throws when there is no such @context. */
export async function targetOf(registration: Registration, call: CallContext): Promise<SourceTarget> {
  const { jsonldContext } = registration.info;
  const context =
    jsonldContext === undefined ? call.context : await call.services.contexts.resolve(jsonldContext, call.tenant);
  return { registration, context, headers: await sourceHeaders(registration, context, call) };
}

/** Headers by which a caller proves who it is. They are never copied to a source. */
const credentials = /^(?:authorization|x-auth-token|cookie|proxy-.*)$/i;

/** `context` is that of the names in the request. */
async function sourceHeaders(
  { info, tenant }: Registration,
  context: Context,
  call: CallContext,
): Promise<Readonly<Record<string, string>>> {
  const url = info.jsonldContext ?? (await call.services.contexts.urlOf(context, call));
  const own = info.headers.flatMap(([name, value]) => {
    if (value !== requestedHeader) return [[name, value] as const];
    const copied = credentials.test(name) ? undefined : headerOf(call, name);
    return copied === undefined ? [] : [[name, copied] as const];
  });
  return {
    Accept: info.accept ?? 'application/json',
    ...Object.fromEntries(own),
    Link: `<${url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`,
    Via: extendVia(headerOf(call, 'via'), ownAlias(call)),
    ...(tenant === undefined ? undefined : { 'NGSILD-Tenant': tenant }),
  };
}

/** What a source is asked in addition to the entities and attributes: conditions, in the names of `context`. */
interface Conditions {
  /** The parameters of the client, whose names `asked` gives their meaning. */
  readonly params: Params;
  readonly filter: Pick<Filter, 'q' | 'geo'>;
  readonly asked: Context;
  readonly context: Context;
}

const passed = ['scopeQ', 'georel', 'geometry', 'coordinates', 'geoproperty', 'q', 'expandValues', 'jsonKeys'] as const;

/** The parameters of the conditions. */
function conditionsIn({ params, filter, asked, context }: Conditions): Params {
  const given = Object.fromEntries(
    passed.flatMap((name) => (params[name] === undefined ? [] : [[name, params[name]] as const])),
  );
  if (asked.key === context.key) return given;
  const { geoproperty: _geoproperty, expandValues: _expandValues, jsonKeys: _jsonKeys, ...others } = given;
  return {
    ...others,
    ...(filter.q ? { q: writeQ(filter.q, context) } : undefined),
    ...(filter.geo ? { geoproperty: context.compact(filter.geo.geoproperty) } : undefined),
  };
}

/** What is asked of one source. */
export interface SourceQuery {
  readonly registration: Registration;
  readonly demand: NarrowDemand;
  /** Absent: the conditions are tested after merging. */
  readonly conditions?: Conditions;
  /** The @context of names in the request and the answer. */
  readonly context: Context;
  readonly headers: Readonly<Record<string, string>>;
}

type Page = { readonly limit: number; readonly offset: number };

/** `GET /entities/{id}`. */
export function retrieveRequest(query: SourceQuery, id: string): SourceRequest {
  const params = { ...attrsOf(query), ...commonOf(query) };
  return requestOf(query, { method: 'GET', path: `/entities/${encodeURIComponent(id)}`, params });
}

/** `GET /entities`. */
export function queryRequest(query: SourceQuery, page: Page): SourceRequest {
  const { types, ids, idPattern } = joinSelectors(query.demand.selectors);
  const params = {
    ...(types ? { type: typeText({ types }, query.context) } : undefined),
    ...(ids ? { id: ids.join(',') } : undefined),
    ...(idPattern === undefined ? undefined : { idPattern }),
    ...attrsOf(query),
    ...(query.conditions ? conditionsIn(query.conditions) : undefined),
    ...commonOf(query),
    ...pageOf(page),
  };
  return requestOf(query, { method: 'GET', path: '/entities', params });
}

/** `POST /entityOperations/query`. */
export function postQueryRequest(query: SourceQuery, page: Page): SourceRequest {
  const { demand, context, conditions } = query;
  const { georel, geometry, coordinates, geoproperty, ...texts } = conditions ? conditionsIn(conditions) : {};
  const geoQ =
    georel === undefined
      ? undefined
      : {
          georel,
          geometry: geometry ?? '',
          coordinates: parsed(coordinates ?? ''),
          ...(geoproperty === undefined ? undefined : { geoproperty }),
        };
  const entities = demand.selectors.map((one) => ({
    type: typeText(one, context),
    ...(one.ids ? { id: one.ids } : undefined),
    ...(one.idPattern === undefined ? undefined : { idPattern: one.idPattern }),
  }));
  const body: JsonObject = {
    type: 'Query',
    entities,
    ...(demand.attrs ? { attrs: demand.attrs.map((name) => context.compact(name)) } : undefined),
    ...texts,
    ...(geoQ ? { geoQ } : undefined),
  };
  const params = { ...commonOf(query), ...pageOf(page) };
  return requestOf(query, { method: 'POST', path: '/entityOperations/query', params, body });
}

const parsed = (text: string): JsonObject[string] => {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
};

const typeText = ({ types }: NarrowSelector, context: Context): string =>
  types ? types.map((type) => context.compact(type)).join(',') : '*';

/** Every version of the standard knows `attrs`. */
const attrsOf = ({ demand, context }: SourceQuery): Params =>
  demand.attrs ? { attrs: demand.attrs.map((name) => context.compact(name)).join(',') } : {};

const commonOf = ({ registration }: SourceQuery): Params => ({
  options: 'sysAttrs',
  ...(registration.handling.isLocalOnly ? { local: 'true' } : undefined),
});

/** The first page is asked for without an offset, which is what most sources expect. */
const pageOf = ({ limit, offset }: Page): Params => ({
  limit: String(limit),
  ...(offset > 0 ? { offset: String(offset) } : undefined),
});

interface RequestParts {
  readonly method: SourceRequest['method'];
  readonly path: string;
  readonly params: Params;
  readonly body?: Json;
  /** True for a body that has no names and no @context. */
  readonly isValue?: boolean;
}

function requestOf(source: SourceTarget, { method, path, params, body, isValue = false }: RequestParts): SourceRequest {
  const { endpoint, handling, id } = source.registration;
  const query = Object.entries(params).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return {
    method,
    url: `${endpoint}/ngsi-ld/v1${path}${query.length > 0 ? '?' : ''}${query.join('&')}`,
    ...(body === undefined ? { headers: source.headers } : withBody(source, body, isValue)),
    registration: id,
    ...(handling.cooldownMs === undefined ? undefined : { cooldownMs: handling.cooldownMs }),
    ...(handling.timeoutMs === undefined ? undefined : { timeoutMs: handling.timeoutMs }),
  };
}

export type SourceTarget = Pick<SourceQuery, 'registration' | 'headers' | 'context'>;

/** The @context stands in the header Link, or in the body when the source wants JSON-LD. */
function withBody(
  { registration, headers, context }: SourceTarget,
  body: Json,
  isValue: boolean,
): Pick<SourceRequest, 'headers' | 'body'> & { readonly body: string } {
  if (registration.info.contentType !== 'application/ld+json' || !isObject(body) || isValue)
    return { headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  const { Link: _link, ...others } = headers;
  return {
    headers: { ...others, 'Content-Type': 'application/ld+json' },
    body: JSON.stringify({ ...body, '@context': context.written }),
  };
}

/** A write that is forwarded: the operation, and the attributes that go to the source. */
export interface ForwardedWrite {
  readonly operation: Pick<Operation, 'method' | 'path'>;
  readonly request: OperationRequest;
  /** Absent: the whole entity. */
  readonly attrs?: readonly string[] | undefined;
  /** The @context of the request. */
  readonly asked: Context;
}

/** The request of the client, reduced to these attributes, in the names of the source. */
export function writeRequest(
  target: SourceTarget,
  { operation, request, attrs, asked }: ForwardedWrite,
): SourceRequest {
  const { context } = target;
  const rename = (name: string): string => (asked.key === context.key ? name : context.compact(asked.expand(name)));
  const path = operation.path
    .replace('{id}', encodeURIComponent(request.path['id'] ?? ''))
    .replace('{attr}', encodeURIComponent(rename(request.path['attr'] ?? '')));
  const { local: _local, type, ...params } = request.params;
  const own = {
    ...params,
    ...(type === undefined ? undefined : { type: type.replace(/[^\s,;|()]+/g, rename) }),
    ...(target.registration.handling.isLocalOnly ? { local: 'true' } : undefined),
  };
  const isValue = operation.path.endsWith('/value');
  const body = isValue ? request.body : forwardedBody({ operation, request, attrs, asked }, context, rename);
  return requestOf(target, {
    method: operation.method,
    path,
    params: own,
    isValue,
    ...(body === undefined ? undefined : { body }),
  });
}

function forwardedBody(
  { operation, request, attrs, asked }: ForwardedWrite,
  context: Context,
  rename: (name: string) => string,
): Json | undefined {
  const isEntity = !operation.path.includes('{attr}');
  const kept = isEntity && attrs ? withAttributes(request.body, attrs, asked) : request.body;
  return kept === undefined || asked.key === context.key ? kept : renamed(kept, rename, isEntity);
}

/** An entity, or some attributes of one, with these attributes only. */
export function withAttributes(body: Json | undefined, attrs: readonly string[], context: Context): Json | undefined {
  if (!isObject(body)) return body;
  const kept = new Set(attrs);
  return Object.fromEntries(
    Object.entries(body).filter(([name]) => isEntityMember(name) || kept.has(context.expand(name))),
  );
}

/** Members of attributes whose values have no names of attributes in them. */
const values = new Set(['value', 'json', 'languageMap', 'vocab', 'object', 'valueList', 'objectList', 'objectType']);

/** An entity or an attribute with its names, and those of sub-attributes, renamed. */
function renamed(json: Json, rename: (name: string) => string, isEntity: boolean): Json {
  if (isArray(json)) return json.map((one) => renamed(one, rename, isEntity));
  if (!isObject(json)) return json;
  return Object.fromEntries(
    Object.entries(json).map(([name, member]) => {
      if (isEntity && (name === 'type' || name === '@type')) return [name, renamedTypes(member, rename)];
      const isOwn = isEntity ? isEntityMember(name) : values.has(name) || isReserved(name) || name === 'type';
      return isOwn ? [name, member] : [rename(name), renamed(member, rename, false)];
    }),
  );
}

function renamedTypes(json: Json, rename: (name: string) => string): Json {
  if (typeof json === 'string') return rename(json);
  return isArray(json) ? json.map((one) => renamedTypes(one, rename)) : json;
}
