/** Runs random writes on a tenant, and compares the answers of a store, through every index, with those of the memory store. */
import { expect } from '@jest/globals';
import fc from 'fast-check';
import type { Filter, Query } from '../../../src/core/language/filter.ts';
import type { Write } from '../../../src/core/language/write.ts';
import type { Instance } from '../../../src/core/model/attribute.ts';
import type { EntityFragment } from '../../../src/core/model/entity.ts';
import { instantOf } from '../../../src/core/model/instant.ts';
import type { Mutation } from '../../../src/core/model/mutation.ts';
import type { HistoryPlan, Store } from '../../../src/core/port/store.ts';
import { createMemoryStores } from '../../../src/store/memory/stores.ts';

const iri = (name: string): string => `https://example.org/${name}`;
const start = Date.UTC(2026, 0, 1) * 1000;
/** Seconds after the start; half a second more for observations, so that these never share a place with a write. */
const second = (n: number): string => instantOf(start + n * 1_000_000);
const halfSecond = (n: number): string => instantOf(start + n * 1_000_000 + 500_000);

const ids = fc.constantFrom('urn:a', 'urn:b', 'urn:c', 'urn:d', 'urn:e');
const names = fc.constantFrom('level', 'name', 'place', 'near').map(iri);
const types = fc.subarray(['Lamp', 'Bench', 'Thing'].map(iri), { minLength: 1 });
const scalar = fc.oneof(fc.integer({ min: -2, max: 5 }), fc.constantFrom('on', 'off', 'x'.repeat(100)), fc.boolean());
const value = fc.oneof(
  { weight: 4, arbitrary: scalar },
  fc.array(scalar, { maxLength: 3 }),
  fc.record({ '@value': scalar }),
);
const point = fc
  .tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 }))
  .map(([x, y]) => ({ type: 'Point', coordinates: [14 + x / 10, 46 + y / 10] as const }));

const instance: fc.Arbitrary<Instance> = fc.oneof(
  fc.record({ kind: fc.constant('Property' as const), value }),
  fc.record({ kind: fc.constant('GeoProperty' as const), value: point }),
  fc.record({ kind: fc.constant('Relationship' as const), value: ids }),
  fc.record({
    kind: fc.constant('LanguageProperty' as const),
    value: fc.record({ sl: fc.constantFrom('on', 'off'), en: fc.constant('x') }),
  }),
  fc.record({ kind: fc.constant('JsonProperty' as const), value: fc.record({ any: scalar }) }),
);
const members = fc.record(
  {
    datasetId: fc.constantFrom('urn:d:1', 'urn:d:2'),
    observedAt: fc.integer({ min: 0, max: 30 }).map(halfSecond),
    unitCode: fc.constantFrom('CEL', 'KEL'),
    expiresAt: fc.integer({ min: 5, max: 60 }).map(halfSecond),
  },
  { requiredKeys: [] },
);
const whole = fc.tuple(instance, members).map(([one, more]): Instance => ({ ...one, ...more }));
const attrs = fc.dictionary(
  names,
  whole.map((one) => [one]),
  { maxKeys: 3 },
);
const entity: fc.Arbitrary<EntityFragment> = fc
  .tuple(
    types,
    attrs,
    fc.option(fc.constantFrom('/a', '/a/b')),
    fc.option(fc.integer({ min: 5, max: 60 }).map(halfSecond)),
  )
  .map(([ofTypes, all, scope, expiresAt]) => ({
    types: ofTypes,
    attrs: all,
    ...(scope === null ? {} : { scope }),
    ...(expiresAt === null ? {} : { expiresAt }),
  }));
const part = fc.record({ attrs });

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant('create' as const), id: ids, entity }) },
  fc.record({ op: fc.constant('replace' as const), id: ids, entity }),
  fc.record({
    op: fc.constant('upsert' as const),
    id: ids,
    entity,
    mode: fc.constantFrom('replace' as const, 'update' as const),
  }),
  fc.record({ op: fc.constant('append' as const), id: ids, fragment: entity, overwrite: fc.boolean() }),
  { weight: 3, arbitrary: fc.record({ op: fc.constant('update' as const), id: ids, fragment: part }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('merge' as const), id: ids, fragment: part }) },
  fc.record({
    op: fc.constant('deleteAttr' as const),
    id: ids,
    attr: names,
    which: fc.constantFrom('all' as const, {}, { datasetId: 'urn:d:1' }),
  }),
  { weight: 2, arbitrary: fc.record({ op: fc.constant('delete' as const), id: ids }) },
);

type Step =
  | { readonly step: 'apply'; readonly mutations: readonly Mutation[] }
  | {
      readonly step: 'record';
      readonly id: string;
      readonly types: readonly string[];
      readonly name: string;
      readonly instance: Instance;
    }
  | { readonly step: 'sweep' };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      step: fc.constant('apply' as const),
      mutations: fc.array(mutation, { minLength: 1, maxLength: 4 }),
    }),
  },
  fc.record({ step: fc.constant('record' as const), id: ids, types, name: names, instance: whole }),
  fc.constant({ step: 'sweep' as const }),
);

const path = (attr: string) => ({ attr, sub: [], inside: [], text: attr });
const operand = scalar.map((one) => ({ kind: 'json' as const, value: one }));
const number = fc.integer({ min: -2, max: 5 }).map((one) => ({ kind: 'json' as const, value: one }));
const term: fc.Arbitrary<Query> = fc.oneof(
  fc.record({
    op: fc.constantFrom('==' as const, '!=' as const, '<' as const, '<=' as const, '>' as const, '>=' as const),
    path: names.map(path),
    value: operand,
  }),
  fc.record({
    op: fc.constantFrom('==' as const, '!=' as const),
    path: names.map(path),
    value: fc.tuple(number, number).map(([from, to]) => ({ kind: 'range' as const, from, to })),
  }),
  fc.record({
    op: fc.constantFrom('==' as const, '!=' as const),
    path: names.map(path),
    value: fc.array(operand, { minLength: 1, maxLength: 3 }).map((values) => ({ kind: 'list' as const, values })),
  }),
  fc.record({
    op: fc.constant('==' as const),
    path: names.map(path),
    value: ids.map((uri) => ({ kind: 'uri' as const, uri })),
  }),
  fc.record({ op: fc.constant('exists' as const), path: names.map(path) }),
);
const query: fc.Arbitrary<Query> = fc.oneof(
  { weight: 3, arbitrary: term },
  fc.record({
    op: fc.constantFrom('and' as const, 'or' as const),
    parts: fc.array(term, { minLength: 1, maxLength: 3 }),
  }),
);
const selection = fc.oneof(
  fc.constantFrom('Lamp', 'Bench', 'Thing', 'None').map((type) => ({ op: 'type' as const, type: iri(type) })),
  fc.constant({ op: 'any' as const }),
  fc.record({
    op: fc.constantFrom('and' as const, 'or' as const),
    parts: fc.array(
      fc.constantFrom('Lamp', 'Bench').map((type) => ({ op: 'type' as const, type: iri(type) })),
      { minLength: 1 },
    ),
  }),
);
const selector = fc.record(
  {
    ids: fc.array(ids, { minLength: 1, maxLength: 3 }),
    idPattern: fc.constant({ source: '^urn:[a-c]$' }),
    types: selection,
  },
  { requiredKeys: [] },
);
const geo = fc.record({
  relation: fc.oneof(
    fc.record({ georel: fc.constant('near' as const), maxDistanceMetres: fc.integer({ min: 1, max: 40_000 }) }),
    fc.record({ georel: fc.constant('near' as const), minDistanceMetres: fc.integer({ min: 1, max: 40_000 }) }),
  ),
  geometry: point.map(({ coordinates }) => ({ type: 'Point' as const, coordinates })),
  geoproperty: names,
});
const plain: fc.Arbitrary<Filter> = fc.record(
  {
    selectors: fc.array(selector, { minLength: 1, maxLength: 2 }),
    q: query,
    geo,
    attrs: fc.array(names, { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const filter: fc.Arbitrary<Filter> = fc.oneof(
  { weight: 4, arbitrary: plain },
  fc
    .tuple(plain, fc.array(plain, { minLength: 1, maxLength: 2 }), fc.boolean())
    .map(([one, others, isAlso]) => ({ ...one, [isAlso ? 'also' : 'anyOf']: others })),
);

const temporal = fc.record(
  {
    timeproperty: fc.constantFrom(
      'any' as const,
      'observedAt' as const,
      'createdAt' as const,
      'modifiedAt' as const,
      'deletedAt' as const,
    ),
    timerel: fc.constantFrom('before' as const, 'after' as const, 'between' as const),
    timeAt: fc.integer({ min: 0, max: 30 }).map((n) => start + n * 500_000),
    endTimeAt: fc.integer({ min: 30, max: 60 }).map((n) => start + n * 500_000),
    lastN: fc.integer({ min: 1, max: 3 }),
  },
  { requiredKeys: ['timeproperty', 'timeAt', 'endTimeAt'] },
);
const asked = fc.record({
  filter,
  temporal,
  attrs: fc.option(fc.array(names, { minLength: 1, maxLength: 2 })),
  datasetIds: fc.option(fc.array(fc.constantFrom('@none', 'urn:d:1'), { minLength: 1 })),
});

async function take(store: Store, steps: readonly Step[]): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  for (const [n, one] of steps.entries()) {
    const at = second(n);
    if (one.step === 'apply')
      answers.push(
        await store.apply(
          one.mutations.map((each): Write => ({ mutation: each })),
          at,
        ),
      );
    else if (one.step === 'record') await store.record([one], at);
    else answers.push(await store.sweep(at));
  }
  return answers;
}

const withoutIds = (histories: Awaited<ReturnType<Store['history']>>) =>
  histories.map((history) => ({
    ...history,
    attrs: Object.fromEntries(
      Object.entries(history.attrs).map(([name, instances]) => [
        name,
        instances.map((one) => JSON.stringify(sorted({ ...one, instanceId: '' }))).sort(),
      ]),
    ),
  }));

const sorted = (one: object): object => Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)));

type Asked = typeof asked extends fc.Arbitrary<infer One> ? One : never;

/** All that can be asked of a store, in a form that does not depend on how it numbers entities and instances. */
async function answersOf(store: Store, questions: readonly Asked[], now: string): Promise<unknown> {
  const answers = [];
  for (const { filter: one, temporal: when, attrs: only, datasetIds } of questions) {
    const found = await store.find({ filter: one, now, limit: 100 });
    const second_ = found[1];
    const plan: HistoryPlan = {
      filter: one,
      now,
      limit: 100,
      limitInstances: 10_000,
      temporal: when,
      ...(only === null ? {} : { attrs: only }),
      ...(datasetIds === null ? {} : { datasetIds }),
    };
    answers.push({
      found: found.map((stored) => ({
        id: stored.id,
        version: stored.version,
        isPart: stored.isPart,
        entity: stored.entity(),
      })),
      page: (await store.find({ filter: one, now, limit: 2, offset: 1 })).map(({ id }) => id),
      rest: second_
        ? (await store.find({ filter: one, now, limit: 100, after: second_.cursor })).map(({ id }) => id)
        : [],
      count: await store.count({ filter: one, now, limit: 1 }),
      history: withoutIds(await store.history(plan)),
      few: (await store.history({ ...plan, limit: 2, offset: 1 })).map(({ id }) => id),
    });
  }
  const records = await store.log.read(0, 1000);
  return { answers, summary: await store.summary(), records };
}

/** A store that is empty at first. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Called in the middle of a life, with the names of some attributes that it asks for. */
  readonly prepare?: (names: readonly string[]) => Promise<void>;
  /** Called at its end, before anything is asked. */
  readonly settle?: () => Promise<void>;
  /** Closes and opens again. */
  readonly reopen: () => Promise<Store>;
  readonly close: () => Promise<void>;
}

/** Checks random lives. `open` gives an empty store each time. */
export async function sameAsMemory(open: () => Promise<StoreUnderTest>, runs: number): Promise<void> {
  const life = fc.record({
    before: fc.array(step, { maxLength: 12 }),
    after: fc.array(step, { maxLength: 8 }),
    questions: fc.array(asked, { minLength: 1, maxLength: 6 }),
    at: fc.integer({ min: 0, max: 80 }),
  });
  await fc.assert(
    fc.asyncProperty(life, async ({ before, after, questions, at }) => {
      const memory = await createMemoryStores().open('', true);
      if (!memory) throw new Error('The default tenant is not there.');
      const { store, prepare, settle, reopen, close } = await open();
      try {
        expect(await take(store, before)).toEqual(await take(memory, before));
        await prepare?.(['level', 'name', 'near'].map(iri));
        expect(await take(store, after)).toEqual(await take(memory, after));
        await settle?.();
        const expected = await answersOf(memory, questions, second(at));
        expect(await answersOf(store, questions, second(at))).toEqual(expected);
        expect(await answersOf(await reopen(), questions, second(at))).toEqual(expected);
      } finally {
        await close();
      }
    }),
    { numRuns: Number(process.env['MLAKA_RUNS'] ?? runs) },
  );
}
