/** Finds the registrations that may have what a request asks for, without a test of all others. */
import type { EntitySelector } from '../language/filter.ts';
import type { Instant } from '../model/instant.ts';
import { compileDemand, type Demand, isOtherDataset, typesNamed } from './registration-match.ts';
import { type EntityInfo, type Information, isExpired, type Registration } from './registration.ts';

/** The registrations of a tenant. */
export interface RegistrationIndex {
  readonly size: number;
  get(id: string): Registration | undefined;
  /** All registrations, ordered by id. */
  all(): readonly Registration[];
  /** Unexpired registrations of which an element of `information` matches, ordered by id (clause 5.12). */
  matching(demand: Demand, now: Instant): readonly Registration[];
  /** Replaces the registration of this id. */
  put(registration: Registration): void;
  delete(id: string): void;
}

/** Registrations under several keys. */
type Groups = Map<string, Set<Registration>>;

interface Index {
  readonly byId: Map<string, Registration>;
  /** By the ids that they name exactly. */
  readonly byEntity: Groups;
  /** By the types of entities named by id, and by those of other entities. */
  readonly byTypeOfEntity: Groups;
  readonly byType: Groups;
  /** Those with an EntityInfo without a type. */
  readonly untypedEntities: Set<Registration>;
  readonly untyped: Set<Registration>;
  /** By the attributes that an element names; those with an element that names none. */
  readonly byAttribute: Groups;
  readonly whole: Set<Registration>;
  /** Those with an element of any entity. */
  readonly unlimited: Set<Registration>;
}

export function createRegistrationIndex(): RegistrationIndex {
  const index: Index = {
    byId: new Map(),
    byEntity: new Map(),
    byTypeOfEntity: new Map(),
    byType: new Map(),
    untypedEntities: new Set(),
    untyped: new Set(),
    byAttribute: new Map(),
    whole: new Set(),
    unlimited: new Set(),
  };
  const remove = (id: string): void => {
    const old = index.byId.get(id);
    if (!old) return;
    index.byId.delete(id);
    for (const one of old.information) place(index, one, (group) => group.delete(old));
  };
  return {
    get size() {
      return index.byId.size;
    },
    get: (id) => index.byId.get(id),
    all: () => [...index.byId.values()].sort(byId),
    matching: (demand, now) => matching(index, demand, now),
    put(registration) {
      remove(registration.id);
      index.byId.set(registration.id, registration);
      for (const one of registration.information) place(index, one, (group) => group.add(registration));
    },
    delete: remove,
  };
}

const byId = (a: Registration, b: Registration): number => (a.id < b.id ? -1 : 1);

/** Calls back with each set in which a registration with this element belongs. */
function place(index: Index, { entities, attrs }: Information, change: (group: Set<Registration>) => void): void {
  if (!attrs) change(index.whole);
  for (const name of attrs ?? []) inGroup(index.byAttribute, name, change);
  if (!entities) change(index.unlimited);
  for (const entity of entities ?? []) placeEntity(index, entity, change);
}

function placeEntity(index: Index, { id, types }: EntityInfo, change: (group: Set<Registration>) => void): void {
  if (id !== undefined) inGroup(index.byEntity, id, change);
  if (types.length === 0) change(id === undefined ? index.untyped : index.untypedEntities);
  for (const type of types) inGroup(id === undefined ? index.byType : index.byTypeOfEntity, type, change);
}

function inGroup(groups: Groups, key: string, change: (group: Set<Registration>) => void): void {
  const group = groups.get(key) ?? new Set();
  change(group);
  if (group.size === 0) groups.delete(key);
  else groups.set(key, group);
}

function matching(index: Index, demand: Demand, now: Instant): readonly Registration[] {
  if (index.byId.size === 0) return [];
  const candidates = candidatesOf(index, demand);
  if (candidates.size === 0) return [];
  const test = compileDemand(demand);
  return [...candidates]
    .filter((one) => !isExpired(one, now) && !isOtherDataset(one, demand) && one.information.some(test))
    .sort(byId);
}

/** All registrations that can match, and few others. */
function candidatesOf(index: Index, { selectors, attrs }: Demand): ReadonlySet<Registration> {
  if (selectors) {
    const found = new Set(index.unlimited);
    for (const selector of selectors) addCandidates(found, index, selector);
    return found;
  }
  if (!attrs) return new Set(index.byId.values());
  const found = new Set(index.whole);
  for (const name of attrs) addAll(found, index.byAttribute.get(name));
  return found;
}

/** Ids find those that name them, and those of their types that name no ids. A pattern may find every one of its types. */
function addCandidates(found: Set<Registration>, index: Index, { ids, types }: EntitySelector): void {
  const names = types && typesNamed(types);
  addAll(found, index.untyped);
  for (const type of names ?? index.byType.keys()) addAll(found, index.byType.get(type));
  for (const id of ids ?? []) addAll(found, index.byEntity.get(id));
  if (ids) return;
  addAll(found, index.untypedEntities);
  for (const type of names ?? index.byTypeOfEntity.keys()) addAll(found, index.byTypeOfEntity.get(type));
}

function addAll(found: Set<Registration>, group: ReadonlySet<Registration> | undefined): void {
  for (const one of group ?? []) found.add(one);
}
