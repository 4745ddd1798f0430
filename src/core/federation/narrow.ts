/** Reduces requests and answers to what a registration is about (clause 4.3.6.1). Pure. */
import type { EntitySelector } from '../language/filter.ts';
import type { Instance } from '../model/attribute.ts';
import type { Entity } from '../model/entity.ts';
import type { EntityInfo, Information, Registration } from './registration.ts';
import { compileDemand, type Demand, typesNamed } from './registration-match.ts';

/** Entities that a source is asked for. */
export interface NarrowSelector {
  /** Expanded. Absent: any type. */
  readonly types?: readonly string[];
  readonly ids?: readonly string[];
  readonly idPattern?: string;
}

/** The part of a request that a registration is about. */
export interface NarrowDemand {
  readonly selectors: readonly NarrowSelector[];
  /** Absent: all attributes. */
  readonly attrs?: readonly string[];
}

/** The part of the demand that the registration, which matches it, is about. */
export function narrowDemand({ information }: Registration, demand: Demand): NarrowDemand {
  const matching = information.filter(compileDemand(demand));
  const asked: readonly EntitySelector[] = demand.selectors ?? [{}];
  const selectors = matching.flatMap((one) => asked.flatMap((selector) => narrowSelectors(selector, one)));
  const attrs = attributesOf(matching, demand.attrs);
  return { selectors: distinct(selectors), ...(attrs ? { attrs } : undefined) };
}

function attributesOf(
  information: readonly Information[],
  asked: readonly string[] | undefined,
): readonly string[] | undefined {
  const names = new Set<string>();
  for (const { attrs } of information) {
    if (!attrs) return asked;
    for (const name of attrs) names.add(name);
  }
  return asked ? asked.filter((name) => names.has(name)) : [...names];
}

function narrowSelectors(selector: EntitySelector, { entities }: Information): readonly NarrowSelector[] {
  if (!entities) return [narrowed(selector, { types: [] })];
  const isAskedFor = compileDemand({ selectors: [selector] });
  return entities.filter((entity) => isAskedFor({ entities: [entity] })).map((entity) => narrowed(selector, entity));
}

function narrowed({ types, ids, idPattern }: EntitySelector, entity: EntityInfo): NarrowSelector {
  const names = narrowTypes(types && typesNamed(types), entity.types);
  const exact = narrowIds(ids, entity);
  const pattern = exact ? undefined : (idPattern?.source ?? entity.idPattern);
  return {
    ...(names.length > 0 ? { types: names } : undefined),
    ...(exact ? { ids: exact } : undefined),
    ...(pattern === undefined ? undefined : { idPattern: pattern }),
  };
}

function narrowIds(ids: readonly string[] | undefined, { id, matches }: EntityInfo): readonly string[] | undefined {
  if (id !== undefined) return [id];
  return matches ? ids?.filter(matches) : ids;
}

function narrowTypes(asked: readonly string[] | undefined, registered: readonly string[]): readonly string[] {
  if (!asked) return registered;
  const both = asked.filter((name) => registered.includes(name));
  return both.length > 0 ? both : asked;
}

/** At least the part of the demand about these entities. It has one selector, so that the ids are not repeated, or none. */
export function withIds(demand: NarrowDemand, ids: readonly string[]): NarrowDemand {
  const { types, ids: named } = joinSelectors(demand.selectors);
  const wanted = named && new Set(named);
  const both = wanted ? ids.filter((id) => wanted.has(id)) : ids;
  return { ...demand, selectors: both.length === 0 ? [] : [{ ...(types ? { types } : undefined), ids: both }] };
}

const distinct = (selectors: readonly NarrowSelector[]): readonly NarrowSelector[] => [
  ...new Map(selectors.map((one) => [JSON.stringify(one), one])).values(),
];

/** One selector that selects at least what these select: the parameters of a query by GET. */
export function joinSelectors(selectors: readonly NarrowSelector[]): NarrowSelector {
  const types = union(selectors.map((one) => one.types));
  const ids = union(selectors.map((one) => one.ids));
  const [first] = selectors;
  const isSame = selectors.every(({ idPattern }) => idPattern === first?.idPattern);
  return {
    ...(types ? { types } : undefined),
    ...(ids ? { ids } : undefined),
    ...(!ids && isSame && first?.idPattern !== undefined ? { idPattern: first.idPattern } : undefined),
  };
}

function union(lists: readonly (readonly string[] | undefined)[]): readonly string[] | undefined {
  const given = lists.flatMap((list) => (list ? [list] : []));
  return given.length < lists.length ? undefined : [...new Set(given.flat())];
}

/** The part of an entity that the registration, which matches the demand, is about. Undefined when it is not about the entity. */
export function narrowEntity(registration: Registration, entity: Entity, demand: Demand): Entity | undefined {
  const attrs = narrowAttributes(registration, entity, demand);
  return attrs && { ...entity, attrs };
}

/** Types and attributes, of an entity or of its history. */
interface Parts<One extends Instance> {
  readonly id: string;
  readonly types: readonly string[];
  readonly attrs: Readonly<Record<string, readonly One[]>>;
}

/**
 * The attributes that the registration is about. Undefined when it is not about the entity. A pattern that the demand names is compatible
 * with each registered pattern (clause 5.12), so that a source is believed what it has of the former.
 */
export function narrowAttributes<One extends Instance>(
  { information, datasetIds }: Registration,
  entity: Parts<One>,
  { selectors }: Demand,
): Readonly<Record<string, readonly One[]>> | undefined {
  const isByPattern = selectors?.some(({ ids, idPattern }) => !ids && idPattern !== undefined) ?? false;
  const about = information.filter(
    ({ entities }) => !entities || entities.some((one) => isAbout(one, entity, isByPattern)),
  );
  if (about.length === 0) return undefined;
  const attrs = attributesOf(about, undefined);
  const names = attrs && new Set(attrs);
  const kept = Object.entries(entity.attrs).flatMap(([name, instances]) => {
    if (names && !names.has(name)) return [];
    const own = datasetIds ? instances.filter((one) => datasetIds.includes(one.datasetId ?? '@none')) : instances;
    return own.length > 0 ? [[name, own] as const] : [];
  });
  return Object.fromEntries<readonly One[]>(kept);
}

function isAbout(
  { id, types, matches }: EntityInfo,
  entity: Pick<Entity, 'id' | 'types'>,
  isByPattern: boolean,
): boolean {
  if (types.length > 0 && !types.some((type) => entity.types.includes(type))) return false;
  return id === undefined ? isByPattern || (matches?.(entity.id) ?? true) : id === entity.id;
}

/** The attributes of the entity that the registration has for itself. */
export function exclusiveNames({ mode, information }: Registration, id: string): readonly string[] {
  if (mode !== 'exclusive') return [];
  return information.flatMap(({ entities, attrs }) =>
    entities?.some((one) => one.id === id) === true ? (attrs ?? []) : [],
  );
}

/** The ids of exclusive registrations, by the attributes and the entities that they have for themselves. */
export type Owners = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The owners among the registrations. Two exclusive registrations have no attribute of an entity in common. */
export function ownersIn(registrations: readonly Registration[]): Owners {
  const owners = new Map<string, Map<string, string>>();
  const exclusive = registrations.filter(({ mode }) => mode === 'exclusive');
  for (const { id: owner, information } of exclusive)
    for (const { id, name } of information.flatMap(pairsIn)) {
      const own = owners.get(id) ?? new Map<string, string>();
      owners.set(id, own.set(name, owner));
    }
  return owners;
}

/** Each entity with each attribute that an element names. */
const pairsIn = ({
  entities = [],
  attrs = [],
}: Information): readonly { readonly id: string; readonly name: string }[] =>
  entities.flatMap(({ id }) => (id === undefined ? [] : attrs.map((name) => ({ id, name }))));

/** The entity without the attributes that another registration than this one has for itself. Absent: the entity is of this broker. */
export function withoutForeign<
  Has extends { readonly id: string; readonly attrs: Readonly<Record<string, readonly One[]>> },
  One,
>(
  entity: Has,
  owners: Owners,
  registration: Registration | undefined,
): Has & { readonly attrs: Readonly<Record<string, readonly One[]>> } {
  const ownerOf = owners.get(entity.id);
  if (!ownerOf) return entity;
  const kept = Object.entries(entity.attrs).filter(
    ([name]) => (ownerOf.get(name) ?? registration?.id) === registration?.id,
  );
  return { ...entity, attrs: Object.fromEntries(kept) };
}
