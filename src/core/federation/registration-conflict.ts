/** The rules by which exclusive and redirect registrations exclude others and local data (clauses 4.3.6.3, 5.9.2.4). */
import { anyOfTypes, type EntitySelector, type Filter } from '../language/filter.ts';
import { compileFilter } from '../language/matches/matches.ts';
import type { Entity } from '../model/entity.ts';
import type { Instant } from '../model/instant.ts';
import { type EntityInfo, type Information, isProxied, type Mode, type Registration } from './registration.ts';
import type { RegistrationIndex } from './registration-index.ts';

/**
 * Another registration that must not have the same information. An exclusive one must not share an entity and attribute with any exclusive
 * or redirect one. Redirect ones may overlap each other.
 */
export function overlappingRegistration(
  registration: Registration,
  index: RegistrationIndex,
  now: Instant,
): Registration | undefined {
  if (!isProxied(registration)) return undefined;
  const excluded: readonly Mode[] = registration.mode === 'exclusive' ? ['exclusive', 'redirect'] : ['exclusive'];
  for (const { entities, attrs } of registration.information) {
    const demand = {
      ...(entities ? { selectors: entities.map(selectorOf) } : undefined),
      ...(attrs ? { attrs } : undefined),
    };
    const other = index.matching(demand, now).find(({ id, mode }) => id !== registration.id && excluded.includes(mode));
    if (other) return other;
  }
  return undefined;
}

/** Finds local entities that must not exist beside a registration. */
export interface ConflictSearch {
  readonly filter: Filter;
  /** Most entities that the filter finds. */
  readonly limit: number;
  /** Whether an entity that the filter finds is a conflict. */
  readonly isConflict: (entity: Entity) => boolean;
}

/** Ids that are searched for together. */
const idsMax = 500;

/** The searches for conflicts with a registration: a few, also when it has many elements. */
export function conflictSearches({ mode, information }: Registration): readonly ConflictSearch[] {
  if (!isProxied({ mode })) return [];
  const named = new Map<string, Filter[]>();
  const others = new Map<string, Filter[]>();
  for (const one of information)
    for (const filter of filtersOf(one, mode)) {
      const [id] = filter.selectors?.[0]?.ids ?? [];
      const [groups, key] = id === undefined ? [others, JSON.stringify(filter.attrs ?? null)] : [named, id];
      const group = groups.get(key);
      if (group) group.push(filter);
      else groups.set(key, [filter]);
    }
  return [...searchesByIds(named), ...[...others.values()].map(searchTogether)];
}

/** One filter for each entity that the element is of. An exclusive registration is of the entity with the id, whatever its type. */
function filtersOf({ entities, attrs }: Information, mode: Mode): readonly Filter[] {
  const limited = attrs ? { attrs } : {};
  if (!entities) return [limited];
  return entities.map(selectorOf).map(({ types, ...rest }) => ({
    selectors: [mode === 'exclusive' || !types ? rest : { ...rest, types }],
    ...limited,
  }));
}

function searchesByIds(named: ReadonlyMap<string, readonly Filter[]>): readonly ConflictSearch[] {
  const ids = [...named.keys()];
  return Array.from({ length: Math.ceil(ids.length / idsMax) }, (_, n) => ({
    filter: { selectors: [{ ids: ids.slice(n * idsMax, (n + 1) * idsMax) }] },
    limit: idsMax,
    isConflict: (entity) => (named.get(entity.id) ?? []).some((one) => compileFilter(one)(entity)),
  }));
}

/** The filters have the same attributes. */
function searchTogether(filters: readonly Filter[]): ConflictSearch {
  const selectors = filters.flatMap((one) => one.selectors ?? []);
  const { attrs } = filters[0] ?? {};
  const isLimited = filters.every((one) => one.selectors !== undefined);
  return {
    filter: { ...(isLimited ? { selectors } : undefined), ...(attrs ? { attrs } : undefined) },
    limit: 1,
    isConflict: () => true,
  };
}

/** The entities of an EntityInfo as a selector. */
function selectorOf({ id, idPattern, types }: EntityInfo): EntitySelector {
  return {
    ...(id === undefined ? undefined : { ids: [id] }),
    ...(id === undefined && idPattern !== undefined ? { idPattern: { source: idPattern } } : undefined),
    ...(types.length === 0 ? undefined : { types: anyOfTypes(types) }),
  };
}
