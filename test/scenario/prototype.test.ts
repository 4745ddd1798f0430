/** Tests that no access path of the broker accepts `__proto__` as a name, which could change JavaScript prototypes. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestBroker, type TestBroker, testedStores } from './scenario.ts';

const id = 'urn:ngsi-ld:Boat:1';
const observedAt = '2026-03-01T08:00:00Z';
/** The name as it is, and escaped. */
const names = ['__proto__', '\\u005f_proto__', '__pr\\u006fto__'];

/** Method and path, and a body in which MEMBER is what is refused. */
const roads: Readonly<Record<string, readonly [string, string]>> = {
  'an entity': ['POST /entities', `{"id":"urn:a:b","type":"Boat",MEMBER}`],
  'an entity that is replaced': [`PUT /entities/${id}`, `{"id":"${id}","type":"Boat",MEMBER}`],
  'an entity in JSON-LD whose @context defines it': [
    'POST /entities',
    `{"id":"urn:a:b","type":"Boat",MEMBER,"@context":{"__proto__":"https://example.org/evil"}}`,
  ],
  'a sub-attribute': ['POST /entities', `{"id":"urn:a:b","type":"Boat","draft":{"type":"Property","value":1,MEMBER}}`],
  'a sub-attribute of a relationship': [
    'POST /entities',
    `{"id":"urn:a:b","type":"Boat","owner":{"type":"Relationship","object":"urn:a:c",MEMBER}}`,
  ],
  'a merge': [`PATCH /entities/${id}`, '{MEMBER}'],
  'a merge of a sub-attribute': [`PATCH /entities/${id}`, `{"draft":{"type":"Property","value":1,MEMBER}}`],
  'a simplified merge': [`PATCH /entities/${id}?options=keyValues`, '{MEMBER}'],
  'attributes to append': [`POST /entities/${id}/attrs`, '{MEMBER}'],
  'attributes to update': [`PATCH /entities/${id}/attrs`, '{MEMBER}'],
  'a part of an attribute': [`PATCH /entities/${id}/attrs/draft`, '{MEMBER}'],
  'an attribute that is replaced': [`PUT /entities/${id}/attrs/draft`, '{"type":"Property","value":1,MEMBER}'],
  'a history': ['POST /temporal/entities', `{"id":"urn:a:b","type":"Boat",MEMBER}`],
  'instances of a history': [`POST /temporal/entities/${id}/attrs`, '{MEMBER}'],
  'a sub-attribute in a history': [
    `POST /temporal/entities/${id}/attrs`,
    `{"draft":[{"type":"Property","value":1,"observedAt":"${observedAt}",MEMBER}]}`,
  ],
  'a batch to create': ['POST /entityOperations/create', `[{"id":"urn:a:b","type":"Boat",MEMBER}]`],
  'a batch to upsert': ['POST /entityOperations/upsert', `[{"id":"${id}","type":"Boat",MEMBER}]`],
  'a batch to update': ['POST /entityOperations/update', `[{"id":"${id}",MEMBER}]`],
  'a batch to merge': ['POST /entityOperations/merge', `[{"id":"${id}",MEMBER}]`],
  'a subscription': [
    'POST /subscriptions',
    '{"type":"Subscription","entities":[{"type":"Boat"}],"notification":{"endpoint":{"uri":"ws:"}},MEMBER}',
  ],
  'the endpoint of a subscription': [
    'POST /subscriptions',
    '{"type":"Subscription","entities":[{"type":"Boat"}],"notification":{"endpoint":{"uri":"ws:",MEMBER}}}',
  ],
  'a query': ['POST /entityOperations/query', '{"type":"Query","entities":[{"type":"Boat"}],MEMBER}'],
};

describe.each(testedStores)('__proto__ (%s)', (store) => {
  let broker: TestBroker;
  const send = async (road: string, body?: string): Promise<{ readonly status: number; readonly text: string }> => {
    const [method = '', path = ''] = road.split(' ');
    const answer = await fetch(`${broker.url}/ngsi-ld/v1${path}`, {
      method,
      headers: { 'Content-Type': `application/${body?.includes('@context') === true ? 'ld+json' : 'json'}` },
      ...(body === undefined ? undefined : { body }),
    });
    return { status: answer.status, text: await answer.text() };
  };
  const entity = JSON.stringify({ id, type: 'Boat', draft: { type: 'Property', value: 1, observedAt } });

  beforeAll(async () => {
    broker = await startTestBroker(['--store', store]);
    expect((await send('POST /entities', entity)).status).toBe(201);
  });
  afterAll(() => broker.stop());

  const values = ['{"isAdmin":true}', '{"type":"Property","value":{"isAdmin":true}}', '5'];
  test.each(Object.entries(roads))('is refused as a member of %s', async (_, [road, body]) => {
    for (const name of names) {
      for (const value of values) {
        const { status, text } = await send(road, body.replace('MEMBER', `"${name}":${value}`));
        // A batch tells of each element what is wrong with it.
        expect({ name, value, status: text.includes('"errors"') ? 400 : status, text }).toEqual({
          name,
          value,
          status: 400,
          text: expect.stringContaining('__proto__'),
        });
      }
    }
  });

  test.each([
    `DELETE /entities/${id}/attrs/__proto__`,
    `DELETE /entities/${id}/attrs/%5F_proto__`,
    `GET /attributes/__proto__`,
    `GET /types/__proto__`,
    'GET /entities?type=__proto__',
    'GET /entities?type=Boat&q=__proto__',
    'GET /entities?type=Boat&attrs=__proto__',
    'GET /entities?type=Boat&pick=__proto__',
    'GET /entities?type=Boat&__proto__=1',
  ])('is refused in %s', async (road) => {
    expect(await send(road)).toEqual({ status: 400, text: expect.stringContaining('__proto__') });
  });

  test('is a name like any other inside of a value, and so are those of methods', async () => {
    const value = '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"toString":1}';
    const members = `"id":"urn:ngsi-ld:Boat:2","type":"constructor"`;
    const text = `{${members},"toString":{"type":"Property","value":${value}},"prototype":{"type":"JsonProperty","json":${value}}}`;
    expect((await send('POST /entities', text)).status).toBe(201);
    const found = await send('GET /entities/urn:ngsi-ld:Boat:2');
    expect(JSON.parse(found.text)).toEqual(JSON.parse(text));
    expect((await send('GET /entities?type=Boat&q=draft[toString]')).text).toBe('[]');
    expect(await send('DELETE /entities/urn:ngsi-ld:Boat:2')).toMatchObject({ status: 204 });
  });

  test('has left no trace', async () => {
    expect(JSON.parse((await send(`GET /entities/${id}`)).text)).toEqual(JSON.parse(entity));
    expect((await send('GET /entities?type=*&limit=0&count=true')).text).toBe('[]');
    expect('isAdmin' in {}).toBe(false);
  });
});
