/** Tests entities and histories as CSV, which clients get with `Accept: text/csv`. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
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

  test('of histories: a row for each instance, with times that readers of tables read as one format', async () => {
    const history = {
      id: 'urn:x:buoy:1',
      type: ['Buoy', 'Float'],
      level: [
        { value: 1.5, unitCode: 'MTR', observedAt: '2026-03-01T08:00:00Z' },
        { value: -2, unitCode: 'MTR', observedAt: '2026-03-01T09:00:00.25Z' },
        { value: 7, datasetId: 'urn:x:high', observedAt: '2026-03-02T09:00:00Z' },
      ],
      note: [{ value: '=1+1, "so"', observedAt: '2026-03-01T10:00:00Z' }],
      place: [{ value: { type: 'Point', coordinates: [14.36, 46.24] }, observedAt: '2026-03-01T10:00:00Z' }],
    };
    const written = await fetch(`${broker.url}/ngsi-ld/v1/temporal/entities`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(history),
    });
    expect(written.status).toBe(201);
    const { status, headers, text } = await get('/temporal/entities/urn:x:buoy:1');
    expect([status, headers.get('Content-Type')]).toEqual([200, 'text/csv']);
    expect(text.split('\r\n', 1)).toEqual([
      'entityId,entityType,attribute,datasetId,observedAt,modifiedAt,deletedAt,number,text,unitCode',
    ]);
    const rows = parse<Record<string, string>>(text, { columns: true });
    const cells = rows.map(({ attribute, datasetId, observedAt, number, text: words }) =>
      [attribute, datasetId, observedAt, number, words].join(' '),
    );
    expect(cells.toSorted()).toEqual([
      'level  2026-03-01T08:00:00.000000Z 1.5 ',
      'level  2026-03-01T09:00:00.250000Z -2 ',
      'level urn:x:high 2026-03-02T09:00:00.000000Z 7 ',
      `note  2026-03-01T10:00:00.000000Z  '=1+1, "so"`,
      'place  2026-03-01T10:00:00.000000Z  {"type":"Point","coordinates":[14.36,46.24]}',
    ]);
    expect(rows[0]).toMatchObject({ entityId: 'urn:x:buoy:1', entityType: 'Buoy Float', deletedAt: '' });
    expect(rows[0]?.['modifiedAt']).toMatch(/^20\d\d-.*\.\d{6}Z$/);
    const late = await get('/temporal/entities?type=Buoy&attrs=level&timerel=after&timeAt=2026-03-02T00:00:00Z');
    expect(parse(late.text, { columns: true })).toMatchObject([{ number: '7', unitCode: '' }]);
    const none = await get('/temporal/entities?type=Boat');
    expect(none.text.split('\r\n').slice(1)).toEqual(['']);
    expect((await get('/temporal/entities/urn:x:none')).status).toBe(404);
  });

  test('of aggregates: a row for each period, a column for each method', async () => {
    const aggregated = await get(
      '/temporal/entities?type=Buoy&attrs=level&aggrMethods=max,totalCount&aggrPeriodDuration=P1D&timerel=after&timeAt=2026-02-28T00:00:00Z',
    );
    expect(aggregated.text).toBe(
      [
        'entityId,entityType,attribute,datasetId,periodStart,periodEnd,max,totalCount',
        'urn:x:buoy:1,Buoy Float,level,,2026-03-01T00:00:00.000000Z,2026-03-02T00:00:00.000000Z,1.5,2',
        'urn:x:buoy:1,Buoy Float,level,urn:x:high,2026-03-02T00:00:00.000000Z,2026-03-03T00:00:00.000000Z,7,1',
        '',
      ].join('\r\n'),
    );
  });

  test('what has no form as a table is refused, and JSON stays what clients get that do not ask', async () => {
    expect((await get('/entities?type=Ship&join=inline')).status).toBe(400);
    expect((await get('/entities/urn:x:none')).status).toBe(404);
    for (const accept of ['*/*', 'text/*;q=0.5, application/json'])
      expect((await get('/entities?type=Ship', accept)).headers.get('Content-Type')).toBe('application/json');
  });
});
