/** Tests histories over context sources: read, merged and written, with listening brokers. */
import { describe, expect, test } from '@jest/globals';
import { listen, send, urlOf, useBrokers } from './context-sources.ts';
import { testedStores } from './scenario.ts';

const reads = ['retrieveTemporal', 'queryTemporal'];
const writes = [
  ...['upsertTemporal', 'appendAttrsTemporal', 'deleteAttrsTemporal', 'updateAttrInstanceTemporal'],
  ...['deleteAttrInstanceTemporal', 'deleteTemporal'],
];

let numbers = 0;
async function register(endpoint: string, members: object): Promise<string> {
  const id = `urn:ngsi-ld:ContextSourceRegistration:h${(numbers += 1)}`;
  const registration = { id, type: 'ContextSourceRegistration', endpoint, operations: reads, ...members };
  expect(await send(0, 'POST /csourceRegistrations', registration)).toMatchObject({ status: 201 });
  return id;
}
const of = (type: string, more: object = {}): object => ({ information: [{ entities: [{ type }], ...more }] });

const at = (hour: number): string => `2026-01-01T0${hour}:00:00Z`;
const measured = (...pairs: readonly (readonly [hour: number, value: number])[]): readonly object[] =>
  pairs.map(([hour, value]) => ({ type: 'Property', value, observedAt: at(hour) }));
const record = async (n: number, id: string, type: string, attrs: object): Promise<void> => {
  const { status } = await send(n, 'POST /temporal/entities?local=true', { id, type, ...attrs });
  expect(status).toBe(201);
};
const pairs = (...list: readonly (readonly [hour: number, value: number])[]): unknown =>
  list.map(([hour, value]) => [value, at(hour)]);

describe.each(testedStores)('histories over context sources (%s)', (store) => {
  useBrokers(store, 'historian');

  test('are merged: instances of all, each once, then cut and aggregated', async () => {
    const id = 'urn:tide:1';
    await record(0, id, 'Tide', { level: measured([1, 1], [4, 4]) });
    await record(1, id, 'Tide', { level: measured([2, 2], [4, 4]), name: measured([3, 7]), secret: measured([1, 1]) });
    await record(2, 'urn:tide:2', 'Tide', { level: measured([5, 5]) });
    await register(urlOf(1), of('Tide', { propertyNames: ['level', 'name'] }));
    await register(urlOf(2), of('Tide'));
    const simple = 'options=temporalValues';
    expect(await send(0, `GET /temporal/entities/${id}?${simple}`)).toMatchObject({
      status: 200,
      warning: null,
      body: { id, type: 'Tide', level: { values: pairs([1, 1], [2, 2], [4, 4]) }, name: { values: pairs([3, 7]) } },
    });
    const query = await send(0, `GET /temporal/entities?type=Tide&attrs=level&lastN=2&count=true&${simple}`);
    expect(query).toMatchObject({ status: 200, count: '2' });
    expect(query.body).toEqual([
      { id, type: 'Tide', level: { type: 'Property', values: pairs([4, 4], [2, 2]) } },
      { id: 'urn:tide:2', type: 'Tide', level: { type: 'Property', values: pairs([5, 5]) } },
    ]);
    const interval = `timerel=between&timeAt=${at(2)}&endTimeAt=${at(4)}`;
    expect((await send(0, `GET /temporal/entities/${id}?attrs=level&${interval}&${simple}`)).body).toMatchObject({
      level: { values: pairs([2, 2]) },
    });
    const sums = `aggrMethods=sum&aggrPeriodDuration=P1D&options=aggregatedValues&attrs=level`;
    expect((await send(0, `GET /temporal/entities/${id}?timerel=after&timeAt=${at(0)}&${sums}`)).body).toMatchObject({
      level: { sum: [[7, expect.any(String), expect.any(String)]] },
    });
    expect((await send(0, `GET /temporal/entities/urn:tide:2?${simple}`)).status).toBe(200);
    expect((await send(0, `GET /temporal/entities/urn:tide:2?local=true`)).status).toBe(404);
    expect((await send(0, `GET /temporal/entities?type=Tide&limit=1&offset=1&${simple}`)).body).toMatchObject([
      { id: 'urn:tide:2' },
    ]);
    const body = {
      type: 'Query',
      entities: [{ type: 'Tide', id: 'urn:tide:2' }],
      temporalQ: { timerel: 'before', timeAt: at(9) },
    };
    expect((await send(0, `POST /temporal/entityOperations/query?${simple}`, body)).body).toMatchObject([
      { id: 'urn:tide:2', level: { values: pairs([5, 5]) } },
    ]);
  });

  test('are asked only of sources of that time that offer them, and a dead one gives a warning', async () => {
    const asked: string[] = [];
    const url = await listen((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('[]');
    });
    await register(url, { ...of('Old'), observationInterval: { startAt: at(1), endAt: at(2) } });
    for (const operation of ['retrieveOps', 'retrieveTemporal'])
      await register(url, { ...of('Old'), operations: [operation] });
    await record(0, 'urn:old:1', 'Old', { a: measured([1, 1]) });
    await send(0, `GET /temporal/entities?type=Old&timerel=after&timeAt=${at(5)}`);
    expect(asked).toEqual([]);
    await send(0, `GET /temporal/entities?type=Old&timerel=before&timeAt=${at(5)}`);
    expect(asked).toEqual([
      `/ngsi-ld/v1/temporal/entities?type=Old&timerel=before&timeAt=${encodeURIComponent(at(5))}&options=sysAttrs&limit=1000`,
    ]);
    await register('http://127.0.0.1:9', of('Old'));
    const { status, warning } = await send(0, 'GET /temporal/entities/urn:old:1');
    expect([status, warning]).toEqual([200, expect.stringMatching(/^199 127\.0\.0\.1:9 /)]);
  });

  test('are written at redirect sources, and deleted there', async () => {
    const id = 'urn:flood:1';
    await register(urlOf(1), { ...of('Flood'), mode: 'redirect', operations: [...reads, ...writes] });
    const flood = { id, type: 'Flood', level: measured([1, 1]) };
    expect((await send(0, 'POST /temporal/entities', flood)).status).toBe(201);
    expect((await send(0, 'POST /temporal/entities', { ...flood, level: measured([2, 2]) })).status).toBe(204);
    expect((await send(0, `POST /temporal/entities/${id}/attrs`, { level: measured([3, 3]) })).status).toBe(204);
    expect((await send(0, `GET /temporal/entities/${id}?local=true`)).status).toBe(404);
    const { body } = await send(0, `GET /temporal/entities/${id}`);
    const [first] = (body as { readonly level: readonly { readonly instanceId: string }[] }).level;
    const instance = `/temporal/entities/${id}/attrs/level/${first?.instanceId ?? ''}`;
    expect(
      (await send(0, `PATCH ${instance}`, { level: [{ type: 'Property', value: 9, observedAt: at(1) }] })).status,
    ).toBe(204);
    expect((await send(1, `GET /temporal/entities/${id}?options=temporalValues`)).body).toMatchObject({
      level: { values: pairs([1, 9], [2, 2], [3, 3]) },
    });
    expect((await send(0, `DELETE ${instance}`)).status).toBe(204);
    expect((await send(0, `DELETE /temporal/entities/${id}/attrs/level?deleteAll=true`)).status).toBe(204);
    expect((await send(0, `DELETE /temporal/entities/${id}`)).status).toBe(404);
  });
});
