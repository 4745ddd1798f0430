/** Tests writes: every operation, its result, the entity afterwards, and that a refusal changes nothing. */
import { describe, expect, test } from '@jest/globals';
import { ngsildNull } from '../../../src/core/model/attribute.ts';
import type { Entity } from '../../../src/core/model/entity.ts';
import { mutate } from '../../../src/core/model/mutate.ts';
import type { Mutation } from '../../../src/core/model/mutation.ts';
import type { Store } from '../../../src/core/port/store.ts';
import {
  apply,
  applyOne,
  attrs,
  type Bench,
  create,
  entityOf,
  instance,
  iri,
  minute,
  now,
  property,
  records,
  remove,
  setTo,
  statuses,
  storedOf,
  thing,
  update,
  urn,
} from './bench.ts';

const rich = thing(
  {
    level: [property(1), property(2, { datasetId: urn('d') })],
    name: instance('LanguageProperty', { sl: 'Luč', en: 'Light' }),
    place: instance('GeoProperty', { type: 'Point', coordinates: [14.36, 46.24] }),
    settings: instance('JsonProperty', { a: { b: [1, 2] }, c: true }),
    state: instance('VocabProperty', iri('on')),
    readings: instance('ListProperty', [1, 2, 3]),
    owner: instance('Relationship', urn('Owner'), { objectType: iri('Person') }),
    parts: instance('ListRelationship', [urn('p1'), urn('p2')]),
    power: property(
      { watts: 5, limits: { low: 1, high: 9 } },
      {
        unitCode: 'WTT',
        observedAt: minute(0),
        attrs: attrs({ accuracy: property(0.5) }),
      },
    ),
  },
  { types: [iri('Thing'), iri('Lamp')], scope: ['/Kranj/Center', '/Lights'] },
);

const id = urn('a');
const level = iri('level');

/** Every operation, on an entity like `rich`. */
const operations: readonly (readonly [string, Mutation])[] = [
  ['create of what is there', create('a')],
  ['replace', { op: 'replace', id, entity: thing({ level: property(7), other: property('x') }, { scope: '/New' }) }],
  ['upsert by replacing', { op: 'upsert', id, entity: thing({ level: property(7) }), mode: 'replace' }],
  ['upsert by updating', { op: 'upsert', id, entity: thing({ level: property(7) }), mode: 'update' }],
  [
    'append that overwrites',
    { op: 'append', id, overwrite: true, fragment: { attrs: attrs({ level: property(7), more: property(8) }) } },
  ],
  [
    'append that leaves',
    { op: 'append', id, overwrite: false, fragment: { attrs: attrs({ level: property(7), more: property(8) }) } },
  ],
  [
    'an older and a newer instance',
    {
      op: 'observe',
      id,
      create: true,
      entity: thing({
        level: property(7, { observedAt: '2025-01-01T00:00:00Z' }),
        later: property(8, { observedAt: '2999-01-01T00:00:00Z' }),
      }),
    },
  ],
  [
    'an instance of what must be there',
    { op: 'observe', id, create: false, entity: { attrs: attrs({ level: property(7) }) } },
  ],
  ['append of a scope', { op: 'append', id, overwrite: false, fragment: { scope: '/Third', attrs: {} } }],
  ['update', update('a', { attrs: attrs({ level: property(7), name: { value: ngsildNull } }) })],
  ['update of types', update('a', { types: [iri('Third')], attrs: {} })],
  ['update with the same content', setTo('a', { level: property(1) })],
  ['update that deletes what is not there', setTo('a', { none: { value: ngsildNull } })],
  [
    'merge',
    {
      op: 'merge',
      id,
      fragment: { attrs: attrs({ power: { value: { limits: { high: 10 } } }, level: { value: 3 } }) },
    },
  ],
  [
    'merge of simplified text',
    {
      op: 'merge',
      id,
      fragment: { attrs: attrs({ name: { value: 'Lampe' } }) },
      options: { simplified: true, lang: 'de' },
    },
  ],
  [
    'merge with a time',
    { op: 'merge', id, fragment: { attrs: attrs({ power: { value: 6 } }) }, options: { observedAt: minute(1) } },
  ],
  ['merge of nothing', { op: 'merge', id, fragment: { attrs: {} } }],
  ['partial update', { op: 'partialUpdate', id, attr: iri('power'), fragments: [{ value: 6, observedAt: minute(1) }] }],
  [
    'partial update of a dataset',
    { op: 'partialUpdate', id, attr: level, fragments: [{ value: 6, datasetId: urn('d') }] },
  ],
  [
    'partial update of another kind',
    { op: 'partialUpdate', id, attr: level, fragments: [{ kind: 'Relationship', value: urn('b') }] },
  ],
  ['partial update of what is not there', { op: 'partialUpdate', id, attr: iri('none'), fragments: [{ value: 6 }] }],
  ['replacement of an attribute', { op: 'replaceAttr', id, attr: level, fragments: [property(9)] }],
  ['replacement of what is not there', { op: 'replaceAttr', id, attr: iri('none'), fragments: [property(9)] }],
  ['deletion of the default instance', { op: 'deleteAttr', id, attr: level, which: {} }],
  ['deletion of a dataset', { op: 'deleteAttr', id, attr: level, which: { datasetId: urn('d') } }],
  ['deletion of a dataset that is not there', { op: 'deleteAttr', id, attr: level, which: { datasetId: urn('e') } }],
  ['deletion of all instances', { op: 'deleteAttr', id, attr: level, which: 'all' }],
  ['deletion of the scope', { op: 'deleteAttr', id, attr: 'scope', which: {} }],
  ['deletion of the entity', remove('a')],
];

export function describeMutations(bench: Bench): void {
  describe('carries out writes', () => {
    test('creates an entity and gives it back', async () => {
      const store = bench.store();
      expect(await applyOne(store, minute(0), create('a', rich))).toEqual({ status: 'created' });
      const entity = await entityOf(store, 'a');
      expect(entity).toEqual({ id, types: rich.types, scope: rich.scope, createdAt: minute(0), attrs: rich.attrs });
    });

    test('has nothing under an id that was never written', async () => {
      expect(await bench.store().get(id, now)).toBeUndefined();
    });

    test.each(operations)('does what the core means by %s', async (_name, mutation) => {
      const store = bench.store();
      await expectMeaning(store, undefined, { mutation: create('a', rich), at: minute(0) });
      await expectMeaning(store, await entityOf(store, 'a'), { mutation, at: minute(1) });
    });

    test.each(operations)('does what the core means by %s where there is no entity', async (_name, mutation) => {
      const store = bench.store();
      await expectMeaning(store, undefined, { mutation, at: minute(1) });
    });

    test('creates again what was deleted', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', rich));
      await apply(store, minute(1), remove('a'));
      expect(await store.get(id, now)).toBeUndefined();
      expect(await applyOne(store, minute(2), create('a'))).toEqual({ status: 'created' });
      expect(await entityOf(store, 'a')).toEqual({ id, types: [iri('Thing')], createdAt: minute(2), attrs: {} });
    });

    test('leaves nothing behind when it refuses', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', rich));
      const before = await everything(store);
      const refused: readonly Mutation[] = [
        create('a', thing({ level: property(9) })),
        create('b', { attrs: attrs({ level: property(1) }) }),
        update('c', { attrs: attrs({ level: property(1) }) }),
        setTo('a', { level: property(9), other: { value: 1 } }),
        { op: 'partialUpdate', id, attr: iri('none'), fragments: [{ value: 1 }] },
        { op: 'deleteAttr', id, attr: iri('none'), which: 'all' },
        remove('d'),
      ];
      for (const mutation of refused) {
        expect((await applyOne(store, minute(1), mutation)).status).toBe('refused');
        expect(await everything(store)).toEqual(before);
      }
    });

    test('writes nothing where nothing changes', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', rich));
      const before = await everything(store);
      const mutation: Mutation = {
        op: 'append',
        id,
        overwrite: false,
        fragment: { attrs: attrs({ level: property(9) }) },
      };
      expect((await applyOne(store, minute(1), mutation)).status).toBe('unchanged');
      expect(await everything(store)).toEqual(before);
    });
  });

  describe('applies several writes', () => {
    test('answers none with none', async () => {
      expect(await bench.store().apply([], minute(0))).toEqual([]);
      expect(await bench.store().log.position()).toBe(0);
    });

    test('one after the other, with one outcome each, also to the same entity', async () => {
      const store = bench.store();
      const outcomes = await apply(
        store,
        minute(0),
        create('a', thing({ level: property(1) })),
        create('a', thing({ level: property(2) })),
        create('b'),
        setTo('a', { level: property(3) }),
        remove('a'),
        setTo('a', { level: property(4) }),
        create('a', thing({ level: property(5) })),
        setTo('b', { level: property(6) }),
        remove('c'),
      );
      expect(statuses(outcomes)).toEqual([
        'created',
        'AlreadyExists',
        'created',
        'updated',
        'deleted',
        'ResourceNotFound',
        'created',
        'updated',
        'ResourceNotFound',
      ]);
      expect((await entityOf(store, 'a')).attrs).toEqual(attrs({ level: property(5) }));
      expect((await entityOf(store, 'b')).attrs).toEqual(attrs({ level: property(6) }));
      expect((await records(store)).map((record) => [record.id, record.event])).toEqual([
        [urn('a'), 'created'],
        [urn('b'), 'created'],
        [urn('a'), 'updated'],
        [urn('a'), 'deleted'],
        [urn('a'), 'created'],
        [urn('b'), 'updated'],
      ]);
    });

    test('at the same time, each seeing what was written before it', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', thing({ level: property(0) })));
      const all = await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          apply(store, minute(1), create('same'), setTo('a', { level: property(n + 1) }), create(`own-${n}`)),
        ),
      );
      expect(all.flatMap(statuses).filter((status) => status === 'created')).toHaveLength(51);
      expect(all.flatMap(statuses).filter((status) => status === 'AlreadyExists')).toHaveLength(49);
      expect(all.flatMap(statuses).filter((status) => status === 'updated')).toHaveLength(50);
      const changes = (await records(store))
        .filter((record) => record.id === urn('a'))
        .flatMap((record) => record.attrs);
      for (const [n, change] of changes.slice(1).entries()) expect(change.before).toEqual(changes[n]?.after);
      expect((await entityOf(store, 'a')).attrs[level]).toEqual([changes.at(-1)?.after]);
    });

    test('of observed instances at the same time, leaving the newest present', async () => {
      const store = bench.store();
      const seconds = Array.from({ length: 30 }, (_, n) => (n * 7) % 30);
      await Promise.all(
        seconds.map((n) => {
          const observedAt = `2026-01-01T00:00:${String(n).padStart(2, '0')}Z`;
          return apply(store, minute(0), {
            op: 'observe',
            id,
            create: true,
            entity: thing({ level: property(n, { observedAt }) }),
          });
        }),
      );
      expect((await entityOf(store, 'a')).attrs[level]).toMatchObject([{ value: 29 }]);
    });

    test('of a thousand entities', async () => {
      const store = bench.store();
      const mutations = Array.from({ length: 1000 }, (_, n) => create(`e-${n}`, thing({ level: property(n) })));
      const outcomes = await apply(store, minute(0), ...mutations);
      expect(outcomes).toHaveLength(1000);
      expect(new Set(statuses(outcomes))).toEqual(new Set(['created']));
      expect(await store.count({ filter: {}, limit: 1, now })).toBe(1000);
      const found = await store.find({ filter: {}, limit: 2000, now });
      expect(found.map((stored) => stored.id)).toEqual(mutations.map((mutation) => mutation.id));
      expect(found.map((stored) => stored.entity().attrs[level]?.[0]?.value)).toEqual(
        Array.from({ length: 1000 }, (_, n) => n),
      );
    });
  });

  test('gives an entity a new version with every change', async () => {
    const store = bench.store();
    const versions: number[] = [];
    const steps = [
      create('a', rich),
      setTo('a', { level: property(1) }),
      setTo('a', { level: property(2) }),
      remove('a'),
      create('a'),
    ];
    for (const [n, mutation] of steps.entries()) {
      await apply(store, minute(n), mutation, create(`other-${n}`));
      const stored = await store.get(id, now);
      if (!stored) continue;
      expect(stored.version).toBe((await records(store)).findLast((record) => record.id === id)?.position);
      versions.push(stored.version);
    }
    expect(versions).toHaveLength(4);
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
    expect((await storedOf(store, 'a')).version).toBe(versions.at(-1));
  });
}

/** Applies a mutation and compares outcome, entity and log with what `mutate` makes of the entity before. */
async function expectMeaning(
  store: Store,
  current: Entity | undefined,
  { mutation, at }: { mutation: Mutation; at: string },
): Promise<void> {
  const position = await store.log.position();
  const meant = mutate(current, mutation, at);
  expect(await applyOne(store, at, mutation)).toEqual(meant.outcome);
  const expected = meant.change ? meant.next : current;
  expect((await store.get(mutation.id, now))?.entity()).toEqual(expected);
  const found = await store.find({ filter: { selectors: [{ ids: [mutation.id] }] }, limit: 2, now });
  expect(found.map((stored) => stored.entity())).toEqual(expected ? [expected] : []);
  const written = (await records(store, position)).map(({ position: _position, ...change }) => change);
  expect(written).toEqual(meant.change ? [meant.change] : []);
}

/** All that a write could leave a trace in. */
async function everything(store: Store): Promise<unknown> {
  const found = await store.find({ filter: {}, limit: 100, now });
  return {
    entities: found.map((stored) => [stored.id, stored.version, stored.cursor, stored.entity()]),
    history: await store.history({
      filter: {},
      limit: 100,
      now,
      temporal: { timeproperty: 'modifiedAt' },
      limitInstances: 1000,
    }),
    log: await records(store),
    position: await store.log.position(),
    summary: await store.summary(),
  };
}
