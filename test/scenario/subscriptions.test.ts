/**
 * Tests stored subscriptions over HTTP: created, read, changed and deleted, on every store. test/edge/deliver tests their notifications.
 */
import { expect } from '@jest/globals';
import { contextLink, coreContext, defaultVocabulary, problem, scenarios, type Step } from './scenario.ts';

const uri = 'http://receiver.example/notify';
const subscription = (name: string, members: object = {}) => ({
  id: `urn:ngsi-ld:Subscription:${name}`,
  type: 'Subscription',
  entities: [{ type: 'Streetlight' }],
  notification: { endpoint: { uri } },
  ...members,
});
const path = (name: string): string => `/subscriptions/urn:ngsi-ld:Subscription:${name}`;
const created = (name: string, members: object = {}): Step => ({
  does: 'createSubscription',
  send: 'POST /subscriptions',
  body: subscription(name, members),
  answers: 201,
  with: { Location: `/ngsi-ld/v1${path(name)}` },
});
const shown = (name: string, gives: object): Step => ({
  does: 'retrieveSubscription',
  send: `GET ${path(name)}`,
  answers: 200,
  gives: {
    ...subscription(name),
    jsonldContext: coreContext,
    notificationTrigger: ['attributeCreated', 'attributeUpdated'],
    status: 'active',
    ...gives,
  },
});
const has = (name: string, part: object): Step => ({
  does: 'retrieveSubscription',
  send: `GET ${path(name)}`,
  answers: 200,
  has: part,
});
const patched = (name: string, body: object, answers = 204, more: Partial<Step> = {}): Step => ({
  does: 'updateSubscription',
  send: `PATCH ${path(name)}`,
  body,
  answers,
  ...(answers === 400 ? { has: problem('BadRequestData') } : {}),
  ...more,
});
const refused = (members: object, type = 'BadRequestData', answers = 400): Step => ({
  does: 'createSubscription',
  send: 'POST /subscriptions',
  body: { ...subscription('refused'), id: undefined, ...members },
  answers,
  has: { ...problem(type), detail: expect.any(String) },
});
const notified = (members: object): object => ({ notification: { endpoint: { uri }, ...members } });
const endpoint = (members: object): object => ({ notification: { endpoint: { uri, ...members } } });
const names = {
  Lamp: `${defaultVocabulary}Streetlight`,
  brightness: `${defaultVocabulary}illuminanceLevel`,
  state: `${defaultVocabulary}powerState`,
};

scenarios('a subscription', {
  'is created, shown as it was given with its state, and deleted': [
    created('a'),
    shown('a', {}),
    {
      does: 'createSubscription',
      send: 'POST /subscriptions',
      body: subscription('a'),
      answers: 409,
      has: problem('AlreadyExists'),
    },
    { does: 'deleteSubscription', send: `DELETE ${path('a')}`, answers: 204 },
    { does: 'deleteSubscription', send: `DELETE ${path('a')}`, answers: 404, has: problem('ResourceNotFound') },
    { does: 'retrieveSubscription', send: `GET ${path('a')}`, answers: 404, has: problem('ResourceNotFound') },
  ],
  'gets an id when it has none': [
    {
      does: 'createSubscription',
      send: 'POST /subscriptions',
      body: { ...subscription(''), id: undefined },
      answers: 201,
      with: { Location: /^\/ngsi-ld\/v1\/subscriptions\/urn:ngsi-ld:Subscription:[\w-]+$/ },
    },
  ],
  'keeps everything that the standard has': [
    created('b', {
      subscriptionName: 'Lights',
      description: 'Lights that go out',
      entities: [
        { type: '(Streetlight|Lamp);Device', idPattern: '.*:kranj:.*' },
        { type: '*', id: ['urn:ngsi-ld:Streetlight:1'] },
      ],
      watchedAttributes: ['powerState'],
      notificationTrigger: ['entityCreated', 'entityUpdated', 'entityDeleted', 'attributeDeleted'],
      q: 'powerState=="off";illuminanceLevel<0.2|refGroup{name}',
      geoQ: {
        georel: 'near;maxDistance==2000',
        geometry: 'Point',
        coordinates: [14.3553, 46.2389],
        geoproperty: 'location',
      },
      scopeQ: '/Kranj/#',
      csf: 'owner=="city"',
      lang: 'sl,en;q=0.5',
      datasetId: ['@none'],
      expandValues: 'powerState',
      jsonKeys: 'raw',
      throttling: 1.5,
      isActive: true,
      localOnly: true,
      expiresAt: '2999-01-01T00:00:00Z',
      jsonldContext: coreContext,
      notification: {
        pick: ['id', 'type', 'powerState', 'refGroup{name}'],
        join: 'inline',
        joinLevel: 1,
        format: 'concise',
        sysAttrs: true,
        showChanges: true,
        endpoint: {
          uri,
          accept: 'application/ld+json',
          timeout: 500,
          cooldown: 1000,
          receiverInfo: [{ key: 'Authorization', value: 'Bearer x' }],
          notifierInfo: [],
        },
      },
    }),
    {
      does: 'retrieveSubscription',
      send: `GET ${path('b')}?options=sysAttrs`,
      headers: { Accept: 'application/ld+json' },
      answers: 200,
      has: {
        subscriptionName: 'Lights',
        entities: [
          { type: '(Streetlight|Lamp);Device', idPattern: '.*:kranj:.*' },
          { type: '*', id: ['urn:ngsi-ld:Streetlight:1'] },
        ],
        q: 'powerState=="off";illuminanceLevel<0.2|refGroup{name}',
        throttling: 1.5,
        csf: 'owner=="city"',
        createdAt: expect.any(String),
        modifiedAt: expect.any(String),
        '@context': coreContext,
        notification: { pick: ['id', 'type', 'powerState', 'refGroup{name}'], join: 'inline' },
      },
    },
  ],
  'takes nothing that is only told': [
    created('c', {
      status: 'expired',
      createdAt: 'once',
      __secret: 1,
      notification: { endpoint: { uri }, timesSent: 42, status: 'failed' },
    }),
    shown('c', {}),
  ],
  'shows names as the request has them': [
    {
      ...created('d', {
        '@context': names,
        entities: [{ type: 'Lamp,Streetlamp' }],
        watchedAttributes: ['brightness'],
        q: 'brightness>0.5;state=="on"',
        notification: { attributes: ['brightness', 'state'], endpoint: { uri } },
      }),
      headers: { 'Content-Type': 'application/ld+json' },
    },
    has('d', {
      entities: [{ type: 'Streetlight,Streetlamp' }],
      watchedAttributes: ['illuminanceLevel'],
      q: 'illuminanceLevel>0.5;powerState=="on"',
      notification: { attributes: ['illuminanceLevel', 'powerState'] },
      jsonldContext: expect.stringMatching(/\/ngsi-ld\/v1\/jsonldContexts\//),
    }),
  ],
  'lives in its tenant': [
    { ...created('e'), headers: { 'NGSILD-Tenant': 'kranj' }, with: { 'NGSILD-Tenant': 'kranj' } },
    { does: 'retrieveSubscription', send: `GET ${path('e')}`, answers: 404, has: problem('ResourceNotFound') },
    { does: 'retrieveSubscription', send: `GET ${path('e')}`, headers: { 'NGSILD-Tenant': 'kranj' }, answers: 200 },
    {
      does: 'listSubscriptions',
      send: 'GET /subscriptions',
      headers: { 'NGSILD-Tenant': 'nobody' },
      answers: 404,
      has: problem('NonexistentTenant'),
    },
  ],
});

scenarios('a subscription is changed', {
  'member by member': [
    created('f', { description: 'old', watchedAttributes: ['powerState'], throttling: 5 }),
    patched('f', {
      description: 'new',
      throttling: null,
      watchedAttributes: 'urn:ngsi-ld:null',
      q: 'illuminanceLevel>0.5',
      notification: { format: 'concise', endpoint: { uri } },
    }),
    shown('f', {
      description: 'new',
      q: 'illuminanceLevel>0.5',
      notification: { format: 'concise', endpoint: { uri } },
    }),
  ],
  'with the names of the request': [
    created('g'),
    {
      ...patched('g', { entities: [{ type: 'Lamp' }], q: 'brightness==1', '@context': names }),
      headers: { 'Content-Type': 'application/ld+json' },
    },
    has('g', { entities: [{ type: 'Streetlight' }], q: 'illuminanceLevel==1', jsonldContext: coreContext }),
  ],
  'from active to paused, expired and back': [
    created('h', { isActive: false }),
    shown('h', { isActive: false, status: 'paused' }),
    patched('h', { isActive: true }),
    shown('h', { isActive: true }),
    patched('h', { isActive: false, expiresAt: '2999-01-01T00:00:00Z' }),
    shown('h', { isActive: false, status: 'paused', expiresAt: '2999-01-01T00:00:00Z' }),
    patched('h', { expiresAt: null, isActive: 'urn:ngsi-ld:null' }),
    shown('h', {}),
  ],
  'never into what is none': [
    created('i'),
    patched('i', { id: 'urn:ngsi-ld:Subscription:other' }, 400),
    patched('i', { type: 'Query' }, 400),
    patched('i', { type: null }, 400),
    patched('i', { notification: null }, 400),
    patched('i', { notification: { format: 'concise' } }, 400),
    patched('i', { notification: { format: 'concise', endpoint: null } }, 400),
    patched('i', { expiresAt: '2020-01-01T00:00:00Z' }, 400),
    patched('i', { entities: 'urn:ngsi-ld:null' }, 400),
    patched('i', { q: 'powerState==' }, 400),
    patched('i', { timeInterval: 5, throttling: 5 }, 400),
    patched('i', { colour: 'red' }, 400),
    { does: 'updateSubscription', send: `PATCH ${path('i')}`, body: '{', answers: 400, has: problem('InvalidRequest') },
    patched('nobody', { description: 'new' }, 404, { has: problem('ResourceNotFound') }),
    {
      does: 'updateSubscription',
      send: 'PATCH /subscriptions/i',
      body: {},
      answers: 400,
      has: problem('BadRequestData'),
    },
    shown('i', {}),
  ],
});

const refusedNew = (members: object, named: string): Step => ({
  ...refused(members),
  has: { ...problem('BadRequestData'), detail: expect.stringContaining(named) },
});
const nil = 'urn:ngsi-ld:null';
const near = { georel: 'near;maxDistance==5', geometry: 'Point', coordinates: [14.35, 46.24] };

scenarios('a new subscription', {
  'has nothing to take away': [
    refusedNew({ expiresAt: nil }, 'expiresAt'),
    refusedNew({ expiresAt: null }, 'expiresAt'),
    refusedNew({ throttling: nil }, 'throttling'),
    refusedNew({ jsonldContext: nil }, 'jsonldContext'),
    refusedNew({ geoQ: { ...near, geoproperty: nil } }, 'geoQ.geoproperty'),
    ...['attributes', 'format', 'sysAttrs', 'showChanges', 'join'].map((member) =>
      refusedNew({ notification: { endpoint: { uri }, [member]: nil } }, `notification.${member}`),
    ),
    refusedNew({ notification: { endpoint: { uri, accept: nil } } }, 'notification.endpoint.accept'),
  ],
  'has no unknown member in geoQ': [
    refusedNew({ geoQ: { ...near, radius: 5 } }, 'radius'),
    created('geo', { geoQ: near }),
    patched('geo', { geoQ: { ...near, radius: 5 } }, 400),
    shown('geo', { geoQ: near }),
  ],
});

scenarios('a subscription is refused', {
  'without what it needs': [
    { does: 'createSubscription', send: 'POST /subscriptions', body: {}, answers: 400, has: problem('BadRequestData') },
    {
      does: 'createSubscription',
      send: 'POST /subscriptions',
      body: '[',
      answers: 400,
      has: problem('InvalidRequest'),
    },
    refused({ type: 'Subscriptions' }),
    refused({ id: 'a' }),
    refused({ entities: undefined }),
    refused({ notification: undefined }),
    refused({ notification: { format: 'concise' } }),
  ],
  'with members that are not as they should be': [
    refused({ entities: [] }),
    refused({ entities: [{}] }),
    refused({ watchedAttributes: [] }),
    refused({ watchedAttributes: ['not a name'] }),
    refused({ notificationTrigger: ['entityChanged'] }),
    refused({ throttling: -30 }),
    refused({ throttling: 5, timeInterval: 5 }),
    refused({ timeInterval: 0 }),
    refused({ timeInterval: 5, watchedAttributes: ['powerState'] }),
    refused({ timeInterval: 5, entities: undefined }),
    refused({ expiresAt: '2020-01-01T00:00:00Z' }),
    refused({ expiresAt: 'tomorrow' }),
    refused({ isActive: 'yes' }),
    refused({ q: 'powerState==' }),
    refused({ csf: '((' }),
    refused({ scopeQ: '//' }),
    refused({ geoQ: { georel: 'beside', geometry: 'Point', coordinates: [0, 0] } }),
    refused({ lang: '!' }),
    refused({ jsonldContext: 'unknownContext' }),
    refused({ jsonldContext: 'http://127.0.0.1:1/context.jsonld' }, 'LdContextNotAvailable', 504),
    refused({ watchedAttribute: ['powerState'] }),
  ],
  'with a notification that cannot be': [
    refused(notified({ attributes: [] })),
    refused(notified({ pick: [] })),
    refused(notified({ omit: [] })),
    refused(notified({ pick: ['powerState'], omit: ['powerState'] })),
    refused(notified({ pick: ['powerState'], attributes: ['powerState'] })),
    refused(notified({ pick: ['refGroup{name}'] })),
    refused(notified({ pick: ['refGroup{city{name}}'], join: 'flat', joinLevel: 1 })),
    refused(notified({ join: 'sideways' })),
    refused(notified({ join: 'flat', joinLevel: 0 })),
    refused(notified({ format: 'short' })),
    refused(notified({ format: 'keyValues', showChanges: true })),
    refused(notified({ colour: 'red' })),
  ],
  'with an endpoint that cannot be': [
    refused(endpoint({ uri: 'nowhere' })),
    refused(endpoint({ uri: 'ftp://receiver.example/' })),
    refused(endpoint({ uri: 'mqtt://receiver.example/' })),
    refused(endpoint({ uri: 'mqtt://receiver.example/t', notifierInfo: [{ key: 'MQTT-QoS', value: '3' }] })),
    refused(endpoint({ accept: 'text/plain' })),
    refused(endpoint({ timeout: 0 })),
    refused(endpoint({ cooldown: -1 })),
    refused(endpoint({ receiverInfo: { key: 'a', value: 'b' } })),
    refused(endpoint({ receiverInfo: [{ key: 'K', value: 42 }] })),
    refused(endpoint({ receiverInfo: [{ key: 'K' }] })),
    refused(endpoint({ receiverInfo: [{ key: 'Not a header', value: 'b' }] })),
    refused(endpoint({ receiverInfo: [{ key: 'Content-Length', value: '1' }] })),
    refused(endpoint({ receiverInfo: [{ key: 'K', value: 'a\r\nb: c' }] })),
    refused(endpoint({ notifierInfo: [{ key: 5, value: 'v' }] })),
  ],
  'with a receiver in the house, unless the broker may reach it': [
    ...[
      'http://127.0.0.1/n',
      'http://localhost:3000/n',
      'http://10.0.0.1/n',
      'http://[::1]/n',
      'http://0x7f.1/n',
      'http://169.254.169.254/latest',
    ].map((own) => refused(endpoint({ uri: own }))),
  ],
});

scenarios('subscriptions', {
  'are listed page by page': [
    { does: 'listSubscriptions', send: 'GET /subscriptions', answers: 200, gives: [] },
    created('j1'),
    created('j2'),
    created('j3', { isActive: false }),
    {
      does: 'listSubscriptions',
      send: 'GET /subscriptions?limit=1&offset=1&count=true',
      answers: 200,
      has: [{ id: 'urn:ngsi-ld:Subscription:j2' }],
      with: {
        'NGSILD-Results-Count': '3',
        Link: `${contextLink(coreContext)}, </ngsi-ld/v1/subscriptions?count=true&limit=1&offset=2>;rel="next";type="application/json", </ngsi-ld/v1/subscriptions?count=true&limit=1&offset=0>;rel="prev";type="application/json"`,
      },
    },
    {
      does: 'listSubscriptions',
      send: 'GET /subscriptions?options=sysAttrs',
      answers: 200,
      has: [{ createdAt: expect.any(String) }, {}, { status: 'paused' }],
    },
    { does: 'listSubscriptions', send: 'GET /subscriptions?limit=0&count=true', answers: 200, gives: [] },
    { does: 'listSubscriptions', send: 'GET /subscriptions?limit=-1', answers: 400, has: problem('BadRequestData') },
    { does: 'listSubscriptions', send: 'GET /subscriptions?colour=red', answers: 400, has: problem('InvalidRequest') },
    {
      does: 'listSubscriptions',
      send: 'GET /subscriptions',
      headers: { Accept: 'application/geo+json' },
      answers: 406,
    },
    {
      does: 'retrieveSubscription',
      send: `GET ${path('nobody')}`,
      headers: { Accept: 'application/xml' },
      answers: 406,
    },
    { does: 'retrieveSubscription', send: 'GET /subscriptions/nobody', answers: 400, has: problem('BadRequestData') },
    { does: 'deleteSubscription', send: 'DELETE /subscriptions/nobody', answers: 400, has: problem('BadRequestData') },
  ],
});

const letters = `${path('k')}/deadLetters`;
/** What a web page of another origin cannot send without being allowed to. */
const json = { 'Content-Type': 'application/json' };
const missing = { answers: 404, has: problem('ResourceNotFound') };

scenarios('dead letters', {
  'there are none, as long as nothing was given up': [
    created('k'),
    {
      does: 'listDeadLetters',
      send: `GET ${letters}?count=true`,
      answers: 200,
      gives: [],
      with: { 'NGSILD-Results-Count': '0' },
    },
    { does: 'replayDeadLetters', send: `POST ${letters}/replay`, headers: json, answers: 204 },
    { does: 'replayDeadLetters', send: `POST ${letters}/replay`, answers: 403, has: problem('Forbidden') },
    { does: 'discardDeadLetters', send: `DELETE ${letters}`, answers: 204 },
    { does: 'listDeadLetters', send: `GET ${letters}?colour=red`, answers: 400, has: problem('InvalidRequest') },
    { does: 'retrieveDeadLetter', send: `GET ${letters}/0.1`, ...missing },
    { does: 'replayDeadLetter', send: `POST ${letters}/0.1/replay`, headers: json, ...missing },
    { does: 'discardDeadLetter', send: `DELETE ${letters}/0.1`, ...missing },
  ],
  'there are none of what is not there': [
    { does: 'listDeadLetters', send: `GET ${path('nobody')}/deadLetters`, ...missing },
    { does: 'replayDeadLetters', send: `POST ${path('nobody')}/deadLetters/replay`, headers: json, ...missing },
    { does: 'discardDeadLetters', send: `DELETE ${path('nobody')}/deadLetters`, ...missing },
    {
      does: 'listDeadLetters',
      send: 'GET /subscriptions/nobody/deadLetters',
      answers: 400,
      has: problem('BadRequestData'),
    },
  ],
});

const lamp = 'urn:ngsi-ld:Streetlight:explained';
const explained = (name: string, query: string, answers: number, more: Partial<Step>): Step => ({
  does: 'explainSubscription',
  send: `GET ${path(name)}/explain${query}`,
  answers,
  ...more,
});

scenarios('an explanation', {
  'says clause by clause what an entity meets, in the names of the request': [
    {
      does: 'addContext',
      send: 'POST /jsonldContexts',
      body: { '@context': names },
      answers: 201,
      saves: 'context',
    },
    {
      does: 'createEntity',
      send: 'POST /entities',
      body: { id: lamp, type: 'Streetlight', powerState: 'on', illuminanceLevel: 0.5 },
      answers: 201,
    },
    created('l', { q: 'powerState=="off";illuminanceLevel>0.2', isActive: false }),
    explained('l', `?entity=${lamp}`, 200, {
      has: {
        type: 'SubscriptionExplanation',
        verdict: 'Nothing is notified, because the subscription is paused.',
        change: { event: 'created' },
        clauses: [
          { clause: 'status', isMet: false },
          { clause: 'entities', isMet: true },
          {},
          { clause: 'change' },
          {},
        ],
      },
    }),
    patched('l', { isActive: true }),
    {
      ...explained('l', `?entity=${lamp}`, 200, {
        has: {
          verdict: `The last change of ${lamp} is not notified, because q asks for state=="off";brightness>0.2, but finds: state is "on".`,
          clauses: [
            { clause: 'status', isMet: true },
            { clause: 'entities', isMet: true, parts: [{ parts: [{ clause: 'type', isMet: true, asks: 'Lamp' }] }] },
            {
              clause: 'q',
              isMet: false,
              parts: [
                { isMet: false, asks: 'state=="off"', finds: 'state is "on"' },
                { isMet: true, asks: 'brightness>0.2' },
              ],
            },
            { clause: 'change', isMet: true },
            { clause: 'endpoint', isMet: true },
          ],
          delivery: { timesSent: 0, waiting: 0, deadLetters: 0 },
        },
      }),
      headers: { Link: contextLink('{{broker}}/ngsi-ld/v1/jsonldContexts/{{context}}') },
    },
  ],
  'needs a subscription and the id of an entity': [
    created('m'),
    explained('m', `?entity=urn:a:1`, 200, { has: { verdict: expect.stringContaining('There is no entity urn:a:1') } }),
    explained('m', '', 200, {
      has: { verdict: expect.stringContaining('in force'), clauses: [{ clause: 'status' }, { clause: 'endpoint' }] },
    }),
    explained('m', '?entity=lamp', 400, { has: problem('BadRequestData') }),
    explained('m', '?id=urn:a:1', 400, { has: problem('InvalidRequest') }),
    explained('nobody', '?entity=urn:a:1', 404, { has: problem('ResourceNotFound') }),
  ],
});
