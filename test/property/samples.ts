/** Provides the documents from which the fuzz tests start: one for every shape that the readers know. */
import { createContexts } from '../../src/core/jsonld/resolve.ts';
import type { Terms } from '../../src/core/model/entity.ts';
import type { Json } from '../../src/core/model/json.ts';

/** The core context, with nothing to load. */
export const terms: Terms = createContexts({
  load: (url) => Promise.reject(new Error(`${url} was asked for`)),
  known: {},
}).core;

/** A time of writing. */
export const moment = '2026-03-01T08:00:00Z';

const observedAt = '2026-03-01T08:00:00.123Z';

/** An entity with every kind of attribute, normalized. */
export const lamp: Json = {
  id: 'urn:ngsi-ld:Streetlight:1',
  type: ['Streetlight', 'Device'],
  scope: ['/Kranj/Center', '/A/B'],
  expiresAt: '2030-01-01T00:00:00Z',
  temperature: {
    type: 'Property',
    value: 21.5,
    unitCode: 'CEL',
    observedAt,
    accuracy: { type: 'Property', value: { 'a.b': true } },
  },
  powerState: [
    { type: 'Property', value: 'on' },
    { type: 'Property', value: 'off', datasetId: 'urn:ngsi-ld:dataset:1' },
  ],
  location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14.3553, 46.2389] } },
  area: {
    type: 'GeoProperty',
    value: {
      type: 'Polygon',
      coordinates: [
        [
          [14, 46],
          [15, 46],
          [15, 47],
          [14, 46],
        ],
      ],
    },
  },
  owner: { type: 'Relationship', object: ['urn:ngsi-ld:Person:1', 'urn:ngsi-ld:Person:2'], objectType: 'Person' },
  name: { type: 'LanguageProperty', languageMap: { sl: 'luč', en: ['lamp', 'light'], '@none': 'x' } },
  status: { type: 'VocabProperty', vocab: ['working', 'https://example.org/y'] },
  raw: { type: 'JsonProperty', json: { any: [1, null, { '@id': 'x' }] } },
  row: { type: 'ListProperty', valueList: [1, 'a', { b: 2 }] },
  members: { type: 'ListRelationship', objectList: [{ object: 'urn:ngsi-ld:Person:1' }, 'urn:ngsi-ld:Person:2'] },
  address: { type: 'Property', value: { type: 'PostalAddress', city: 'Kranj' }, valueType: 'DateTime' },
};

/** The same in short, and with what a merge may hold. */
export const concise: Json = {
  id: 'urn:ngsi-ld:Streetlight:1',
  type: 'Streetlight',
  scope: '/Kranj',
  temperature: 21.5,
  powerState: { value: 'on', observedAt },
  location: { type: 'Point', coordinates: [14.3553, 46.2389] },
  owner: { object: 'urn:ngsi-ld:Person:1' },
  name: { languageMap: { sl: 'luč', en: 'urn:ngsi-ld:null' } },
  status: 'urn:ngsi-ld:null',
  raw: { json: { a: 'urn:ngsi-ld:null' } },
  row: { valueList: [1, 2] },
  previous: { type: 'Property', value: 'urn:ngsi-ld:null', datasetId: 'urn:ngsi-ld:dataset:1' },
};

/** A temporal representation. */
export const past: Json = {
  id: 'urn:ngsi-ld:Streetlight:1',
  type: 'Streetlight',
  scope: [
    { type: 'Property', value: '/Kranj', observedAt },
    { type: 'Property', value: ['/A', '/B'] },
  ],
  temperature: [
    { type: 'Property', value: 20, observedAt },
    { type: 'Property', value: 21, observedAt: '2026-03-01T09:00:00Z', instanceId: 'urn:ngsi-ld:instance:1' },
    { type: 'Property', value: 'urn:ngsi-ld:null', deletedAt: moment },
  ],
  owner: [{ type: 'Relationship', object: 'urn:ngsi-ld:null', observedAt }],
};

/** Method and target of a request on everything there is. */
export const httpTargets: readonly string[] = [
  'POST /ngsi-ld/v1/entities',
  'GET /ngsi-ld/v1/entities?type=Streetlight&q=temperature>20;powerState=="on"&options=sysAttrs,concise',
  'GET /ngsi-ld/v1/entities?georel=near;maxDistance==500&geometry=Point&coordinates=[14.36,46.24]&limit=5&count=true',
  'GET /ngsi-ld/v1/entities?idPattern=^urn:.*1$&type=*&scopeQ=/Kranj/%23&pick=id,type,owner{name}&join=inline&joinLevel=2',
  'GET /ngsi-ld/v1/entities?type=(Streetlight;Device),Person&orderBy=temperature;desc,id&collation=sl&lang=sl,en;q=0.5',
  'GET /ngsi-ld/v1/entities?type=Streetlight&orderBy=location;dist-asc&orderFrom=[14,46]&format=simplified&offset=1',
  'GET /ngsi-ld/v1/entities?q=owner{Person}.name=="x"&attrs=owner,area&datasetId=@none&join=flat&containedBy=urn:x',
  'DELETE /ngsi-ld/v1/entities?type=Person&drop=name',
  'GET /ngsi-ld/v1/entities/urn:ngsi-ld:Streetlight:1?geometryProperty=area&omit=location',
  'HEAD /ngsi-ld/v1/entities/urn:ngsi-ld:Streetlight:1',
  'PUT /ngsi-ld/v1/entities/urn:ngsi-ld:Streetlight:1',
  'PATCH /ngsi-ld/v1/entities/urn:ngsi-ld:Streetlight:1?options=keyValues&lang=sl&observedAt=2026-03-01T08:00:00Z',
  'DELETE /ngsi-ld/v1/entities/urn:ngsi-ld:Streetlight:1?type=Device',
  'POST /ngsi-ld/v1/entities/urn:ngsi-ld:Streetlight:1/attrs?options=noOverwrite',
  'PATCH /ngsi-ld/v1/entities/urn:ngsi-ld:Streetlight:1/attrs',
  'PATCH /ngsi-ld/v1/entities/urn:ngsi-ld:Streetlight:1/attrs/temperature',
  'PUT /ngsi-ld/v1/entities/urn:ngsi-ld:Streetlight:1/attrs/temperature',
  'DELETE /ngsi-ld/v1/entities/urn:ngsi-ld:Streetlight:1/attrs/powerState?deleteAll=true',
  'POST /ngsi-ld/v1/entityOperations/create',
  'POST /ngsi-ld/v1/entityOperations/upsert?options=update',
  'POST /ngsi-ld/v1/entityOperations/update?options=noOverwrite',
  'POST /ngsi-ld/v1/entityOperations/merge',
  'POST /ngsi-ld/v1/entityOperations/delete',
  'POST /ngsi-ld/v1/entityOperations/query?limit=3&count=true',
  'POST /ngsi-ld/v1/temporal/entities',
  'GET /ngsi-ld/v1/temporal/entities?type=Streetlight&timerel=after&timeAt=2026-01-01T00:00:00Z&lastN=5&options=temporalValues',
  'GET /ngsi-ld/v1/temporal/entities/urn:ngsi-ld:Streetlight:1?format=aggregatedValues&aggrMethods=avg,max&aggrPeriodDuration=PT1H',
  'DELETE /ngsi-ld/v1/temporal/entities/urn:ngsi-ld:Streetlight:1',
  'POST /ngsi-ld/v1/temporal/entities/urn:ngsi-ld:Streetlight:1/attrs',
  'DELETE /ngsi-ld/v1/temporal/entities/urn:ngsi-ld:Streetlight:1/attrs/temperature?datasetId=urn:x',
  'PATCH /ngsi-ld/v1/temporal/entities/urn:ngsi-ld:Streetlight:1/attrs/temperature/urn:ngsi-ld:instance:1',
  'POST /ngsi-ld/v1/temporal/entityOperations/query',
  'POST /ngsi-ld/v1/subscriptions',
  'GET /ngsi-ld/v1/subscriptions?limit=5&count=true&options=sysAttrs',
  'PATCH /ngsi-ld/v1/subscriptions/urn:ngsi-ld:Subscription:1',
  'DELETE /ngsi-ld/v1/subscriptions/urn:ngsi-ld:Subscription:1',
  'GET /ngsi-ld/v1/types?details=true',
  'GET /ngsi-ld/v1/types/Streetlight',
  'GET /ngsi-ld/v1/attributes?details=true',
  'GET /ngsi-ld/v1/attributes/temperature',
  'POST /ngsi-ld/v1/jsonldContexts',
  'GET /ngsi-ld/v1/jsonldContexts?details=true&kind=Hosted',
  'DELETE /ngsi-ld/v1/jsonldContexts/urn:x?reload=true',
  'GET /ngsi-ld/v1/info/sourceIdentity',
  'OPTIONS /ngsi-ld/v1/entities',
  'GET /ngsi-ld/v1/stream',
  'GET /ngsi-ld/v1/csourceRegistrations',
  'GET /version',
  'GET /openapi.yaml',
];

export const httpHeaders: readonly string[] = [
  'Accept: application/ld+json',
  'Accept: application/geo+json;q=0.5, */*;q=0.1',
  'Prefer: body=json',
  'Prefer: ngsi-ld=1.4',
  'NGSILD-Tenant: kranj',
  'NGSILD-Tenant: a b/..',
  'Link: <http://127.0.0.1:9/c.jsonld>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"',
  'Link: <https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld>; rel="http://www.w3.org/ns/json-ld#context"',
  'Content-Type: application/ld+json',
  'Content-Type: application/merge-patch+json',
  'Content-Encoding: gzip',
  'Origin: https://example.org',
  'Expect: 100-continue',
  'Connection: close',
  'Upgrade: websocket',
  'Transfer-Encoding: chunked',
];

export const httpDocuments: readonly Json[] = [
  lamp,
  concise,
  past,
  [lamp, concise],
  ['urn:ngsi-ld:Streetlight:1', 'urn:ngsi-ld:Person:1'],
  { value: 'off', observedAt },
  {
    type: 'Query',
    entities: [{ type: 'Streetlight', idPattern: '.*' }],
    q: 'temperature>1',
    geoQ: { georel: 'within', geometry: 'Point', coordinates: [14, 46] },
    temporalQ: { timerel: 'before', timeAt: moment },
    aggrParams: { aggrMethods: ['avg'], aggrPeriodDuration: 'PT1H' },
    ordering: { orderBy: ['temperature'] },
    pick: ['id', 'temperature'],
    lang: 'sl',
  },
  {
    id: 'urn:ngsi-ld:Subscription:1',
    type: 'Subscription',
    entities: [{ type: 'Streetlight' }],
    watchedAttributes: ['temperature'],
    q: 'temperature>1',
    geoQ: { georel: 'near;maxDistance==500', geometry: 'Point', coordinates: '[14.36,46.24]' },
    throttling: 1,
    expiresAt: '2030-01-01T00:00:00Z',
    notification: {
      attributes: ['temperature'],
      format: 'keyValues',
      endpoint: { uri: 'http://127.0.0.1:9/n', accept: 'application/json' },
    },
  },
  { isActive: false },
  { '@context': { Boat: 'https://boats.example/Boat' } },
  { '@context': ['http://127.0.0.1:9/c.jsonld', { a: 'https://x.example/a' }], id: 'urn:a:1', type: 'T', a: 1 },
];
