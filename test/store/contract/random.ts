/** Compares two stores: the same random writes must have the same result in both. */
import { expect } from '@jest/globals';
import fc from 'fast-check';
import type { TemporalQuery } from '../../../src/core/language/filter.ts';
import { timeOf } from '../../../src/core/language/temporal-query.ts';
import type { Entity } from '../../../src/core/model/entity.ts';
import type { EntityHistory, HistoricInstance } from '../../../src/core/model/history.ts';
import type { Instant } from '../../../src/core/model/instant.ts';
import type { HistoryPlan, LogRecord, Position, Store, Stored, Stores, Summary } from '../../../src/core/port/store.ts';
import { historyParts, pastInstance, planParts, write } from './arbitraries.ts';
import { historyPlan, minute, plan } from './bench.ts';
import { forgetAll } from './retention.ts';

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('apply' as const), writes: fc.array(write, { maxLength: 4 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('record' as const), instances: fc.array(pastInstance, { maxLength: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sweep' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const), minutes: fc.integer({ min: 0, max: 30 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('prune' as const),
      minutes: fc.integer({ min: 0, max: 30 }),
      records: fc.integer({ min: 0, max: 20 }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What is asked after each step. */
const questions = fc.record({
  plans: fc.array(planParts, { minLength: 3, maxLength: 3 }),
  histories: fc.array(historyParts, { minLength: 4, maxLength: 4 }),
});
const story = fc.array(fc.tuple(step, questions), { minLength: 1, maxLength: 25, size: 'max' });

let lastTenant = 0;

/**
 * Writes random stories into new tenants of two persistences, and compares after every step all that can be seen of
 * them. Positions and cursors may differ, as long as they mean the same; so may the ids of instances in the history.
 */
export async function sameOnRandom(a: Stores, b: Stores, runs: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(story, async (steps) => {
      lastTenant += 1;
      const [first, second] = await Promise.all([a, b].map((stores) => openWitness(stores, `random-${lastTenant}`)));
      if (!first || !second) throw new Error('There are two stores.');
      for (const [n, [one, asked]] of steps.entries()) {
        // Neither observation nor expiry ever falls on the seconds of a write.
        const at = minute(n, 30.125);
        expect(await carryOut(second.store, one, at)).toEqual(await carryOut(first.store, one, at));
        const [seen, meant] = [await look(second, asked, at), await look(first, asked, at)];
        expect(seen).toEqual(meant);
      }
      await expectConsistent(first.store, minute(steps.length));
      await expectConsistent(second.store, minute(steps.length));
    }),
    { numRuns: runs },
  );
}

/** A store, and the positions of all changes that were ever in its log. */
interface Witness {
  readonly store: Store;
  readonly positions: Position[];
}

async function openWitness(stores: Stores, tenant: string): Promise<Witness> {
  const store = await stores.open(tenant, true);
  if (!store) throw new Error('The tenant was not made.');
  return { store, positions: [] };
}

async function carryOut(store: Store, one: Step, at: Instant): Promise<unknown> {
  switch (one.do) {
    case 'apply':
      return store.apply(one.writes, at);
    case 'record':
      return store.record(one.instances, at);
    case 'sweep':
      return store.sweep(at);
    case 'forget':
      return forgetAll(store, { before: minute(one.minutes), rules: [] });
    case 'prune':
      return store.log.prune({ before: minute(one.minutes), records: one.records });
  }
}

type PlanParts = typeof planParts extends fc.Arbitrary<infer T> ? T : never;
interface Questions {
  readonly plans: readonly PlanParts[];
  readonly histories: readonly Omit<HistoryPlan, 'now' | 'after'>[];
}

/** All that can be seen, in a form that must be the same in both. */
async function look(witness: Witness, { plans, histories }: Questions, now: Instant): Promise<unknown> {
  const { store, positions } = witness;
  const log = await lookAtLog(witness);
  const all = await store.find(plan({}, { now }));
  return {
    log,
    entities: all.map((stored) => told(stored, positions)),
    cursorsGrow: isAscending(all.map(({ cursor }) => cursor)),
    found: await Promise.all(plans.map((asked) => found(store, asked, { all, now }))),
    counts: await Promise.all(plans.map((asked) => store.count({ ...asked, now }))),
    whole: (await store.history(historyPlan({}, { now }))).map((history) =>
      normalized(history, { timeproperty: 'modifiedAt' }),
    ),
    histories: await Promise.all(histories.map((asked) => answered(store, { ...asked, now }))),
    summary: sorted(await store.summary()),
  };
}

/** The ids that a plan finds, behind one of all the entities. */
async function found(
  store: Store,
  { behind, ...asked }: PlanParts,
  { all, now }: { readonly all: readonly Stored[]; readonly now: Instant },
): Promise<readonly string[]> {
  const after = behind === undefined ? undefined : all[behind]?.cursor;
  const stored = await store.find({ ...asked, now, ...(after === undefined ? undefined : { after }) });
  return stored.map(({ id }) => id);
}

async function lookAtLog({ store, positions }: Witness): Promise<unknown> {
  const fresh = await store.log.read(positions.at(-1) ?? 0, 1000);
  positions.push(...fresh.map(({ position }) => position));
  const kept = await store.log.read(0, 1000);
  const prunedTo = await store.log.prunedTo();
  return {
    fresh: fresh.map(withoutPosition),
    kept: kept.map(({ position }) => positions.indexOf(position)),
    isAscending: isAscending(positions),
    newest: positions.indexOf(await store.log.position()),
    isPruned: kept.every(({ position }) => position > prunedTo),
  };
}

const withoutPosition = ({ position: _, ...change }: LogRecord): unknown => change;

const isAscending = (numbers: readonly number[]): boolean =>
  numbers.every((one, index) => index === 0 || one > (numbers[index - 1] ?? Infinity));

const told = (stored: Stored, positions: readonly Position[]): unknown => ({
  id: stored.id,
  version: positions.indexOf(stored.version),
  isPart: stored.isPart ?? false,
  entity: stored.entity(),
});

/** The histories of a plan; of those that were cut off only how much is left of them, for nobody says which instances stay. */
async function answered(store: Store, asked: HistoryPlan): Promise<unknown> {
  const histories = await store.history(asked);
  return histories.map((history) =>
    history.truncated
      ? { ...history, attrs: Object.values(history.attrs).flat().length }
      : normalized(history, asked.temporal),
  );
}

/** A history without ids of instances, and with the datasets of an attribute apart: how they are mixed is only bound by time. */
function normalized({ attrs, ...rest }: EntityHistory, temporal: TemporalQuery): unknown {
  const entries = Object.entries(attrs).map(([name, instances]) => {
    const times = instances.map((instance) => Date.parse(timeOf(instance, temporal) ?? ''));
    const isInOrder = times.every((time, index) => index === 0 || time >= (times[index - 1] ?? Infinity));
    const byDataset = Map.groupBy(instances, ({ datasetId = '@none' }) => datasetId);
    return [
      name,
      {
        isInOrder,
        datasets: Object.fromEntries([...byDataset].map(([dataset, series]) => [dataset, series.map(withoutId)])),
      },
    ] as const;
  });
  return { ...rest, attrs: Object.fromEntries(entries) };
}

const withoutId = ({ instanceId: _, ...instance }: HistoricInstance): unknown => instance;

const sorted = ({ entities, types }: Summary): Summary => ({
  entities,
  types: types
    .map(({ type, entities: having, attrs }) => ({
      type,
      entities: having,
      attrs: attrs
        .map(({ name, kinds, entities: with_ }) => ({ name, kinds: [...kinds].sort(), entities: with_ }))
        .sort((x, y) => (x.name < y.name ? -1 : 1)),
    }))
    .sort((x, y) => (x.type < y.type ? -1 : 1)),
});

/** What must hold in any store, whatever was written. */
async function expectConsistent(store: Store, now: Instant): Promise<void> {
  await store.sweep(now);
  const present = await store.find(plan({}, { now }));
  const entities = present.map((stored) => stored.entity());
  expect(sorted(await store.summary())).toEqual(counted(entities));
  const ids = (await store.history(historyPlan({}, { now }))).flatMap(({ attrs }) =>
    Object.values(attrs)
      .flat()
      .map(({ instanceId }) => instanceId),
  );
  expect(new Set(ids).size).toBe(ids.length);
  for (const stored of present) {
    const again = await store.get(stored.id, now);
    expect([again?.version, again?.cursor, again?.entity()]).toEqual([stored.version, stored.cursor, stored.entity()]);
  }
}

/** The summary, by counting. */
function counted(entities: readonly Entity[]): Summary {
  const types = [...new Set(entities.flatMap((entity) => entity.types))].map((type) => {
    const ofType = entities.filter((entity) => entity.types.includes(type));
    const names = [...new Set(ofType.flatMap(({ attrs }) => Object.keys(attrs)))];
    const attrs = names.map((name) => {
      const having = ofType.filter((entity) => Object.hasOwn(entity.attrs, name));
      const kinds = new Set(having.flatMap((entity) => (entity.attrs[name] ?? []).map(({ kind }) => kind)));
      return { name, kinds: [...kinds], entities: having.length };
    });
    return { type, entities: ofType.length, attrs };
  });
  return sorted({ entities: entities.length, types });
}
