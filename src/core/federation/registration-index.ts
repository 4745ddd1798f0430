/** Finds the registrations that may have what a request asks for, without a test of all others. */
import type { EntitySelector } from '../language/filter.ts';
import type { Instant } from '../model/instant.ts';
import { hasWrite } from './operation-names.ts';
import { compileDemand, type Demand, isOtherDataset, typesNamed } from './registration-match.ts';
import { type EntityInfo, type Information, isExpired, isProxied, type Registration } from './registration.ts';

/** Finds registrations. */
export interface RegistrationSearch {
  readonly size: number;
  /** Unexpired registrations of which an element of `information` matches, ordered by id (clause 5.12). */
  matching(demand: Demand, now: Instant): readonly Registration[];
  /** False when none can match an entity of this id, whatever its types are. Takes no time. */
  mayConcern(id: string): boolean;
}

/** The registrations of a tenant. */
export interface RegistrationIndex extends RegistrationSearch {
  get(id: string): Registration | undefined;
  /** All registrations, ordered by id. */
  all(): readonly Registration[];
  /** Whether one of them, expired ones included, passes the test. */
  some(test: (registration: Registration) => boolean): boolean;
  /** Those that can have a part in a write: others are not looked at for writes. */
  readonly writable: RegistrationSearch;
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
  const [index, writable] = [emptyIndex(), emptyIndex()];
  const remove = (id: string): void => {
    removeFrom(index, id);
    removeFrom(writable, id);
  };
  return {
    get size() {
      return index.byId.size;
    },
    matching: (demand, now) => matching(index, demand, now),
    mayConcern: (id) => mayConcern(index, id),
    get: (id) => index.byId.get(id),
    all: () => [...index.byId.values()].sort(byId),
    some: (test) => hasOne(index.byId.values(), test),
    writable: searchIn(writable),
    put(registration) {
      remove(registration.id);
      putInto(index, registration);
      if (canTakeWrites(registration)) putInto(writable, registration);
    },
    delete: remove,
  };
}

function hasOne(all: Iterable<Registration>, test: (registration: Registration) => boolean): boolean {
  for (const one of all) if (test(one)) return true;
  return false;
}

const emptyIndex = (): Index => ({
  byId: new Map(),
  byEntity: new Map(),
  byTypeOfEntity: new Map(),
  byType: new Map(),
  untypedEntities: new Set(),
  untyped: new Set(),
  byAttribute: new Map(),
  whole: new Set(),
  unlimited: new Set(),
});

const searchIn = (index: Index): RegistrationSearch => ({
  get size() {
    return index.byId.size;
  },
  matching: (demand, now) => matching(index, demand, now),
  mayConcern: (id) => mayConcern(index, id),
});

/** An exclusive or redirect one has a part in writes that it does not offer: they are conflicts. Sources of NGSI v2 take its updates. */
const canTakeWrites = (one: Registration): boolean =>
  isProxied(one) || one.info.v2 !== undefined || hasWrite(one.operations);

function putInto(index: Index, registration: Registration): void {
  index.byId.set(registration.id, registration);
  for (const one of registration.information) place(index, one, (group) => group.add(registration));
}

function removeFrom(index: Index, id: string): void {
  const old = index.byId.get(id);
  if (!old) return;
  index.byId.delete(id);
  for (const one of old.information) place(index, one, (group) => group.delete(old));
}

const mayConcern = ({ unlimited, untyped, byType, byEntity }: Index, id: string): boolean =>
  unlimited.size + untyped.size + byType.size > 0 || byEntity.has(id);

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
