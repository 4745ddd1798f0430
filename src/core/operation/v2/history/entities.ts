/** Finds the entities whose histories a request of QuantumLeap or STH-Comet is about. */
import { anyOfTypes, type EntitySelector, type Filter, type TemporalQuery } from '../../../language/filter.ts';
import { compileFilter } from '../../../language/matches/matches.ts';
import type { Entity } from '../../../model/entity.ts';
import { type EntityHistory, type HistoricInstance, scopeSeries } from '../../../model/history.ts';
import { isStrings } from '../../../model/json.ts';
import { Problem } from '../../../model/problem.ts';
import { v2IdOf } from '../../../model/v2/id.ts';
import { createReadBound, histories } from '../../../port/histories.ts';
import type { Plan, Stored } from '../../../port/store.ts';
import { createContentOf } from '../../content.ts';
import type { CallContext } from '../../operation.ts';

/** Which entities, and which part of their histories. */
export interface HistoryQuery {
  /** URIs. Absent: any. */
  readonly ids?: readonly string[] | undefined;
  /** Expanded. Absent: any. */
  readonly types?: readonly string[] | undefined;
  /** Tests the id as v2 spells it. Absent: any. */
  readonly matchesId?: ((v2Id: string) => boolean) | undefined;
  /** Expanded names. Absent: all attributes. */
  readonly attrs?: readonly string[] | undefined;
  readonly temporal: TemporalQuery;
  /** Conditions on the present entity: its service path and its location. Absent: none. */
  readonly conditions: readonly Filter[];
}

/** An entity that has instances in the interval. */
export interface HistoryEntity {
  readonly id: string;
  readonly types: readonly string[];
  /** The newest instance in the interval, by the expanded name of the attribute. */
  readonly newest: ReadonlyMap<string, HistoricInstance>;
}

/** The default dataset: the only one that v2 writes. */
export const defaultDataset = ['@none'];

/** Most entities of one answer. */
const entitiesMax = 10_000;

/** Most instances in memory while entities are looked for, and most entities that are tested together. */
const [instancesInPage, entitiesTested] = [20_000, 200];

/** The entities, ordered by id. Throws TooManyResults. */
export async function findHistoryEntities(query: HistoryQuery, call: CallContext): Promise<readonly HistoryEntity[]> {
  const found: HistoryEntity[] = [];
  for await (const entity of historyEntities(query, call)) {
    found.push(entity);
    if (found.length > entitiesMax)
      throw new Problem('TooManyResults', `More than ${entitiesMax} histories match; narrow the query.`);
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** All entities, in the order of the store. */
export async function* historyEntities(query: HistoryQuery, call: CallContext): AsyncGenerator<HistoryEntity> {
  const { temporal, attrs } = query;
  const parts = {
    temporal: { ...temporal, lastN: 1 },
    ...(attrs ? { attrs } : undefined),
    datasetIds: defaultDataset,
    now: call.now,
    limitInstances: instancesInPage,
    onRead: createReadBound(),
  };
  let page: HistoryEntity[] = [];
  for await (const history of histories({ filter: filterOf(query), parts }, Number.MAX_SAFE_INTEGER, call)) {
    const entity = entityOf(history);
    if (entity.newest.size > 0 && query.matchesId?.(v2IdOf(entity.id)) !== false) page.push(entity);
    if (page.length < entitiesTested) continue;
    yield* await admitted(page, query, call);
    page = [];
  }
  yield* await admitted(page, query, call);
}

function filterOf({ ids, types }: HistoryQuery): Filter {
  const selector: EntitySelector = {
    ...(ids ? { ids } : undefined),
    ...(types ? { types: anyOfTypes(types) } : undefined),
  };
  return ids || types ? { selectors: [selector] } : {};
}

/** The entity of a history of which one instance of each series was read. The scope is no attribute in v2. */
function entityOf({ id, types, attrs }: EntityHistory): HistoryEntity {
  const newest = Object.entries(attrs).flatMap(([name, [instance]]) =>
    instance && name !== scopeSeries ? [[name, instance] as const] : [],
  );
  return { id, types, newest: new Map(newest) };
}

/** Those that meet the conditions. Of an entity that was deleted, the last scope is known, and no location. */
async function admitted(
  entities: readonly HistoryEntity[],
  { ids: named, conditions }: HistoryQuery,
  call: CallContext,
): Promise<readonly HistoryEntity[]> {
  if (entities.length === 0 || conditions.length === 0) return entities;
  const ids = entities.map(({ id }) => id);
  const tests = conditions.map(compileFilter);
  const isAdmitted = (entity: Entity): boolean => tests.every((matches) => matches(entity));
  // What is known of each is kept, not the entity: two hundred large ones would take too much memory.
  const present = new Map<string, boolean>();
  for await (const stored of named ? storedOf(ids, call) : foundOf(ids, call))
    present.set(stored.id, isAdmitted(stored.entity()));
  const gone = await deletedEntities(
    entities.filter(({ id }) => !present.has(id)),
    call,
  );
  return entities.filter(({ id }) => {
    const deleted = gone.get(id);
    return present.get(id) ?? (deleted !== undefined && isAdmitted(deleted));
  });
}

/** Entities that the request names, one by one. A deletion of these needs no right to query. */
async function* storedOf(ids: readonly string[], { store, now }: CallContext): AsyncGenerator<Stored> {
  for (const id of ids) {
    const stored = await store.get(id, now);
    if (stored) yield stored;
  }
}

async function* foundOf(ids: readonly string[], call: CallContext): AsyncGenerator<Stored> {
  const plan = selecting(ids);
  const content = createContentOf(plan.filter, call);
  for (const stored of await call.store.find({ ...plan, now: call.now, isLazy: true })) {
    const known = await content(stored);
    if (known) yield known;
  }
}

const selecting = (ids: readonly string[]): Pick<Plan, 'filter' | 'limit'> => ({
  filter: { selectors: [{ ids }] },
  limit: ids.length,
});

/** What is known of deleted entities: types and last scope. */
async function deletedEntities(
  entities: readonly HistoryEntity[],
  { store, now }: CallContext,
): Promise<ReadonlyMap<string, Entity>> {
  if (entities.length === 0) return new Map();
  const ids = entities.map(({ id }) => id);
  const scopes = await store.history({
    ...selecting(ids),
    attrs: [scopeSeries],
    // A scope is observed when it is set, and a deletion is not observed.
    temporal: { timeproperty: 'observedAt', lastN: 1 },
    now,
    limitInstances: ids.length,
  });
  const lastScopes = new Map(scopes.map(({ id, attrs }) => [id, attrs[scopeSeries]?.at(-1)?.value]));
  return new Map(
    entities.map(({ id, types }) => {
      const scope = lastScopes.get(id);
      const known = typeof scope === 'string' || isStrings(scope) ? { scope } : undefined;
      return [id, { id, types, attrs: {}, createdAt: now, ...known }];
    }),
  );
}
