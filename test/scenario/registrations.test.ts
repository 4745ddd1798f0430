/** Tests context source registrations over HTTP: registered, discovered, changed and deleted, on every store. */
import { expect } from '@jest/globals';
import { defaultVocabulary, problem, scenarios, type Step } from './scenario.ts';

const endpoint = 'http://source.example/broker/';
const id = (name: string): string => `urn:ngsi-ld:ContextSourceRegistration:${name}`;
const path = (name: string): string => `/csourceRegistrations/${id(name)}`;
const registration = (name: string, members: object = {}) => ({
  id: id(name),
  type: 'ContextSourceRegistration',
  information: [{ entities: [{ type: name }] }],
  endpoint,
  ...members,
});
const created = (name: string, members: object = {}, more: Partial<Step> = {}): Step => ({
  does: 'createRegistration',
  send: 'POST /csourceRegistrations',
  body: registration(name, members),
  answers: 201,
  with: { Location: `/ngsi-ld/v1${path(name)}` },
  ...more,
});
const refused = (members: object, detail: RegExp, status = 400, type = 'BadRequestData'): Step => ({
  does: 'createRegistration',
  send: 'POST /csourceRegistrations',
  body: { ...registration('refused'), id: undefined, ...members },
  answers: status,
  has: { ...problem(type), detail: expect.stringMatching(detail) },
});
const shown = (name: string, gives: object, more: Partial<Step> = {}): Step => ({
  does: 'retrieveRegistration',
  send: `GET ${path(name)}`,
  answers: 200,
  gives,
  ...more,
});
const gone = (name: string): Step => ({
  does: 'retrieveRegistration',
  send: `GET ${path(name)}`,
  answers: 404,
  has: problem('ResourceNotFound'),
});
const patched = (name: string, body: object, answers = 204, more: Partial<Step> = {}): Step => ({
  does: 'updateRegistration',
  send: `PATCH ${path(name)}`,
  body,
  answers,
  ...more,
});
const discovered = (query: string, ...names: readonly string[]): Step => ({
  does: 'queryRegistrations',
  send: `GET /csourceRegistrations?${query}`,
  answers: 200,
  gives: names.map((name) => expect.objectContaining({ id: id(name) })),
});
const exclusive = (entity: string, ...attrs: readonly string[]): object => ({
  mode: 'exclusive',
  information: [{ entities: [{ id: entity, type: 'Valve' }], propertyNames: attrs }],
});
const square = (west: number): object => ({
  type: 'Polygon',
  coordinates: [
    [
      [west, 46],
      [west + 1, 46],
      [west + 1, 47],
      [west, 47],
      [west, 46],
    ],
  ],
});

/** Members of every kind, with a secret header. */
const whole = (secret: string): object => ({
  registrationName: 'all',
  information: [
    { entities: [{ type: ['Streetlight', 'Device'], idPattern: '^urn:' }], attributeNames: ['illuminanceLevel'] },
  ],
  mode: 'redirect',
  operations: ['retrieveOps', 'createEntity'],
  tenant: 'town',
  management: { timeout: 500, cooldown: 1000, localOnly: true, cacheDuration: 'PT1M' },
  observationSpace: square(14),
  contextSourceInfo: [
    { key: 'Authorization', value: secret },
    { key: 'X-Mine', value: 'urn:ngsi-ld:request' },
  ],
  refreshRate: 'PT1H',
  owner: { type: 'Property', value: 'Kranj' },
});

/** Many elements about single pipes. */
const pipes = (name: string, type = 'Other'): readonly object[] =>
  Array.from({ length: 1500 }, (_, n) => ({
    entities: [{ id: `urn:pipe:${n}`, type }],
    propertyNames: n % 2 === 0 ? [name] : [name, `other${n}`],
  }));

scenarios('registrations', {
  'are given back as they were sent, in the terms of the request': [
    created('Whole', whole('Bearer 1')),
    shown('Whole', { ...registration('Whole'), ...whole('***') }),
    {
      does: 'retrieveRegistration',
      send: `GET ${path('Whole')}?options=sysAttrs,secrets`,
      answers: 200,
      has: { contextSourceInfo: [{ value: 'Bearer 1' }, {}], createdAt: expect.any(String) },
    },
    created(
      'Named',
      {
        '@context': { Lamp: `${defaultVocabulary}Streetlight`, brightness: `${defaultVocabulary}illuminanceLevel` },
        information: [{ entities: [{ type: 'Lamp' }], propertyNames: ['brightness'] }],
        brightness: 3,
      },
      { headers: { 'Content-Type': 'application/ld+json' } },
    ),
    shown('Named', {
      ...registration('Named'),
      information: [{ entities: [{ type: 'Streetlight' }], propertyNames: ['illuminanceLevel'] }],
      illuminanceLevel: 3,
    }),
  ],
  'get an id, and take the old names of the lists': [
    {
      does: 'createRegistration',
      send: 'POST /csourceRegistrations/',
      body: {
        ...registration('x'),
        id: undefined,
        information: [{ entities: [{ type: 'Old', id: 'urn:x:1' }], properties: ['a'], relationships: ['b'] }],
      },
      answers: 201,
      saves: 'made',
      headers: { 'Fiware-Service': 'agents', 'NGSILD-Tenant': 'agents' },
    },
    {
      does: 'retrieveRegistration',
      send: 'GET /csourceRegistrations/{{made}}',
      headers: { 'NGSILD-Tenant': 'agents' },
      answers: 200,
      has: { information: [{ propertyNames: ['a'], relationshipNames: ['b'] }] },
    },
    { does: 'queryRegistrations', send: 'GET /csourceRegistrations?type=Old', answers: 200, gives: [] },
  ],
  'are refused with the name of the faulty member': [
    created('Twice'),
    created('Twice', {}, { answers: 409, has: problem('AlreadyExists'), with: {} }),
    refused({ type: 'Registration' }, /type/),
    refused({ information: undefined }, /information/),
    refused({ information: [] }, /information/),
    refused({ information: [{}] }, /information\[0\]/),
    refused({ information: [{ entities: [] }] }, /entities/),
    refused({ information: [{ entities: [{ type: 'A', idPattern: '[' }] }] }, /idPattern/),
    refused({ information: [{ entities: [{ type: 'A', color: 1 }] }] }, /color/),
    refused({ information: [{ attributeNames: ['a'], propertyNames: ['b'] }] }, /attributeNames/),
    refused({ information: [{ propertyNames: ['a b'] }] }, /propertyNames/),
    refused({ endpoint: 'mailto:a' }, /endpoint/),
    refused({ endpoint: 'http://a.example?x=1' }, /endpoint/),
    refused({ mode: 'some' }, /mode/),
    refused({ operations: ['fly'] }, /fly/),
    refused({ mode: 'auxiliary', operations: ['federationOps'] }, /auxiliary/),
    refused({ mode: 'exclusive', information: [{ entities: [{ type: 'A' }], propertyNames: ['a'] }] }, /exclusive/),
    refused({ mode: 'exclusive', information: [{ entities: [{ type: 'A', id: 'urn:a' }] }] }, /exclusive/),
    refused({ expiresAt: '2020-01-01T00:00:00Z' }, /expiresAt/),
    refused({ expiresAt: 'soon' }, /expiresAt/),
    refused({ observationInterval: { endAt: '2020-01-01T00:00:00Z' } }, /observationInterval/),
    refused({ location: { type: 'Point' } }, /location/),
    refused({ management: { timeout: 0 } }, /timeout/),
    refused({ management: { cacheDuration: 'a minute' } }, /cacheDuration/),
    refused({ management: { retries: 1 } }, /retries/),
    refused({ contextSourceInfo: [{ key: 'a' }] }, /contextSourceInfo/),
    refused({ contextSourceInfo: [{ key: 'X-A', value: 'a\nb' }] }, /X-A/),
    refused({ contextSourceInfo: [{ key: 'accept', value: 'text/html' }] }, /accept/),
    refused({ contextSourceInfo: [{ key: 'Authorization', value: '***' }] }, /Authorization/),
    refused({ scope: '/a b' }, /scope/),
    refused({ tenant: '' }, /tenant/),
    refused({ description: 'urn:ngsi-ld:null' }, /description/),
    refused({ refreshRate: 'often' }, /refreshRate/),
  ],
  'change member by member': [
    created('Patched', { description: 'one', contextSourceInfo: [{ key: 'Authorization', value: 'secret' }] }),
    patched('Patched', {
      description: null,
      contextSourceInfo: [{ key: 'Authorization', value: '***' }],
      mode: 'redirect',
    }),
    {
      does: 'retrieveRegistration',
      send: `GET ${path('Patched')}?options=secrets`,
      answers: 200,
      gives: {
        ...registration('Patched'),
        mode: 'redirect',
        contextSourceInfo: [{ key: 'Authorization', value: 'secret' }],
      },
    },
    patched(
      'Patched',
      { endpoint: 'http://thief.example', contextSourceInfo: [{ key: 'Authorization', value: '***' }] },
      400,
    ),
    patched('Patched', { information: null }, 400, { has: problem('BadRequestData') }),
    patched('Patched', { type: 'Subscription' }, 400),
    patched('Patched', { id: 'urn:other' }, 400),
    patched('none', { description: 'a' }, 404),
    { does: 'deleteRegistration', send: `DELETE ${path('Patched')}`, answers: 204 },
    { does: 'deleteRegistration', send: `DELETE ${path('Patched')}`, answers: 404, has: problem('ResourceNotFound') },
    gone('Patched'),
  ],
  'exclude each other and local entities': [
    created('Ex1', exclusive('urn:valve:1', 'a', 'b')),
    created('Ex2', exclusive('urn:valve:1', 'c')),
    created('Ex3', exclusive('urn:valve:2', 'a')),
    refused(exclusive('urn:valve:1', 'b', 'd'), /Ex1/, 409, 'Conflict'),
    refused({ mode: 'redirect', information: [{ entities: [{ type: 'Valve' }] }] }, /Ex1/, 409, 'Conflict'),
    created('Redirect', { mode: 'redirect', information: [{ entities: [{ type: 'Valve' }], propertyNames: ['z'] }] }),
    created('Redirect2', {
      mode: 'redirect',
      information: [{ entities: [{ type: 'Valve' }], propertyNames: ['z', 'y'] }],
    }),
    refused(exclusive('urn:valve:9', 'z'), /Redirect/, 409, 'Conflict'),
    patched('Ex3', exclusive('urn:valve:1', 'a'), 409, { has: problem('Conflict') }),
    { does: 'createEntity', send: 'POST /entities', body: { id: 'urn:pump:1', type: 'Pump', flow: 1 }, answers: 201 },
    refused(
      {
        mode: 'exclusive',
        information: [{ entities: [{ id: 'urn:pump:1', type: 'Other' }], propertyNames: ['flow'] }],
      },
      /urn:pump:1/,
      409,
      'Conflict',
    ),
    refused({ mode: 'redirect', information: [{ entities: [{ type: 'Pump' }] }] }, /urn:pump:1/, 409, 'Conflict'),
    created('Pumps', { information: [{ entities: [{ type: 'Pump', id: 'urn:pump:1' }], propertyNames: ['flow'] }] }),
    patched('Pumps', { mode: 'exclusive' }, 409),
    {
      does: 'createEntity',
      send: 'POST /entities',
      body: { id: 'urn:pipe:1234', type: 'Pipe', flow: 1 },
      answers: 201,
    },
    refused({ mode: 'exclusive', information: pipes('flow') }, /urn:pipe:1234/, 409, 'Conflict'),
    refused({ mode: 'redirect', information: pipes('flow', 'Pipe') }, /urn:pipe:1234/, 409, 'Conflict'),
    created('Pipes', { mode: 'exclusive', information: pipes('level') }),
    created('OtherPipes', { mode: 'redirect', information: pipes('flow', 'Tube') }),
    created('Tubes', {
      mode: 'redirect',
      information: [{ entities: [{ type: 'Tube', idPattern: '^urn:tube:' }, { type: 'Hose' }] }],
    }),
  ],
  'are found by what they are about': [
    created('ByType', {
      information: [{ entities: [{ type: 'Bus' }] }, { propertyNames: ['speed'] }],
      owner: 'Jesenice',
    }),
    created('ById', { information: [{ entities: [{ type: 'Bus', id: 'urn:bus:1' }], relationshipNames: ['line'] }] }),
    created('ByPattern', {
      information: [{ entities: [{ type: 'Bus', idPattern: '^urn:bus:9' }] }],
      scope: '/Kranj/Buses',
    }),
    created('Timed', {
      information: [{ entities: [{ type: 'Bus' }] }],
      observationInterval: { startAt: '2026-01-01T00:00:00Z', endAt: '2026-02-01T00:00:00Z' },
    }),
    created('Placed', { information: [{ entities: [{ type: 'Bus', id: 'urn:bus:7' }] }], location: square(14) }),
    discovered('type=Bus', 'ById', 'ByPattern', 'ByType', 'Placed'),
    discovered('type=Bus&id=urn:bus:91', 'ByPattern', 'ByType'),
    discovered('type=Bus&id=urn:bus:1', 'ById', 'ByType'),
    discovered('id=urn:none:1&attrs=speed&type=Bus', 'ByType'),
    discovered('type=Bus&idPattern=bus:1', 'ById', 'ByPattern', 'ByType'),
    discovered('attrs=line&type=Bus', 'ById', 'ByPattern', 'ByType', 'Placed'),
    discovered('attrs=speed&type=Train', 'ByType'),
    discovered('type=Bus&csf=owner=="Jesenice"', 'ByType'),
    discovered('q=owner=="Jesenice"', 'ByType'),
    discovered('type=Bus&scopeQ=/Kranj/%23', 'ByPattern'),
    discovered('type=Bus&georel=near;maxDistance==1000&geometry=Point&coordinates=[14.5,46.5]', 'Placed'),
    discovered('type=Bus&georel=near;maxDistance==1000&geometry=Point&coordinates=[16.5,46.5]'),
    discovered('type=Bus&timerel=before&timeAt=2026-01-15T00:00:00Z', 'Timed'),
    discovered('type=Bus&timerel=between&timeAt=2026-01-20T00:00:00Z&endTimeAt=2026-05-01T00:00:00Z', 'Timed'),
    discovered('type=Bus&timerel=after&timeAt=2026-03-01T00:00:00Z'),
    { does: 'queryRegistrations', send: 'GET /csourceRegistrations', answers: 400, has: problem('BadRequestData') },
    {
      does: 'queryRegistrations',
      send: 'GET /csourceRegistrations?type=Bus&limit=1&offset=1&count=true',
      answers: 200,
      gives: [expect.objectContaining({ id: id('ByPattern') })],
      with: {
        'NGSILD-Results-Count': '4',
        Link: /\?type=Bus&limit=1&offset=2&count=true>;rel="next";type="application\/ld\+json", <[^>]*offset=0[^>]*>;rel="prev"/,
      },
    },
    {
      does: 'queryRegistrations',
      send: 'GET /csourceRegistrations?type=Bus&limit=1',
      headers: { Accept: 'application/json' },
      answers: 200,
      with: { Link: /\?type=Bus&limit=1&offset=1>;rel="next";type="application\/json"/ },
    },
  ],
});
