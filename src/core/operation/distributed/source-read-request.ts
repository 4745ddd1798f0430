/** Writes the requests by which sources are asked for entities, or to purge them (clauses 5.6.21, 5.7.1, 5.7.2). */
import { joinSelectors, type NarrowDemand, type NarrowSelector } from '../../federation/narrow.ts';
import type { Context } from '../../jsonld/context.ts';
import type { Filter } from '../../language/filter.ts';
import { writeQ } from '../../language/q/write-q.ts';
import { type JsonObject, parseJson } from '../../model/json.ts';
import type { SourceRequest } from '../../port/sources.ts';

import { requestOf, type SourceTarget } from './source-request.ts';

type Params = Readonly<Record<string, string>>;

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
export interface SourceQuery extends SourceTarget {
  readonly demand: NarrowDemand;
  /** Absent: the conditions are tested after merging. */
  readonly conditions?: Conditions;
  /** The temporal query, when histories are asked for. */
  readonly temporal?: Params;
  /** Given when the source makes an entity map. */
  readonly makes?: MapLifetime;
  /** The entity map of the source that is read. */
  readonly linkedMap?: string | undefined;
}

/** The lifetime that a client wants for an entity map. */
export interface MapLifetime {
  readonly entityMapLifetime?: string;
}

type Page = { readonly limit: number; readonly offset: number };

const pathOf = ({ temporal }: SourceQuery): string => (temporal ? '/temporal/entities' : '/entities');

/** `GET /entities/{id}`, or that of a history. */
export function retrieveRequest(query: SourceQuery, id: string): SourceRequest {
  const params = { ...attrsOf(query), ...query.temporal, ...commonOf(query) };
  return requestOf(query, { method: 'GET', path: `${pathOf(query)}/${encodeURIComponent(id)}`, params });
}

/** `GET /entities`, or that of histories. */
export function queryRequest(query: SourceQuery, page: Page): SourceRequest {
  const { types, ids, idPattern } = joinSelectors(query.demand.selectors);
  const params = {
    ...(types ? { type: typeText({ types }, query.context) } : undefined),
    ...(ids ? { id: ids.join(',') } : undefined),
    ...(idPattern === undefined ? undefined : { idPattern }),
    ...attrsOf(query),
    ...(query.conditions ? conditionsIn(query.conditions) : undefined),
    ...query.temporal,
    ...commonOf(query),
    ...pageOf(page),
  };
  return requestOf(withMap(query), { method: 'GET', path: pathOf(query), params });
}

/** Most characters of the ids in a URL. Servers and proxies refuse URLs of more than 8,000 bytes or so. */
const idsLengthMax = 4000;

/** The query, or several queries of some of its ids each, when all ids are too long for one URL. */
export function queriesWithShortUrls(query: SourceQuery): readonly SourceQuery[] {
  const { types, ids = [] } = joinSelectors(query.demand.selectors);
  const parts: string[][] = [];
  let left = 0;
  for (const id of ids) {
    const length = encodeURIComponent(`${id},`).length;
    if (length > left) {
      parts.push([]);
      left = idsLengthMax;
    }
    parts.at(-1)?.push(id);
    left -= length;
  }
  if (parts.length < 2) return [query];
  return parts.map((part) => ({
    ...query,
    demand: { ...query.demand, selectors: [{ ...(types ? { types } : undefined), ids: part }] },
  }));
}

/** `DELETE /entities`, of which whole entities are removed, or attributes of them. */
export function purgeRequest(
  query: SourceQuery,
  { keep, drop, isByAttribute }: { keep?: Names; drop?: Names; isByAttribute: boolean },
): SourceRequest {
  const { types, ids, idPattern } = joinSelectors(query.demand.selectors);
  const shorten = (names: readonly string[]): string => names.map((name) => query.context.compact(name)).join(',');
  const params = {
    ...(types ? { type: typeText({ types }, query.context) } : undefined),
    ...(ids ? { id: ids.join(',') } : undefined),
    ...(idPattern === undefined ? undefined : { idPattern }),
    ...(isByAttribute ? attrsOf(query) : undefined),
    ...(query.conditions ? conditionsIn(query.conditions) : undefined),
    ...(keep ? { keep: shorten(keep) } : undefined),
    ...(drop ? { drop: shorten(drop) } : undefined),
    ...(query.registration.handling.isLocalOnly ? { local: 'true' } : undefined),
  };
  return requestOf(query, { method: 'DELETE', path: '/entities', params });
}

type Names = readonly string[] | undefined;

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
    ...(one.ids ? { id: oneOrAll(one.ids) } : undefined),
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
  return requestOf(withMap(query), { method: 'POST', path: '/entityOperations/query', params, body });
}

/** One id is a text, which sources of every version of the standard read. */
const oneOrAll = (ids: readonly string[]): string | readonly string[] => (ids.length === 1 ? (ids[0] ?? ids) : ids);

const withMap = ({ linkedMap, ...query }: SourceQuery): SourceQuery =>
  linkedMap === undefined ? query : { ...query, headers: { ...query.headers, 'NGSILD-EntityMap': linkedMap } };

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

const commonOf = ({ registration, makes }: SourceQuery): Params => ({
  options: 'sysAttrs',
  ...(makes ? { entityMap: 'true', ...makes } : undefined),
  ...(registration.handling.isLocalOnly ? { local: 'true' } : undefined),
});

/** The first page is asked for without an offset, which is what most sources expect. */
const pageOf = ({ limit, offset }: Page): Params => ({
  limit: String(limit),
  ...(offset > 0 ? { offset: String(offset) } : undefined),
});
