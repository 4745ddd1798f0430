/** Tests what writes record in the history, and what it keeps of deleted entities. */
import { describe, expect, test } from '@jest/globals';
import { ngsildNull } from '../../../src/core/model/attribute.ts';
import { createReadBound } from '../../../src/core/port/histories.ts';
import {
  apply,
  attrs,
  type Bench,
  byObservedAt,
  create,
  entityOf,
  historyOf,
  historyPlan,
  instance,
  iri,
  minute,
  names,
  now,
  ofType,
  past,
  pastValues,
  property,
  remove,
  selecting,
  setTo,
  thing,
  urn,
} from './bench.ts';

const level = iri('level');

export function describeHistory(bench: Bench): void {
  describe('keeps the history', () => {
    test('of every instance that was written, with its stamps', async () => {
      const store = bench.store();
      await apply(
        store,
        minute(0),
        create('a', thing({ level: property(1, { unitCode: 'CEL', attrs: attrs({ accuracy: property(0.5) }) }) })),
      );
      await apply(store, minute(1), setTo('a', { level: property(2), other: property('x') }));
      const { attrs: found, ...rest } = await historyOf(store, 'a');
      expect(rest).toEqual({ id: urn('a'), types: [iri('Thing')], truncated: false });
      expect(found).toEqual({
        [level]: [
          {
            ...property(1, { unitCode: 'CEL', attrs: attrs({ accuracy: property(0.5) }) }),
            createdAt: minute(0),
            modifiedAt: minute(0),
            instanceId: expect.stringMatching(/^urn:ngsi-ld:Instance:/),
          },
          { ...property(2), createdAt: minute(0), modifiedAt: minute(1), instanceId: expect.stringMatching(/^urn:/) },
        ],
        [iri('other')]: [
          { ...property('x'), createdAt: minute(1), modifiedAt: minute(1), instanceId: expect.stringMatching(/^urn:/) },
        ],
      });
    });

    test('of copies with their own stamps, and adds none for a copy of an entity', async () => {
      const store = bench.store();
      const own = { createdAt: minute(0), modifiedAt: minute(1) };
      const entity = { id: urn('a'), types: [iri('Thing')], ...own, attrs: attrs({ level: property(2, own) }) };
      await apply(store, minute(9), { op: 'copy', id: urn('a'), entity });
      await apply(store, minute(9), { op: 'copy', id: urn('a'), entity: { ...entity, types: [iri('Other')] } });
      expect(await entityOf(store, 'a')).toEqual(entity);
      expect(await store.history(historyPlan())).toEqual([]);
      const unobserved = { id: urn('a'), types: [iri('Thing')], name: level, instance: property(1, own) };
      const observed = { ...unobserved, instance: property(2, { ...own, observedAt: minute(3) }) };
      await store.record([unobserved, observed], minute(9));
      const { attrs: found } = await historyOf(store, 'a');
      expect(found[level]).toMatchObject([property(1, own), property(2, { ...own, observedAt: minute(3) })]);
      await apply(store, minute(10), setTo('a', { level: property(3) }));
      expect(await entityOf(store, 'a')).toMatchObject({
        modifiedAt: minute(10),
        attrs: { [level]: [{ value: 3, modifiedAt: minute(10) }] },
      });
    });

    test('of every kind of attribute', async () => {
      const store = bench.store();
      const given = {
        p: property({ a: [1, null, { b: 'c' }] }),
        g: instance('GeoProperty', { type: 'Point', coordinates: [14, 46] }),
        l: instance('LanguageProperty', { sl: ['a', 'b'], '@none': 'c' }),
        v: instance('VocabProperty', [iri('x'), iri('y')]),
        i: instance('ListProperty', []),
        j: instance('JsonProperty', { '@id': null }),
        r: instance('Relationship', urn('b'), { objectType: [iri('A'), iri('B')] }),
        n: instance('ListRelationship', [urn('b'), urn('c')]),
        t: property('2026-03-01', { valueType: iri('Date'), observedAt: '2026-03-01T12:00:00.250000Z' }),
      };
      await apply(store, minute(0), create('a', thing(given)));
      const { attrs: found } = await historyOf(store, 'a');
      for (const [name, one] of Object.entries(given)) expect(found[iri(name)]).toEqual([expect.objectContaining(one)]);
      await apply(store, minute(1), remove('a'));
      const values = Object.entries((await historyOf(store, 'a')).attrs).map(([name, past]) => [
        name,
        past.at(-1)?.kind,
        past.at(-1)?.value,
      ]);
      expect(Object.fromEntries(values.map(([name, kind, value]) => [name, [kind, value]]))).toEqual({
        [iri('p')]: ['Property', ngsildNull],
        [iri('g')]: ['GeoProperty', ngsildNull],
        [iri('l')]: ['LanguageProperty', { '@none': ngsildNull }],
        [iri('v')]: ['VocabProperty', ngsildNull],
        [iri('i')]: ['ListProperty', [ngsildNull]],
        [iri('j')]: ['JsonProperty', ngsildNull],
        [iri('r')]: ['Relationship', ngsildNull],
        [iri('n')]: ['ListRelationship', [ngsildNull]],
        [iri('t')]: ['Property', ngsildNull],
      });
    });

    test('of what was written again with the same content', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', thing({ level: property(1) })));
      await apply(store, minute(1), setTo('a', { level: property(1) }));
      expect((await historyOf(store, 'a')).attrs[level]?.map(({ value, modifiedAt }) => [value, modifiedAt])).toEqual([
        [1, minute(0)],
        [1, minute(1)],
      ]);
    });

    test('but not of a change that only moves the expiry', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', thing({ level: property(1) })));
      await apply(store, minute(1), setTo('a', { level: property(1, { expiresAt: minute(10_000) }) }));
      expect((await entityOf(store, 'a')).attrs[level]?.[0]?.expiresAt).toBe(minute(10_000));
      expect(await pastValues(store, ['a', 'level'])).toEqual([1]);
    });

    test('of several writes in one call, in their order', async () => {
      const store = bench.store();
      await apply(
        store,
        minute(0),
        create('a', thing({ level: property(1) })),
        setTo('a', { level: property(2) }),
        setTo('a', { level: property(3) }),
        remove('a'),
        create('a', thing({ level: property(4) })),
      );
      expect(await pastValues(store, ['a', 'level'])).toEqual([1, 2, 3, ngsildNull, 4]);
    });

    test('in the order of observation, whenever it was written', async () => {
      const store = bench.store();
      await apply(store, minute(100), create('a', thing({ level: property(3, { observedAt: minute(3) }) })));
      for (const [n, observed] of [5, 1, 4, 2].entries()) {
        await apply(
          store,
          minute(101 + n),
          setTo('a', { level: property(observed, { observedAt: minute(observed) }) }),
        );
      }
      expect(await pastValues(store, ['a', 'level'], { temporal: byObservedAt })).toEqual([1, 2, 3, 4, 5]);
      expect((await entityOf(store, 'a')).attrs[level]?.[0]?.value).toBe(2);
    });

    test('with one instance for one time of observation, the last one written', async () => {
      const store = bench.store();
      await apply(
        store,
        minute(100),
        create('a', thing({ level: property(1, { observedAt: '2026-03-01T12:00:00.5Z' }) })),
      );
      await apply(
        store,
        minute(101),
        setTo('a', { level: property(2, { observedAt: '2026-03-01T12:00:00.500000Z' }) }),
      );
      await apply(
        store,
        minute(102),
        setTo('a', { level: property(3, { observedAt: '2026-03-01T12:00:00.500001Z' }) }),
      );
      await apply(
        store,
        minute(103),
        setTo('a', { level: property(4, { observedAt: '2026-03-01T12:00:00.500Z', datasetId: urn('d') }) }),
      );
      const found = (await historyOf(store, 'a', { temporal: byObservedAt, datasetIds: ['@none'] })).attrs[level];
      expect(found?.map(({ value, observedAt, modifiedAt }) => [value, observedAt, modifiedAt])).toEqual([
        [2, '2026-03-01T12:00:00.500000Z', minute(101)],
        [3, '2026-03-01T12:00:00.500001Z', minute(102)],
      ]);
      expect(await pastValues(store, ['a', 'level'], { datasetIds: [urn('d')] })).toEqual([4]);
    });

    test('what was observed does not take the place of what was only written then, nor the other way round', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', thing({ level: property('written') })));
      await apply(store, minute(1), setTo('a', { level: property('observed', { observedAt: minute(0) }) }));
      await apply(store, minute(2), setTo('a', { level: property('observed too', { observedAt: minute(3) }) }));
      await apply(store, minute(3), setTo('a', { level: property('written too') }));
      expect(new Set(await pastValues(store, ['a', 'level']))).toEqual(
        new Set(['written', 'observed', 'observed too', 'written too']),
      );
    });

    test('of deletions of instances', async () => {
      const store = bench.store();
      await apply(
        store,
        minute(0),
        create('a', thing({ level: [property(1, { observedAt: minute(0) }), property(2, { datasetId: urn('d') })] })),
      );
      await apply(store, minute(1), { op: 'deleteAttr', id: urn('a'), attr: level, which: {} });
      const found = (await historyOf(store, 'a', { temporal: { timeproperty: 'deletedAt' } })).attrs;
      expect(found).toEqual({
        [level]: [
          {
            kind: 'Property',
            value: ngsildNull,
            createdAt: minute(0),
            modifiedAt: minute(1),
            deletedAt: minute(1),
            instanceId: expect.stringMatching(/^urn:/),
          },
        ],
      });
      await apply(store, minute(2), setTo('a', { level: { value: ngsildNull, datasetId: urn('d') } }));
      const both = (await historyOf(store, 'a', { temporal: { timeproperty: 'deletedAt' } })).attrs[level];
      expect(both?.map(({ datasetId, deletedAt }) => [datasetId, deletedAt])).toEqual([
        [undefined, minute(1)],
        [urn('d'), minute(2)],
      ]);
    });

    test('of instances that a replacement left out', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', thing({ level: property(1), other: property(2) })));
      await apply(store, minute(1), { op: 'replace', id: urn('a'), entity: thing({ level: property(3) }) });
      expect(await pastValues(store, ['a', 'other'])).toEqual([2, ngsildNull]);
      expect(await pastValues(store, ['a', 'level'])).toEqual([1, 3]);
    });

    test('with an id for each instance that nothing else has and that stays', async () => {
      const store = bench.store();
      await apply(
        store,
        minute(0),
        create('a', thing({ level: [property(1), property(1, { datasetId: urn('d') })], other: property(1) })),
        create('b', thing({ level: property(1) })),
      );
      await apply(
        store,
        minute(0),
        setTo('a', { level: property(2) }),
        remove('a'),
        create('a', thing({ level: property(2) })),
      );
      const ids = async () =>
        (await store.history(historyPlan())).flatMap(({ attrs: found }) =>
          Object.values(found).flatMap((past) => past.map(({ instanceId }) => instanceId)),
        );
      const before = await ids();
      expect(before).toHaveLength(9);
      expect(new Set(before).size).toBe(9);
      expect(await ids()).toEqual(before);
      await apply(store, minute(5), setTo('a', { level: property(3, { observedAt: minute(-5) }) }));
      const after = await ids();
      expect(after).toHaveLength(10);
      expect(after).toEqual(expect.arrayContaining(before));
    });
  });

  describe('remembers an entity that is gone', () => {
    test('with its types and history, by id, pattern and type', async () => {
      const store = bench.store();
      await apply(
        store,
        minute(0),
        create('a', thing({ level: property(1) }, { types: [iri('Lamp'), iri('Asset')] })),
        create('b', thing({ level: property(2) })),
      );
      await apply(store, minute(1), remove('a'));
      const filters = [
        {},
        ofType('Asset'),
        selecting({ ids: [urn('a')] }),
        selecting({ idPattern: { source: ':a$' }, types: { op: 'any' } }),
        { also: [ofType('Lamp')] },
        { anyOf: [ofType('Lamp')] },
      ];
      for (const filter of filters) {
        const [history] = await store.history(historyPlan(filter));
        expect(history).toMatchObject({ id: urn('a'), types: [iri('Lamp'), iri('Asset')], truncated: false });
        expect(history?.attrs[level]?.map(({ value }) => value)).toEqual([1, ngsildNull]);
      }
      for (const filter of [ofType('None'), selecting({ ids: [] }), { also: [ofType('None')] }, { anyOf: [] }]) {
        expect(names(await store.history(historyPlan(filter)))).toEqual([]);
      }
    });

    test('and goes on with it when it comes back, by the types it has then', async () => {
      const store = bench.store();
      await apply(
        store,
        minute(0),
        create('a', thing({ level: property(1) }, { types: [iri('Lamp')] })),
        create('b', thing({ level: property(2) })),
      );
      await apply(store, minute(1), remove('a'));
      await apply(store, minute(2), create('a', thing({ level: property(3) })));
      expect(await pastValues(store, ['a', 'level'])).toEqual([1, ngsildNull, 3]);
      expect(names(await store.history(historyPlan(ofType('Thing'))))).toEqual(['a', 'b']);
      expect(names(await store.history(historyPlan(ofType('Lamp'))))).toEqual([]);
      expect((await historyOf(store, 'a')).types).toEqual([iri('Thing')]);
    });
  });

  describe('records past instances', () => {
    test('of an entity that was never there, which stays so', async () => {
      const store = bench.store();
      await store.record(
        [
          past(['a', 'level'], property(1, { observedAt: minute(1), unitCode: 'CEL' }), [iri('Lamp')]),
          past(['a', 'level'], property(2, { observedAt: minute(2) }), [iri('Other')]),
        ],
        minute(100),
      );
      expect(await store.get(urn('a'), now)).toBeUndefined();
      expect(await store.count({ filter: {}, limit: 1, now })).toBe(0);
      expect(await store.log.position()).toBe(0);
      expect((await store.summary()).entities).toBe(0);
      const [history] = await store.history(historyPlan(ofType('Lamp'), { temporal: byObservedAt }));
      expect(history).toEqual({
        id: urn('a'),
        types: [iri('Lamp')],
        truncated: false,
        attrs: {
          [level]: [
            {
              ...property(1, { observedAt: minute(1), unitCode: 'CEL' }),
              createdAt: minute(100),
              modifiedAt: minute(100),
              instanceId: expect.stringMatching(/^urn:/),
            },
            {
              ...property(2, { observedAt: minute(2) }),
              createdAt: minute(100),
              modifiedAt: minute(100),
              instanceId: expect.stringMatching(/^urn:/),
            },
          ],
        },
      });
    });

    test('among those of a present entity, which stays as it is', async () => {
      const store = bench.store();
      await apply(store, minute(10), create('a', thing({ level: property(5, { observedAt: minute(5) }) })));
      const before = await entityOf(store, 'a');
      await store.record(
        [
          past(['a', 'level'], property(9, { observedAt: minute(9) })),
          past(['a', 'level'], property(1, { observedAt: minute(1) })),
          past(['a', 'other'], property('x')),
          past(['a', 'level'], property(4, { observedAt: minute(4), datasetId: urn('d') }), [iri('None')]),
        ],
        minute(100),
      );
      expect(await entityOf(store, 'a')).toEqual(before);
      expect(await pastValues(store, ['a', 'level'], { temporal: byObservedAt })).toEqual([1, 4, 5, 9]);
      expect(await pastValues(store, ['a', 'other'])).toEqual(['x']);
      expect((await historyOf(store, 'a')).types).toEqual([iri('Thing')]);
      expect(await store.log.position()).toBe(1);
    });

    test('in the place of those observed at the same time', async () => {
      const store = bench.store();
      await apply(store, minute(10), create('a', thing({ level: property('measured', { observedAt: minute(5) }) })));
      await store.record(
        [
          past(['a', 'level'], property('corrected', { observedAt: minute(5) })),
          past(['a', 'level'], property('first', { observedAt: minute(6) })),
          past(['a', 'level'], property('second', { observedAt: minute(6) })),
        ],
        minute(100),
      );
      expect(await pastValues(store, ['a', 'level'], { temporal: byObservedAt })).toEqual(['corrected', 'second']);
      await store.record([past(['a', 'level'], property('third', { observedAt: minute(6) }))], minute(101));
      expect(await pastValues(store, ['a', 'level'], { temporal: byObservedAt })).toEqual(['corrected', 'third']);
      await apply(store, minute(102), setTo('a', { level: property('fourth', { observedAt: minute(6) }) }));
      expect(await pastValues(store, ['a', 'level'], { temporal: byObservedAt })).toEqual(['corrected', 'fourth']);
    });

    test('without a time of observation, each for itself', async () => {
      const store = bench.store();
      await store.record([past(['a', 'level'], property(1)), past(['a', 'level'], property(2))], minute(0));
      await store.record([past(['a', 'level'], property(3))], minute(0));
      expect(await pastValues(store, ['a', 'level'])).toEqual([1, 2, 3]);
    });

    test('before the entity comes, which then goes on with them', async () => {
      const store = bench.store();
      await store.record([past(['a', 'level'], property(1, { observedAt: minute(1) }), [iri('Lamp')])], minute(0));
      await apply(
        store,
        minute(1),
        create('b', thing({ level: property(0) })),
        create('a', thing({ level: property(2, { observedAt: minute(2) }) })),
      );
      expect(await pastValues(store, ['a', 'level'])).toEqual([1, 2]);
      expect(names(await store.history(historyPlan(ofType('Thing'))))).toEqual(['a', 'b']);
      expect(names(await store.history(historyPlan(ofType('Lamp'))))).toEqual([]);
    });

    test('and tells how large the values are that it reads, so that a reader can end it', async () => {
      const store = bench.store();
      const large = property('x'.repeat(5000));
      await store.record(
        Array.from({ length: 50 }, (_, n) => past(['a', 'level'], { ...large, observedAt: minute(n) })),
        minute(100),
      );
      for (const temporal of [byObservedAt, { timeproperty: 'modifiedAt' } as const]) {
        let read = 0;
        const onRead = (bytes: number): unknown => (read += bytes);
        await store.history(historyPlan({}, { temporal, onRead: (bytes) => void onRead(bytes) }));
        expect(read).toBeGreaterThan(250_000);
        const bound = createReadBound(100_000);
        await expect(store.history(historyPlan({}, { temporal, onRead: bound }))).rejects.toThrow(
          /more than 100000 bytes/,
        );
      }
      const few = await store.history(
        historyPlan({}, { temporal: { ...byObservedAt, lastN: 3 }, onRead: createReadBound(400_000) }),
      );
      expect(names(few)).toEqual(['a']);
    });

    test('none at all', async () => {
      await bench.store().record([], minute(0));
      expect(await bench.store().history(historyPlan())).toEqual([]);
    });
  });
}
