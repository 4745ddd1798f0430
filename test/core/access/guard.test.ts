/** Tests that a partial grant exposes only its part, by every access path: id, query, count, history, or write. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { decide } from '../../../src/core/access/decision.ts';
import { guardWrites } from '../../../src/core/access/guard-writes.ts';
import { guardStore } from '../../../src/core/access/guard.ts';
import { anonymous } from '../../../src/core/access/identity.ts';
import { openPolicy } from '../../../src/core/access/policy.ts';
import type { Grant } from '../../../src/core/access/grant.ts';
import {
  anyOfTypes,
  type Filter,
  type GeoQuery,
  type QPath,
  type TypeSelection,
} from '../../../src/core/language/filter.ts';
import type { Fragments } from '../../../src/core/model/attribute.ts';
import type { Mutation } from '../../../src/core/model/mutation.ts';
import type { HistoryPlan, Plan, Store } from '../../../src/core/port/store.ts';
import { createMemoryStores } from '../../../src/store/memory/stores.ts';

const iri = (name: string): string => `https://example.org/${name}`;
const now = '2026-03-01T00:00:00Z';
const property = (value: number): Fragments[string] => [{ kind: 'Property', value, observedAt: now }];
const create = (id: string, type: string, scope: string, attrs: Fragments): Mutation => ({
  op: 'create',
  id,
  entity: { id, types: [iri(type)], scope, attrs },
});
const all = { filter: {}, limit: 100, now };
const past: HistoryPlan = { ...all, temporal: { timeproperty: 'observedAt' }, limitInstances: 100 };

const pathOf = (name: string): QPath => ({ attr: iri(name), sub: [], inside: [], text: name });
const nearTo = (name: string): GeoQuery => ({
  relation: { georel: 'near', maxDistanceMetres: 10 },
  geometry: { type: 'Point', coordinates: [14, 46] },
  geoproperty: iri(name),
});

let store: Store;
const guarded = (...grants: readonly Grant[]): Store => guardStore(store, decide(grants, 'read', ''));
const ids = async (one: Store): Promise<readonly string[]> => (await one.find(all)).map(({ id }) => id);

beforeEach(async () => {
  const opened = await createMemoryStores().open('', true);
  if (!opened) throw new Error('no store');
  store = opened;
  const mutations = [
    create('urn:a:1', 'Meter', '/Kranj/Mlaka', { [iri('volume')]: property(1), [iri('owner')]: property(7) }),
    create('urn:a:2', 'Meter', '/Ljubljana', { [iri('volume')]: property(2) }),
    create('urn:a:3', 'Lamp', '/Kranj', { [iri('power')]: property(3) }),
  ];
  await store.apply(
    mutations.map((mutation) => ({ mutation })),
    now,
  );
});

describe('a decision', () => {
  test('is full for whoever is granted everything, and costs nothing', () => {
    const decision = openPolicy.principalOf(anonymous).rights('write', 'any');
    expect(decision).toEqual({ extent: 'full' });
    expect(guardStore(store, decision)).toBe(store);
  });

  test('is none without a grant for the action and tenant', () => {
    expect(decide([], 'read', '').extent).toBe('none');
    expect(decide([{ operations: ['read'] }], 'write', '').extent).toBe('none');
    expect(decide([{ operations: ['read'], tenants: ['a'] }], 'read', 'b').extent).toBe('none');
    expect(() => guardStore(store, { extent: 'none' })).toThrow(/granted/);
  });
});

describe('a partial grant', () => {
  test('by type finds, counts and retrieves entities of the type only', async () => {
    const meters = guarded({ operations: ['read'], types: [iri('Meter')] });
    expect(await ids(meters)).toEqual(['urn:a:1', 'urn:a:2']);
    expect(await meters.count(all)).toBe(2);
    expect(await meters.get('urn:a:3', now)).toBeUndefined();
    expect((await meters.history(past)).map(({ id }) => id)).toEqual(['urn:a:1', 'urn:a:2']);
  });

  test('asks the store for the types of the request only, however many types are granted', async () => {
    const plans: Plan[] = [];
    const noted: Store = {
      ...store,
      find: (plan) => {
        plans.push(plan);
        return store.find(plan);
      },
    };
    const types = ['Meter', 'Lamp', ...Array.from({ length: 300 }, (_, number) => `Other${number}`)];
    const grants = types.map((type): Grant => ({ operations: ['read'], types: [iri(type)] }));
    const part = guardStore(noted, decide(grants, 'read', ''));
    const select = async (selectors: Filter['selectors'] & object): Promise<readonly string[]> =>
      (await part.find({ ...all, filter: { selectors } })).map(({ id }) => id);
    const meter: TypeSelection = { op: 'type', type: iri('Meter') };
    const hidden: TypeSelection = { op: 'type', type: iri('Hidden') };
    const both = anyOfTypes([iri('Meter'), iri('Lamp')]);
    expect(await select([{ types: meter }])).toEqual(['urn:a:1', 'urn:a:2']);
    expect(await select([{ types: both }])).toEqual(['urn:a:1', 'urn:a:2', 'urn:a:3']);
    expect(await select([{ types: { op: 'and', parts: [meter, hidden] } }])).toEqual([]);
    expect(plans.map(({ filter }) => Object.keys(filter))).toEqual([['selectors'], ['selectors'], ['selectors']]);
    expect(plans.map(({ limit }) => limit)).toEqual([100, 100, 100]);
  });

  test('finds an entity by a type that is not granted when another type of it is, and nothing else of that type', async () => {
    const entity = { id: 'urn:a:5', types: [iri('Hidden'), iri('Meter')], attrs: {} };
    const mutations: readonly Mutation[] = [
      create('urn:a:4', 'Hidden', '/Kranj', {}),
      { op: 'create', id: 'urn:a:5', entity },
    ];
    await store.apply(
      mutations.map((mutation) => ({ mutation })),
      now,
    );
    const meters = guarded({ operations: ['read'], types: [iri('Meter')] });
    const ask = async (types: TypeSelection): Promise<readonly string[]> =>
      (await meters.find({ ...all, filter: { selectors: [{ types }] } })).map(({ id }) => id);
    expect(await ask({ op: 'type', type: iri('Hidden') })).toEqual(['urn:a:5']);
    expect(await ask(anyOfTypes([iri('Hidden'), iri('Lamp')]))).toEqual(['urn:a:5']);
    expect(await ask({ op: 'any' })).toEqual(['urn:a:1', 'urn:a:2', 'urn:a:5']);
    expect(
      await meters.count({ ...all, filter: { selectors: [{ types: { op: 'type', type: iri('Hidden') } }] } }),
    ).toBe(1);
  });

  test('by type and attribute tells nothing of an attribute that only another grant shows', async () => {
    const part = guarded(
      { operations: ['read'], types: [iri('Meter')], attrs: [iri('volume')] },
      { operations: ['read'], types: [iri('Lamp')] },
      { operations: ['read'], types: [iri('Meter')], scopes: [{ levels: ['Ljubljana'], deep: true }] },
    );
    const count = (type: string, attr: string): Promise<number> =>
      part.count({ ...all, filter: { selectors: [{ types: { op: 'type', type: iri(type) } }], attrs: [iri(attr)] } });
    expect(await count('Meter', 'volume')).toBe(2);
    expect(await count('Meter', 'owner')).toBe(0);
    expect(await count('Lamp', 'power')).toBe(1);
  });

  test('gives up a query on hidden attributes of more entities than one request may test', async () => {
    const [one] = await store.find({ ...all, limit: 1 });
    if (!one) throw new Error('no entity');
    let reads = 0;
    const endless: Store = {
      ...store,
      find: ({ limit }) => {
        reads += 1;
        return Promise.resolve(Array.from({ length: limit }, () => one));
      },
    };
    const filter = { attrs: [iri('owner')] };
    const part = guardStore(endless, decide([{ operations: ['read'], attrs: [iri('volume')] }], 'read', ''));
    await expect(part.find({ ...all, filter })).rejects.toMatchObject({ type: 'TooManyResults' });
    await expect(part.count({ ...all, filter })).rejects.toThrow('more than 200000 entities');
    expect(reads).toBe(400);
  });

  test('by scope sees what is beneath it', async () => {
    expect(await ids(guarded({ operations: ['read'], scopes: [{ levels: ['Kranj'], deep: true }] }))).toEqual([
      'urn:a:1',
      'urn:a:3',
    ]);
  });

  test('by attribute hides the others, also from queries on them and from history', async () => {
    const volumes = guarded({ operations: ['read'], attrs: [iri('volume')] });
    expect(Object.keys((await volumes.get('urn:a:1', now))?.entity().attrs ?? {})).toEqual([iri('volume')]);
    const path = { attr: iri('owner'), sub: [], inside: [], text: 'owner' };
    expect(
      await volumes.find({ ...all, filter: { q: { op: '==', path, value: { kind: 'json', value: 7 } } } }),
    ).toEqual([]);
    const histories = await volumes.history(past);
    expect(histories.map(({ id, attrs }) => [id, Object.keys(attrs).includes(iri('volume'))])).toEqual([
      ['urn:a:1', true],
      ['urn:a:2', true],
      ['urn:a:3', false],
    ]);
    // The scope is visible with the entity.
    expect(new Set(histories.flatMap(({ attrs }) => Object.keys(attrs)))).toEqual(new Set([iri('volume'), 'scope']));
  });

  test('does not tell by a query that a hidden attribute exists', async () => {
    const volumes = guarded({ operations: ['read'], attrs: [iri('volume')] });
    const path = { attr: iri('owner'), sub: [], inside: [], text: 'owner' };
    expect(await volumes.count({ ...all, filter: { q: { op: 'missing', path } } })).toBe(3);
    expect(await volumes.count({ ...all, filter: { attrs: [iri('owner')] } })).toBe(0);
    expect(await volumes.history({ ...past, filter: { attrs: [iri('owner')] } })).toEqual([]);
    const { types } = await volumes.summary();
    expect(types.map(({ type, entities, attrs }) => [type, entities, attrs.length])).toEqual([
      [iri('Lamp'), 1, 0],
      [iri('Meter'), 2, 1],
    ]);
  });

  test.each<[string, Filter]>([
    ['a value', { q: { op: '==', path: pathOf('owner'), value: { kind: 'json', value: 7 } } }],
    ['its lack', { q: { op: 'missing', path: pathOf('owner') } }],
    ['an attribute', { attrs: [iri('owner')] }],
    ['a place', { geo: nearTo('owner') }],
  ])('asks the store the same for %s that is hidden, and reads the same, whatever it is', async (_, filter) => {
    const asked: string[] = [];
    const noted: Store = {
      ...store,
      find: async (plan) => {
        const found = await store.find(plan);
        asked.push(JSON.stringify([plan, found.map(({ id }) => id)]));
        return found;
      },
      count: () => Promise.reject(new Error('The count would be of what is hidden.')),
    };
    const part = guardStore(noted, decide([{ operations: ['read'], attrs: [iri('volume')] }], 'read', ''));
    const walk = async (): Promise<readonly string[]> => {
      await part.find({ ...all, filter });
      await part.count({ ...all, filter });
      return asked.splice(0);
    };
    const before = await walk();
    expect(before).toHaveLength(2);
    expect(before.join()).not.toContain('owner');
    const mutation: Mutation = {
      op: 'update',
      id: 'urn:a:1',
      fragment: { attrs: { [iri('owner')]: property(70), [iri('volume')]: property(1) } },
    };
    await store.apply([{ mutation }], now);
    expect(await walk()).toEqual(before);
    await store.apply([{ mutation: { op: 'deleteAttr', id: 'urn:a:1', attr: iri('owner'), which: 'all' } }], now);
    expect(await walk()).toEqual(before);
  });

  test('keeps order and pages over what it sees', async () => {
    const meters = guarded({ operations: ['read'], types: [iri('Meter')] });
    expect((await meters.find({ ...all, limit: 1, offset: 1 })).map(({ id }) => id)).toEqual(['urn:a:2']);
  });

  test('opens nothing whose content is not entity by entity', async () => {
    const meters = guarded({ operations: ['read'], types: [iri('Meter')] });
    for (const look of [
      meters.sweep(now),
      meters.forgetHistory({ retention: { rules: [] } }),
      meters.collection('x').list(),
      meters.log.read(0, 1),
    ])
      await expect(look).rejects.toThrow(/granted only a part/);
    expect(() => meters.log.follow(() => undefined)).toThrow(/granted only a part/);
  });
});

describe('a partial grant to write', () => {
  const writing = (grant: Omit<Grant, 'operations'>): Store =>
    guardWrites(store, { act: decide([{ operations: ['write'], ...grant }], 'write', ''), read: { extent: 'none' } });

  const refusal = {
    status: 'refused',
    problem: { type: 'Forbidden', detail: expect.stringMatching(/may not change/) },
  };

  test('changes what it covers, and nothing else', async () => {
    const meters = writing({ types: [iri('Meter')] });
    const outcomes = await meters.apply(
      [
        { mutation: { op: 'delete', id: 'urn:a:1' } },
        { mutation: { op: 'delete', id: 'urn:a:3' } },
        { mutation: create('urn:a:9', 'Lamp', '/Kranj', {}) },
      ],
      now,
    );
    expect(outcomes).toMatchObject([
      { status: 'deleted' },
      { status: 'refused', problem: { type: 'ResourceNotFound' } },
      refusal,
    ]);
  });

  test('is refused openly for what may be read', async () => {
    const grant: Grant = { operations: ['write'], types: [iri('Meter')] };
    const guard = guardWrites(store, { act: decide([grant], 'write', ''), read: { extent: 'full' } });
    const [outcome] = await guard.apply([{ mutation: { op: 'delete', id: 'urn:a:3' } }], now);
    expect(outcome).toEqual(refusal);
  });

  test('cannot move an entity out of its reach, nor touch a hidden attribute', async () => {
    const kranj = writing({ scopes: [{ levels: ['Kranj'], deep: true }] });
    const move: Mutation = { op: 'update', id: 'urn:a:1', fragment: { scope: '/Ljubljana', attrs: {} } };
    expect(await kranj.apply([{ mutation: move }], now)).toEqual([refusal]);
    const volumes = writing({ attrs: [iri('volume')] });
    const touch: Mutation = { op: 'deleteAttr', id: 'urn:a:1', attr: iri('owner'), which: {} };
    expect(await volumes.apply([{ mutation: touch }], now)).toEqual([refusal]);
    expect(await volumes.apply([{ mutation: move }, { mutation: { op: 'delete', id: 'urn:a:1' } }], now)).toEqual([
      refusal,
      refusal,
    ]);
  });

  test('does not reach an entity that was created outside of it after the decision', async () => {
    const early: Store = { ...store, get: () => Promise.resolve(undefined) };
    const grant: Grant = { operations: ['write'], types: [iri('Meter')] };
    const meters = guardWrites(early, { act: decide([grant], 'write', ''), read: { extent: 'none' } });
    const entity = { id: 'urn:a:3', types: [iri('Meter')], attrs: { [iri('power')]: property(0) } };
    const mutations: readonly Mutation[] = [
      { op: 'delete', id: 'urn:a:3' },
      { op: 'update', id: 'urn:a:3', fragment: { attrs: entity.attrs } },
      { op: 'upsert', id: 'urn:a:3', entity, mode: 'replace' },
    ];
    const before = (await store.get('urn:a:3', now))?.entity();
    expect(
      await meters.apply(
        mutations.map((mutation) => ({ mutation })),
        now,
      ),
    ).toMatchObject([
      { status: 'refused', problem: { type: 'ResourceNotFound' } },
      { status: 'refused', problem: { type: 'ResourceNotFound' } },
      { status: 'refused', problem: { type: 'Forbidden' } },
    ]);
    expect((await store.get('urn:a:3', now))?.entity()).toEqual(before);
  });

  test('decides about each write of a batch after the writes before it', async () => {
    const volumes = writing({ types: [iri('Meter')], attrs: [iri('volume')] });
    const attrs = { [iri('owner')]: property(1) };
    const outcomes = await volumes.apply(
      [
        { mutation: create('urn:a:9', 'Meter', '/Kranj', { [iri('volume')]: property(1) }) },
        { mutation: { op: 'append', id: 'urn:a:9', fragment: { attrs }, overwrite: true } },
      ],
      now,
    );
    expect(outcomes).toMatchObject([{ status: 'created' }, refusal]);
  });
});
