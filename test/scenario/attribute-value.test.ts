/** Tests one attribute and its bare value, as the draft of NGSI-LD 2.0 has them. */
import { describe, expect, test } from '@jest/globals';
import { send as sendTo, urlOf, useBrokers } from './context-sources.ts';
import { coreContext, problem, scenarios, type Step, testedStores } from './scenario.ts';

const id = 'urn:ngsi-ld:Room:1';
const at = `/entities/${id}/attrs`;
const observedAt = '2026-03-01T08:00:00Z';
const room = {
  id,
  type: 'Room',
  temperature: [
    { type: 'Property', value: 21, unitCode: 'CEL', observedAt, accuracy: { type: 'Property', value: 1 } },
    { type: 'Property', value: 22, datasetId: 'urn:ngsi-ld:dataset:2' },
  ],
  name: { type: 'LanguageProperty', languageMap: { sl: 'soba', en: 'room' } },
  location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14, 46] } },
  owner: { type: 'Relationship', object: 'urn:ngsi-ld:Person:1' },
  keys: { type: 'ListRelationship', objectList: [{ object: 'urn:ngsi-ld:Key:1' }] },
  days: { type: 'ListProperty', valueList: [1, 2] },
  kind: { type: 'VocabProperty', vocab: 'meeting' },
  raw: { type: 'JsonProperty', json: { '@context': 'x', b: null } },
};

const get = (path: string, gives: unknown, more: Partial<Step> = {}): Step => ({
  does: path.includes('/value') ? 'retrieveAttributeValue' : 'retrieveEntityAttribute',
  send: `GET ${at}/${path}`,
  answers: 200,
  gives,
  with: { 'Content-Type': 'application/json' },
  ...more,
});
const put = (path: string, body: unknown, answers = 204, type?: string): Step => ({
  does: 'setAttributeValue',
  send: `PUT ${at}/${path}`,
  body: JSON.stringify(body),
  answers,
  ...(type === undefined ? undefined : { has: problem(type) }),
});
const missing = { answers: 404, has: problem('ResourceNotFound') } as const;
const absent = (path: string): Step => {
  const { gives: _, ...step } = get(path, undefined);
  return { ...step, ...missing };
};

scenarios('an attribute and its value', {
  'are read alone': [
    { does: 'createEntity', send: 'POST /entities', body: room, answers: 201 },
    get('owner', room.owner),
    get('temperature', room.temperature),
    get('temperature?datasetId=urn:ngsi-ld:dataset:2', room.temperature[1]),
    get('temperature?datasetId=@none&format=simplified', 21),
    get('owner?options=concise', { object: 'urn:ngsi-ld:Person:1' }),
    get('name?lang=sl', { type: 'Property', value: 'soba', lang: 'sl' }),
    get('location?format=keyValues', room.location.value),
    get(
      'owner',
      { ...room.owner, '@context': coreContext },
      { headers: { Accept: 'application/ld+json' }, with: { 'Content-Type': 'application/ld+json' } },
    ),
    get('temperature/value', 21),
    get('temperature/value?datasetId=urn:ngsi-ld:dataset:2', 22),
    get('name/value', room.name.languageMap),
    get('name/value?lang=en', 'room'),
    get('location/value', room.location.value, { headers: { Accept: 'application/ld+json' } }),
    get('owner/value', 'urn:ngsi-ld:Person:1'),
    get('keys/value', room.keys.objectList),
    get('days/value', [1, 2]),
    get('kind/value', 'meeting'),
    get('raw/value', room.raw.json),
    get('raw/value?type=Room', room.raw.json),
  ],
  'are not found where they are not': [
    absent('nothing'),
    absent('nothing/value'),
    absent('name?datasetId=urn:ngsi-ld:dataset:2'),
    absent('name/value?datasetId=urn:ngsi-ld:dataset:2'),
    absent('name?type=House'),
    absent('name/value?type=House'),
    { does: 'retrieveAttributeValue', send: 'GET /entities/no-uri/attrs/a/value', answers: 400 },
    { does: 'retrieveAttributeValue', send: 'GET /entities/urn:none/attrs/a/value', ...missing },
    { does: 'setAttributeValue', send: 'PUT /entities/urn:none/attrs/a/value', body: '1', ...missing },
    put('nothing/value', 1, 404, 'ResourceNotFound'),
    put('name/value?datasetId=urn:ngsi-ld:dataset:2', {}, 404, 'ResourceNotFound'),
    put('name/value?type=House', { en: 'x' }, 404, 'ResourceNotFound'),
  ],
  'a value is replaced alone, and its time with it': [
    put('temperature/value', 23),
    get('temperature?datasetId=@none', {
      type: 'Property',
      value: 23,
      unitCode: 'CEL',
      accuracy: { type: 'Property', value: 1 },
    }),
    put('temperature/value?observedAt=2026-03-02T08:00:00Z&datasetId=urn:ngsi-ld:dataset:2', { a: 1 }),
    get('temperature?datasetId=urn:ngsi-ld:dataset:2', {
      type: 'Property',
      value: { a: 1 },
      datasetId: 'urn:ngsi-ld:dataset:2',
      observedAt: '2026-03-02T08:00:00Z',
    }),
    put('name/value', { de: 'Zimmer' }),
    get('name/value', { de: 'Zimmer' }),
    put('location/value', { type: 'Point', coordinates: [15, 47] }),
    get('location/value', { type: 'Point', coordinates: [15, 47] }),
    put('owner/value', 'urn:ngsi-ld:Person:2'),
    get('owner/value', 'urn:ngsi-ld:Person:2'),
    put('keys/value', [{ object: 'urn:ngsi-ld:Key:2' }]),
    get('keys/value', [{ object: 'urn:ngsi-ld:Key:2' }]),
    put('days/value', []),
    get('days/value', []),
    put('kind/value', ['office', 'lab']),
    get('kind/value', ['office', 'lab']),
    put('raw/value', { '@context': 'y' }),
    get('raw/value', { '@context': 'y' }),
    put('raw/value', null),
    get('raw/value', null),
    { does: 'retrieveEntity', send: `GET /entities/${id}?attrs=raw`, answers: 200, has: { raw: { json: null } } },
  ],
  'a value that does not fit is refused': [
    put('temperature/value', null, 400, 'InvalidRequest'),
    put('temperature/value', 'urn:ngsi-ld:null', 400, 'InvalidRequest'),
    put('owner/value', 'no uri', 400, 'BadRequestData'),
    put('location/value', { type: 'Point' }, 400, 'BadRequestData'),
    put('raw/value', 1, 400, 'BadRequestData'),
    put('scope/value', '/a', 400, 'BadRequestData'),
    put('temperature/value?observedAt=noon', 1, 400, 'BadRequestData'),
    { ...put('temperature/value', '', 400, 'InvalidRequest'), body: '{' },
    { ...put('temperature/value', '', 400, 'InvalidRequest'), body: '' },
    {
      ...put('temperature/value', {}, 400, 'BadRequestData'),
      headers: { 'Content-Type': 'application/ld+json' },
    },
    get('temperature/value?datasetId=@none', 23),
  ],
});

describe.each(testedStores)('an attribute and its value at a context source (%s)', (store) => {
  useBrokers(store, 'value');

  test('are read there, and a value goes there under the name updateAttrs', async () => {
    const [there, information] = ['urn:ngsi-ld:Pump:1', [{ entities: [{ type: 'Pump' }], attributeNames: ['level'] }]];
    const registration = { type: 'ContextSourceRegistration', information, mode: 'redirect', endpoint: urlOf(1) };
    const operations = ['retrieveOps', 'updateOps'];
    expect((await sendTo(0, 'POST /csourceRegistrations', { ...registration, operations })).status).toBe(201);
    expect((await sendTo(1, 'POST /entities', { id: there, type: 'Pump', level: 3 })).status).toBe(201);
    const level = `/entities/${there}/attrs/level`;
    expect(await sendTo(0, `GET ${level}`)).toMatchObject({ status: 200, body: { type: 'Property', value: 3 } });
    expect(await sendTo(0, `GET ${level}/value`)).toMatchObject({ status: 200, body: 3 });
    expect((await sendTo(0, `PUT ${level}/value?type=Pump`, { '@context': 4 })).status).toBe(204);
    expect(await sendTo(1, `GET ${level}/value`)).toMatchObject({ status: 200, body: { '@context': 4 } });
    expect((await sendTo(0, `GET ${level}?local=true`)).status).toBe(404);
  });
});
