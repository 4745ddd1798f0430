/** Tests the reader of subscriptions: members, defaults, encoded texts, and keys of equal plans. */
import { describe, expect, test } from '@jest/globals';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import { Problem } from '../../../src/core/model/problem.ts';
import { planOf } from './fixtures.ts';

const vocabulary = 'https://uri.etsi.org/ngsi-ld/default-context/';
const boats = { type: 'Subscription', entities: [{ type: 'Boat' }] };

function problemOf(json: Json): string {
  try {
    planOf(json);
    return 'read';
  } catch (error) {
    if (error instanceof Problem) return `${error.type}: ${error.message}`;
    throw error;
  }
}

describe('readSubscription', () => {
  test('reads texts as they are, and without percent-encoding when they are not valid with it', () => {
    const encoded = {
      q: 'draft%3E2',
      scopeQ: '%2FKranj%2F%23',
      geoQ: { georel: 'near%3BmaxDistance%3D%3D100', geometry: 'Point', coordinates: '%5B14.35%2C46.24%5D' },
    };
    const plain = {
      q: 'draft>2',
      scopeQ: '/Kranj/#',
      geoQ: { georel: 'near;maxDistance==100', geometry: 'Point', coordinates: [14.35, 46.24] },
    };
    const meant = (members: JsonObject) => JSON.stringify(planOf({ ...boats, ...members }).filter);
    expect(meant(encoded)).toBe(meant(plain));
    expect(meant({ q: 'name=="a%20b"' })).toContain('a%20b');
  });

  test('reads every member that decides', () => {
    const plan = planOf({
      id: 'urn:ngsi-ld:Subscription:boats',
      type: 'Subscription',
      subscriptionName: 'boats',
      entities: [
        { type: 'Boat|Ship', id: ['urn:a:1', 'urn:a:2'] },
        { type: '*', idPattern: '^urn:b:' },
      ],
      watchedAttributes: ['draft'],
      q: 'draft>2',
      geoQ: { georel: 'near;maxDistance==100', geometry: 'Point', coordinates: [14.35, 46.24] },
      scopeQ: '/Kranj/#',
      notificationTrigger: ['entityUpdated', 'entityDeleted'],
      lang: 'sl,en;q=0.5',
      datasetId: ['@none'],
      expiresAt: '2026-04-01T00:00:00Z',
      isActive: true,
      notification: { pick: ['id', 'draft'], format: 'concise', sysAttrs: true, showChanges: true },
    });
    expect(plan).toMatchObject({
      id: 'urn:ngsi-ld:Subscription:boats',
      watched: new Set([`${vocabulary}draft`]),
      triggers: new Set(['attributeCreated', 'attributeUpdated', 'attributeDeleted', 'entityDeleted']),
      isOnScope: false,
      expiresAt: '2026-04-01T00:00:00Z',
      changeView: {
        showChanges: true,
        loss: 'entity',
        showsDeleted: true,
        view: { format: 'concise', sysAttrs: true, lang: ['sl', 'en'], datasetIds: new Set(['@none']) },
      },
    });
    expect(plan.filter.selectors).toEqual([
      {
        ids: ['urn:a:1', 'urn:a:2'],
        types: { op: 'or', parts: ['Boat', 'Ship'].map((type) => ({ op: 'type', type: vocabulary + type })) },
      },
      { idPattern: { source: '^urn:b:' }, types: { op: 'any' } },
    ]);
    expect(Object.keys(plan.filter).sort()).toEqual(['geo', 'q', 'scopeQ', 'selectors']);
    expect(plan.changeView.view.projection.pick).toEqual(new Set(['id', `${vocabulary}draft`]));
  });

  test('has the defaults of the standard', () => {
    const plan = planOf(boats);
    expect(plan.triggers).toEqual(new Set(['attributeCreated', 'attributeUpdated']));
    expect(plan.changeView).toMatchObject({
      showChanges: false,
      loss: 'none',
      showsDeleted: false,
      view: { format: 'normalized', sysAttrs: false, projection: {} },
    });
    expect(planOf({ ...boats, notification: { format: 'keyValues' } }).changeView.view.format).toBe('simplified');
  });

  test('plans that tell the same in the same words share a key, and no others', () => {
    const key = (more: object): string => planOf({ ...boats, ...more }).changeView.key;
    expect(key({ q: 'draft>1', id: 'urn:x:1' })).toBe(key({ watchedAttributes: ['draft'] }));
    const different = [
      {},
      { notification: { format: 'concise' } },
      { notification: { showChanges: true } },
      { lang: 'sl' },
      { datasetId: ['urn:d:1'] },
      { notificationTrigger: ['entityDeleted'] },
      { notificationTrigger: ['attributeDeleted'] },
      { notificationTrigger: ['attributeDeleted'], watchedAttributes: ['draft'] },
    ].map(key);
    expect(new Set(different).size).toBe(different.length);
  });

  test.each<[string, Json, RegExp]>([
    ['an array', [], /^BadRequestData: A subscription must be a JSON object/],
    ['no type', { entities: [{ type: 'Boat' }] }, /^BadRequestData: The type of a subscription .* not null/],
    ['another type', { ...boats, type: 'Boat' }, /^BadRequestData: The type of a subscription .* not "Boat"/],
    ['neither entities nor attributes', { type: 'Subscription' }, /^BadRequestData: .*entities or watchedAttributes/],
    ['empty entities', { ...boats, entities: [] }, /^BadRequestData: The entities must be an array that is not empty/],
    [
      'an entity of which nothing is said',
      { ...boats, entities: [{}] },
      /^BadRequestData: The entities\[0\] .* needs a type/,
    ],
    [
      'an entity that is none',
      { ...boats, entities: [{ type: 'Boat' }, 'Boat'] },
      /^BadRequestData: The entities\[1\] of .* not "Boat"/,
    ],
    [
      'an id that is no URI',
      { ...boats, entities: [{ type: 'Boat', id: 'one' }] },
      /^BadRequestData: .*entities\[0\].*"one"/,
    ],
    [
      'an id of another shape',
      { ...boats, entities: [{ type: 'Boat', id: [] }] },
      /^BadRequestData: The id in entities\[0\]/,
    ],
    ['a broken pattern', { ...boats, entities: [{ type: 'Boat', idPattern: '(' }] }, /^BadRequestData: /],
    [
      'an unknown member of an entity',
      { ...boats, entities: [{ type: 'Boat', q: 'x' }] },
      /^BadRequestData: There is no member "q" in entities\[0\]/,
    ],
    ['empty watchedAttributes', { ...boats, watchedAttributes: [] }, /^BadRequestData: The watchedAttributes must be/],
    [
      'watchedAttributes of numbers',
      { ...boats, watchedAttributes: [1] },
      /^BadRequestData: The watchedAttributes must hold texts/,
    ],
    [
      'a reserved attribute',
      { ...boats, watchedAttributes: ['value'] },
      /^BadRequestData: The member watchedAttributes is wrong. "value" is a member of the standard/,
    ],
    [
      'an unknown trigger',
      { ...boats, notificationTrigger: ['moved'] },
      /^BadRequestData: The notificationTrigger may hold .* not "moved"/,
    ],
    ['no trigger', { ...boats, notificationTrigger: [] }, /^BadRequestData: The notificationTrigger must be/],
    ['a broken q', { ...boats, q: 'draft>' }, /^BadRequestData: /],
    ['a q through a relationship', { ...boats, q: 'owner{name=="Ana"}' }, /^OperationNotSupported: /],
    ['a broken geoQ', { ...boats, geoQ: { georel: 'beside' } }, /^BadRequestData: /],
    ['a broken scopeQ', { ...boats, scopeQ: '/a/#/b' }, /^BadRequestData: /],
    [
      'an expiry in the past',
      { ...boats, expiresAt: '2026-03-01T07:59:59Z' },
      /^BadRequestData: The expiresAt .* in the past/,
    ],
    ['an expiry that is no time', { ...boats, expiresAt: 'tomorrow' }, /^BadRequestData: The expiresAt/],
    ['isActive false', { ...boats, isActive: false }, /^OperationNotSupported: .*isActive/],
    [
      'localOnly of another type',
      { ...boats, localOnly: 'yes' },
      /^BadRequestData: The localOnly must be true or false/,
    ],
    [
      'an unknown member',
      { ...boats, colour: 'red' },
      /^BadRequestData: There is no member "colour" in a subscription/,
    ],
    ['timeInterval', { ...boats, timeInterval: 5 }, /^OperationNotSupported: The member timeInterval/],
    ['throttling', { ...boats, throttling: 5 }, /^OperationNotSupported: The member throttling/],
    [
      'an endpoint',
      { ...boats, notification: { endpoint: { uri: 'http://a' } } },
      /^OperationNotSupported: The member endpoint/,
    ],
    ['join', { ...boats, notification: { join: 'inline' } }, /^OperationNotSupported: The member join/],
    ['a notification that is none', { ...boats, notification: 'all' }, /^BadRequestData: The notification/],
    ['an unknown format', { ...boats, notification: { format: 'xml' } }, /^BadRequestData: The format .* not "xml"/],
    [
      'showChanges in simplified',
      { ...boats, notification: { format: 'keyValues', showChanges: true } },
      /^BadRequestData: The showChanges/,
    ],
    ['attributes beside pick', { ...boats, notification: { attributes: ['a'], pick: ['b'] } }, /^BadRequestData: /],
    [
      'a pick of linked entities',
      { ...boats, notification: { pick: ['owner{name}'] } },
      /^BadRequestData: .*linked entities/,
    ],
    ['a broken language', { ...boats, lang: 'no language' }, /^BadRequestData: /],
    ['a datasetId that is no URI', { ...boats, datasetId: ['one'] }, /^BadRequestData: .*datasetId/],
  ])('refuses %s', (_, json, problem) => {
    expect(problemOf(json)).toMatch(problem);
  });
});
