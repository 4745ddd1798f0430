/** Tests entities as CSV, which clients get with `Accept: text/csv`. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestBroker, type TestBroker, testedStores } from './scenario.ts';

describe.each(testedStores)('CSV (%s)', (store) => {
  let broker: TestBroker;
  const get = async (path: string, Accept = 'text/csv') => {
    const response = await fetch(`${broker.url}/ngsi-ld/v1${path}`, { headers: { Accept } });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  beforeAll(async () => {
    broker = await startTestBroker(['--store', store]);
    const entities = [
      { id: 'urn:x:ship:1', type: 'Ship', speed: { value: -4.5, unitCode: 'KNT', observedAt: '2026-03-01T08:00:00Z' } },
      { id: 'urn:x:ship:2', type: 'Ship', name: { value: '=HYPERLINK("x")' }, cargo: { value: { tons: 3 } } },
    ];
    const response = await fetch(`${broker.url}/ngsi-ld/v1/entityOperations/create`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(entities),
    });
    expect(response.status).toBe(201);
  });
  afterAll(() => broker.stop());

  test('of a query: a row for each entity, a column for each attribute, formulas guarded', async () => {
    const { status, headers, text } = await get('/entities?type=Ship');
    expect([status, headers.get('Content-Type')]).toEqual([200, 'text/csv']);
    expect(text).toBe(
      'id,type,speed,name,cargo\r\nurn:x:ship:1,Ship,-4.5,,\r\nurn:x:ship:2,Ship,,"\'=HYPERLINK(""x"")","{""tons"":3}"\r\n',
    );
    const first = await get('/entities?type=Ship&limit=1&attrs=speed&count=true');
    expect(first.text).toBe('id,type,speed\r\nurn:x:ship:1,Ship,-4.5\r\n');
    expect(first.headers.get('NGSILD-Results-Count')).toBe('1');
    expect((await get('/entities?type=Boat')).text).toBe('id,type\r\n');
  });

  test('a table with more columns or bytes than fit in memory is refused', async () => {
    const wide = Array.from({ length: 30 }, (_, n) => ({
      ...{ id: `urn:x:wide:${n}`, type: 'Wide' },
      ...Object.fromEntries(Array.from({ length: 600 }, (_, at) => [`a${n}x${at}`, at])),
    }));
    const long = Array.from({ length: 17 }, (_, n) => ({
      id: `urn:x:long:${n}`,
      type: 'Long',
      a: 'x'.repeat(1_000_000),
    }));
    for (const some of [wide, long]) {
      const response = await fetch(`${broker.url}/ngsi-ld/v1/entityOperations/create`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(some),
      });
      expect(response.status).toBe(201);
    }
    for (const type of ['Wide', 'Long']) {
      const { status, text } = await get(`/entities?type=${type}&limit=100`);
      expect(status).toBe(403);
      expect(text).toContain('lower limit');
      expect((await get(`/entities?type=${type}&limit=10`)).status).toBe(200);
    }
  });

  test('of one entity', async () => {
    expect((await get('/entities/urn:x:ship:1')).text).toBe('id,type,speed\r\nurn:x:ship:1,Ship,-4.5\r\n');
  });

  test('what has no form as a table is refused, and JSON stays what clients get that do not ask', async () => {
    expect((await get('/entities?type=Ship&join=inline')).status).toBe(400);
    expect((await get('/entities/urn:x:none')).status).toBe(404);
    for (const accept of ['*/*', 'text/*;q=0.5, application/json'])
      expect((await get('/entities?type=Ship', accept)).headers.get('Content-Type')).toBe('application/json');
  });
});
