/**
 * Tests requests of clients that were made for other brokers: what every broker accepts, and what only a tolerant one accepts
 * (docs/compatibility.md).
 */
import { contextLink, problem, scenarios, type Step } from './scenario.ts';

const lamp = (name: string, members: object = {}) => ({ id: `urn:x:${name}`, type: 'Lamp', power: 70, ...members });
const created = (name: string, servicePath?: string): Step => ({
  does: 'createEntity',
  send: 'POST /entities',
  body: lamp(name),
  answers: 201,
  ...(servicePath === undefined ? {} : { headers: { 'Fiware-ServicePath': servicePath } }),
});
const gets = (does: string, send: string, more: Partial<Step> = {}): Step => ({
  does,
  send: `GET ${send}`,
  answers: 200,
  ...more,
});
const refused = (does: string, send: string, more: Partial<Step> = {}): Step => ({
  does,
  send,
  answers: 400,
  has: problem('BadRequestData'),
  ...more,
});
const tenant = (name: string, step: Step): Step => ({ ...step, headers: { ...step.headers, 'NGSILD-Tenant': name } });
const within = (path: string, step: Step): Step => ({
  ...step,
  headers: { ...step.headers, 'Fiware-ServicePath': path },
});
const counted = { with: { 'NGSILD-Results-Count': '1' } };
const query = (entities: readonly object[], more: object = {}) => ({ type: 'Query', entities, ...more });
const observed = { value: 1, observedAt: '2026-02-01T00:00:00Z' };
const since = 'timerel=after&timeAt=2026-01-01T00:00:00Z';
const subscription = (name: string, members: object = {}) => ({
  id: `urn:x:${name}`,
  type: 'Subscription',
  entities: [{ type: 'Lamp' }],
  notification: { endpoint: { uri: 'http://receiver.example/notify' } },
  ...members,
});
const subscribed = (name: string, members: object = {}): Step => ({
  does: 'createSubscription',
  send: 'POST /subscriptions',
  body: subscription(name, members),
  answers: 201,
});
const url = 'http://city.example/lamps/1';

scenarios('clients made for other brokers', {
  'options=count counts, beside other options, and a count that is said goes before': [
    tenant('counted', { ...created('c1'), body: lamp('c1', { power: observed }) }),
    ...['options=count', 'options=keyValues,count', 'options=count&count=true'].map((text) =>
      tenant('counted', gets('queryEntities', `/entities?type=Lamp&limit=1&${text}`, counted)),
    ),
    tenant('counted', gets('queryEntities', '/entities?type=Lamp&limit=0&options=count', { ...counted, gives: [] })),
    tenant(
      'counted',
      gets('queryEntities', '/entities?type=Lamp&options=count&count=false', {
        with: { 'NGSILD-Results-Count': 'undefined' },
      }),
    ),
    tenant('counted', {
      does: 'queryByPost',
      send: 'POST /entityOperations/query?options=count',
      body: query([{ type: 'Lamp' }]),
      answers: 200,
      ...counted,
    }),
    tenant(
      'counted',
      gets('queryTemporal', `/temporal/entities?type=Lamp&${since}&options=count,temporalValues`, counted),
    ),
    tenant('counted', {
      does: 'queryTemporalByPost',
      send: 'POST /temporal/entityOperations/query?options=count',
      body: query([{ type: 'Lamp' }], { temporalQ: { timerel: 'after', timeAt: '2026-01-01T00:00:00Z' } }),
      answers: 200,
      ...counted,
    }),
    tenant('counted', subscribed('counted')),
    tenant('counted', gets('listSubscriptions', '/subscriptions?limit=1&options=count,sysAttrs', counted)),
    tenant(
      'counted',
      refused('retrieveEntity', 'GET /entities/urn:x:c1?options=count', { has: problem('InvalidRequest') }),
    ),
  ],

  'a selector need not say a type, but something': [
    created('untyped'),
    subscribed('untyped', { entities: [{ id: 'urn:x:untyped' }, { idPattern: '.*untyped' }] }),
    gets('retrieveSubscription', '/subscriptions/urn:x:untyped', {
      has: { entities: [{ id: 'urn:x:untyped' }, { idPattern: '.*untyped' }] },
    }),
    refused('createSubscription', 'POST /subscriptions', { body: subscription('nothing', { entities: [{}] }) }),
    {
      does: 'queryByPost',
      send: 'POST /entityOperations/query',
      body: query([{ id: 'urn:x:untyped' }], { attrs: ['power'], pick: undefined }),
      answers: 200,
      has: [{ id: 'urn:x:untyped' }],
    },
    refused('queryByPost', 'POST /entityOperations/query', { body: query([{}], { q: 'power' }) }),
    refused('queryByPost', 'POST /entityOperations/query', { body: query([{ type: 7 }], { q: 'power' }) }),
    refused('queryByPost', 'POST /entityOperations/query', { body: query([{ id: 'urn:x:untyped' }]) }),
  ],

  'name and expires are subscriptionName and expiresAt': [
    subscribed('old', { name: 'Lamps', expires: '2999-01-01T00:00:00Z' }),
    gets('retrieveSubscription', '/subscriptions/urn:x:old', {
      gives: {
        ...subscription('old', { subscriptionName: 'Lamps', expiresAt: '2999-01-01T00:00:00Z' }),
        jsonldContext: 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld',
        notificationTrigger: ['attributeCreated', 'attributeUpdated'],
        notification: { endpoint: { uri: 'http://receiver.example/notify' } },
        status: 'active',
      },
    }),
    { does: 'updateSubscription', send: 'PATCH /subscriptions/urn:x:old', body: { name: 'All' }, answers: 204 },
    gets('retrieveSubscription', '/subscriptions/urn:x:old', { has: { subscriptionName: 'All' } }),
    refused('updateSubscription', 'PATCH /subscriptions/urn:x:old', { body: { expires: '2001-01-01T00:00:00Z' } }),
    refused('createSubscription', 'POST /subscriptions', { body: subscription('bad', { name: 7 }) }),
  ],

  'what brokers show of a subscription comes back without effect; what nobody knows is refused': [
    subscribed('shown', {
      origin: 'database',
      status: 'paused',
      notification: {
        endpoint: { uri: 'http://receiver.example/notify' },
        noMatch: 3,
        timesSent: 8,
        consecutiveErrors: 1,
        lastErrorReason: 'no route',
      },
    }),
    {
      does: 'updateSubscription',
      send: 'PATCH /subscriptions/urn:x:shown',
      body: { origin: 'cache', description: 'x' },
      answers: 204,
    },
    gets('retrieveSubscription', '/subscriptions/urn:x:shown', {
      gives: {
        ...subscription('shown', { description: 'x' }),
        jsonldContext: 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld',
        notificationTrigger: ['attributeCreated', 'attributeUpdated'],
        notification: { endpoint: { uri: 'http://receiver.example/notify' } },
        status: 'active',
      },
    }),
    refused('createSubscription', 'POST /subscriptions', { body: subscription('odd', { colour: 'red' }) }),
    refused('createSubscription', 'POST /subscriptions', {
      body: subscription('odd', { notification: { colour: 1 } }),
    }),
  ],

  'an id that is a URL stands in a path as it is': [
    { does: 'createEntity', send: 'POST /entities', body: { ...lamp('url'), id: url }, answers: 201 },
    gets('retrieveEntity', `/entities/${url}`, { has: { id: url } }),
    { does: 'appendAttributes', send: `POST /entities/${url}/attrs`, body: { height: 4 }, answers: 204 },
    { does: 'updateAttributes', send: `PATCH /entities/${url}/attrs/`, body: { height: 5 }, answers: 204 },
    { does: 'partialUpdateAttribute', send: `PATCH /entities/${url}/attrs/height`, body: { value: 6 }, answers: 204 },
    {
      does: 'replaceAttribute',
      send: `PUT /entities/${url}/attrs/https://uri.etsi.org/ngsi-ld/default-context/height`,
      body: { value: 7 },
      answers: 204,
    },
    gets('retrieveEntity', `/entities/${url}/?options=keyValues`, { has: { height: 7 } }),
    gets('retrieveTemporal', `/temporal/entities/${url}`, { has: { id: url } }),
    { does: 'deleteAttribute', send: `DELETE /entities/${url}/attrs/height`, answers: 204 },
    {
      does: 'createSubscription',
      send: 'POST /subscriptions',
      body: { ...subscription('url'), id: url },
      answers: 201,
    },
    gets('retrieveSubscription', `/subscriptions/${url}`, { has: { id: url } }),
    gets('listDeadLetters', `/subscriptions/${url}/deadLetters`),
    { does: 'deleteSubscription', send: `DELETE /subscriptions/${url}`, answers: 204 },
    { does: 'deleteEntity', send: `DELETE /entities/${url}`, answers: 204 },
    { does: 'retrieveEntity', send: `GET /entities/${encodeURIComponent(url)}`, answers: 404 },
  ],

  'a Link that says no relation names the @context': [
    gets('queryEntities', '/entities?type=Nothing', {
      headers: { Link: '<http://city.example/none.jsonld>; rel="next"' },
      gives: [],
    }),
    { does: 'queryEntities', send: 'GET /entities?type=Nothing', headers: { Link: '<nowhere:a>' }, answers: 400 },
    {
      does: 'queryEntities',
      send: 'GET /entities?type=Nothing',
      headers: { Link: '<nowhere:a>; type="application/ld+json"' },
      answers: 400,
    },
    gets('queryEntities', '/entities?type=Nothing', {
      headers: {
        Link: `<nowhere:a>, ${contextLink('https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld')}`,
      },
    }),
  ],

  'a service path is a scope': [
    ...[
      created('a', '/Kranj'),
      created('b', '/Kranj/Mlaka'),
      created('c', '/Bled/'),
      created('d', '/'),
      created('e'),
    ].map((step) => tenant('paths', step)),
    ...(
      [
        ['/Kranj', ['a', 'b']],
        ['/Kranj/Mlaka', ['b']],
        ['/Kranj/#', ['a', 'b']],
        ['/Bled, /Kranj/Mlaka', ['b', 'c']],
        ['/', ['a', 'b', 'c', 'd', 'e']],
        ['/#', ['a', 'b', 'c', 'd', 'e']],
        ['/Nowhere', []],
      ] as const
    ).flatMap(([path, names]) => {
      const gives = names.map((name) => ({ id: `urn:x:${name}` }));
      const count = { 'NGSILD-Results-Count': String(names.length) };
      return [
        within(path, gets('queryEntities', '/entities?type=Lamp&pick=id&count=true', { gives, with: count })),
        within(path, {
          does: 'queryByPost',
          send: 'POST /entityOperations/query?count=true',
          body: query([{ type: 'Lamp' }], { pick: ['id'] }),
          answers: 200,
          gives,
          with: count,
        }),
        within(
          path,
          gets('queryTemporal', `/temporal/entities?type=Lamp&${since}&timeproperty=createdAt&pick=id`, { gives }),
        ),
      ].map((step) => tenant('paths', step));
    }),
    tenant('paths', within('/Kranj', gets('retrieveEntity', '/entities/urn:x:b', { has: { scope: '/Kranj/Mlaka' } }))),
    tenant('paths', within('/Bled', { does: 'retrieveEntity', send: 'GET /entities/urn:x:b', answers: 404 })),
    tenant(
      'paths',
      within('/Bled', { does: 'retrieveTemporal', send: 'GET /temporal/entities/urn:x:b', answers: 404 }),
    ),
    tenant(
      'paths',
      within('/Bled', {
        does: 'upsertBatch',
        send: 'POST /entityOperations/upsert?options=update',
        body: [lamp('a', { power: 1 }), lamp('new')],
        answers: 201,
        gives: ['urn:x:new'],
      }),
    ),
    tenant('paths', gets('retrieveEntity', '/entities/urn:x:a', { has: { scope: '/Kranj', power: { value: 1 } } })),
    tenant('paths', gets('retrieveEntity', '/entities/urn:x:new', { has: { scope: '/Bled' } })),
    tenant(
      'paths',
      within('/Bled', {
        does: 'createEntity',
        send: 'POST /entities',
        body: lamp('own', { scope: '/Ljubljana' }),
        answers: 201,
      }),
    ),
    tenant('paths', gets('retrieveEntity', '/entities/urn:x:own', { has: { scope: '/Ljubljana' } })),
    tenant('paths', within('/Bled', { does: 'purgeEntities', send: 'DELETE /entities?type=Lamp', answers: 204 })),
    tenant('paths', gets('queryEntities', '/entities?type=Lamp&pick=id&scopeQ=/Bled', { gives: [] })),
    tenant('paths', gets('retrieveEntity', '/entities/urn:x:a', { has: { scope: '/Kranj' } })),
    tenant('paths', within('/Kranj', subscribed('path'))),
    tenant('paths', gets('retrieveSubscription', '/subscriptions/urn:x:path', { has: { scopeQ: '/Kranj/#' } })),
    ...['/a,/b', '/a/#', '/#', 'a', '/a b', '/a//b', '/1'].map((path) =>
      tenant('paths', within(path, refused('createEntity', 'POST /entities', { body: lamp('refused') }))),
    ),
    ...['a', '/a//b', '/a,', `/a${',/a'.repeat(10)}`].map((path) =>
      tenant('paths', within(path, refused('queryEntities', 'GET /entities?type=Lamp'))),
    ),
  ],

  'what the standard refuses is refused': [
    refused('queryEntities', 'GET /entities?id=urn:x:1'),
    refused('queryEntities', 'GET /entities?type=Lamp&geometryProperty=location'),
    {
      does: 'appendAttributes',
      send: 'POST /entities/urn:x:1/attrs',
      headers: { 'Content-Type': 'application/merge-patch+json' },
      body: { power: 1 },
      answers: 415,
    },
  ],
});

scenarios(
  'a tolerant broker',
  {
    'takes ids alone in queries, and not in a purge': [
      { ...created('t1'), body: lamp('t1', { power: observed }) },
      ...['id=urn:x:t1', 'idPattern=x:t1$'].flatMap((text) => [
        gets('queryEntities', `/entities?${text}`, { has: [{ id: 'urn:x:t1' }] }),
        gets('queryTemporal', `/temporal/entities?${text}&${since}`, { has: [{ id: 'urn:x:t1' }] }),
        refused('purgeEntities', `DELETE /entities?${text}`),
      ]),
      ...[{ id: 'urn:x:t1' }, { idPattern: 'x:t1$' }].map(
        (selector): Step => ({
          does: 'queryByPost',
          send: 'POST /entityOperations/query',
          body: query([selector]),
          answers: 200,
          has: [{ id: 'urn:x:t1' }],
        }),
      ),
      refused('queryEntities', 'GET /entities'),
      refused('queryEntities', 'GET /entities?pick=id'),
    ],

    'takes a geometryProperty where no GeoJSON is asked for': [
      created('t2'),
      gets('retrieveEntity', '/entities/urn:x:t2?geometryProperty=location&options=keyValues', { gives: lamp('t2') }),
      gets('queryEntities', '/entities?type=Lamp&id=urn:x:t2&geometryProperty=location&options=keyValues', {
        gives: [lamp('t2')],
      }),
    ],

    'takes a merge patch where no PATCH is': [
      created('t3'),
      {
        does: 'appendAttributes',
        send: 'POST /entities/urn:x:t3/attrs',
        headers: { 'Content-Type': 'application/merge-patch+json' },
        body: { height: 4 },
        answers: 204,
      },
      gets('retrieveEntity', '/entities/urn:x:t3?options=keyValues', { gives: lamp('t3', { height: 4 }) }),
    ],
  },
  ['--tolerant'],
);
