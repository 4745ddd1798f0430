/** Tests pages of entities that do not fit in memory: they are read while they are sent, and have the same content as others. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestBroker, type TestBroker, testedStores } from './scenario.ts';

const filling = 'ž'.repeat(40_000);
const id = (n: number): string => `urn:ngsi-ld:Large:${String(n).padStart(2, '0')}`;
const ids = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => id(n));

describe.each(testedStores)('large entities (%s)', (store) => {
  let broker: TestBroker;
  const send = (path: string, init: RequestInit): Promise<Response> => fetch(`${broker.url}/ngsi-ld/v1${path}`, init);
  const ask = (query: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    send(`/entities?type=Large&local=true&limit=50&${query}`, { headers });

  beforeAll(async () => {
    broker = await startTestBroker(['--store', store, '--memory-budget', '32MB']);
    const entities = ids(30).map((one, n) => ({
      id: one,
      type: 'Large',
      filling,
      n: 29 - n,
      location: { type: 'Point', coordinates: [14, 46] },
      ...(n === 7 ? { expiresAt: '2099-01-01T00:00:00Z' } : {}),
    }));
    const made = await send('/entityOperations/create', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(entities),
    });
    expect(made.status).toBe(201);
  });
  afterAll(() => broker.stop());

  const idsIn = (list: readonly { readonly id: string }[]): readonly string[] => list.map((one) => one.id);

  test.each([
    ['all', '', ids(30)],
    ['a page', 'limit=7&offset=3', ids(10).slice(3)],
    ['by value', 'q=n%3C5', ids(30).slice(25)],
    ['by what is not indexed', 'q=filling', ids(30)],
    ['by id', `id=${id(3)},${id(11)}`, [id(3), id(11)]],
    ['in order', 'orderBy=n', ids(30).toReversed()],
    ['a page in order', 'orderBy=n&limit=2&offset=1', [id(28), id(27)]],
  ])('%s', async (_, query, expected) => {
    const path = query.includes('limit') ? `/entities?type=Large&local=true&${query}` : undefined;
    const answer = await (path === undefined ? ask(query) : send(path, {}));
    expect(answer.status).toBe(200);
    const list = (await answer.json()) as { id: string; filling: { value: string } }[];
    expect(idsIn(list)).toStrictEqual(expected);
    expect(list.every((one) => one.filling.value === filling)).toBe(true);
  });

  test('count and links are there before the content', async () => {
    const answer = await send('/entities?type=Large&local=true&limit=20&count=true', {});
    expect(answer.headers.get('NGSILD-Results-Count')).toBe('30');
    expect(answer.headers.get('Link')).toContain('offset=20');
    expect(await answer.json()).toHaveLength(20);
  });

  test('as JSON-LD each with its @context, as GeoJSON one collection', async () => {
    const linked = (await (await ask('format=keyValues', { Accept: 'application/ld+json' })).json()) as object[];
    expect(linked).toHaveLength(30);
    expect(linked.every((one) => '@context' in one)).toBe(true);
    const collection = (await (await ask('', { Accept: 'application/geo+json' })).json()) as {
      features: { id: string }[];
    };
    expect(idsIn(collection.features)).toStrictEqual(ids(30));
    expect(collection).toHaveProperty('@context');
  });

  test('what is left out leaves no gap between commas', async () => {
    const answer = await send('/entityOperations/query?limit=50&local=true', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ type: 'Query', entities: [{ type: 'Large' }], attrs: ['n'] }),
    });
    expect(await answer.json()).toHaveLength(30);
  });

  test('of a part of the tenant, too', async () => {
    const scoped = await ask('', { 'Fiware-ServicePath': '/Nowhere' });
    expect(await scoped.json()).toStrictEqual([]);
  });

  test('a long answer in words of an older version is known to be one before it begins', async () => {
    await send(`/entities/${id(29)}/attrs`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ later: { type: 'JsonProperty', json: { a: 1 } } }),
    });
    const answer = await ask('', { Prefer: 'ngsi-ld=1.3' });
    expect(answer.status).toBe(203);
    expect(await answer.json()).toHaveLength(30);
  });

  test('HEAD has no content and the same headers', async () => {
    const answer = await send('/entities?type=Large&local=true&limit=20&count=true', { method: 'HEAD' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('NGSILD-Results-Count')).toBe('30');
    expect(await answer.text()).toBe('');
  });
});
