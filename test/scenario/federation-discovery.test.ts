/** Tests that the types and attributes of context sources are listed, with listening brokers that are sources of each other. */
import { describe, expect, test } from '@jest/globals';
import { listen, send, urlOf, useBrokers } from './context-sources.ts';
import { testedStores } from './scenario.ts';

let numbers = 0;
async function register(
  endpoint: string,
  information: readonly object[],
  operations?: readonly string[],
): Promise<void> {
  const id = `urn:ngsi-ld:ContextSourceRegistration:discovery${(numbers += 1)}`;
  const more = operations ? { operations } : {};
  const body = { id, type: 'ContextSourceRegistration', endpoint, information, ...more };
  expect((await send(0, 'POST /csourceRegistrations', body)).status).toBe(201);
}
const create = async (n: number, entity: object): Promise<void> => {
  expect((await send(n, 'POST /entities', entity)).status).toBe(201);
};
const iri = (name: string): string => `https://uri.etsi.org/ngsi-ld/default-context/${name}`;

describe.each(testedStores)('discovery over context sources (%s)', (store) => {
  useBrokers(store, 'found');

  test('lists what sources have of what they have registered, unless it is about this broker only', async () => {
    await create(0, { id: 'urn:lamp:1', type: 'Lamp', color: 'red' });
    await create(1, { id: 'urn:lamp:2', type: 'Lamp', power: { type: 'Relationship', object: 'urn:x:1' } });
    await create(1, { id: 'urn:mast:1', type: 'Mast', height: 7, secret: 1 });
    await create(1, { id: 'urn:other:1', type: 'Other', a: 1 });
    const information = [
      {
        entities: [{ type: 'Lamp' }, { type: 'Mast' }, { type: 'Absent' }],
        propertyNames: ['height'],
        relationshipNames: ['power'],
      },
    ];
    await register(urlOf(1), information);
    expect((await send(0, 'GET /types')).body).toMatchObject({ typeList: ['Lamp', 'Mast'] });
    expect((await send(0, 'GET /types?local=true')).body).toMatchObject({ typeList: ['Lamp'] });
    expect((await send(0, 'GET /types?details=true')).body).toMatchObject([
      { id: iri('Lamp'), attributeNames: ['color', 'power'] },
      { id: iri('Mast'), attributeNames: ['height'] },
    ]);
    expect((await send(0, 'GET /types/Lamp')).body).toMatchObject({
      typeName: 'Lamp',
      entityCount: 2,
      attributeDetails: [
        { attributeName: 'color', attributeTypes: ['Property'] },
        { attributeName: 'power', attributeTypes: ['Relationship'] },
      ],
    });
    expect((await send(0, 'GET /types/Mast')).body).toMatchObject({ entityCount: 1 });
    expect((await send(0, 'GET /types/Mast?local=true')).status).toBe(404);
    expect((await send(0, 'GET /types/Other')).status).toBe(404);
    expect((await send(0, 'GET /attributes')).body).toMatchObject({ attributeList: ['color', 'height', 'power'] });
    expect((await send(0, 'GET /attributes?details=true&local=true')).body).toMatchObject([{ attributeName: 'color' }]);
    expect((await send(0, 'GET /attributes?details=true')).body).toMatchObject([
      { attributeName: 'color', typeNames: ['Lamp'] },
      { attributeName: 'height', typeNames: ['Mast'] },
      { attributeName: 'power', typeNames: ['Lamp'] },
    ]);
    expect((await send(0, 'GET /attributes/power')).body).toMatchObject({
      attributeCount: 1,
      attributeTypes: ['Relationship'],
      typeNames: ['Lamp'],
    });
    expect((await send(0, 'GET /attributes/secret')).status).toBe(404);
  });

  test('names what is registered of a source that lists nothing, and warns about one that fails', async () => {
    await register('http://127.0.0.1:9', [{ entities: [{ type: 'Gate' }], propertyNames: ['width'] }], ['retrieveOps']);
    const { warning, body } = await send(0, 'GET /types/Gate');
    expect(warning).toBeNull();
    expect(body).toMatchObject({ typeName: 'Gate', entityCount: 0, attributeDetails: [{ attributeName: 'width' }] });
    const failing = await listen((_, response) => response.writeHead(500).end());
    await register(failing, [{ entities: [{ type: 'Fence' }] }]);
    expect(await send(0, 'GET /types/Fence')).toMatchObject({ status: 404, warning: expect.stringContaining('299') });
    const wrong = await listen((_, response) => response.writeHead(200).end('{"typeList":[7,null],"typeName":{}}'));
    await register(wrong, [{ entities: [{ type: 'Wall' }] }]);
    expect((await send(0, 'GET /types')).body).toMatchObject({ typeList: expect.arrayContaining(['Gate']) });
    expect((await send(0, 'GET /types/Wall')).status).toBe(404);
  });

  test('is explained to administrators: which sources were asked, and what they answered', async () => {
    await create(0, { id: 'urn:crane:1', type: 'Crane', height: 1 });
    await create(1, { id: 'urn:crane:2', type: 'Crane', height: 2 });
    await register(urlOf(1), [{ entities: [{ type: 'Crane' }] }], ['retrieveOps', 'updateOps']);
    await register('http://user:secret@127.0.0.1:1', [{ entities: [{ type: 'Crane' }] }]);
    await register(urlOf(2), [{ entities: [{ type: 'Crane' }] }], ['deleteEntity']);
    await register(urlOf(2), [{ entities: [{ type: 'Rail' }] }]);
    await register(urlOf(2), [{ entities: [{ type: 'Crane' }], propertyNames: ['width'] }]);
    const [yes, dead, unable, other, names] = [5, 4, 3, 2, 1].map(
      (back) => `urn:ngsi-ld:ContextSourceRegistration:discovery${numbers + 1 - back}`,
    );
    const query = await send(0, 'GET /entities?type=Crane&attrs=height&options=keyValues&count=true&explain=true');
    const about = (registrations: object[]): object => expect.arrayContaining(registrations) as object;
    expect(query).toMatchObject({ status: 200, count: '2', warning: expect.stringContaining('199') });
    expect(query.body).toMatchObject({
      result: [
        { id: 'urn:crane:1', type: 'Crane', height: 1 },
        { id: 'urn:crane:2', type: 'Crane', height: 2 },
      ],
      registrations: about([
        expect.objectContaining({
          ...{ registration: yes, mode: 'inclusive', isAsked: true },
          requests: [expect.objectContaining({ status: 200, count: 1, tookMs: expect.any(Number) })],
        }),
        expect.objectContaining({
          registration: dead,
          requests: [expect.objectContaining({ reason: expect.any(String) })],
        }),
        expect.objectContaining({
          registration: unable,
          isAsked: false,
          reason: expect.stringContaining('queryEntity'),
        }),
        expect.objectContaining({ registration: other, reason: 'Its information is about other entities.' }),
        expect.objectContaining({ registration: names, reason: expect.stringContaining('other attributes') }),
      ]),
      registrationsLeftOut: 0,
    });
    expect(JSON.stringify(query.body)).not.toContain('secret');
    expect((await send(0, 'GET /entities/urn:crane:9?explain=true')).body).toMatchObject({
      problem: { type: 'ResourceNotFound' },
      registrations: about([expect.objectContaining({ registration: yes, isAsked: true })]),
    });
    expect((await send(0, 'GET /entities/urn:crane:1?local=true&explain=true')).body).toMatchObject({
      result: { id: 'urn:crane:1' },
      registrations: about([
        {
          registration: yes,
          mode: 'inclusive',
          endpoint: urlOf(1),
          isAsked: false,
          reason: expect.stringContaining('local'),
        },
      ]),
    });
    const written = await send(0, 'PATCH /entities/urn:crane:2/attrs?explain=true', { height: 3 });
    expect(written.body).toMatchObject({
      did: 'partly',
      registrations: about([
        expect.objectContaining({ registration: yes, requests: [expect.objectContaining({ status: 204 })] }),
      ]),
    });
    expect((await send(1, 'GET /entities/urn:crane:2?options=keyValues')).body).toMatchObject({ height: 3 });
    expect((await send(0, 'GET /entities?type=Crane&explain=maybe')).status).toBe(400);
  });
});
