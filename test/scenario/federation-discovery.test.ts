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
});
