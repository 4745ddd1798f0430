/** Tests batches and purges that go to registered context sources, with listening brokers and with servers that refuse. */
import { describe, expect, test } from '@jest/globals';
import { listen, send, urlOf, useBrokers } from './context-sources.ts';
import { testedStores } from './scenario.ts';

const batches = ['createBatch', 'upsertBatch', 'updateBatch', 'mergeBatch', 'deleteBatch'];

/** What broker `n` itself has of an entity, simplified. */
const here = async (n: number, id: string): Promise<unknown> => {
  const { status, body } = await send(n, `GET /entities/${id}?local=true&options=keyValues`);
  return status === 404 ? undefined : body;
};
const absent = (...ids: readonly [number, string][]): Promise<unknown> =>
  Promise.all(ids.map(([n, id]) => here(n, id)));

let numbers = 0;
async function register(endpoint: string, members: object): Promise<string> {
  const id = `urn:ngsi-ld:ContextSourceRegistration:b${(numbers += 1)}`;
  const registration = { id, type: 'ContextSourceRegistration', endpoint, operations: batches, ...members };
  expect(await send(0, 'POST /csourceRegistrations', registration)).toMatchObject({ status: 201 });
  return id;
}
const of = (type: string, more: object = {}): object => ({
  information: [{ entities: [{ type, idPattern: `^urn:${type.toLowerCase()}:` }], ...more }],
});

/** A server that answers everything so, and the requests that it got. */
async function serve(answer: (path: string) => readonly [status: number, body?: unknown]) {
  const asked: string[] = [];
  const url = await listen((request, response) => {
    let text = '';
    request.on('data', (piece) => (text += String(piece)));
    request.on('end', () => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''} ${text}`.trim());
      const [status, body] = answer(request.url ?? '');
      response
        .writeHead(status, { 'Content-Type': 'application/json' })
        .end(body === undefined ? '' : JSON.stringify(body));
    });
  });
  return { url, asked };
}

describe.each(testedStores)('batches over context sources (%s)', (store) => {
  useBrokers(store, 'batcher');

  test('that began before the first exclusive registration are written before it is checked', async () => {
    const [held, asked] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const context = await listen((_, response) => {
      asked.resolve(undefined);
      void held.promise.then(() =>
        response.writeHead(200, { 'Content-Type': 'application/ld+json' }).end('{"@context":{}}'),
      );
    });
    const id = 'urn:sluice:1';
    const body = [{ '@context': context, id, type: 'Sluice', level: 1 }];
    const batch = send(0, 'POST /entityOperations/upsert', body, { 'Content-Type': 'application/ld+json' });
    await asked.promise;
    const registration = send(0, 'POST /csourceRegistrations', {
      ...{ id: 'urn:r:sluice', type: 'ContextSourceRegistration', endpoint: urlOf(1), operations: batches },
      ...{ mode: 'exclusive', information: [{ entities: [{ id, type: 'Sluice' }], propertyNames: ['level'] }] },
    });
    // It is known to requests from now on, but has to wait for the batch.
    let known: unknown;
    do ({ body: known } = await send(0, 'GET /csourceRegistrations?type=Sluice'));
    while (JSON.stringify(known) === '[]');
    held.resolve(undefined);
    expect([(await batch).status, (await registration).status]).toEqual([201, 409]);
    expect(await here(0, id)).toEqual({ id, type: 'Sluice', level: 1 });
    expect((await send(0, 'GET /csourceRegistrations?type=Sluice')).body).toEqual([]);
  });

  test('divide each entity among an exclusive source, an inclusive one and this broker', async () => {
    const [one, two] = ['urn:pump:1', 'urn:pump:2'];
    const information = [{ entities: [one, two].map((id) => ({ id, type: 'Pump' })), propertyNames: ['flow'] }];
    await register(urlOf(1), { mode: 'exclusive', information });
    await register(urlOf(2), of('Pump', { propertyNames: ['flow', 'name'] }));
    const entities = [one, two].map((id) => ({ id, type: 'Pump', flow: 1, name: id }));
    const body = [...entities, { id: 'urn:well:1', type: 'Well', name: 'w' }];
    expect(await send(0, 'POST /entityOperations/create', body)).toMatchObject({
      status: 201,
      body: [one, two, 'urn:well:1'],
    });
    expect(await absent([0, one], [1, two], [2, one])).toEqual([
      { id: one, type: 'Pump', name: one },
      { id: two, type: 'Pump', flow: 1 },
      { id: one, type: 'Pump', name: one },
    ]);
    const change = [one, two].map((id) => ({ id, type: 'Pump', flow: 2, name: 'new' }));
    expect((await send(0, 'POST /entityOperations/update', change)).status).toBe(204);
    expect((await send(0, 'POST /entityOperations/merge', [{ id: one, type: 'Pump', flow: 3 }])).status).toBe(204);
    expect((await send(0, 'POST /entityOperations/upsert', [{ ...change[1], flow: 4 }])).status).toBe(204);
    expect(await absent([0, two], [1, one], [1, two], [2, two])).toEqual([
      { id: two, type: 'Pump', name: 'new' },
      { id: one, type: 'Pump', flow: 3 },
      { id: two, type: 'Pump', flow: 4 },
      { id: two, type: 'Pump', name: 'new' },
    ]);
    expect((await send(0, 'POST /entityOperations/delete', [one, two])).status).toBe(204);
    expect(await absent([0, one], [1, one], [2, two])).toEqual([undefined, undefined, undefined]);
  });

  test('go to all redirect sources, in one request each, and leave nothing here', async () => {
    const sources = [await serve(() => [201, ['urn:gate:1', 'urn:gate:2']]), await serve(() => [201, []])];
    for (const { url } of sources) await register(url, { ...of('Gate'), mode: 'redirect' });
    const entities = [1, 2].map((n) => ({ id: `urn:gate:${n}`, type: 'Gate', open: true }));
    expect(await send(0, 'POST /entityOperations/upsert?options=update', entities)).toMatchObject({
      status: 201,
      body: ['urn:gate:1', 'urn:gate:2'],
    });
    const line = `POST /ngsi-ld/v1/entityOperations/upsert?options=update ${JSON.stringify(entities)}`;
    expect(sources.map(({ asked }) => asked)).toEqual([[line], [line]]);
    expect(await here(0, 'urn:gate:1')).toBeUndefined();
  });

  test('tell for each entity what failed where', async () => {
    const failing = await serve(() => [
      207,
      {
        success: ['urn:lamp:1'],
        errors: [{ entityId: 'urn:lamp:2', error: { type: 'urn:x', title: 'no', status: 409 } }],
      },
    ]);
    const registrationId = await register(failing.url, of('Lamp'));
    const dead = await register('http://127.0.0.1:9', of('Lamp', { propertyNames: ['glow'] }));
    const entities = [
      { id: 'urn:lamp:1', type: 'Lamp', on: true },
      { id: 'urn:lamp:2', type: 'Lamp', on: true },
      { id: 'urn:lamp:3', type: 'Lamp', glow: 1 },
      { id: 'nothing', type: 'Lamp', on: true },
    ];
    const { status, body } = await send(0, 'POST /entityOperations/create', entities);
    expect(status).toBe(207);
    expect(body).toEqual({
      success: ['urn:lamp:1', 'urn:lamp:2', 'urn:lamp:3'],
      errors: [
        {
          entityId: 'urn:lamp:2',
          error: { type: 'urn:x', title: 'no', detail: expect.any(String), status: 409 },
          registrationId,
        },
        // The source says nothing of this one.
        { entityId: 'urn:lamp:3', error: expect.objectContaining({ status: 502 }), registrationId },
        { entityId: 'urn:lamp:3', error: expect.objectContaining({ status: 502 }), registrationId: dead },
        { entityId: 'nothing', error: expect.objectContaining({ status: 400 }) },
      ],
    });
  });

  test('become single writes for a source that offers no batches, and a conflict where it offers neither', async () => {
    const source = await serve((path) => [path.endsWith('/entities') ? 409 : 204]);
    await register(source.url, { ...of('Fan'), mode: 'redirect', operations: ['redirectionOps'] });
    const fan = { id: 'urn:fan:1', type: 'Fan', speed: 1 };
    const path = '/ngsi-ld/v1/entities/urn%3Afan%3A1';
    for (const what of ['upsert?options=update', 'update', 'update?options=noOverwrite', 'merge'])
      expect((await send(0, `POST /entityOperations/${what}`, [fan])).status).toBe(204);
    expect((await send(0, 'POST /entityOperations/delete', ['urn:fan:1'])).status).toBe(204);
    expect(source.asked).toEqual([
      `POST /ngsi-ld/v1/entities ${JSON.stringify(fan)}`,
      `PATCH ${path}/attrs {"speed":1}`,
      `PATCH ${path}/attrs {"speed":1}`,
      `POST ${path}/attrs?options=noOverwrite {"speed":1}`,
      `PATCH ${path} ${JSON.stringify(fan)}`,
      `DELETE ${path}`,
    ]);
    const reading = await register(source.url, { ...of('Vent'), mode: 'redirect', operations: ['retrieveOps'] });
    expect(await send(0, 'POST /entityOperations/create', [{ id: 'urn:vent:1', type: 'Vent' }])).toMatchObject({
      status: 207,
      body: { success: [], errors: [{ entityId: 'urn:vent:1', error: { status: 409 }, registrationId: reading }] },
    });
  });

  test('purge at sources what they have registered, and tell which source failed', async () => {
    const operations = ['redirectionOps'];
    await register(urlOf(1), { ...of('Mill', { propertyNames: ['speed'] }), operations });
    const refusing = await serve(() => [500]);
    const mill = { id: 'urn:mill:1', type: 'Mill', speed: 1 };
    await send(0, 'POST /entities', mill);
    await send(1, 'POST /entities/urn:mill:1/attrs', { name: 'kept' });
    expect((await send(0, 'DELETE /entities?type=Mill')).status).toBe(204);
    expect(await absent([0, mill.id], [1, mill.id])).toEqual([undefined, { id: mill.id, type: 'Mill', name: 'kept' }]);
    const registrationId = await register(refusing.url, { ...of('Mill'), operations });
    expect(await send(0, 'DELETE /entities?type=Mill&q=name&drop=name')).toMatchObject({
      status: 207,
      body: { success: [], errors: [{ entityId: '*', error: { status: 500 }, registrationId }] },
    });
    expect(refusing.asked).toEqual([
      'DELETE /ngsi-ld/v1/entities?type=Mill&idPattern=%5Eurn%3Amill%3A&q=name&drop=name',
    ]);
  });

  test('stay here with local=true', async () => {
    const source = await serve(() => [204]);
    await register(source.url, { ...of('Own'), mode: 'redirect' });
    const own = { id: 'urn:own:1', type: 'Own', a: 1 };
    expect((await send(0, 'POST /entityOperations/create?local=true', [own])).status).toBe(201);
    expect([await here(0, 'urn:own:1'), source.asked]).toEqual([own, []]);
  });
});
