/** Tests every mutation with tables: entity and mutation as input, entity and change as output. */
import { describe, expect, test } from '@jest/globals';
import type { Fragment, Fragments, Instance } from '../../../src/core/model/attribute.ts';
import type { Entity } from '../../../src/core/model/entity.ts';
import { mutate } from '../../../src/core/model/mutate.ts';
import type { Mutation } from '../../../src/core/model/mutation.ts';

const id = 'urn:a:1';
const born = '2026-01-01T00:00:00Z';
const at = '2026-02-01T00:00:00Z';
const nil = 'urn:ngsi-ld:null';
const property = (value: Instance['value'], more: object = {}): Instance & Fragment => ({
  kind: 'Property',
  value,
  ...more,
});
const entity = (attrs: Entity['attrs'], more: object = {}): Entity => ({
  id,
  types: ['T'],
  createdAt: born,
  attrs,
  ...more,
});
const current = entity({
  x: [property(1, { unitCode: 'CEL', attrs: { y: [property('sub')] } })],
  z: [property('a'), property('b', { datasetId: 'urn:d:1' })],
});

const update = (attrs: Fragments, more: object = {}): Mutation => ({ op: 'update', id, fragment: { attrs, ...more } });
const merge = (attrs: Fragments, options: object = {}): Mutation => ({ op: 'merge', id, fragment: { attrs }, options });
const events = (mutation: Mutation, before: Entity | undefined = current): readonly string[] =>
  (mutate(before, mutation, at).change?.attrs ?? []).map(
    ({ name, datasetId, event }) => `${event} ${name}${datasetId === undefined ? '' : ` ${datasetId}`}`,
  );
const after = (mutation: Mutation, before: Entity | undefined = current): Entity | undefined =>
  mutate(before, mutation, at).next;
const values = (mutation: Mutation): unknown =>
  Object.fromEntries(
    Object.entries(after(mutation)?.attrs ?? {}).map(([name, list]) => [name, list.map(({ value }) => value)]),
  );

describe('create', () => {
  const create: Mutation = { op: 'create', id, entity: { id, types: ['T'], attrs: { x: [property(1)] } } };
  test('makes the entity, with stamps only where they differ from the owner', () =>
    expect(mutate(undefined, create, at).next).toEqual({
      id,
      types: ['T'],
      createdAt: at,
      attrs: { x: [property(1)] },
    }));
  test('tells of every attribute', () =>
    expect(mutate(undefined, create, at).change?.attrs.map(({ event, name }) => `${event} ${name}`)).toEqual([
      'created x',
    ]));
  test('refuses an id that is taken', () =>
    expect(mutate(current, create, at).outcome).toMatchObject({
      status: 'refused',
      problem: { type: 'AlreadyExists' },
    }));
});

describe('update', () => {
  test('replaces whole instances: what is not given is lost, the time of creation stays', () => {
    expect(after(update({ x: [property(2)] }))?.attrs['x']).toEqual([property(2, { modifiedAt: at })]);
    expect(events(update({ x: [property(2)] }))).toEqual(['updated x']);
  });
  test('adds what is missing', () =>
    expect(after(update({ n: [property(5)] }))?.attrs['n']).toEqual([property(5, { createdAt: at })]));
  test('touches one dataset only', () =>
    expect(values(update({ z: [property('c', { datasetId: 'urn:d:1' })] }))).toMatchObject({ z: ['a', 'c'] }));
  test('deletes by the NGSI-LD Null', () => {
    expect(after(update({ x: [{ value: nil }] }))?.attrs).not.toHaveProperty('x');
    expect(events(update({ x: [{ value: nil }] }))).toEqual(['deleted x']);
  });
  test('reports what was not there to delete', () =>
    expect(mutate(current, update({ q: [{ value: nil }] }), at).outcome).toMatchObject({
      status: 'unchanged',
      notUpdated: [{ attributeName: 'q' }],
    }));
  test('tells apart what was written again with the same content', () =>
    expect(events(update({ z: [property('a')] }))).toEqual(['rewritten z']));
  test('unites types, and replaces a scope that is there', () => {
    const scoped = { ...current, scope: '/a' };
    expect(after(update({}, { types: ['U'], scope: '/b' }), scoped)).toMatchObject({ types: ['T', 'U'], scope: '/b' });
    expect(mutate(current, update({}, { scope: '/b' }), at).outcome).toMatchObject({
      notUpdated: [{ attributeName: 'scope' }],
    });
  });
});

describe('merge', () => {
  test('refuses another kind, also of a sub-attribute, and what the kind cannot have', () => {
    const linked: Fragment = { kind: 'Relationship', value: 'urn:b:1' };
    for (const fragment of [linked, { attrs: { y: [linked] } }])
      expect(mutate(current, merge({ x: [fragment] }), at).outcome).toMatchObject({
        status: 'refused',
        problem: { type: 'BadRequestData', detail: expect.stringContaining('Relationship') },
      });
    expect(mutate(current, merge({ x: [{ objectType: 'urn:T' }] }), at).outcome.status).toBe('refused');
  });
  test('keeps what is not given, into sub-attributes', () => {
    expect(
      after(merge({ x: [{ kind: 'Property', value: 2, attrs: { w: [property(9)] } }] }))?.attrs['x'],
    ).toMatchObject([{ value: 2, unitCode: 'CEL', attrs: { y: [property('sub')], w: [{ value: 9 }] } }]);
  });
  test('merges objects in values, and replaces arrays', () => {
    const before = entity({ o: [property({ a: 1, b: { c: 2, d: [1, 2] } })] });
    expect(
      after(merge({ o: [{ kind: 'Property', value: { a: nil, b: { d: [3] } } }] }), before)?.attrs['o']?.[0]?.value,
    ).toEqual({ b: { c: 2, d: [3] } });
  });
  test('removes members and instances by the NGSI-LD Null', () => {
    expect(after(merge({ x: [{ unitCode: nil }] }))?.attrs['x']?.[0]).not.toHaveProperty('unitCode');
    expect(values(merge({ z: [{ value: nil, datasetId: 'urn:d:1' }] }))).toMatchObject({ z: ['a'] });
  });
  test('adds without what it would delete', () =>
    expect(
      after(
        merge({ n: [{ kind: 'Property', value: { a: 1, b: nil }, observedAt: nil, attrs: { s: [{ value: nil }] } }] }),
      )?.attrs['n'],
    ).toEqual([property({ a: 1 }, { createdAt: at })]));
  test('in simplified form fits the kind that is there, or is refused', () => {
    const before = entity({
      r: [{ kind: 'Relationship', value: 'urn:b:1' }],
      l: [{ kind: 'LanguageProperty', value: { en: 'x', sl: 'y' } }],
    });
    expect(after(merge({ r: [property('urn:b:2')] }, { simplified: true }), before)?.attrs['r']?.[0]).toMatchObject({
      kind: 'Relationship',
      value: 'urn:b:2',
    });
    expect(
      after(merge({ l: [property('z')] }, { simplified: true, lang: 'sl' }), before)?.attrs['l']?.[0]?.value,
    ).toEqual({ en: 'x', sl: 'z' });
    expect(mutate(before, merge({ r: [property(5)] }, { simplified: true }), at).outcome.status).toBe('refused');
  });
  test('sets the default time where there was one', () => {
    const before = entity({ x: [property(1, { observedAt: born })], y: [property(1)] });
    const next = after(merge({ x: [property(2)], y: [property(2)] }, { observedAt: at }), before);
    expect([next?.attrs['x']?.[0]?.observedAt, next?.attrs['y']?.[0]?.observedAt]).toEqual([at, undefined]);
  });
});

describe('other writes', () => {
  test('without overwriting, a scope is neither deleted nor changed by one that it has', () => {
    const append = (scope: string): Mutation => ({
      op: 'append',
      id,
      fragment: { scope, attrs: {} },
      overwrite: false,
    });
    const placed = { ...current, scope: '/a' };
    expect(mutate(placed, append(nil), at).outcome).toMatchObject({
      status: 'unchanged',
      notUpdated: [{ attributeName: 'scope' }],
    });
    expect(mutate(placed, append('/a'), at).outcome).toEqual({ status: 'unchanged', updated: [], notUpdated: [] });
    expect(mutate(placed, append('/b'), at).next?.scope).toEqual(['/a', '/b']);
  });
  test('append without overwriting leaves and reports', () => {
    const mutation: Mutation = {
      op: 'append',
      id,
      overwrite: false,
      fragment: { attrs: { x: [property(5)], n: [property(6)] } },
    };
    expect(mutate(current, mutation, at).outcome).toMatchObject({
      status: 'updated',
      updated: ['n'],
      notUpdated: [{ attributeName: 'x' }],
    });
  });
  test('partial update keeps the rest, and replaces the value whole', () => {
    const mutation = { op: 'partialUpdate', id, attr: 'x', fragments: [{ value: { a: 1 } }] } as const;
    expect(after(mutation)?.attrs['x']).toMatchObject([{ value: { a: 1 }, unitCode: 'CEL' }]);
    expect(
      mutate(current, { ...mutation, fragments: [{ kind: 'Relationship', value: 'urn:b:1' }] }, at).outcome,
    ).toMatchObject({ problem: { type: 'BadRequestData' } });
    expect(mutate(current, { ...mutation, attr: 'none' }, at).outcome).toMatchObject({
      problem: { type: 'ResourceNotFound' },
    });
  });
  test('replace tells of what is gone', () => {
    const mutation: Mutation = { op: 'replace', id, entity: { types: ['T'], attrs: { x: [property(1)] } } };
    expect([...events(mutation)].sort()).toEqual(['deleted z', 'deleted z urn:d:1', 'updated x']);
    expect(after(mutation)).toMatchObject({ createdAt: born, modifiedAt: at });
  });
  test('delete of an attribute takes the default instance, one dataset, or all', () => {
    const remove = (which: Extract<Mutation, { op: 'deleteAttr' }>['which']): Mutation => ({
      op: 'deleteAttr',
      id,
      attr: 'z',
      which,
    });
    expect(values(remove({}))).toMatchObject({ z: ['b'] });
    expect(values(remove({ datasetId: 'urn:d:1' }))).toMatchObject({ z: ['a'] });
    expect(after(remove('all'))?.attrs).not.toHaveProperty('z');
  });
  test('delete of an entity tells of all it had', () => {
    const { change, next } = mutate(current, { op: 'delete', id }, at);
    expect([next, change?.event, change?.entity, change?.attrs.length]).toEqual([undefined, 'deleted', current, 3]);
  });
  test('upsert creates, replaces or updates', () => {
    const upsert = (mode: 'replace' | 'update'): Mutation => ({
      op: 'upsert',
      id,
      mode,
      entity: { types: ['T'], attrs: { x: [property(9)] } },
    });
    expect(mutate(undefined, upsert('replace'), at).outcome.status).toBe('created');
    expect(values(upsert('replace'))).toEqual({ x: [9] });
    expect(values(upsert('update'))).toEqual({ x: [9], z: ['a', 'b'] });
  });
});

describe('an attribute with many datasets', () => {
  const dataset = (n: number): object => (n === 0 ? {} : { datasetId: `urn:d:${n}` });
  const numbers = Array.from({ length: 40 }, (_, n) => n);
  const many = (value: (n: number) => number): readonly (Instance & Fragment)[] =>
    numbers.map((n) => property(value(n), dataset(n)));
  const full = entity({ x: [property(0, { attrs: { y: many((n) => n) } })], z: many((n) => n) });
  const valuesOf = (instances: readonly Instance[] | undefined): readonly unknown[] =>
    instances?.map(({ value }) => value) ?? [];

  test('keeps their order; what is removed and comes again is last, what is new behind it', () => {
    const fragments = [
      property(nil, dataset(3)),
      property(-5, dataset(5)),
      property(-3, dataset(3)),
      property(77, dataset(77)),
    ];
    const expected = [...numbers.filter((n) => n !== 3).map((n) => (n === 5 ? -5 : n)), -3, 77];
    expect(valuesOf(after(update({ z: fragments }), full)?.attrs['z'])).toEqual(expected);
    expect(valuesOf(after(merge({ z: fragments }), full)?.attrs['z'])).toEqual(expected);
    const inner = after(merge({ x: [{ attrs: { y: fragments } }] }), full)?.attrs['x']?.[0]?.attrs?.['y'];
    expect(valuesOf(inner)).toEqual(expected);
  });
  test('is told of by dataset: what differs is updated, what is the same is not, what is missing is deleted', () => {
    const given = many((n) => (n === 20 ? -20 : n)).filter((_, n) => n !== 30);
    const replaced = events(
      { op: 'replace', id, entity: { types: ['T'], attrs: { x: full.attrs['x'] ?? [], z: given } } },
      full,
    );
    const rewritten = [...numbers].filter((n) => n !== 20 && n !== 30);
    expect([...replaced].sort()).toEqual(
      [
        'rewritten x',
        ...rewritten.map((n) => (n === 0 ? 'rewritten z' : `rewritten z urn:d:${n}`)),
        'updated z urn:d:20',
        'deleted z urn:d:30',
      ].sort(),
    );
  });
  test('says the same in another order of its sub-attributes', () => {
    const turned = [...many((n) => n)].reverse();
    expect(events(update({ x: [property(0, { attrs: { y: turned } })] }), full)).toEqual(['rewritten x']);
    expect(events(update({ x: [property(0, { attrs: { y: turned.slice(1) } })] }), full)).toEqual(['updated x']);
  });
});
