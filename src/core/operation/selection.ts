/** Reads which entities are asked for (clauses 5.7.2, 6.4.3.2): parameters to a filter, and the rule against queries that are too wide. */
import type { EntitySelector, Filter, Pattern, Query } from '../language/filter.ts';
import { parseGeoQuery } from '../language/geo/geo-query.ts';
import { compilePattern } from '../language/pattern/pattern.ts';
import { parseProjection, type Projection } from '../language/projection.ts';
import { parseQ } from '../language/q/q.ts';
import { parseScopeQ } from '../language/scope-query.ts';
import { parseTypeSelection } from '../language/type-selection.ts';
import type { Terms } from '../model/entity.ts';
import type { Json } from '../model/json.ts';
import { badData } from '../model/problem.ts';
import { quoted, readId } from '../model/read/id.ts';
import { inParameter } from '../model/read/member.ts';
import { readAttributeName } from '../model/read/name.ts';
import type { CallContext } from './operation.ts';
import { readBoolean, readList, readWhole } from './parameters.ts';

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
  'csf',
  'local',
] as const;

type Params = Readonly<Record<string, string>>;

const systemAttributes = new Set(['createdAt', 'modifiedAt', 'deletedAt', 'expiresAt', 'id', 'type', 'scope']);

/** What a selection is read with. */
export interface Selecting {
  readonly terms: Terms;
  /** True when ids or a pattern of ids make a query narrow enough. */
  readonly isIdEnough?: boolean;
}

/** For operations that read: a broker that is tolerant takes ids alone. */
export const selectingFor = ({ context, world }: Pick<CallContext, 'context' | 'world'>): Selecting => ({
  terms: context,
  isIdEnough: world.isTolerant,
});

/** The filter that the parameters mean. Throws BadRequestData when they leave the query too wide (clause 5.7.2.4). */
export function readSelection(params: Params, selecting: Selecting): Filter {
  const selector = readSelector(params, selecting.terms);
  return readFilter(params, selecting, selector ? [selector] : undefined);
}

/** As `readSelection`, of selectors and the parameters that restrict further. */
export function readFilter(
  params: Params,
  { terms, isIdEnough = false }: Selecting,
  selectors: readonly EntitySelector[] | undefined,
): Filter {
  const attrs = readAttrs(params, terms);
  const filter: Filter = {
    ...(selectors ? { selectors } : undefined),
    ...(attrs ? { attrs } : undefined),
    ...readConditions(params, terms),
  };
  refuseTooWide(filter, params, isIdEnough);
  if (filter.q) refuseLinks(filter.q, readJoin(params)?.level ?? 0);
  return filter;
}

/** Expanded names in the parameter attrs; undefined when it names no attribute, but at most members that are none. */
export function readAttrs(params: Params, terms: Terms): readonly string[] | undefined {
  const names = readList(params, 'attrs')?.filter((name) => !systemAttributes.has(name)) ?? [];
  return names.length === 0
    ? undefined
    : inParameter('attrs', () => names.map((name) => readAttributeName(name, terms)));
}

const projecting = ['attrs', 'pick', 'omit'] as const;

/** What the parameters attrs, pick and omit leave. Throws BadRequestData that names them. */
export const readProjection = (params: Params, terms: Terms): Projection =>
  inParameter(projecting.filter((name) => params[name] !== undefined).join(', '), () => parseProjection(params, terms));

/** How relationships are followed: parameters join, joinLevel and containedBy (clause 4.5.23). */
export interface Join {
  readonly how: 'inline' | 'flat';
  /** How many relationships away. */
  readonly level: number;
  /** Ids that are not followed. */
  readonly containedBy: readonly string[];
}

/** Deepest that relationships are followed. */
const joinLevelMax = 10;

/** Undefined when nothing is to be joined. Throws BadRequestData for parameters that need a join and have none. */
export function readJoin(params: Params): Join | undefined {
  const { join = '@none', joinLevel, containedBy } = params;
  if (join === '@none') {
    if ((joinLevel ?? containedBy) !== undefined)
      throw badData('The parameters joinLevel and containedBy need a join.');
    return undefined;
  }
  if (join !== 'inline' && join !== 'flat')
    throw badData(`The parameter join must be inline, flat or @none, not ${JSON.stringify(join)}.`);
  const level = readWhole(params, 'joinLevel', 1) ?? 1;
  if (level > joinLevelMax) throw badData(`The parameter joinLevel must be at most ${joinLevelMax}, not ${level}.`);
  const ids = readList(params, 'containedBy') ?? [];
  return { how: join, level, containedBy: ids.map((id) => readId(id, 'the parameter containedBy')) };
}

/** A query may lead through as many relationships as are followed. */
function refuseLinks(q: Query, level: number): void {
  const depth = linkDepth(q);
  if (depth > level)
    throw badData(
      `The query leads through ${depth} relationships, which needs a join with joinLevel ${depth} or more.`,
    );
}

function linkDepth(q: Query): number {
  if ('parts' in q) return Math.max(0, ...q.parts.map(linkDepth));
  let depth = 0;
  for (let path = q.path.linked; path; path = path.path.linked) depth += 1;
  return depth;
}

function readSelector(params: Params, terms: Terms): EntitySelector | undefined {
  const ids = readList(params, 'id')?.map((id) => readId(id, 'the parameter id'));
  const { idPattern, type } = params;
  if (!ids && idPattern === undefined && type === undefined) return undefined;
  return {
    ...(ids ? { ids } : undefined),
    ...(idPattern === undefined ? undefined : { idPattern: inParameter('idPattern', () => readPattern(idPattern)) }),
    ...(type === undefined ? undefined : { types: inParameter('type', () => parseTypeSelection(type, terms)) }),
  };
}

/** A regular expression that is sure to compile. */
export function readPattern(source: Json): Pattern {
  if (typeof source !== 'string') throw badData(`An idPattern must be a string, not ${quoted(source)}.`);
  compilePattern(source);
  return { source };
}

function readConditions(params: Params, terms: Terms): Filter {
  const { q, scopeQ, csf, georel, geometry, coordinates, geoproperty } = params;
  const expandValues = readList(params, 'expandValues') ?? [];
  const jsonKeys = readList(params, 'jsonKeys') ?? [];
  const geo = georel !== undefined || geometry !== undefined || coordinates !== undefined;
  // It chooses among registered sources, of which there are none; but it must be readable (clause 4.9).
  if (csf !== undefined) parseQ(csf, terms, { expandValues: [], jsonKeys: [], name: 'csf' });
  return {
    ...(q === undefined ? undefined : { q: parseQ(q, terms, { expandValues, jsonKeys }) }),
    ...(scopeQ === undefined ? undefined : { scopeQ: parseScopeQ(scopeQ) }),
    ...(geo ? { geo: parseGeoQuery({ georel, geometry, coordinates, geoproperty }, terms) } : undefined),
  };
}

function refuseTooWide(filter: Filter, params: Params, isIdEnough: boolean): void {
  const local = readBoolean(params, 'local');
  if (params['type'] === '*' && local === false)
    throw badData('The parameter type=* asks for local entities only; local=false contradicts it.');
  if (local === true || isNarrow(filter) || (isIdEnough && namesIds(filter))) return;
  throw badData(
    'The query is too wide: it needs type, attrs, q or a geo-query on an attribute that is no system attribute, or local=true.',
  );
}

const isNarrow = ({ selectors, attrs, q, geo }: Filter): boolean =>
  (selectors?.some(({ types }) => types !== undefined) ?? false) ||
  attrs !== undefined ||
  geo !== undefined ||
  (q !== undefined && namesAnAttribute(q));

const namesIds = ({ selectors = [] }: Filter): boolean =>
  selectors.some(({ ids, idPattern }) => ids !== undefined || idPattern !== undefined);

/** True when a query speaks of at least one attribute that is no system attribute. */
function namesAnAttribute(q: NonNullable<Filter['q']>): boolean {
  return 'parts' in q ? q.parts.some(namesAnAttribute) : !systemAttributes.has(q.path.attr);
}
