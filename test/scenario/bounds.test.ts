/** Tests the limits on one request: each refusal names the limit and its option. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestBroker, type TestBroker, testedStores } from './scenario.ts';

let broker: TestBroker;
const bounds = ['--names-max', '100', '--attributes-max', '100', '--notify-allow-private'];

interface Problem {
  readonly type: string;
  readonly detail: string;
}

async function send(method: string, path: string, body?: unknown): Promise<{ status: number; problem: Problem }> {
  const answer = await fetch(`${broker.url}/ngsi-ld/v1${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  });
  const text = await answer.text();
  return { status: answer.status, problem: (text === '' ? {} : JSON.parse(text)) as Problem };
}

const names = (count: number, of = 'a'): readonly string[] => Array.from({ length: count }, (_, n) => `${of}${n}`);
const query = (members: object): object => ({ type: 'Query', entities: [{ type: 'Odd' }], ...members });
const subscription = (members: object): object => ({
  type: 'Subscription',
  entities: [{ type: 'Odd' }],
  notification: { endpoint: { uri: 'http://127.0.0.1:9/none' } },
  ...members,
});

function boundsOfNames(): void {
  const isRefused = ({ status, problem }: { status: number; problem: Problem }): void => {
    expect([status, problem.type]).toEqual([400, expect.stringMatching(/BadRequestData$/)]);
    expect(problem.detail).toContain('more than 100 names, ids and selectors in its lists (--names-max)');
  };
  const ids = names(101, 'urn:ngsi-ld:Odd:');

  test.each<[string, object]>([
    ['attrs', query({ attrs: names(101) })],
    ['attrs in one text', query({ attrs: [names(101).join(',')] })],
    ['pick', query({ pick: names(101) })],
    ['omit', query({ omit: names(101) })],
    ['datasetId', query({ datasetId: ids })],
    ['containedBy', query({ join: 'flat', containedBy: ids })],
    ['expandValues', query({ q: 'a=="b"', expandValues: names(101).join(',') })],
    ['selectors', { type: 'Query', entities: names(101).map((type) => ({ type })) }],
    ['ids of a selector', { type: 'Query', entities: [{ type: 'Odd', id: ids }] }],
    ['a type selection', { type: 'Query', entities: [{ type: names(101, 'T').join('|') }] }],
  ])('%s: too many are refused in a query, and in one for histories', async (_, body) => {
    isRefused(await send('POST', '/entityOperations/query', body));
    isRefused(await send('POST', '/temporal/entityOperations/query', body));
  });

  test.each(['attrs', 'pick', 'omit', 'id', 'type', 'datasetId'])('%s: too many are refused by GET', async (name) => {
    isRefused(await send('GET', `/entities?${name}=${ids.join(',')}`));
  });

  test.each<[string, object]>([
    ['watchedAttributes', { watchedAttributes: names(101) }],
    ['selectors', { entities: names(101).map((type) => ({ type })) }],
    ['ids', { entities: [{ type: 'Odd', id: ids }] }],
    ['names to be shown', { notification: { attributes: names(101), endpoint: { uri: 'http://127.0.0.1:9/none' } } }],
    ['datasetId', { datasetId: ids }],
  ])('%s: too many are refused in a subscription, new or changed', async (_, members) => {
    isRefused(await send('POST', '/subscriptions', subscription(members)));
    const id = `urn:ngsi-ld:Subscription:${_.replaceAll(' ', '')}`;
    expect((await send('POST', '/subscriptions', subscription({ id }))).status).toBe(201);
    isRefused(await send('PATCH', `/subscriptions/${id}`, members));
  });

  test('as many as there may be are taken; positions of a geometry and words of a description are none', async () => {
    const most = query({ attrs: names(98) });
    expect((await send('POST', '/entities', { id: 'urn:ngsi-ld:Odd:1', type: 'Odd' })).status).toBe(201);
    expect((await send('POST', '/entityOperations/query', most)).status).toBe(200);
    const line = names(200).map((_, n) => [14, n / 10]);
    const geoQ = { georel: 'intersects', geometry: 'LineString', coordinates: line };
    expect((await send('POST', '/entityOperations/query', query({ geoQ }))).status).toBe(200);
    const described = subscription({ description: names(300).join(', ') });
    expect((await send('POST', '/subscriptions', described)).status).toBe(201);
  });
}

function boundsOfAttributes(): void {
  const id = 'urn:ngsi-ld:Odd:full';
  const many = (count: number, of = 'a'): object => Object.fromEntries(names(count, of).map((name) => [name, 1]));
  const datasets = (count: number): readonly object[] =>
    names(count, 'urn:d:').map((datasetId) => ({ type: 'Property', value: 1, datasetId }));
  const detail = `The entity ${id} would have more than 100 attributes, counted with all instances and sub-attributes (--attributes-max).`;
  const isRefused = ({ status, problem }: { status: number; problem: Problem }): void => {
    expect([status, problem.type, problem.detail]).toEqual([400, expect.stringMatching(/BadRequestData$/), detail]);
  };

  test('an entity with too many is refused: names, instances, or sub-attributes', async () => {
    isRefused(await send('POST', '/entities', { id, type: 'Odd', ...many(101) }));
    isRefused(await send('POST', '/entities', { id, type: 'Odd', a: datasets(101) }));
    isRefused(await send('POST', '/entities', { id, type: 'Odd', a: { type: 'Property', value: 1, ...many(100) } }));
    isRefused(await send('POST', '/temporal/entities', { id, type: 'Odd', a: datasets(101) }));
    expect((await send('GET', `/entities/${id}`)).status).toBe(404);
  });
  test('one that is there does not grow beyond it, by no verb, and stays as it is', async () => {
    expect((await send('POST', '/entities', { id, type: 'Odd', ...many(50), b: datasets(50) })).status).toBe(201);
    isRefused(await send('POST', `/entities/${id}/attrs`, { more: 1 }));
    isRefused(await send('PATCH', `/entities/${id}`, { more: 1 }));
    isRefused(await send('PUT', `/entities/${id}`, { type: 'Odd', ...many(101) }));
    isRefused(await send('PATCH', `/entities/${id}`, { a0: { type: 'Property', value: 1, more: 1 } }));
    const { status, problem } = await send('POST', '/entityOperations/update', [{ id, type: 'Odd', more: 1 }]);
    expect([status, JSON.stringify(problem)]).toEqual([207, expect.stringContaining('--attributes-max')]);
    expect((await send('PATCH', `/entities/${id}`, { a0: 2 })).status).toBe(204);
    expect((await send('DELETE', `/entities/${id}/attrs/a1`)).status).toBe(204);
    expect((await send('POST', `/entities/${id}/attrs`, { more: 1 })).status).toBe(204);
  });
  test('many more are refused before they are read, one by one in a batch', async () => {
    const told = 'The body, or a part of it, names more than 100 attributes (--attributes-max).';
    const whole = { id, type: 'Odd', ...many(200) };
    const inner = [
      { value: 1 },
      { object: 'urn:o' },
      { languageMap: { sl: 'a' } },
      { vocab: 'a' },
      { json: {} },
      { valueList: [1] },
      { objectList: ['urn:o'] },
    ].map((content) => ({ id, type: 'Odd', a: { ...content, ...many(200) } }));
    for (const body of [whole, ...inner]) {
      const alone = await send('POST', '/entities', body);
      expect([alone.status, alone.problem.detail]).toEqual([400, told]);
      const good = { id: 'urn:ngsi-ld:Odd:good', type: 'Odd' };
      const batch = await send('POST', '/entityOperations/upsert', [body, good]);
      expect([batch.status, batch.problem]).toMatchObject([
        207,
        { success: [good.id], errors: [{ error: { detail: told } }] },
      ]);
    }
    const value = { id: 'urn:ngsi-ld:Odd:value', type: 'Odd', a: { type: 'Property', value: many(200) } };
    expect((await send('POST', '/entities', value)).status).toBe(201);
  });
  test('an entity has at most 100 types', async () => {
    const { status, problem } = await send('POST', '/entities', { id: 'urn:ngsi-ld:Odd:t', type: names(101, 'T') });
    expect([status, problem.detail]).toEqual([400, 'The entity urn:ngsi-ld:Odd:t would have more than 100 types.']);
  });
  test('an entity has at most 100 scopes', async () => {
    const scope = names(101, '/s');
    const { status, problem } = await send('POST', '/entities', { id: 'urn:ngsi-ld:Odd:s', type: 'Odd', scope });
    expect([status, problem.detail]).toEqual([400, 'The entity urn:ngsi-ld:Odd:s would have more than 100 scopes.']);
    expect(
      (await send('POST', '/entities', { id: 'urn:ngsi-ld:Odd:s', type: 'Odd', scope: scope.slice(1) })).status,
    ).toBe(201);
  });
}

function boundsOfBatches(): void {
  const id = 'urn:ngsi-ld:Odd:repeated';
  const detail = `The elements of the batch rewrite the entity ${id} too often: its size, once for each element, may be 67108864 characters at most. Put the attributes of one entity into one element.`;

  test('many elements of one small entity are all applied', async () => {
    const elements = names(600).map((name) => ({ id: 'urn:ngsi-ld:Odd:small', type: 'Odd', a: name }));
    expect((await send('POST', '/entityOperations/upsert?options=update', elements)).status).toBe(201);
  });
  test.each(['upsert?options=update', 'update', 'merge'])(
    '%s: elements that rewrite a large entity too often are refused',
    async (path) => {
      expect(
        (await send('POST', '/entityOperations/upsert', [{ id, type: 'Odd', a: 'x'.repeat(4_000_000) }])).status,
      ).toBeLessThan(300);
      // Ten elements of 500 values each are applied together.
      const elements = names(25).map(() => ({ id, type: 'Odd', b: names(497) }));
      const other = { id: 'urn:ngsi-ld:Odd:small', type: 'Odd', a: 1 };
      const { status, problem } = await send('POST', `/entityOperations/${path}`, [...elements, other]);
      const error = { entityId: id, error: expect.objectContaining({ detail }) };
      expect([status, problem]).toEqual([
        207,
        { success: [id, other.id], errors: Array.from({ length: 5 }, () => error) },
      ]);
    },
  );
}

function boundsOfParts(): void {
  const isRefused = async (sent: ReturnType<typeof send>, detail: string): Promise<void> => {
    const { status, problem } = await sent;
    expect([status, problem.type, problem.detail]).toEqual([
      400,
      expect.stringMatching(/BadRequestData$/),
      expect.stringContaining(detail),
    ]);
  };
  const parts = (count: number): object => ({ '@context': names(count).map((name) => ({ [name]: `urn:t:${name}` })) });
  const geoQ = (count: number): object => ({
    geoQ: { georel: 'intersects', geometry: 'LineString', coordinates: names(count).map((_, n) => [14, n / count]) },
  });
  const terms = (count: number, id: string): object => ({ id, type: 'Odd', a: { vocab: names(count) } });

  test('a @context has at most 1000 parts, in its lists together', async () => {
    expect((await send('POST', '/jsonldContexts', parts(1000))).status).toBe(201);
    await isRefused(send('POST', '/jsonldContexts', parts(1001)), 'The @context has more than 1000 parts.');
    const nested = { '@context': names(2).map(() => names(500).map(() => null)) };
    await isRefused(send('POST', '/jsonldContexts', nested), 'The @context has more than 1000 parts.');
  });
  test('the geometry of a query or subscription has at most 10,000 positions', async () => {
    const detail = 'The geometry of the geo-query has more than 10000 positions.';
    expect((await send('POST', '/entityOperations/query', query(geoQ(10_000)))).status).toBe(200);
    await isRefused(send('POST', '/entityOperations/query', query(geoQ(10_001))), detail);
    await isRefused(send('POST', '/subscriptions', subscription(geoQ(10_001))), detail);
  });
  test('a value has at most 10,000 terms', async () => {
    expect((await send('POST', '/entities', terms(10_000, 'urn:ngsi-ld:Odd:terms'))).status).toBe(201);
    await isRefused(
      send('POST', '/entities', terms(10_001, 'urn:ngsi-ld:Odd:more')),
      'The vocab of attribute a has more than 10000 terms.',
    );
  });
}

describe.each(testedStores)('bounds (%s)', (store) => {
  beforeAll(async () => {
    broker = await startTestBroker(['--store', store, ...bounds]);
  });
  afterAll(() => broker.stop());
  describe('names, ids and selectors', boundsOfNames);
  describe('attributes', boundsOfAttributes);
  describe('batches', boundsOfBatches);
  describe('parts', boundsOfParts);
});
