/** Reads which entities are asked for (clauses 5.7.2, 6.4.3.2): parameters to a filter, and the rule against queries that are too wide. */
import type { EntitySelector, Filter, Pattern } from '../language/filter.ts';
import { parseGeoQuery } from '../language/geo-query.ts';
import { compilePattern } from '../language/pattern.ts';
import { parseQ } from '../language/q.ts';
import { parseScopeQ } from '../language/scope-query.ts';
import { parseTypeSelection } from '../language/type-selection.ts';
import type { Terms } from '../model/entity.ts';
import type { Json } from '../model/json.ts';
import { badData } from '../model/problem.ts';
import { quoted, readId } from '../model/read/id.ts';
import { readAttributeName } from '../model/read/name.ts';
import { readBoolean, readList } from './parameters.ts';

/** The parameters that say which entities. */
export const selectionParameters = [
  'id',
  'idPattern',
  'type',
  'q',
  'expandValues',
  'jsonKeys',
  'georel',
  'geometry',
  'coordinates',
  'geoproperty',
  'scopeQ',
  'local',
] as const;

type Params = Readonly<Record<string, string>>;

const systemAttributes = new Set(['createdAt', 'modifiedAt', 'deletedAt', 'expiresAt', 'id', 'type', 'scope']);

/** The filter that the parameters mean. Throws BadRequestData when they leave the query too wide (clause 5.7.2.4). */
export function readSelection(params: Params, terms: Terms): Filter {
  const selector = readSelector(params, terms);
  return readFilter(params, terms, selector ? [selector] : undefined);
}

/** As `readSelection`, of selectors and the parameters that restrict further. */
export function readFilter(params: Params, terms: Terms, selectors: readonly EntitySelector[] | undefined): Filter {
  const attrs = readList(params, 'attrs')?.filter((name) => !systemAttributes.has(name));
  const names = attrs?.map((name) => readAttributeName(name, terms));
  const filter: Filter = {
    ...(selectors ? { selectors } : undefined),
    ...(names && names.length > 0 ? { attrs: names } : undefined),
    ...readConditions(params, terms),
  };
  refuseTooWide(filter, params);
  return filter;
}

function readSelector(params: Params, terms: Terms): EntitySelector | undefined {
  const ids = readList(params, 'id')?.map((id) => readId(id, 'the parameter id'));
  const { idPattern, type } = params;
  if (!ids && idPattern === undefined && type === undefined) return undefined;
  return {
    ...(ids ? { ids } : undefined),
    ...(idPattern === undefined ? undefined : { idPattern: readPattern(idPattern) }),
    ...(type === undefined ? undefined : { types: parseTypeSelection(type, terms) }),
  };
}

/** A regular expression that is sure to compile. */
export function readPattern(source: Json): Pattern {
  if (typeof source !== 'string') throw badData(`An idPattern must be a string, not ${quoted(source)}.`);
  compilePattern(source);
  return { source };
}

function readConditions(params: Params, terms: Terms): Filter {
  const { q, scopeQ, georel, geometry, coordinates, geoproperty } = params;
  const expandValues = readList(params, 'expandValues') ?? [];
  const jsonKeys = readList(params, 'jsonKeys') ?? [];
  const geo = georel !== undefined || geometry !== undefined || coordinates !== undefined;
  const datasetIds = readList(params, 'datasetId');
  return {
    ...(q === undefined ? undefined : { q: parseQ(q, terms, { expandValues, jsonKeys }) }),
    ...(scopeQ === undefined ? undefined : { scopeQ: parseScopeQ(scopeQ) }),
    ...(geo ? { geo: parseGeoQuery({ georel, geometry, coordinates, geoproperty }, terms) } : undefined),
    ...(datasetIds && params['attrs'] !== undefined ? { datasetIds } : undefined),
  };
}

function refuseTooWide({ selectors, attrs, q, geo }: Filter, params: Params): void {
  const isAnyType = params['type'] === '*';
  const local = readBoolean(params, 'local');
  if (isAnyType && local === false) throw badData('The parameter type=* asks for local entities only; local=false contradicts it.');
  const isNarrow = selectors?.some(({ types }) => types !== undefined) ?? false;
  if (isNarrow || attrs || geo || local === true || (q && namesAnAttribute(q))) return;
  throw badData('The query is too wide: it needs type, attrs, q or a geo-query on an attribute that is no system attribute, or local=true.');
}

/** True when a query speaks of at least one attribute that is no system attribute. */
function namesAnAttribute(q: NonNullable<Filter['q']>): boolean {
  return 'parts' in q ? q.parts.some(namesAnAttribute) : !systemAttributes.has(q.path.attr);
}
