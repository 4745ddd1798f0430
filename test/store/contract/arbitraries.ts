/** Generates random writes, past instances and plans, over few ids and names so that they collide. */
import fc from 'fast-check';
import type {
  EntitySelector,
  Filter,
  QPath,
  QValue,
  Query,
  ScopePattern,
  TemporalQuery,
  TypeSelection,
} from '../../../src/core/language/filter.ts';
import type { Write } from '../../../src/core/language/write.ts';
import { type Fragment, type Fragments, type Instance, ngsildNull } from '../../../src/core/model/attribute.ts';
import type { EntityFragment } from '../../../src/core/model/entity.ts';
import type { Geometry } from '../../../src/core/model/geometry.ts';
import type { Instant } from '../../../src/core/model/instant.ts';
import type { Json } from '../../../src/core/model/json.ts';
import type { Mutation } from '../../../src/core/model/mutation.ts';
import type { HistoryPlan, PastInstance, Plan } from '../../../src/core/port/store.ts';
import { iri, micros, minute, urn } from './bench.ts';

type Arbitrary<T> = fc.Arbitrary<T>;

const ids = ['a', "b'.$c", '🚦'].map(urn);
const types = ['A', 'B', 'C$.d'].map(iri);
const attributes = ['level', 'place', "__proto__'.$p"].map(iri);
const subAttributes = ['accuracy', 'level'].map(iri);
const datasets = [urn('d1'), urn('d2')];
const scopes = ['/A', '/A/B', '/C', 'A/B/C'];

const id = fc.constantFrom(...ids);
const attribute = fc.constantFrom(...attributes);

/** At whole minutes; writes happen between them, so that a time of observation is never that of a write. */
const observation: Arbitrary<Instant> = fc.integer({ min: -2, max: 8 }).map((n) => minute(n));
const expiry: Arbitrary<Instant> = fc.integer({ min: -2, max: 40 }).map((n) => minute(n, 10));

/** What JSON gives back as it was: no negative zero, nothing undefined. */
const plain = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;

const scalar: Arbitrary<Json> = fc.oneof(
  fc.integer({ min: -2, max: 6 }),
  fc.constantFrom(0.5, 1e21, -1e-7),
  fc.constantFrom('', 'a', 'b', 'a b', '2026-03-01T12:00:00Z', "'"),
  fc.boolean(),
);
const someJson: Arbitrary<Json> = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.record({ a: scalar, 'b.c': scalar }, { requiredKeys: [] }) },
  {
    weight: 1,
    arbitrary: fc
      .jsonValue({ maxDepth: 2 })
      .map(plain)
      .filter((value) => value !== null),
  },
);

const coordinate = fc.tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -4, max: 4 }));
const geometry: Arbitrary<Geometry> = fc.oneof(
  coordinate.map((coordinates) => ({ type: 'Point' as const, coordinates })),
  fc
    .tuple(coordinate, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }))
    .map(([[west, south], width, height]): Geometry => {
      const [east, north] = [west + width, south + height];
      return {
        type: 'Polygon',
        coordinates: [
          [
            [west, south],
            [east, south],
            [east, north],
            [west, north],
            [west, south],
          ],
        ],
      };
    }),
);

const content: Arbitrary<Pick<Instance, 'kind' | 'value'>> = fc.oneof(
  { weight: 5, arbitrary: someJson.map((value) => ({ kind: 'Property' as const, value })) },
  {
    weight: 2,
    arbitrary: geometry.map((value) => ({ kind: 'GeoProperty' as const, value })),
  },
  { weight: 1, arbitrary: id.map((value) => ({ kind: 'Relationship' as const, value })) },
  {
    weight: 1,
    arbitrary: fc
      .record({ en: fc.constantFrom('a', 'b') })
      .map((value) => ({ kind: 'LanguageProperty' as const, value })),
  },
  {
    weight: 1,
    arbitrary: fc.array(scalar, { maxLength: 3 }).map((value) => ({ kind: 'ListProperty' as const, value })),
  },
);

/** There once for so many times that it is not. */
const maybe = <T>(arbitrary: Arbitrary<T>, absences: number): Arbitrary<T | undefined> =>
  fc.oneof({ weight: absences, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

/** Without the members that are undefined. */
const withoutUndefined = <T extends object>(given: T): T =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;

const metadata = (isInner: boolean): Arbitrary<Partial<Instance>> =>
  fc
    .record({
      observedAt: maybe(observation, 1),
      unitCode: maybe(fc.constantFrom('CEL', 'MTR'), 4),
      expiresAt: maybe(expiry, isInner ? 12 : 6),
      datasetId: isInner ? fc.constant(undefined) : maybe(fc.constantFrom(...datasets), 2),
    })
    .map(withoutUndefined) as Arbitrary<Partial<Instance>>;

const inner: Arbitrary<Instance> = fc
  .tuple(content, metadata(true))
  .map(([told, members]) => ({ ...told, ...members }));

/** A whole instance. */
const instance: Arbitrary<Instance> = fc
  .tuple(content, metadata(false), maybe(fc.tuple(fc.constantFrom(...subAttributes), inner), 3))
  .map(([told, members, sub]) => ({ ...told, ...members, ...(sub ? { attrs: { [sub[0]]: [sub[1]] } } : undefined) }));

/** Instances by name, each dataset once. */
function fragmentsOf(one: Arbitrary<Fragment>): Arbitrary<Fragments> {
  const several = fc.uniqueArray(one, { minLength: 1, maxLength: 2, selector: ({ datasetId }) => datasetId ?? '' });
  return fc
    .uniqueArray(fc.tuple(attribute, several), { maxLength: 3, selector: ([name]) => name })
    .map((entries) => Object.fromEntries(entries));
}

const scope = fc.oneof(
  fc.constantFrom(...scopes),
  fc.uniqueArray(fc.constantFrom(...scopes), { minLength: 1, maxLength: 3 }),
);
const someTypes = fc.uniqueArray(fc.constantFrom(...types), { minLength: 1, maxLength: 2 });

const wholeEntity: Arbitrary<EntityFragment> = fc
  .record({
    types: maybe(someTypes, 1).map((given) => given ?? [iri('A')]),
    scope: maybe(scope, 2),
    expiresAt: maybe(expiry, 5),
    attrs: fragmentsOf(instance),
  })
  .map(withoutUndefined) as Arbitrary<EntityFragment>;

const nulled: Arbitrary<Fragment> = maybe(fc.constantFrom(...datasets), 1).map(
  (datasetId) => withoutUndefined({ value: ngsildNull, datasetId }) as Fragment,
);
/** A part of an instance, as merge and partial update take it. */
const partOfInstance: Arbitrary<Fragment> = fc
  .record({
    value: maybe(someJson, 1),
    observedAt: maybe(observation, 2),
    expiresAt: maybe(fc.oneof(expiry, fc.constant(ngsildNull)), 6),
    unitCode: maybe(fc.constantFrom('CEL', ngsildNull), 4),
    datasetId: maybe(fc.constantFrom(...datasets), 2),
  })
  .map(withoutUndefined) as Arbitrary<Fragment>;
const changing = fc.oneof({ weight: 4, arbitrary: instance }, { weight: 1, arbitrary: nulled });
const merging = fc.oneof(
  { weight: 2, arbitrary: instance },
  { weight: 2, arbitrary: partOfInstance },
  { weight: 1, arbitrary: nulled },
);

const fragment = (one: Arbitrary<Fragment>): Arbitrary<EntityFragment> =>
  fc
    .record({
      types: maybe(someTypes, 5),
      scope: maybe(fc.oneof(scope, fc.constant(ngsildNull)), 4),
      expiresAt: maybe(fc.oneof(expiry, fc.constant(ngsildNull)), 6),
      attrs: fragmentsOf(one),
    })
    .map(withoutUndefined) as Arbitrary<EntityFragment>;

const which = fc.oneof(
  fc.constant('all' as const),
  fc.constant({}),
  fc.constantFrom(...datasets).map((datasetId) => ({ datasetId })),
);

const mutation: Arbitrary<Mutation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constant('create' as const), id, entity: wholeEntity }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('replace' as const), id, entity: wholeEntity }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('upsert' as const),
      id,
      entity: wholeEntity,
      mode: fc.constantFrom('replace' as const, 'update' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('append' as const),
      id,
      fragment: fragment(instance),
      overwrite: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('observe' as const), id, entity: wholeEntity, create: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('update' as const), id, fragment: fragment(changing) }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('merge' as const), id, fragment: fragment(merging) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('partialUpdate' as const),
      id,
      attr: attribute,
      fragments: fc.tuple(partOfInstance),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('replaceAttr' as const),
      id,
      attr: attribute,
      fragments: fc.tuple(instance),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('deleteAttr' as const),
      id,
      attr: fc.oneof(attribute, fc.constant('scope')),
      which,
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('delete' as const), id }) },
);

const typeSelection: Arbitrary<TypeSelection> = fc.letrec<{ selection: TypeSelection }>((tie) => ({
  selection: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom(...types).map((type) => ({ op: 'type' as const, type })),
    fc.constant({ op: 'any' as const }),
    fc.record({
      op: fc.constantFrom('and' as const, 'or' as const),
      parts: fc.array(tie('selection'), { minLength: 1, maxLength: 2 }),
    }),
  ),
})).selection;

const selector: Arbitrary<EntitySelector> = fc
  .record({
    ids: maybe(fc.array(id, { maxLength: 3 }), 3),
    idPattern: maybe(
      fc.constantFrom('a', 'urn:.*[bc]$', '^a', "'").map((source) => ({ source })),
      4,
    ),
    types: maybe(typeSelection, 1),
  })
  .map(withoutUndefined) as Arbitrary<EntitySelector>;

const qPath: Arbitrary<QPath> = fc.oneof(
  { weight: 6, arbitrary: attribute.map((attr): QPath => ({ attr, sub: [], inside: [], text: attr })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(attribute, fc.constantFrom(...subAttributes, 'observedAt', 'unitCode', 'datasetId', 'modifiedAt'))
      .map(([attr, sub]): QPath => ({ attr, sub: [sub], inside: [], text: attr })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(attribute, fc.constantFrom('a', 'b.c', 'en', '*'))
      .map(([attr, name]): QPath => ({ attr, sub: [], inside: [name], text: attr })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('id', 'type', 'scope', 'createdAt', 'modifiedAt')
      .map((attr): QPath => ({ attr, sub: [], inside: [], text: attr })),
  },
);

const time = (text: Instant): QValue => ({ kind: 'time', form: 'dateTime', text, micros: micros(text) });
const single: Arbitrary<QValue> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .oneof(fc.integer({ min: -2, max: 6 }), fc.constantFrom('a', 'b', 'a b', "'"), fc.boolean())
      .map((value) => ({ kind: 'json' as const, value })),
  },
  { weight: 1, arbitrary: observation.map(time) },
  { weight: 1, arbitrary: id.map((uri) => ({ kind: 'uri' as const, uri })) },
);
const number = fc.integer({ min: -2, max: 6 }).map((value): QValue => ({ kind: 'json', value }));

const query: Arbitrary<Query> = fc.letrec<{ query: Query }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 2 },
    fc.record({ op: fc.constant('exists' as const), path: qPath }),
    fc.record({
      op: fc.constantFrom('==' as const, '!=' as const, '>' as const, '>=' as const, '<' as const, '<=' as const),
      path: qPath,
      value: single,
    }),
    fc.record({
      op: fc.constantFrom('==' as const, '!=' as const),
      path: qPath,
      value: fc.array(single, { minLength: 1, maxLength: 3 }).map((values): QValue => ({ kind: 'list', values })),
    }),
    fc.record({
      op: fc.constantFrom('==' as const, '!=' as const),
      path: qPath,
      value: fc.tuple(number, number).map(([from, to]): QValue => ({ kind: 'range', from, to })),
    }),
    fc.record({
      op: fc.constantFrom('~=' as const, '!~=' as const),
      path: qPath,
      pattern: fc.constantFrom('a', '^b', ' ').map((source) => ({ source })),
    }),
    fc.record({
      op: fc.constantFrom('and' as const, 'or' as const),
      parts: fc.array(tie('query'), { minLength: 1, maxLength: 3 }),
    }),
  ),
})).query;

const geo = fc.record({
  relation: fc.oneof(
    fc.constantFrom(100_000, 500_000).map((maxDistanceMetres) => ({ georel: 'near' as const, maxDistanceMetres })),
    fc.constantFrom(100_000, 500_000).map((minDistanceMetres) => ({ georel: 'near' as const, minDistanceMetres })),
    fc
      .constantFrom(
        'within' as const,
        'contains' as const,
        'overlaps' as const,
        'intersects' as const,
        'equals' as const,
        'disjoint' as const,
      )
      .map((georel) => ({ georel })),
  ),
  geometry,
  geoproperty: attribute,
});

const scopePattern: Arbitrary<ScopePattern> = fc
  .record({ levels: fc.array(fc.constantFrom('A', 'B', '+'), { maxLength: 2 }), deep: fc.boolean() })
  .filter(({ levels, deep }) => deep || levels.length > 0);
const scopeQ = fc.record({
  anyOf: fc.array(fc.record({ allOf: fc.array(scopePattern, { minLength: 1, maxLength: 2 }) }), {
    minLength: 1,
    maxLength: 2,
  }),
});

const filterWith = (further: Arbitrary<Filter> | undefined): Arbitrary<Filter> =>
  fc
    .record({
      selectors: maybe(fc.array(selector, { minLength: 1, maxLength: 2 }), 1),
      attrs: maybe(fc.uniqueArray(attribute, { minLength: 1, maxLength: 2 }), 4),
      datasetIds: maybe(fc.uniqueArray(fc.constantFrom('@none', ...datasets), { minLength: 1, maxLength: 2 }), 6),
      q: maybe(query, 2),
      geo: maybe(geo, 5),
      scopeQ: maybe(scopeQ, 5),
      also: further ? maybe(fc.array(further, { minLength: 1, maxLength: 2 }), 5) : fc.constant(undefined),
      anyOf: further ? maybe(fc.array(further, { minLength: 1, maxLength: 2 }), 5) : fc.constant(undefined),
    })
    .map(withoutUndefined) as Arbitrary<Filter>;

const filter: Arbitrary<Filter> = filterWith(filterWith(undefined));

export const write: Arbitrary<Write> = fc
  .record({ mutation, only: maybe(filter, 6) })
  .map(withoutUndefined) as Arbitrary<Write>;

export const pastInstance: Arbitrary<PastInstance> = fc.record({
  id,
  types: someTypes,
  name: attribute,
  instance: instance.map(({ expiresAt: _, ...rest }) => rest),
});

/** A plan, and which of the entities found by the whole plan its cursor stands behind. */
export const planParts: Arbitrary<Pick<Plan, 'filter' | 'limit' | 'offset'> & { readonly behind?: number }> = fc
  .record({
    filter,
    limit: fc.constantFrom(0, 1, 2, 100),
    offset: maybe(fc.integer({ min: 0, max: 3 }), 2),
    behind: maybe(fc.integer({ min: 0, max: 3 }), 3),
  })
  .map(withoutUndefined) as Arbitrary<Pick<Plan, 'filter' | 'limit' | 'offset'> & { readonly behind?: number }>;

const temporal: Arbitrary<TemporalQuery> = fc
  .record({
    timeproperty: fc.constantFrom(
      'any' as const,
      'observedAt' as const,
      'createdAt' as const,
      'modifiedAt' as const,
      'deletedAt' as const,
    ),
    bounds: fc.oneof(
      fc.constant({}),
      fc
        .tuple(fc.constantFrom('before' as const, 'after' as const), observation)
        .map(([timerel, at]) => ({ timerel, timeAt: micros(at) })),
      fc.tuple(observation, fc.integer({ min: 1, max: 20 })).map(([at, minutes]) => ({
        timerel: 'between' as const,
        timeAt: micros(at),
        endTimeAt: micros(at) + minutes * 60_000_000,
      })),
    ),
    lastN: maybe(fc.integer({ min: 1, max: 3 }), 2),
  })
  .map(({ bounds, ...rest }) => withoutUndefined({ ...rest, ...bounds })) as Arbitrary<TemporalQuery>;

export const historyParts: Arbitrary<Omit<HistoryPlan, 'now' | 'after'>> = fc
  .record({
    filter,
    limit: fc.constantFrom(1, 2, 100),
    offset: maybe(fc.integer({ min: 0, max: 2 }), 3),
    temporal,
    attrs: maybe(fc.uniqueArray(attribute, { maxLength: 2 }), 3),
    datasetIds: maybe(fc.uniqueArray(fc.constantFrom('@none', ...datasets), { minLength: 1, maxLength: 2 }), 4),
    limitInstances: fc.constantFrom(1, 5, 1000),
    limitEach: maybe(fc.integer({ min: 1, max: 3 }), 2),
  })
  .map((parts) => (parts.temporal.lastN === undefined ? parts : { ...parts, limitEach: undefined }))
  .map(withoutUndefined) as Arbitrary<Omit<HistoryPlan, 'now' | 'after'>>;
