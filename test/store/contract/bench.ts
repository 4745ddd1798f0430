/** Provides an open store for the tests of the contract, and helpers for writes, filters and times. */
import type {
  EntitySelector,
  Filter,
  QPath,
  QValue,
  Query,
  TemporalQuery,
  TypeSelection,
} from '../../../src/core/language/filter.ts';
import type { Write } from '../../../src/core/language/write.ts';
import type { Fragment, Instance, Kind } from '../../../src/core/model/attribute.ts';
import type { Entity, EntityFragment } from '../../../src/core/model/entity.ts';
import type { EntityHistory } from '../../../src/core/model/history.ts';
import { type Instant, type Micros, microsOf } from '../../../src/core/model/instant.ts';
import type { Json } from '../../../src/core/model/json.ts';
import type { Mutation, Outcome } from '../../../src/core/model/mutation.ts';
import type {
  HistoryPlan,
  LogRecord,
  PastInstance,
  Plan,
  Store,
  Stored,
  Stores,
} from '../../../src/core/port/store.ts';

/** A persistence that a test can fill. */
export interface Opened {
  /** Empty. The contract closes it. */
  readonly stores: Stores;
  /** Opens what was kept, after `stores` were closed; for persistences that outlive their process. */
  readonly reopen?: () => Promise<Stores>;
}

/** The persistence of the test that runs, with the default tenant's store open. */
export interface Bench {
  readonly stores: () => Stores;
  readonly store: () => Store;
  /** Closes and opens again; undefined where nothing outlives the process. */
  readonly reopen: () => Promise<Store | undefined>;
}

export const iri = (name: string): string => `https://example.org/${name}`;
export const urn = (name: string): string => `urn:ngsi-ld:${name}`;

/** The instant so many minutes (and seconds) after noon of a day in March. */
export function minute(minutes: number, seconds = 0): Instant {
  const millis = Date.UTC(2026, 2, 1, 12) + minutes * 60_000 + seconds * 1000;
  return new Date(millis).toISOString().replace('.000Z', 'Z');
}

export const micros = (instant: Instant): Micros => microsOf(instant) ?? Number.NaN;

/** An instance or fragment of a kind; by default a Property. */
export const property = (value: Json, more: Partial<Instance> = {}): Instance => ({ kind: 'Property', value, ...more });
export const instance = (kind: Kind, value: Json, more: Partial<Instance> = {}): Instance => ({ kind, value, ...more });

/** Attributes whose short names stand for IRIs. */
export const attrs = <T extends Fragment>(
  given: Readonly<Record<string, T | readonly T[]>>,
): Readonly<Record<string, readonly T[]>> =>
  Object.fromEntries(
    Object.entries(given).map(([name, one]) => [iri(name), Array.isArray(one) ? (one as readonly T[]) : [one as T]]),
  );

/** A whole entity of type Thing, or of other types. */
export const thing = (
  given: Readonly<Record<string, Fragment | readonly Fragment[]>> = {},
  more: Omit<EntityFragment, 'attrs'> = {},
): EntityFragment => ({ types: [iri('Thing')], ...more, attrs: attrs(given) });

export const create = (name: string, entity: EntityFragment = thing()): Mutation => ({
  op: 'create',
  id: urn(name),
  entity,
});
export const update = (name: string, fragment: EntityFragment): Mutation => ({ op: 'update', id: urn(name), fragment });
export const setTo = (name: string, given: Readonly<Record<string, Fragment | readonly Fragment[]>>): Mutation =>
  update(name, { attrs: attrs(given) });
export const remove = (name: string): Mutation => ({ op: 'delete', id: urn(name) });

const writes = (...mutations: readonly Mutation[]): readonly Write[] => mutations.map((mutation) => ({ mutation }));

/** Applies mutations in one call. */
export const apply = (store: Store, at: Instant, ...mutations: readonly Mutation[]): Promise<readonly Outcome[]> =>
  store.apply(writes(...mutations), at);

/** Applies one mutation. */
export async function applyOne(store: Store, at: Instant, mutation: Mutation): Promise<Outcome> {
  const [outcome] = await apply(store, at, mutation);
  if (!outcome) throw new Error('A write had no outcome.');
  return outcome;
}

export const statuses = (outcomes: readonly Outcome[]): readonly string[] =>
  outcomes.map((outcome) => (outcome.status === 'refused' ? outcome.problem.type : outcome.status));

/** A time after everything that tests write, at which nothing has expired that they do not want to. */
export const now: Instant = minute(600);

export const plan = (filter: Filter = {}, more: Partial<Plan> = {}): Plan => ({ filter, limit: 1000, now, ...more });

/** The whole history, by the time of the write, of everything that a filter finds. */
export const historyPlan = (filter: Filter = {}, more: Partial<HistoryPlan> = {}): HistoryPlan => ({
  ...plan(filter),
  temporal: { timeproperty: 'modifiedAt' },
  limitInstances: 100_000,
  ...more,
});

export const byObservedAt: TemporalQuery = { timeproperty: 'observedAt' };

export const names = (found: readonly { readonly id: string }[]): readonly string[] =>
  found.map(({ id }) => id.slice(urn('').length));

export const namesFound = async (store: Store, filter: Filter, more: Partial<Plan> = {}): Promise<readonly string[]> =>
  names(await store.find(plan(filter, more)));

/** The entity as it is; throws when it is not there. */
export async function entityOf(store: Store, name: string, at: Instant = now): Promise<Entity> {
  const stored = await storedOf(store, name, at);
  return stored.entity();
}

export async function storedOf(store: Store, name: string, at: Instant = now): Promise<Stored> {
  const stored = await store.get(urn(name), at);
  if (!stored) throw new Error(`${name} is not there.`);
  return stored;
}

/** The history of one entity; throws when nothing is found. */
export async function historyOf(store: Store, name: string, more: Partial<HistoryPlan> = {}): Promise<EntityHistory> {
  const [history] = await store.history(historyPlan({ selectors: [{ ids: [urn(name)] }] }, more));
  if (!history) throw new Error(`${name} has no such history.`);
  return history;
}

/** The values of an attribute in the history, in order. */
export async function pastValues(
  store: Store,
  [name, attr]: readonly [string, string],
  more: Partial<HistoryPlan> = {},
): Promise<readonly Json[]> {
  const [history] = await store.history(historyPlan({ selectors: [{ ids: [urn(name)] }] }, more));
  return (history?.attrs[iri(attr)] ?? []).map(({ value }) => value);
}

/** A past instance of an entity's attribute. */
export const past = (
  [name, attr]: readonly [string, string],
  given: Instance,
  types: readonly string[] = [iri('Thing')],
): PastInstance => ({ id: urn(name), types, name: iri(attr), instance: given });

/** All records behind a position. */
export const records = (store: Store, after = 0): Promise<readonly LogRecord[]> => store.log.read(after, 1_000_000);

export const ofType = (...types: readonly string[]): Filter => ({
  selectors: types.map((type) => ({ types: typeIs(type) })),
});
export const typeIs = (type: string): TypeSelection => ({ op: 'type', type: iri(type) });
export const selecting = (...selectors: readonly EntitySelector[]): Filter => ({ selectors });

/** The path to an attribute of the examples, to its sub-attributes, and into its value. */
export const path = (
  attr: string,
  more: { readonly sub?: readonly string[]; readonly inside?: readonly string[] } = {},
): QPath => ({
  attr: iri(attr),
  sub: more.sub ?? [],
  inside: more.inside ?? [],
  text: attr,
});

/** The path to a member such as `createdAt`. */
export const memberPath = (member: string): QPath => ({ attr: member, sub: [], inside: [], text: member });

export const json = (value: number | string | boolean): QValue => ({ kind: 'json', value });

export const compare = (
  where: QPath,
  op: '==' | '!=' | '>' | '>=' | '<' | '<=',
  value: QValue | number | string | boolean,
): Query => ({ op, path: where, value: typeof value === 'object' ? value : json(value) });

export const exists = (where: QPath): Query => ({ op: 'exists', path: where });
