/** Tests texts of the query languages on every access path: percent-encoded texts, and times in them, on every store (conflicts 42, 43). */
import { expect } from '@jest/globals';
import { contextLink, coreContext, defaultVocabulary, problem, scenarios, type Step } from './scenario.ts';

const uri = 'http://receiver.example/notify';
const lamp = 'urn:ngsi-ld:EncodedLamp:1';
const location = { type: 'GeoProperty', value: { type: 'Point', coordinates: [14.35, 46.24] } };
const load: Step = {
  does: 'createEntity',
  send: 'POST /entities',
  body: {
    id: lamp,
    type: 'EncodedLamp',
    scope: '/Kranj/Mlaka',
    a: '1',
    no2: { value: 20, observedAt: '2022-05-06T16:29:00Z', since: { value: '2022-05-06T16:29:00Z' } },
    when: { from: '2022-05-06T16:29:00Z', local: '2022-05-06T18:29:00+02:00' },
    location,
  },
  answers: 201,
};
const gone: Step = { does: 'deleteEntity', send: `DELETE /entities/${lamp}`, answers: 204 };
const query = (members: object) => ({ type: 'Query', entities: [{ type: 'EncodedLamp' }], ...members });
const finds = (members: object): Step => ({
  does: 'queryByPost',
  send: 'POST /entityOperations/query',
  body: query(members),
  answers: 200,
  has: [{ id: lamp }],
});
const findsHistory = (members: object): Step => ({
  does: 'queryTemporalByPost',
  send: 'POST /temporal/entityOperations/query',
  body: query({
    ...members,
    temporalQ: { timerel: 'after', timeAt: '2022-01-01T00:00:00Z', timeproperty: 'modifiedAt' },
  }),
  answers: 200,
  has: [{ id: lamp }],
});
const near = { geometry: 'Point', coordinates: [14.35, 46.24] };
const encodedTexts = [
  { q: 'a==%221%22' },
  { q: 'no2%3E1;a%3D%3D%221%22' },
  { scopeQ: '%2FKranj%2F%23' },
  { geoQ: { ...near, georel: 'near%3BmaxDistance%3D%3D2000' } },
  { geoQ: { ...near, georel: 'near;maxDistance==2000', coordinates: '%5B14.35%2C46.24%5D' } },
];
const asks = (q: string): string => `GET /entities?type=EncodedLamp&pick=id&q=${encodeURIComponent(q)}`;
const byTime = (q: string, isFound: boolean): Step => ({
  does: 'queryEntities',
  send: asks(q),
  answers: 200,
  gives: isFound ? [{ id: lamp }] : [],
});
const noTime = (q: string): Step => ({
  does: 'queryEntities',
  send: asks(q),
  answers: 400,
  has: { ...problem('BadRequestData'), detail: expect.stringMatching(/time/) },
});

scenarios('percent-encoded texts', {
  'are decoded in a query by POST when they cannot be read as they are': [load, ...encodedTexts.map(finds), gone],
  'are decoded in a query of history by POST, too': [load, ...encodedTexts.map(findsHistory), gone],
});

scenarios('times in q', {
  'with an offset are the moment that they name': [
    load,
    byTime('no2.observedAt>2022-05-06T18:28:00+02:00', true),
    byTime('no2.observedAt>2022-05-06T18:30:00+02:00', false),
    byTime('no2.observedAt=="2022-05-06T18:29:00+02:00"', true),
    byTime('no2.observedAt==2022-05-06T18:28:00+02:00..2022-05-06T18:30:00+02:00', true),
    byTime('no2.observedAt==2022-05-06T00:00:00+02:00,2022-05-06T14:29:00-02:00', true),
    byTime('no2.since<=2022-05-06T18:29:00+02:00', true),
    byTime('no2.since<2022-05-06T18:29:00+02:00', false),
    byTime('when[from]>2022-05-06T18:28:59+02:00', true),
    byTime('when[local]==2022-05-06T16:29:00Z', true),
    byTime('!no2.since|no2.since!=2022-05-06T18:29:00+02:00', false),
    {
      does: 'queryEntities',
      send: 'GET /entities?type=EncodedLamp&pick=id&q=no2.observedAt>2022-05-06T18:28:00+02:00',
      answers: 200,
      gives: [{ id: lamp }],
    },
    gone,
  ],
  'without Z are refused, and never compared as text': [
    load,
    noTime('no2.observedAt>2022-05-06T16:29:00'),
    noTime('no2.observedAt>"2022-05-06T16:29:00"'),
    noTime('no2.since==2022-05-06T16:29:00'),
    noTime('when[from]<2022-05-06T16:29:00'),
    noTime('no2.since==2022-05-06T16:29:00..2022-05-07T00:00:00Z'),
    noTime('no2.since==2022-05-06T16:29:00,2022-05-07T00:00:00Z'),
    noTime('createdAt>yesterday'),
    {
      does: 'createSubscription',
      send: 'POST /subscriptions',
      body: {
        type: 'Subscription',
        entities: [{ type: 'EncodedLamp' }],
        q: 'no2.observedAt>2022-05-06T16:29:00',
        notification: { endpoint: { uri } },
      },
      answers: 400,
      has: problem('BadRequestData'),
    },
    gone,
  ],
});

const id = 'urn:ngsi-ld:Subscription:encoded';
const names = { nitrogen: `${defaultVocabulary}no2` };

scenarios('a subscription with a percent-encoded q', {
  'is shown, listed and explained under every @context': [
    { does: 'addContext', send: 'POST /jsonldContexts', body: { '@context': names }, answers: 201, saves: 'context' },
    {
      does: 'createSubscription',
      send: 'POST /subscriptions',
      headers: { Link: contextLink('{{broker}}/ngsi-ld/v1/jsonldContexts/{{context}}') },
      body: {
        id,
        type: 'Subscription',
        entities: [{ type: 'EncodedLamp' }],
        q: 'nitrogen%3E1;!nitrogen.since',
        notification: { endpoint: { uri } },
      },
      answers: 201,
    },
    { does: 'retrieveSubscription', send: `GET /subscriptions/${id}`, answers: 200, has: { q: 'no2>1;!no2.since' } },
    { does: 'listSubscriptions', send: 'GET /subscriptions', answers: 200, has: [{ q: 'no2>1;!no2.since' }] },
    {
      does: 'retrieveSubscription',
      send: `GET /subscriptions/${id}`,
      headers: { Link: contextLink('{{broker}}/ngsi-ld/v1/jsonldContexts/{{context}}') },
      answers: 200,
      has: { q: 'nitrogen%3E1;!nitrogen.since' },
    },
    {
      does: 'explainSubscription',
      send: `GET /subscriptions/${id}/explain?entity=${lamp}`,
      answers: 200,
      has: { clauses: [{ clause: 'status', isMet: true }, {}] },
    },
    {
      does: 'updateSubscription',
      send: `PATCH /subscriptions/${id}`,
      body: { q: 'no2%3C3' },
      answers: 204,
    },
    {
      does: 'retrieveSubscription',
      send: `GET /subscriptions/${id}`,
      answers: 200,
      has: { q: 'no2%3C3', jsonldContext: expect.any(String) },
    },
    { does: 'deleteSubscription', send: `DELETE /subscriptions/${id}`, answers: 204 },
  ],
});

const refused = (name: string, members: object, member = name): Step => ({
  does: 'createSubscription',
  send: 'POST /subscriptions',
  body: {
    type: 'Subscription',
    entities: [{ type: 'EncodedLamp' }],
    notification: { endpoint: { uri } },
    ...members,
  },
  answers: 400,
  has: { ...problem('BadRequestData'), detail: expect.stringContaining(member) },
});

scenarios('a subscription that is refused', {
  'is told which member is wrong': [
    refused('csf', { csf: 'a>' }),
    refused('csf', { csf: '((' }),
    refused('csf', { csf: 'a>2022-05-06T16:29:00' }),
    refused('q', { q: 'not a name>1' }, 'The q '),
    refused('scopeQ', { scopeQ: '//' }),
    refused('geoQ', { geoQ: { georel: 'beside', geometry: 'Point', coordinates: [0, 0] } }),
    refused('geoQ', { geoQ: { georel: 'within', geometry: 'Point', coordinates: 'x' } }),
    refused('watchedAttributes', { watchedAttributes: ['not a name'] }),
    refused('watchedAttributes', { watchedAttributes: 'a' }),
    refused('entities', { entities: [{ type: 'not a name;' }] }),
    refused('entities', { entities: [{ type: 'EncodedLamp', idPattern: '(' }] }),
    refused('lang', { lang: '!' }),
    refused('pick', { notification: { endpoint: { uri }, pick: ['not a name'] } }),
    refused('attributes', { notification: { endpoint: { uri }, attributes: ['a{b}'] } }),
    refused('datasetId', { datasetId: ['14'] }),
    refused('expandValues', { expandValues: 5 }),
  ],
});

const isShown = (has: object): Step => ({
  does: 'retrieveSubscription',
  send: `GET /subscriptions/${id}`,
  answers: 200,
  has,
});
const patched = (body: object, answers = 204): Step => ({
  does: 'updateSubscription',
  send: `PATCH /subscriptions/${id}`,
  body,
  answers,
});
const made: Step = {
  does: 'createSubscription',
  send: 'POST /subscriptions',
  body: {
    id,
    type: 'Subscription',
    entities: [{ type: 'EncodedLamp' }],
    geoQ: { ...near, georel: 'within', geoproperty: 'location' },
    notification: { format: 'concise', attributes: ['a'], endpoint: { uri, timeout: 500, cooldown: 1000 } },
    jsonldContext: coreContext,
  },
  answers: 201,
};

scenarios(
  'a part of notification or geoQ in a patch, where clients of other brokers are tolerated,',
  {
    'is merged into what is there': [
      made,
      patched({ notification: { format: 'simplified', attributes: null } }),
      patched({ notification: { endpoint: { timeout: 700, cooldown: null } } }),
      patched({ geoQ: { georel: 'near;maxDistance==5', geoproperty: null } }),
      isShown({
        geoQ: { ...near, georel: 'near;maxDistance==5' },
        notification: { format: 'simplified', endpoint: { uri, timeout: 700 } },
      }),
      patched({ notification: { endpoint: { uri: null } } }, 400),
      patched({ notification: null }, 400),
      isShown({ notification: { endpoint: { uri } } }),
    ],
  },
  ['--tolerant'],
);

scenarios('a part of notification or geoQ in a patch', {
  'is refused': [
    made,
    patched({ notification: { format: 'simplified' } }, 400),
    patched({ notification: { endpoint: { timeout: 700 } } }, 400),
    patched({ geoQ: { georel: 'near;maxDistance==5' } }, 400),
    isShown({ geoQ: { georel: 'within' }, notification: { format: 'concise', endpoint: { timeout: 500 } } }),
  ],
});

const towers = ['Eiffel Tower', 'Eiffel%20Tower', 'https://tower.example/a%20b', 'https://tower.example/a b'];
const towersWhere = (q: string, names: readonly string[]): Step => ({
  does: 'queryByPost',
  send: 'POST /entityOperations/query?format=simplified',
  body: { type: 'Query', entities: [{ type: 'EncodedTower' }], pick: ['name'], q },
  answers: 200,
  gives: names.map((name) => ({ name })),
});

scenarios('a quoted text with encoded characters', {
  'is found as it is and decoded, a URI only as it is': [
    {
      does: 'createBatch',
      send: 'POST /entityOperations/create',
      body: towers.map((name, n) => ({ id: `urn:ngsi-ld:EncodedTower:${n}`, type: 'EncodedTower', name })),
      answers: 201,
    },
    towersWhere('name=="Eiffel%20Tower"', towers.slice(0, 2)),
    towersWhere('name=="Eiffel Tower"', towers.slice(0, 1)),
    towersWhere('name=="https://tower.example/a%20b"', towers.slice(2, 3)),
    towersWhere('name!="Eiffel%20Tower"', towers.slice(2)),
    towersWhere('name=="none","Eiffel%20Tower"', towers.slice(0, 2)),
    towersWhere('name=="100%"', []),
  ],
});
