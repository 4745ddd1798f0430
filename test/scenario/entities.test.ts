/** Tests entities over HTTP, from creation to deletion, on every store. */
import { expect } from '@jest/globals';
import { coreContext, defaultVocabulary, problem, scenarios } from './scenario.ts';

const light = (name: string, members: object = {}) => ({
  id: `urn:ngsi-ld:Streetlight:${name}`,
  type: 'Streetlight',
  powerState: { type: 'Property', value: 'on', observedAt: '2026-03-01T18:00:00Z' },
  illuminanceLevel: { type: 'Property', value: 0.8, unitCode: 'C62' },
  location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14.3553, 46.2389] } },
  refGroup: { type: 'Relationship', object: 'urn:ngsi-ld:StreetlightGroup:1' },
  ...members,
});
const path = (name: string): string => `/entities/urn:ngsi-ld:Streetlight:${name}`;
const created = (name: string, members: object = {}) => ({
  does: 'createEntity',
  send: 'POST /entities',
  body: light(name, members),
  answers: 201,
  with: { Location: `/ngsi-ld/v1${path(name)}` },
});

scenarios('one entity', {
  'is found at its Location whatever its id': [
    {
      does: 'createEntity',
      send: 'POST /entities',
      body: { id: 'urn:lamp:a/b?c#d%20e', type: 'Odd' },
      answers: 201,
      with: { Location: '/ngsi-ld/v1/entities/urn:lamp:a%2Fb%3Fc%23d%2520e' },
      saves: 'odd',
    },
    {
      does: 'retrieveEntity',
      send: 'GET /entities/{{odd}}',
      answers: 200,
      gives: { id: 'urn:lamp:a/b?c#d%20e', type: 'Odd' },
    },
  ],
  'may have attributes named as what every object has': [
    {
      does: 'createEntity',
      send: 'POST /entities',
      body: { id: 'urn:lamp:names', type: 'Odd', x: { value: 1, constructor: { value: 2, kind: 3 }, toString: 4 } },
      answers: 201,
    },
    {
      does: 'retrieveEntity',
      send: 'GET /entities/urn:lamp:names?format=concise',
      answers: 200,
      gives: {
        id: 'urn:lamp:names',
        type: 'Odd',
        x: { value: 1, constructor: { value: 2, kind: 3 }, toString: 4 },
      },
    },
  ],
  'with time stamps: they can be omitted, and are nothing on their own': [
    { does: 'createEntity', send: 'POST /entities', body: { id: 'urn:lamp:s', type: 'Odd', x: 1 }, answers: 201 },
    {
      does: 'retrieveEntity',
      send: 'GET /entities/urn:lamp:s?options=sysAttrs&omit=createdAt,modifiedAt,x',
      answers: 200,
      gives: { id: 'urn:lamp:s', type: 'Odd' },
    },
    {
      does: 'retrieveEntity',
      send: 'GET /entities/urn:lamp:s?options=sysAttrs&pick=y',
      answers: 404,
      has: problem('ResourceNotFound'),
    },
    {
      does: 'retrieveEntity',
      send: 'GET /entities/urn:lamp:s?options=sysAttrs&pick=y',
      headers: { Accept: 'application/geo+json' },
      answers: 404,
    },
  ],
  'is merged in simplified form only with what fits': [
    {
      does: 'createEntity',
      send: 'POST /entities',
      body: { id: 'urn:lamp:m', type: 'Odd', r: { object: 'urn:a:1' }, p: 1, l: { languageMap: { en: 'a' } } },
      answers: 201,
    },
    ...[{ r: 'not a URI' }, { r: [] }, { p: { json: { a: 1 } } }, { l: 'x' }].map((body) => ({
      does: 'mergeEntity',
      send: 'PATCH /entities/urn:lamp:m?format=simplified',
      body,
      answers: 400,
      has: problem('BadRequestData'),
    })),
    {
      does: 'mergeEntity',
      send: 'PATCH /entities/urn:lamp:m?format=simplified&lang=sl',
      body: { r: ['urn:a:2', 'urn:a:3'], p: [{ value: 1 }, { value: 2 }], l: 'b', n: { type: 'Foo', coordinates: 1 } },
      answers: 204,
    },
    {
      does: 'retrieveEntity',
      send: 'GET /entities/urn:lamp:m?format=simplified',
      answers: 200,
      gives: {
        id: 'urn:lamp:m',
        type: 'Odd',
        r: ['urn:a:2', 'urn:a:3'],
        p: [{ value: 1 }, { value: 2 }],
        l: { languageMap: { en: 'a', sl: 'b' } },
        n: { type: 'Foo', coordinates: 1 },
      },
    },
    {
      does: 'mergeEntity',
      send: 'PATCH /entities/urn:lamp:m?format=simplified',
      body: { p: { type: 'Point', coordinates: [1, 2] } },
      answers: 204,
    },
    {
      does: 'retrieveEntity',
      send: 'GET /entities/urn:lamp:m?pick=p',
      answers: 200,
      gives: { p: { type: 'Property', value: { type: 'Point', coordinates: [1, 2] } } },
    },
  ],
  'is created, retrieved as it was given, and deleted': [
    created('a'),
    {
      does: 'retrieveEntity',
      send: `GET ${path('a')}`,
      answers: 200,
      gives: light('a'),
      with: { Link: `<${coreContext}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"` },
    },
    { does: 'createEntity', send: 'POST /entities', body: light('a'), answers: 409, has: problem('AlreadyExists') },
    { does: 'deleteEntity', send: `DELETE ${path('a')}?type=Parking`, answers: 404, has: problem('ResourceNotFound') },
    { does: 'deleteEntity', send: `DELETE ${path('a')}`, answers: 204 },
    { does: 'retrieveEntity', send: `GET ${path('a')}`, answers: 404, has: problem('ResourceNotFound') },
  ],
  'is shown concise, simplified, as GeoJSON and in JSON-LD': [
    created('b'),
    {
      does: 'retrieveEntity',
      send: `GET ${path('b')}?format=concise`,
      answers: 200,
      gives: {
        id: 'urn:ngsi-ld:Streetlight:b',
        type: 'Streetlight',
        powerState: { value: 'on', observedAt: '2026-03-01T18:00:00Z' },
        illuminanceLevel: { value: 0.8, unitCode: 'C62' },
        location: { type: 'Point', coordinates: [14.3553, 46.2389] },
        refGroup: { object: 'urn:ngsi-ld:StreetlightGroup:1' },
      },
    },
    {
      does: 'retrieveEntity',
      send: `GET ${path('b')}?options=keyValues`,
      headers: { Accept: 'application/ld+json' },
      answers: 200,
      gives: {
        id: 'urn:ngsi-ld:Streetlight:b',
        type: 'Streetlight',
        powerState: 'on',
        illuminanceLevel: 0.8,
        location: { type: 'Point', coordinates: [14.3553, 46.2389] },
        refGroup: 'urn:ngsi-ld:StreetlightGroup:1',
        '@context': coreContext,
      },
    },
    {
      does: 'retrieveEntity',
      send: `GET ${path('b')}?attrs=powerState&format=simplified`,
      headers: { Accept: 'application/geo+json' },
      answers: 200,
      gives: {
        id: 'urn:ngsi-ld:Streetlight:b',
        type: 'Feature',
        geometry: { type: 'Point', coordinates: [14.3553, 46.2389] },
        properties: { type: 'Streetlight', powerState: 'on' },
        '@context': coreContext,
      },
    },
    {
      does: 'retrieveEntity',
      send: `GET ${path('b')}?pick=powerState,id`,
      answers: 200,
      gives: {
        id: 'urn:ngsi-ld:Streetlight:b',
        powerState: { type: 'Property', value: 'on', observedAt: '2026-03-01T18:00:00Z' },
      },
    },
    { does: 'retrieveEntity', send: `GET ${path('b')}?attrs=absent`, answers: 404, has: problem('ResourceNotFound') },
    { does: 'retrieveEntity', send: `GET ${path('b')}`, headers: { Accept: 'application/xml' }, answers: 406 },
  ],
  'takes every kind of attribute, and gives it back': [
    {
      does: 'createEntity',
      send: 'POST /entities',
      body: {
        id: 'urn:ngsi-ld:Boat:7',
        type: ['Boat', 'RescueVessel'],
        scope: ['/Coast/North', '/Fleet'],
        draft: { type: 'Property', value: 1.9, unitCode: 'MTR', accuracy: { type: 'Property', value: 0.05 } },
        motto: { type: 'LanguageProperty', languageMap: { en: 'Steady', nl: ['Gestaag', 'Kalm'] } },
        class: { type: 'VocabProperty', vocab: 'Lifeboat' },
        logs: { type: 'ListProperty', valueList: [3, 1, 2] },
        raw: { type: 'JsonProperty', json: { id: 5, x: null } },
        mooredAt: { type: 'Relationship', object: 'urn:ngsi-ld:Quay:2', objectType: 'Quay' },
        crew: { type: 'Relationship', object: ['urn:ngsi-ld:Person:A', 'urn:ngsi-ld:Person:B'] },
        route: {
          type: 'ListRelationship',
          objectList: [{ object: 'urn:ngsi-ld:Port:1' }, { object: 'urn:ngsi-ld:Port:9' }],
        },
        speed: [
          { type: 'Property', value: 4, datasetId: '@none' },
          { type: 'Property', value: 5, datasetId: 'urn:ngsi-ld:Dataset:gps' },
        ],
      },
      answers: 201,
    },
    {
      does: 'retrieveEntity',
      send: 'GET /entities/urn:ngsi-ld:Boat:7',
      answers: 200,
      gives: {
        id: 'urn:ngsi-ld:Boat:7',
        type: ['Boat', 'RescueVessel'],
        scope: ['/Coast/North', '/Fleet'],
        draft: { type: 'Property', value: 1.9, unitCode: 'MTR', accuracy: { type: 'Property', value: 0.05 } },
        motto: { type: 'LanguageProperty', languageMap: { en: 'Steady', nl: ['Gestaag', 'Kalm'] } },
        class: { type: 'VocabProperty', vocab: 'Lifeboat' },
        logs: { type: 'ListProperty', valueList: [3, 1, 2] },
        raw: { type: 'JsonProperty', json: { id: 5, x: null } },
        mooredAt: { type: 'Relationship', object: 'urn:ngsi-ld:Quay:2', objectType: 'Quay' },
        crew: { type: 'Relationship', object: ['urn:ngsi-ld:Person:A', 'urn:ngsi-ld:Person:B'] },
        route: {
          type: 'ListRelationship',
          objectList: [{ object: 'urn:ngsi-ld:Port:1' }, { object: 'urn:ngsi-ld:Port:9' }],
        },
        speed: [
          { type: 'Property', value: 4 },
          { type: 'Property', value: 5, datasetId: 'urn:ngsi-ld:Dataset:gps' },
        ],
      },
    },
    {
      does: 'retrieveEntity',
      send: 'GET /entities/urn:ngsi-ld:Boat:7?format=simplified&attrs=motto,class,raw,route,speed',
      answers: 200,
      gives: {
        id: 'urn:ngsi-ld:Boat:7',
        type: ['Boat', 'RescueVessel'],
        scope: ['/Coast/North', '/Fleet'],
        motto: { languageMap: { en: 'Steady', nl: ['Gestaag', 'Kalm'] } },
        class: { vocab: 'Lifeboat' },
        raw: { json: { id: 5, x: null } },
        route: ['urn:ngsi-ld:Port:1', 'urn:ngsi-ld:Port:9'],
        speed: { dataset: { '@none': 4, 'urn:ngsi-ld:Dataset:gps': 5 } },
      },
    },
    {
      does: 'retrieveEntity',
      send: 'GET /entities/urn:ngsi-ld:Boat:7?attrs=motto&lang=nl',
      answers: 200,
      has: { motto: { type: 'Property', value: ['Gestaag', 'Kalm'], lang: 'nl' } },
    },
    {
      does: 'retrieveEntity',
      send: 'GET /entities/urn:ngsi-ld:Boat:7?attrs=speed&datasetId=urn:ngsi-ld:Dataset:gps',
      answers: 200,
      has: { speed: { type: 'Property', value: 5, datasetId: 'urn:ngsi-ld:Dataset:gps' } },
    },
  ],
  'is replaced whole, and keeps its time of creation': [
    created('c', { expiresAt: '2999-01-01T00:00:00Z' }),
    { does: 'replaceEntity', send: `PUT ${path('c')}`, body: { type: 'Streetlight', powerState: 'off' }, answers: 204 },
    {
      does: 'retrieveEntity',
      send: `GET ${path('c')}`,
      answers: 200,
      gives: { id: 'urn:ngsi-ld:Streetlight:c', type: 'Streetlight', powerState: { type: 'Property', value: 'off' } },
    },
    {
      does: 'replaceEntity',
      send: `PUT ${path('nobody')}`,
      body: { type: 'Streetlight' },
      answers: 404,
      has: problem('ResourceNotFound'),
    },
    {
      does: 'replaceEntity',
      send: `PUT ${path('c')}`,
      body: { powerState: 'off' },
      answers: 400,
      has: problem('BadRequestData'),
    },
  ],
  'is merged member by member': [
    created('d', { address: { type: 'Property', value: { street: 'Glavni trg', number: 1 } } }),
    {
      does: 'mergeEntity',
      send: `PATCH ${path('d')}`,
      headers: { 'Content-Type': 'application/merge-patch+json' },
      body: {
        powerState: { value: 'off' },
        address: { value: { number: 'urn:ngsi-ld:null', city: 'Kranj' } },
        refGroup: 'urn:ngsi-ld:null',
        lampType: 'LED',
      },
      answers: 204,
    },
    {
      does: 'retrieveEntity',
      send: `GET ${path('d')}?omit=location,illuminanceLevel`,
      answers: 200,
      gives: {
        id: 'urn:ngsi-ld:Streetlight:d',
        type: 'Streetlight',
        powerState: { type: 'Property', value: 'off', observedAt: '2026-03-01T18:00:00Z' },
        address: { type: 'Property', value: { street: 'Glavni trg', city: 'Kranj' } },
        lampType: { type: 'Property', value: 'LED' },
      },
    },
    {
      does: 'mergeEntity',
      send: `PATCH ${path('nobody')}`,
      body: { powerState: 'off' },
      answers: 404,
      has: problem('ResourceNotFound'),
    },
  ],
  'shows its time stamps only when asked': [
    created('e'),
    {
      does: 'retrieveEntity',
      send: `GET ${path('e')}?options=sysAttrs&attrs=powerState`,
      answers: 200,
      has: {
        createdAt: expectTime(),
        modifiedAt: expectTime(),
        powerState: { createdAt: expectTime(), modifiedAt: expectTime() },
      },
    },
  ],
  'goes when it expires': [
    created('f', { expiresAt: '2020-01-01T00:00:00Z' }),
    { does: 'retrieveEntity', send: `GET ${path('f')}`, answers: 404, has: problem('ResourceNotFound') },
    created('f'),
  ],
});

scenarios('attributes', {
  'are appended, and left where noOverwrite says so': [
    created('g'),
    { does: 'appendAttributes', send: `POST ${path('g')}/attrs`, body: { lampType: 'LED' }, answers: 204 },
    {
      does: 'appendAttributes',
      send: `POST ${path('g')}/attrs?options=noOverwrite`,
      body: { lampType: 'sodium', pole: 12 },
      answers: 207,
      has: { updated: [`${defaultVocabulary}pole`], notUpdated: [{ attributeName: `${defaultVocabulary}lampType` }] },
    },
    {
      does: 'retrieveEntity',
      send: `GET ${path('g')}?attrs=lampType,pole&format=simplified`,
      answers: 200,
      has: { lampType: 'LED', pole: 12 },
    },
    {
      does: 'appendAttributes',
      send: `POST ${path('nobody')}/attrs`,
      body: { lampType: 'LED' },
      answers: 404,
      has: problem('ResourceNotFound'),
    },
  ],
  'are updated whole, and deleted by the NGSI-LD Null': [
    created('h'),
    {
      does: 'updateAttributes',
      send: `PATCH ${path('h')}/attrs`,
      body: { powerState: 'low', refGroup: { type: 'Relationship', object: 'urn:ngsi-ld:null' } },
      answers: 204,
    },
    {
      does: 'retrieveEntity',
      send: `GET ${path('h')}?attrs=powerState,refGroup`,
      answers: 200,
      gives: { id: 'urn:ngsi-ld:Streetlight:h', type: 'Streetlight', powerState: { type: 'Property', value: 'low' } },
    },
    {
      does: 'updateAttributes',
      send: `PATCH ${path('h')}/attrs`,
      body: { scope: '/Kranj' },
      answers: 207,
      has: { notUpdated: [{ attributeName: 'scope' }] },
    },
  ],
  'are updated in part': [
    created('i'),
    {
      does: 'partialUpdateAttribute',
      send: `PATCH ${path('i')}/attrs/illuminanceLevel`,
      body: { value: 0.5 },
      answers: 204,
    },
    {
      does: 'retrieveEntity',
      send: `GET ${path('i')}?attrs=illuminanceLevel`,
      answers: 200,
      has: { illuminanceLevel: { type: 'Property', value: 0.5, unitCode: 'C62' } },
    },
    {
      does: 'partialUpdateAttribute',
      send: `PATCH ${path('i')}/attrs/absent`,
      body: { value: 0.5 },
      answers: 404,
      has: problem('ResourceNotFound'),
    },
    {
      does: 'partialUpdateAttribute',
      send: `PATCH ${path('i')}/attrs/illuminanceLevel`,
      body: {},
      answers: 400,
      has: problem('BadRequestData'),
    },
  ],
  'are replaced': [
    created('j'),
    {
      does: 'replaceAttribute',
      send: `PUT ${path('j')}/attrs/illuminanceLevel`,
      body: { type: 'Property', value: 0.1 },
      answers: 204,
    },
    {
      does: 'retrieveEntity',
      send: `GET ${path('j')}?attrs=illuminanceLevel`,
      answers: 200,
      gives: {
        id: 'urn:ngsi-ld:Streetlight:j',
        type: 'Streetlight',
        illuminanceLevel: { type: 'Property', value: 0.1 },
      },
    },
    {
      does: 'replaceAttribute',
      send: `PUT ${path('j')}/attrs/scope`,
      body: '/Kranj',
      headers: { 'Content-Type': 'application/json' },
      answers: 400,
    },
  ],
  'are deleted by dataset, or all together': [
    created('k', {
      speed: [
        { value: 1 },
        { value: 2, datasetId: 'urn:ngsi-ld:Dataset:x' },
        { value: 3, datasetId: 'urn:ngsi-ld:Dataset:y' },
      ],
    }),
    { does: 'deleteAttribute', send: `DELETE ${path('k')}/attrs/speed`, answers: 204 },
    {
      does: 'deleteAttribute',
      send: `DELETE ${path('k')}/attrs/speed`,
      answers: 404,
      has: problem('ResourceNotFound'),
    },
    { does: 'deleteAttribute', send: `DELETE ${path('k')}/attrs/speed?datasetId=urn:ngsi-ld:Dataset:x`, answers: 204 },
    {
      does: 'retrieveEntity',
      send: `GET ${path('k')}?attrs=speed`,
      answers: 200,
      has: { speed: { type: 'Property', value: 3, datasetId: 'urn:ngsi-ld:Dataset:y' } },
    },
    { does: 'deleteAttribute', send: `DELETE ${path('k')}/attrs/speed?deleteAll=True`, answers: 204 },
    { does: 'retrieveEntity', send: `GET ${path('k')}?attrs=speed`, answers: 404 },
  ],
});

/** Any time in the standard's form. */
function expectTime(): unknown {
  return expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
}
