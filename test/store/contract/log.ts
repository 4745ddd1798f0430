/** Tests the change log: its records, its positions, its followers, and pruning. */
import { describe, expect, test } from '@jest/globals';
import type { Entity } from '../../../src/core/model/entity.ts';
import type { Instant } from '../../../src/core/model/instant.ts';
import type { Mutation } from '../../../src/core/model/mutation.ts';
import type { LogRecord, Position, Store } from '../../../src/core/port/store.ts';
import {
  apply,
  attrs,
  type Bench,
  create,
  entityOf,
  iri,
  minute,
  names,
  property,
  records,
  remove,
  setTo,
  thing,
  urn,
} from './bench.ts';

const level = iri('level');

export function describeLog(bench: Bench): void {
  describe('logs changes', () => {
    test('with the correlator of the request, if it brought one', async () => {
      const store = bench.store();
      const patch = setTo('a', { level: property(2) });
      await store.apply([{ mutation: create('a', thing({ level: property(1) })), correlator: 'c-1' }], minute(0));
      await store.apply([{ mutation: patch, correlator: 'c-2' }, { mutation: remove('a') }], minute(1));
      expect((await records(store)).map(({ event, correlator }) => [event, correlator])).toEqual([
        ['created', 'c-1'],
        ['updated', 'c-2'],
        ['deleted', undefined],
      ]);
    });
    test('and reads those of some types without the others, whose places remain', async () => {
      const store = bench.store();
      const bracket = 'https://example.org/[a]';
      const made = ['a', 'b', 'c'].map((name) => create(name, thing({ level: property(1) })));
      const other = create('"d"', { types: [bracket], attrs: {} });
      await apply(store, minute(0), ...made.slice(0, 2), other, ...made.slice(2), remove('b'));
      const all = await store.log.read(0, 10);
      const about = (type: string) => store.log.readAbout(1, 4, (types) => types.includes(type));
      expect(await about(bracket)).toEqual([{ position: 2 }, all[2], { position: 4 }, { position: 5 }]);
      expect(await about(all[0]?.entity.types[0] ?? '')).toEqual([all[1], { position: 3 }, all[3], all[4]]);
    });
    test('with the entity as it is after them, and of a deletion as it was before', async () => {
      const store = bench.store();
      await apply(
        store,
        minute(0),
        create('a', thing({ level: [property(1), property(2, { datasetId: urn('d') })] }, { scope: '/A' })),
      );
      const first = await entityOf(store, 'a');
      await apply(store, minute(1), setTo('a', { level: property(3), other: property('x') }));
      const second = await entityOf(store, 'a');
      await apply(store, minute(2), { op: 'deleteAttr', id: urn('a'), attr: level, which: { datasetId: urn('d') } });
      const third = await entityOf(store, 'a');
      await apply(store, minute(3), { op: 'deleteAttr', id: urn('a'), attr: 'scope', which: {} });
      const fourth = await entityOf(store, 'a');
      await apply(store, minute(4), remove('a'));
      const before = [property(1), property(2, { datasetId: urn('d') })];
      const after = { ...property(3), modifiedAt: minute(1) };
      const other = { ...property('x'), createdAt: minute(1) };
      const dataset = { name: level, datasetId: urn('d') };
      expect((await records(store)).map(({ position: _, ...change }) => change)).toEqual([
        {
          id: urn('a'),
          at: minute(0),
          event: 'created',
          entity: first,
          attrs: [
            { name: level, event: 'created', after: before[0] },
            { ...dataset, event: 'created', after: before[1] },
          ],
          scopeChanged: true,
        },
        {
          id: urn('a'),
          at: minute(1),
          event: 'updated',
          entity: second,
          attrs: [
            { name: level, event: 'updated', before: before[0], after },
            { name: iri('other'), event: 'created', after: other },
          ],
          scopeChanged: false,
        },
        {
          id: urn('a'),
          at: minute(2),
          event: 'updated',
          entity: third,
          attrs: [{ ...dataset, event: 'deleted', before: before[1] }],
          scopeChanged: false,
        },
        { id: urn('a'), at: minute(3), event: 'updated', entity: fourth, attrs: [], scopeChanged: true },
        {
          id: urn('a'),
          at: minute(4),
          event: 'deleted',
          entity: fourth,
          attrs: [
            { name: level, event: 'deleted', before: after },
            { name: iri('other'), event: 'deleted', before: other },
          ],
          scopeChanged: false,
        },
      ]);
    });

    test('with what was written again', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', thing({ level: property(1), other: property(2) })));
      await apply(store, minute(1), setTo('a', { level: property(1) }));
      const [, second] = await records(store);
      expect(second?.attrs).toEqual([
        { name: level, event: 'rewritten', after: { ...property(1), modifiedAt: minute(1) } },
      ]);
    });

    test('with times in the digits in which they were given', async () => {
      const store = bench.store();
      const at = '2026-03-01T12:00:00.120Z';
      await apply(store, at, create('a', thing({ level: property(1, { observedAt: '2026-03-01T12:00:00.000000Z' }) })));
      const [record] = await records(store);
      expect(record?.at).toBe(at);
      expect(record?.entity.createdAt).toBe(at);
      expect(record?.attrs[0]?.after?.observedAt).toBe('2026-03-01T12:00:00.000000Z');
    });

    test('at positions that grow', async () => {
      const store = bench.store();
      expect(await store.log.position()).toBe(0);
      expect(await store.log.prunedTo()).toBe(0);
      await apply(store, minute(0), create('a'), create('b'), create('a'), remove('c'));
      await apply(store, minute(1), remove('c'));
      await apply(store, minute(2), remove('a'));
      const positions = (await records(store)).map(({ position }) => position);
      expect(positions).toHaveLength(3);
      expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
      expect(positions[0]).toBeGreaterThan(0);
      expect(await store.log.position()).toBe(positions[2]);
    });
  });

  describe('logs changes of a large entity', () => {
    const text = 'x'.repeat(30_000);
    const large = thing({
      level: property(1),
      text: property(text),
      many: [property(1), property(2, { datasetId: urn('d') })],
    });
    const other = iri('other');

    const present = async (store: Store, at: Instant): Promise<Entity | undefined> =>
      (await store.get(urn('a'), at))?.entity();

    /** Carries out writes, one after the other, and answers how the entity was after each of them; after a deletion, before it. */
    async function live(store: Store, writes: readonly Mutation[]): Promise<readonly (Entity | undefined)[]> {
      const states: (Entity | undefined)[] = [];
      for (const [n, write] of writes.entries()) {
        const before = await present(store, minute(n));
        await apply(store, minute(n), write);
        states.push((await present(store, minute(n))) ?? before);
      }
      return states;
    }
    const logged = async (store: Store, limit: number) => {
      const found: LogRecord[] = [];
      for (;;) {
        const page = await store.log.read(found.at(-1)?.position ?? (await store.log.prunedTo()), limit);
        if (page.length === 0) return found;
        found.push(...page);
      }
    };

    const writes: readonly Mutation[] = [
      create('a', large),
      setTo('a', { level: property(2) }),
      setTo('a', { level: property(2) }),
      setTo('a', { other: property('new'), level: property(3) }),
      setTo('a', { many: property(7, { datasetId: urn('d') }) }),
      setTo('a', { many: property(8, { datasetId: urn('e') }) }),
      { op: 'deleteAttr', id: urn('a'), attr: iri('level'), which: {} },
      setTo('a', { level: property(4) }),
      {
        op: 'append',
        id: urn('a'),
        overwrite: true,
        fragment: { types: [iri('More')], scope: ['/A', '/B'], attrs: {} },
      },
      {
        op: 'replace',
        id: urn('a'),
        entity: { types: [iri('Thing')], attrs: { [other]: [{ kind: 'Property', value: 'small' }] } },
      },
      setTo('a', { other: property('still small') }),
      setTo('a', { text: property(text) }),
      setTo('a', { other: property('large again') }),
      setTo('a', { other: property('for a while', { expiresAt: minute(1000) }) }),
      setTo('a', { level: property(5) }),
      setTo('a', { other: property('for ever') }),
      setTo('a', { level: property(6) }),
      remove('a'),
      create('a', large),
      setTo('a', { level: property(7) }),
    ];

    test('with the entity as it was at each of them', async () => {
      const store = bench.store();
      const states = await live(store, writes);
      await apply(store, minute(500), create('b'), create('c', large));
      for (const limit of [1, 3, 1000]) {
        const found = (await logged(store, limit)).filter(({ id }) => id === urn('a'));
        expect(found.map(({ entity }) => entity)).toEqual(states);
        expect(found.map(({ entity }) => Object.keys(entity.attrs))).toEqual(
          states.map((state) => Object.keys(state?.attrs ?? {})),
        );
      }
    });

    test('also where the oldest are pruned, or the entity has gone by its expiry', async () => {
      const store = bench.store();
      const states = await live(store, writes);
      await store.log.prune({ before: minute(3), records: 1000 });
      expect((await logged(store, 5)).map(({ entity }) => entity)).toEqual(states.slice(3));
      await apply(store, minute(30), { op: 'update', id: urn('a'), fragment: { expiresAt: minute(40), attrs: {} } });
      await store.sweep(minute(50));
      expect(await present(store, minute(50))).toBeUndefined();
      expect((await logged(store, 5)).slice(0, -1).map(({ entity }) => entity)).toEqual(states.slice(3));
    });

    test('of which there are very many', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', large));
      for (let n = 1; n <= 300; n += 1) await apply(store, minute(n), setTo('a', { level: property(n) }));
      const found = await logged(store, 7);
      expect(found.map(({ entity }) => entity.attrs[iri('level')]?.[0]?.value)).toEqual([
        1,
        ...Array.from({ length: 300 }, (_, n) => n + 1),
      ]);
      expect(new Set(found.map(({ entity }) => entity.attrs[iri('text')]?.[0]?.value))).toEqual(new Set([text]));
      expect(found.at(-1)?.attrs).toMatchObject([{ event: 'updated', before: { value: 299 }, after: { value: 300 } }]);
    });
  });

  describe('reads the log', () => {
    test('behind a position, at most so many', async () => {
      const store = bench.store();
      await apply(store, minute(0), ...Array.from({ length: 10 }, (_, n) => create(`e-${n}`)));
      const all = await records(store);
      for (const [n, { position }] of all.entries()) {
        expect(await records(store, position)).toEqual(all.slice(n + 1));
        expect(await store.log.read(position, 3)).toEqual(all.slice(n + 1, n + 4));
      }
      expect(await store.log.read(0, 4)).toEqual(all.slice(0, 4));
      expect(await records(store, (all.at(-1)?.position ?? 0) + 100)).toEqual([]);
    });

    test('of large entities only so many that they fit in memory, and one at least', async () => {
      const large = (mebibytes: number) => thing({ text: property('x'.repeat(mebibytes * 2 ** 20)) });
      await apply(bench.store(), minute(0), create('first'), create('largest', large(5)), create('last'));
      for (let n = 0; n < 10; n += 1) await apply(bench.store(), minute(n), create(`e-${n}`, large(1)));
      const reopened = await bench.reopen();
      const store = reopened ?? bench.store();
      const pages: (readonly LogRecord[])[] = [];
      for (;;) {
        const page = await records(store, pages.at(-1)?.at(-1)?.position);
        if (page.length === 0) break;
        pages.push(page);
      }
      expect(names(pages.flat())).toEqual([
        'first',
        'largest',
        'last',
        ...Array.from({ length: 10 }, (_, n) => `e-${n}`),
      ]);
      // A store in memory has them in memory anyway.
      const sizes = pages.map(({ length }) => length);
      expect(sizes).toEqual(reopened ? [1, 1, 4, 3, 3, 1] : [13]);
    });
  });

  describe('prunes the log', () => {
    const filled = async (store: Store): Promise<readonly Position[]> => {
      for (let n = 0; n < 10; n += 1) await apply(store, minute(n), create(`e-${n}`));
      return (await records(store)).map(({ position }) => position);
    };
    const left = async (store: Store) => names(await records(store));

    test('of what is older than a time', async () => {
      const store = bench.store();
      const positions = await filled(store);
      expect(await store.log.prune({ before: minute(4), records: 1000 })).toBe(4);
      expect(await left(store)).toEqual(['e-4', 'e-5', 'e-6', 'e-7', 'e-8', 'e-9']);
      expect(await store.log.prunedTo()).toBe(positions[3]);
      expect(await store.log.position()).toBe(positions[9]);
      expect(await records(store, positions[2])).toHaveLength(6);
      expect(await store.log.read(positions[5] ?? 0, 2)).toMatchObject([{ id: urn('e-6') }, { id: urn('e-7') }]);
    });

    test('of the oldest above a number', async () => {
      const store = bench.store();
      const positions = await filled(store);
      expect(await store.log.prune({ before: minute(-10), records: 3 })).toBe(7);
      expect(await left(store)).toEqual(['e-7', 'e-8', 'e-9']);
      expect(await store.log.prunedTo()).toBe(positions[6]);
    });

    test('by whichever takes more, again and again', async () => {
      const store = bench.store();
      const positions = await filled(store);
      expect(await store.log.prune({ before: minute(0), records: 10 })).toBe(0);
      expect(await store.log.prunedTo()).toBe(0);
      expect(await store.log.prune({ before: minute(2), records: 9 })).toBe(2);
      expect(await store.log.prune({ before: minute(2), records: 9 })).toBe(0);
      expect(await store.log.prune({ before: minute(3), records: 5 })).toBe(3);
      expect(await left(store)).toEqual(['e-5', 'e-6', 'e-7', 'e-8', 'e-9']);
      expect(await store.log.prunedTo()).toBe(positions[4]);
    });

    test('of everything, and goes on behind it', async () => {
      const store = bench.store();
      const positions = await filled(store);
      expect(await store.log.prune({ before: minute(100), records: 1000 })).toBe(10);
      expect(await records(store)).toEqual([]);
      expect(await store.log.position()).toBe(positions[9]);
      expect(await store.log.prunedTo()).toBe(positions[9]);
      await apply(store, minute(200), create('new'));
      const [record] = await records(store);
      expect(record?.id).toBe(urn('new'));
      expect(record?.position).toBeGreaterThan(positions[9] ?? Infinity);
      expect(await store.log.position()).toBe(record?.position);
    });

    test('of the oldest above a sum of bytes', async () => {
      const store = bench.store();
      const text = 'x'.repeat(10_000);
      for (let n = 0; n < 10; n += 1) await apply(store, minute(n), create(`e-${n}`, thing({ level: property(text) })));
      expect(await store.log.prune({ before: minute(0), records: 100, bytes: 1_000_000 })).toBe(0);
      expect(await store.log.prune({ before: minute(0), records: 100, bytes: 35_000 })).toBe(6);
      expect(await left(store)).toEqual(['e-6', 'e-7', 'e-8', 'e-9']);
      expect(await store.log.prune({ before: minute(0), records: 100, bytes: 35_000 })).toBe(0);
      expect(await store.log.prune({ before: minute(8), records: 100, bytes: 35_000 })).toBe(2);
      expect(await store.log.prune({ before: minute(0), records: 1, bytes: 35_000 })).toBe(1);
    });

    test('and leaves entities, history and summary as they are', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', thing({ level: property(1) })));
      const entity = await store.get(urn('a'), minute(1));
      await store.log.prune({ before: minute(100), records: 0 });
      const again = await store.get(urn('a'), minute(1));
      expect(again?.entity()).toEqual(entity?.entity());
      expect(again?.version).toBe(entity?.version);
      expect((await store.summary()).entities).toBe(1);
    });
  });

  describe('calls those who follow the log', () => {
    test('after changes, when they can be read', async () => {
      const store = bench.store();
      const calls: Position[] = [];
      const reads: Promise<void>[] = [];
      const done = until(store, 12);
      store.log.follow((position) => {
        calls.push(position);
        reads.push(store.log.read(position - 1, 10).then((found) => expect(found[0]?.position).toBe(position)));
      });
      await apply(store, minute(0), create('a'), create('b'));
      await apply(store, minute(1), create('a'), remove('c'));
      await Promise.all(
        Array.from({ length: 10 }, (_, n) => apply(store, minute(2), setTo('a', { level: property(n) }))),
      );
      await done;
      await Promise.all(reads);
      expect(calls.at(-1)).toBe(await store.log.position());
      expect(calls).toEqual([...new Set(calls)].sort((a, b) => a - b));
      expect(reads.length).toBeGreaterThan(0);
    });

    test('not for what changes nothing', async () => {
      const store = bench.store();
      const calls: Position[] = [];
      store.log.follow((position) => void calls.push(position));
      await apply(store, minute(0), remove('none'));
      await store.record([{ id: urn('a'), types: [iri('Thing')], name: level, instance: property(1) }], minute(0));
      await store.apply([], minute(0));
      const done = until(store, 1);
      await apply(store, minute(0), create('a'));
      await done;
      expect(calls).toEqual([await store.log.position()]);
    });

    test('each of them, until it does not want to be called any more', async () => {
      const store = bench.store();
      const calls = { first: 0, second: 0 };
      const listener = (): void => void (calls.first += 1);
      const stop = store.log.follow(listener);
      store.log.follow(listener);
      store.log.follow(() => void (calls.second += 1));
      let done = until(store, 1);
      await apply(store, minute(0), create('a'));
      await done;
      expect(calls).toEqual({ first: 2, second: 1 });
      stop();
      stop();
      done = until(store, 2);
      await apply(store, minute(1), create('b'));
      await done;
      expect(calls).toEqual({ first: 3, second: 2 });
    });

    test('also when one of them stops while it is called', async () => {
      const store = bench.store();
      let calls = 0;
      const stop = store.log.follow(() => {
        calls += 1;
        stop();
      });
      const done = until(store, 2);
      await apply(store, minute(0), create('a'));
      await apply(store, minute(1), setTo('a', { level: property(1) }));
      await done;
      expect(calls).toBe(1);
    });
  });

  test('logs an entity with attributes it never had before as whole as it is', async () => {
    const store = bench.store();
    const fragment = attrs({
      a: property({ deep: { er: [1, [2, [3]]] } }),
      b: property('b', {
        attrs: attrs({ c: property('c', { attrs: attrs({ d: property('d') }) }) }),
      }),
    });
    await apply(store, minute(0), create('x', { types: [iri('Thing')], attrs: fragment }));
    const [record] = await records(store);
    expect(record?.entity.attrs).toEqual(fragment);
    expect(record?.attrs.map(({ after }) => after)).toEqual(Object.values(fragment).flat());
  });
}

/** Resolves when a follower that came after all others has been called with a position at least as far. */
const until = (store: Store, position: Position): Promise<void> =>
  new Promise((resolve) => {
    const stop = store.log.follow((newest) => {
      if (newest < position) return;
      // The callbacks of others may come after this one.
      queueMicrotask(resolve);
      stop();
    });
  });
