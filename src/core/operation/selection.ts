/**
 * Reads which entities a request selects (clauses 5.7.2, 6.4.3.2): converts parameters to a filter, and refuses queries that are too wide.
 */
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

/** The parameters that select entities. */
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
  'explain',
] as const;

type Params = Readonly<Record<string, string>>;

const systemAttributes = new Set(['createdAt', 'modifiedAt', 'deletedAt', 'expiresAt', 'id', 'type', 'scope']);

/** What reading a selection depends on. */
export interface Selecting {
  readonly terms: Terms;
  /** True when ids or an id pattern make a query narrow enough. */
  readonly isIdEnough?: boolean;
}

/** For read operations: a tolerant broker accepts ids alone. */
export const selectingFor = ({ context, services }: Pick<CallContext, 'context' | 'services'>): Selecting => ({
  terms: context,
  isIdEnough: services.isTolerant,
});

/** The filter that the parameters define. Throws BadRequestData when the query is too wide (clause 5.7.2.4). */
export function readSelection(params: Params, selecting: Selecting): Filter {
  const selector = readSelector(params, selecting.terms);
  return readFilter(params, selecting, selector ? [selector] : undefined);
}

/** Like `readSelection`, from selectors and the parameters that restrict them further. */
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

/** The expanded names in the parameter attrs. Undefined when it names no attribute, but at most members such as `id` or `type`. */
export function readAttrs(params: Params, terms: Terms): readonly string[] | undefined {
  const names = readList(params, 'attrs')?.filter((name) => !systemAttributes.has(name)) ?? [];
  return names.length === 0
    ? undefined
    : inParameter('attrs', () => names.map((name) => readAttributeName(name, terms)));
}

const projecting = ['attrs', 'pick', 'omit'] as const;

/** The projection of the parameters attrs, pick and omit. Throws BadRequestData that names them. */
export const readProjection = (params: Params, terms: Terms): Projection =>
  inParameter(projecting.filter((name) => params[name] !== undefined).join(', '), () => parseProjection(params, terms));

/** How to follow relationships: parameters join, joinLevel and containedBy (clause 4.5.23). */
export interface Join {
  readonly how: 'inline' | 'flat';
  /** Number of relationships to follow from an entity. */
  readonly level: number;
  /** Ids that are not followed. */
  readonly containedBy: readonly string[];
}

/** Maximum number of relationships to follow. */
const joinLevelMax = 10;

/** Undefined when there is no join. Throws BadRequestData when a parameter needs a join and there is none. */
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

/** A query must not lead through more relationships than the join follows. */
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

/** A regular expression that is known to compile. */
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
  // `csf` selects registered sources, and there are none; but it must be syntactically correct (clause 4.9).
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

/** True when a query names at least one attribute that is not a system attribute. */
function namesAnAttribute(q: NonNullable<Filter['q']>): boolean {
  return 'parts' in q ? q.parts.some(namesAnAttribute) : !systemAttributes.has(q.path.attr);
}
