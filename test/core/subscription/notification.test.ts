/** Tests the content of notifications for changed, created and deleted entities and attributes. */
import { describe, expect, test } from '@jest/globals';
import type { Change } from '../../../src/core/model/change.ts';
import type { Json } from '../../../src/core/model/json.ts';
import { createChangeRenderer, notificationTexts, renderChange } from '../../../src/core/subscription/notification.ts';
import { visibleChange } from '../../../src/core/subscription/visible-change.ts';
import { changeAfter, changeBy, create, now, planOf, update } from './fixtures.ts';

const id = 'urn:ngsi-ld:Boat:7';
const later = '2026-03-01T09:00:00.000Z';
const none = 'urn:ngsi-ld:null';
const boat = {
  id,
  type: 'Boat',
  draft: { type: 'Property', value: 2, unitCode: 'MTR' },
  name: { type: 'LanguageProperty', languageMap: { sl: 'Sava', en: 'Sava river' } },
  owner: { type: 'Relationship', object: 'urn:ngsi-ld:Person:1' },
  stops: { type: 'ListProperty', valueList: [1] },
  crew: { type: 'ListRelationship', objectList: [{ object: 'urn:ngsi-ld:Person:1' }] },
  load: [
    { type: 'Property', value: 10 },
    { type: 'Property', value: 12, datasetId: 'urn:d:2' },
  ],
};
const expanded = (name: string): string => `https://uri.etsi.org/ngsi-ld/default-context/${name}`;
const updated = changeAfter(boat, update(id, { draft: { type: 'Property', value: 3, unitCode: 'MTR' } }));
const lost = (attr: string, datasetId?: string): Change =>
  changeAfter(boat, {
    op: 'deleteAttr',
    id,
    attr: expanded(attr),
    which: datasetId === undefined ? {} : { datasetId },
  });
const deleted = changeAfter(boat, { op: 'delete', id });

const all = ['entityCreated', 'entityDeleted', 'entityUpdated'];
/** What is told of a change to a subscription to boats. */
const told = (change: Change, notification: Json, more: object = {}): Json =>
  renderChange(
    change,
    planOf({
      type: 'Subscription',
      entities: [{ type: 'Boat' }],
      notificationTrigger: all,
      notification,
      ...more,
    } as Json).changeView,
  );
const only = (attr: string, more: object = {}): Json => ({ pick: ['id', 'type', attr], ...more });

describe('a change is told', () => {
  test('with all attributes, as the entity then is', () => {
    expect(told(updated, {})).toEqual({ ...boat, draft: { type: 'Property', value: 3, unitCode: 'MTR' } });
    expect(told(changeBy(undefined, create(boat)).change, {})).toEqual(boat);
  });

  test('with id and type when the projection leaves no more', () => {
    expect(told(updated, { attributes: ['speed'] })).toEqual({ id, type: 'Boat' });
    expect(told(updated, { pick: ['speed'] })).toEqual({ id, type: 'Boat' });
  });

  test('in the language and datasets asked for', () => {
    expect(
      told(
        updated,
        { pick: ['id', 'type', 'name', 'load'], format: 'simplified' },
        { lang: 'sl', datasetId: ['urn:d:2'] },
      ),
    ).toEqual({ id, type: 'Boat', load: 12 });
    expect(
      told(updated, { pick: ['name', 'load'], format: 'simplified' }, { lang: 'sl', datasetId: ['@none'] }),
    ).toEqual({ name: 'Sava', load: 10 });
  });

  test.each<[string, Json, Json]>([
    ['normalized', {}, { type: 'Property', value: 3, unitCode: 'MTR', previousValue: 2 }],
    ['concise', { format: 'concise' }, { value: 3, unitCode: 'MTR', previousValue: 2 }],
  ])('with previous values: %s', (_, format, draft) => {
    expect(told(updated, only('draft', { showChanges: true, ...(format as object) }))).toEqual({
      id,
      type: 'Boat',
      draft,
    });
  });

  test.each<[string, string, Json, Json]>([
    ['a value that stood bare', 'plain', { type: 'Property', value: 2 }, { value: 1, previousValue: 2 }],
    [
      'a relationship',
      'owner',
      { type: 'Relationship', object: 'urn:p:1' },
      { object: 'urn:p:2', previousObject: 'urn:p:1' },
    ],
    [
      'a language map',
      'label',
      { type: 'LanguageProperty', languageMap: { en: 'a' } },
      { languageMap: { en: 'b' }, previousLanguageMap: { en: 'a' } },
    ],
    ['JSON', 'raw', { type: 'JsonProperty', json: { a: 1 } }, { json: { a: 2 }, previousJson: { a: 1 } }],
    ['a vocabulary term', 'kind', { type: 'VocabProperty', vocab: 'Ferry' }, { vocab: 'Tug', previousVocab: 'Ferry' }],
    ['a list', 'list', { type: 'ListProperty', valueList: [1] }, { valueList: [2], previousValueList: [1] }],
    [
      'a list of relationships',
      'crew',
      { type: 'ListRelationship', objectList: [{ object: 'urn:p:1' }] },
      { objectList: ['urn:p:2'], previousObjectList: ['urn:p:1'] },
    ],
    ['an object', 'place', { type: 'Property', value: { a: 1 } }, { value: { a: 2 }, previousValue: { a: 1 } }],
  ])('with previous values of %s, concise', (_, name, first, then) => {
    const {
      previousValue,
      previousObject,
      previousLanguageMap,
      previousJson,
      previousVocab,
      previousValueList,
      previousObjectList,
      ...second
    } = then as Record<string, Json>;
    expect(
      [
        previousValue,
        previousObject,
        previousLanguageMap,
        previousJson,
        previousVocab,
        previousValueList,
        previousObjectList,
      ].filter(Boolean),
    ).toHaveLength(1);
    const change = changeAfter({ id, type: 'Boat', [name]: first }, update(id, { [name]: second as Json }));
    expect(told(change, { format: 'concise', showChanges: true })).toEqual({ id, type: 'Boat', [name]: then });
    const kind = (first as { type: string }).type;
    const normalized = told(change, { showChanges: true }) as Record<string, Record<string, Json>>;
    expect(normalized[name]).toMatchObject({ type: kind });
    expect(Object.keys(normalized[name] ?? {}).sort()).toEqual(['type', ...Object.keys(then as object)].sort());
  });

  test('created and untouched attributes have no previous value', () => {
    const change = changeAfter(boat, update(id, { speed: { type: 'Property', value: 5 } }));
    expect(told(change, { showChanges: true })).toEqual({ ...boat, speed: { type: 'Property', value: 5 } });
  });
});

describe('a deleted attribute is told', () => {
  const stamps = { createdAt: now, modifiedAt: now, deletedAt: later };
  test.each<[string, string, Json, Json]>([
    ['normalized', 'draft', {}, { type: 'Property', value: none }],
    ['concise', 'draft', { format: 'concise' }, none],
    ['simplified', 'draft', { format: 'simplified' }, none],
    ['with previous values', 'draft', { showChanges: true }, { type: 'Property', value: none, previousValue: 2 }],
    [
      'concise, with previous values',
      'draft',
      { format: 'concise', showChanges: true },
      { value: none, previousValue: 2 },
    ],
    ['with time stamps', 'draft', { sysAttrs: true }, { type: 'Property', value: none, ...stamps }],
    ['of a language map', 'name', {}, { type: 'LanguageProperty', languageMap: { '@none': none } }],
    ['of a language map, simplified', 'name', { format: 'simplified' }, none],
    ['of a relationship', 'owner', {}, { type: 'Relationship', object: none }],
    ['of a list', 'stops', {}, { type: 'ListProperty', valueList: [none] }],
    ['of a list of relationships', 'crew', {}, { type: 'ListRelationship', objectList: [none] }],
    [
      'of a relationship, with the previous one',
      'owner',
      { showChanges: true },
      { type: 'Relationship', object: none, previousObject: 'urn:ngsi-ld:Person:1' },
    ],
  ])('%s', (_, attr, format, expected) => {
    const entity = told(lost(attr), { pick: [attr], ...(format as object) }) as Record<string, Json>;
    expect(entity[attr]).toEqual(expected);
  });

  test.each<[string, Json, Json]>([
    [
      'normalized',
      {},
      [
        { type: 'Property', value: 10 },
        { type: 'Property', value: none, datasetId: 'urn:d:2' },
      ],
    ],
    ['concise', { format: 'concise' }, [10, { value: none, datasetId: 'urn:d:2' }]],
    ['simplified', { format: 'simplified' }, { dataset: { '@none': 10, 'urn:d:2': none } }],
    [
      'with previous values',
      { showChanges: true },
      [
        { type: 'Property', value: 10 },
        { type: 'Property', value: none, datasetId: 'urn:d:2', previousValue: 12 },
      ],
    ],
  ])('beside instances that are left: %s', (_, format, load) => {
    expect(told(lost('load', 'urn:d:2'), { pick: ['load'], ...(format as object) })).toEqual({ load });
  });

  test('by its default instance, when all are gone', () => {
    const whole = changeAfter(boat, { op: 'deleteAttr', id, attr: expanded('load'), which: 'all' });
    expect(told(whole, { pick: ['load'] })).toEqual({ id, type: 'Boat', load: { type: 'Property', value: none } });
    expect(told(whole, { pick: ['load'], showChanges: true })).toEqual({
      id,
      type: 'Boat',
      load: [
        { type: 'Property', value: none, previousValue: 10 },
        { type: 'Property', value: none, datasetId: 'urn:d:2', previousValue: 12 },
      ],
    });
  });

  test('not to those who did not ask for it, and not where it is not shown', () => {
    expect(told(lost('draft'), { pick: ['draft', 'owner'] }, { notificationTrigger: ['attributeUpdated'] })).toEqual({
      owner: boat.owner,
    });
    expect(told(lost('draft'), { omit: ['draft', 'name', 'load', 'stops', 'crew'] })).toEqual({
      id,
      type: 'Boat',
      owner: boat.owner,
    });
    expect(told(lost('load', 'urn:d:2'), { pick: ['load'] }, { datasetId: ['@none'] })).toEqual({
      load: { type: 'Property', value: 10 },
    });
  });
});

describe('a deleted entity is told', () => {
  const bare = { id, type: 'Boat', deletedAt: later };
  test.each<[string, Json, Json]>([
    ['in short', {}, bare],
    ['simplified', { format: 'simplified' }, bare],
    ['with time stamps', { sysAttrs: true }, { ...bare, createdAt: now, modifiedAt: now }],
    [
      'with previous values',
      { showChanges: true, attributes: ['draft'] },
      { ...bare, draft: { type: 'Property', value: none, previousValue: 2 } },
    ],
  ])('%s', (_, notification, expected) => {
    expect(told(deleted, notification)).toEqual(expected);
  });

  test('by its watched attributes, to those who asked for attributes only', () => {
    const trigger = { notificationTrigger: ['attributeDeleted'], watchedAttributes: ['draft'] };
    expect(told(deleted, {}, trigger)).toEqual({ ...bare, draft: { type: 'Property', value: none } });
    expect(told(deleted, { sysAttrs: true, format: 'simplified' }, trigger)).toEqual({
      ...bare,
      createdAt: now,
      modifiedAt: now,
      draft: none,
    });
  });
});

test('the same change in the same words is written once', () => {
  const renderer = createChangeRenderer();
  const { changeView: view } = planOf({ type: 'Subscription', entities: [{ type: 'Boat' }] });
  let asked = 0;
  const counting = {
    ...view,
    view: { ...view.view, terms: { ...view.view.terms, compact: (iri: string) => ((asked += 1), iri) } },
  };
  const text = renderer.render(updated, counting);
  const before = asked;
  expect(renderer.render(updated, { ...counting })).toBe(text);
  expect(asked).toBe(before);
  expect(renderer.render(deleted, counting)).not.toBe(text);
});

test('a Notification holds what the standard says', () => {
  const texts = notificationTexts({
    id: 'urn:n:1',
    subscriptionId: 'urn:s:"1"',
    notifiedAt: now,
    entities: ['{"id":"urn:a:1"}', '{"id":"urn:a:2"}'],
  });
  expect(JSON.parse(texts.join(''))).toEqual({
    id: 'urn:n:1',
    type: 'Notification',
    subscriptionId: 'urn:s:"1"',
    notifiedAt: now,
    data: [{ id: 'urn:a:1' }, { id: 'urn:a:2' }],
  });
});

describe('visibleChange', () => {
  const see = (names: readonly string[]) => (entity: Change['entity']) => ({
    ...entity,
    attrs: Object.fromEntries(Object.entries(entity.attrs).filter(([name]) => names.includes(name))),
  });
  test('leaves out hidden attributes, those that are gone too', () => {
    const change = visibleChange(lost('draft'), see([expanded('draft'), expanded('owner')]));
    expect(change?.attrs.map(({ name }) => name)).toEqual([expanded('draft')]);
    expect(Object.keys(change?.entity.attrs ?? {})).toEqual([expanded('owner')]);
    expect(visibleChange(lost('draft'), see([expanded('owner')]))?.attrs).toEqual([]);
  });
  test('is undefined when the entity is hidden', () => {
    expect(visibleChange(updated, () => undefined)).toBeUndefined();
  });
});
