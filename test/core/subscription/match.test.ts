/** Tests which changes trigger a subscription, and the index that finds its candidates. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Change } from '../../../src/core/model/change.ts';
import type { Json } from '../../../src/core/model/json.ts';
import { compilePlan, createMatcher } from '../../../src/core/subscription/match.ts';
import { changeAfter, changeBy, create, planOf, update } from './fixtures.ts';

const id = 'urn:ngsi-ld:Boat:1';
const boat = {
  id,
  type: 'Boat',
  scope: '/Kranj',
  draft: { type: 'Property', value: 2 },
  name: { type: 'Property', value: 'Sava' },
};
const created = changeBy(undefined, create(boat)).change;
const updated = changeAfter(boat, update(id, { draft: { type: 'Property', value: 3 } }));
const rewritten = changeAfter(boat, update(id, { draft: { type: 'Property', value: 2 } }));
const attributeDeleted = changeAfter(boat, {
  op: 'deleteAttr',
  id,
  attr: 'https://uri.etsi.org/ngsi-ld/default-context/draft',
  which: 'all',
});
const moved = changeAfter(boat, update(id, { scope: '/Ljubljana' }));
const deleted = changeAfter(boat, { op: 'delete', id });
const changes = { created, updated, rewritten, attributeDeleted, moved, deleted };

describe('what triggers', () => {
  test.each<[string, Json, readonly (keyof typeof changes)[]]>([
    ['the default', {}, ['created', 'updated']],
    ['entityCreated', { notificationTrigger: ['entityCreated'] }, ['created']],
    ['entityDeleted', { notificationTrigger: ['entityDeleted'] }, ['deleted']],
    [
      'entityUpdated',
      { notificationTrigger: ['entityUpdated'] },
      ['created', 'updated', 'attributeDeleted', 'moved', 'deleted'],
    ],
    ['attributeDeleted', { notificationTrigger: ['attributeDeleted'] }, ['attributeDeleted', 'deleted']],
    ['attributeUpdated', { notificationTrigger: ['attributeUpdated'] }, ['updated']],
    ['another watched attribute', { watchedAttributes: ['speed'] }, []],
    ['a watched attribute that did not change', { watchedAttributes: ['name'] }, ['created']],
    [
      'a watched attribute, updates',
      { watchedAttributes: ['draft'], notificationTrigger: ['entityUpdated'] },
      ['created', 'updated', 'attributeDeleted', 'deleted'],
    ],
    [
      'a watched attribute beside entityDeleted',
      { watchedAttributes: ['speed'], notificationTrigger: ['entityDeleted'] },
      ['deleted'],
    ],
    ['q on the state after the change', { q: 'draft>2', notificationTrigger: ['entityUpdated'] }, ['updated']],
    ['q on the state before a deletion', { q: 'draft==2', notificationTrigger: ['entityDeleted'] }, ['deleted']],
    ['scopeQ', { scopeQ: '/Ljubljana', notificationTrigger: ['entityUpdated'] }, ['moved']],
    ['another type', { entities: [{ type: 'Ship' }] }, []],
    ['another id', { entities: [{ type: 'Boat', id: 'urn:ngsi-ld:Boat:2' }] }, []],
    ['the id', { entities: [{ type: '*', id }] }, ['created', 'updated']],
  ])('%s', (_, more, notified) => {
    const plan = planOf({ type: 'Subscription', entities: [{ type: 'Boat' }], ...(more as object) });
    const matcher = createMatcher<string>();
    matcher.add('one', plan);
    const concerned = Object.entries(changes).filter(([, change]) => matcher.match(change).includes('one'));
    expect(concerned.map(([name]) => name)).toEqual(notified);
    expect(
      Object.entries(changes)
        .filter(([, change]) => compilePlan(plan)(change))
        .map(([name]) => name),
    ).toEqual(notified);
  });
});

const ids = ['urn:a:1', 'urn:a:2', 'urn:b:1'];
const types = ['A', 'B', 'C'];
const attrs = ['p', 'q', 'r'];
const triggers = [
  'entityCreated',
  'entityDeleted',
  'entityUpdated',
  'attributeCreated',
  'attributeUpdated',
  'attributeDeleted',
];

const selector = fc.record(
  {
    type: fc.oneof(fc.constantFrom('*', 'A|B', '(A;B)', '(A;*)', '*|C', ...types)),
    id: fc.subarray(ids, { minLength: 1 }),
    idPattern: fc.constantFrom('^urn:a', '1$'),
  },
  { requiredKeys: ['type'] },
);
const subscription = fc
  .record(
    {
      entities: fc.array(selector, { minLength: 1, maxLength: 3 }),
      watchedAttributes: fc.subarray(attrs, { minLength: 1 }),
      notificationTrigger: fc.subarray(triggers, { minLength: 1 }),
      q: fc.constantFrom('p>1', 'q', 'p>1|r==2'),
    },
    { requiredKeys: ['entities'] },
  )
  .chain((json) =>
    fc.boolean().map(
      (keep): Json =>
        ({
          type: 'Subscription',
          ...(keep || !json.watchedAttributes ? json : { ...json, entities: undefined }),
        }) as Json,
    ),
  )
  .map((json) => JSON.parse(JSON.stringify(json)) as Json);

const attributes = fc.dictionary(
  fc.constantFrom(...attrs),
  fc.record({ type: fc.constant('Property'), value: fc.integer({ min: 0, max: 3 }) }),
  { maxKeys: 3 },
);
const history = fc.record({
  id: fc.constantFrom(...ids),
  type: fc.subarray(types, { minLength: 1 }),
  first: attributes,
  second: attributes,
  end: fc.constantFrom('update', 'delete'),
});

describe('createMatcher', () => {
  test('finds what asking every plan finds, whatever was added and removed', () => {
    fc.assert(
      fc.property(
        fc.array(subscription, { maxLength: 12 }),
        fc.array(fc.nat(11), { maxLength: 6 }),
        fc.array(history, { minLength: 1, maxLength: 8 }),
        (list, removed, histories) => {
          const matcher = createMatcher<number>();
          const plans = new Map(list.map((json, key) => [key, planOf(json)]));
          for (const [key, plan] of plans) matcher.add(key, plan);
          for (const key of removed) {
            matcher.remove(key);
            plans.delete(key);
          }
          expect(matcher.size()).toBe(plans.size);
          for (const change of histories.flatMap(changesOf)) {
            const expected = [...plans].filter(([, plan]) => compilePlan(plan)(change)).map(([key]) => key);
            expect([...matcher.match(change)].sort()).toEqual(expected.sort());
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('asks only candidates: a change of one type costs nothing to the others', () => {
    const matcher = createMatcher<number>();
    let asked = 0;
    for (let key = 0; key < 1000; key += 1) {
      const plan = planOf({ type: 'Subscription', entities: [{ type: `T${key}` }] });
      const counted = {
        get triggers() {
          asked += 1;
          return plan.triggers;
        },
      };
      matcher.add(key, Object.create(plan, Object.getOwnPropertyDescriptors(counted)) as typeof plan);
    }
    asked = 0;
    const change = changeBy(undefined, create({ id, type: 'T7', p: { type: 'Property', value: 1 } })).change;
    expect(matcher.match(change)).toEqual([7]);
    expect(asked).toBeLessThan(10);
  });

  test('a key that is added again is replaced', () => {
    const matcher = createMatcher<string>();
    matcher.add('one', planOf({ type: 'Subscription', entities: [{ type: 'Ship' }] }));
    matcher.add('one', planOf({ type: 'Subscription', entities: [{ type: 'Boat' }] }));
    expect(matcher.match(created)).toEqual(['one']);
    expect(matcher.size()).toBe(1);
  });
});

function changesOf({
  id: entity,
  type,
  first,
  second,
  end,
}: {
  id: string;
  type: string[];
  first: object;
  second: object;
  end: string;
}): readonly Change[] {
  const beginning = changeBy(undefined, create({ id: entity, type, ...first } as Json));
  if (end === 'delete') return [beginning.change, changeBy(beginning.next, { op: 'delete', id: entity }).change];
  return Object.keys(second).length === 0
    ? [beginning.change]
    : [beginning.change, changeBy(beginning.next, update(entity, second as Json)).change];
}
