/** Tests writes that go to registered context sources, with listening brokers and with servers that refuse. */
import { describe, expect, test } from '@jest/globals';
import { listen, send, urlOf, useBrokers } from './context-sources.ts';
import { testedStores } from './scenario.ts';

/** What broker `n` itself has of an entity, simplified. */
const here = async (n: number, id: string): Promise<unknown> => {
  const { status, body } = await send(n, `GET /entities/${id}?local=true&options=keyValues`);
  return status === 404 ? undefined : body;
};

const all = ['redirectionOps'];
let numbers = 0;
async function register(endpoint: string, members: object, at = 0): Promise<string> {
  const id = `urn:ngsi-ld:ContextSourceRegistration:w${(numbers += 1)}`;
  const registration = { id, type: 'ContextSourceRegistration', endpoint, operations: all, ...members };
  expect(await send(at, 'POST /csourceRegistrations', registration)).toMatchObject({ status: 201 });
  return id;
}
const of = (type: string, more: object = {}): object => ({ information: [{ entities: [{ type }], ...more }] });
const exclusive = (id: string, type: string, ...propertyNames: readonly string[]): object => ({
  mode: 'exclusive',
  information: [{ entities: [{ id, type }], propertyNames }],
});

async function serve(status: number, body: unknown): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const url = await listen((request, response) => {
    let text = '';
    request.on('data', (piece) => (text += String(piece)));
    request.on('end', () => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''} ${text}`);
      response
        .writeHead(status, { 'Content-Type': 'application/json' })
        .end(body === undefined ? '' : JSON.stringify(body));
    });
  });
  return { url, asked };
}

describe.each(testedStores)('writes over context sources (%s)', (store) => {
  useBrokers(store, 'writer');

  test('go to an exclusive source for its attributes, and stay here for others', async () => {
    const id = 'urn:valve:1';
    await register(urlOf(1), exclusive(id, 'Valve', 'open', 'flow'));
    expect((await send(0, 'POST /entities', { id, type: 'Valve', open: true, name: 'north' })).status).toBe(201);
    expect(await here(0, id)).toEqual({ id, type: 'Valve', name: 'north' });
    expect(await here(1, id)).toEqual({ id, type: 'Valve', open: true });
    expect((await send(0, `PATCH /entities/${id}/attrs/open`, { value: false })).status).toBe(204);
    expect((await send(0, `POST /entities/${id}/attrs`, { flow: 3, name: 'south' })).status).toBe(204);
    expect((await send(0, `PATCH /entities/${id}`, { flow: 4, size: 1 })).status).toBe(204);
    expect(await here(0, id)).toEqual({ id, type: 'Valve', name: 'south', size: 1 });
    expect(await here(1, id)).toEqual({ id, type: 'Valve', open: false, flow: 4 });
    expect((await send(0, `PUT /entities/${id}/attrs/flow`, { type: 'Property', value: 5 })).status).toBe(204);
    expect((await send(0, `DELETE /entities/${id}/attrs/open`)).status).toBe(204);
    expect(await here(1, id)).toEqual({ id, type: 'Valve', flow: 5 });
    expect((await send(0, `DELETE /entities/${id}`)).status).toBe(204);
    expect([await here(0, id), await here(1, id)]).toEqual([undefined, undefined]);
  });

  test('go to all redirect sources, and leave nothing here', async () => {
    const id = 'urn:gate:1';
    for (const n of [1, 2]) await register(urlOf(n), { ...of('Gate'), mode: 'redirect' });
    expect((await send(0, 'POST /entities', { id, type: 'Gate', open: true })).status).toBe(201);
    expect([await here(0, id), await here(1, id), await here(2, id)]).toEqual([
      undefined,
      { id, type: 'Gate', open: true },
      { id, type: 'Gate', open: true },
    ]);
    expect((await send(0, `PATCH /entities/${id}/attrs?type=Gate`, { open: false })).status).toBe(204);
    expect(await here(2, id)).toMatchObject({ open: false });
    expect((await send(0, `DELETE /entities/${id}?type=Gate`)).status).toBe(204);
    expect(await here(1, id)).toBeUndefined();
  });

  test('never leave here what a registration that is created at the same time has for itself', async () => {
    const ids = Array.from({ length: 20 }, (_, n) => `urn:crane:${n}`);
    const made = await Promise.all(
      ids.map(async (id, n) => {
        const registration = {
          type: 'ContextSourceRegistration',
          endpoint: urlOf(1),
          operations: ['redirectionOps'],
          ...exclusive(id, 'Crane', 'height'),
        };
        const write = () => send(0, 'POST /entities', { id, type: 'Crane', height: 1 });
        const early = n % 2 === 0 ? write() : undefined;
        const registering = send(0, 'POST /csourceRegistrations', registration);
        await (early ?? write());
        return (await registering).status;
      }),
    );
    for (const [n, id] of ids.entries()) {
      expect([201, 409]).toContain(made[n]);
      if (made[n] === 201) expect(await here(0, id)).toBeUndefined();
      else expect(await here(0, id)).toMatchObject({ height: 1 });
    }
  });

  test('of another type than the entity here go to the sources of that type', async () => {
    const id = 'urn:door:1';
    await send(0, 'POST /entities', { id, type: 'Door', name: 'north' });
    await register(urlOf(1), { ...exclusive(id, 'Door', 'open'), mode: 'redirect' });
    await send(1, 'POST /entities', { id, type: 'Door', open: true });
    for (const write of [`DELETE /entities/${id}?type=Window`, `DELETE /entities/${id}/attrs/open?type=Window`])
      expect(await send(0, write)).toMatchObject({ status: 404, body: { detail: expect.any(String) } });
    expect(await here(0, id)).toEqual({ id, type: 'Door', name: 'north' });
    expect(await here(1, id)).toEqual({ id, type: 'Door', open: true });
    expect((await send(0, `DELETE /entities/${id}?type=Door`)).status).toBe(204);
    expect([await here(0, id), await here(1, id)]).toEqual([undefined, undefined]);
  });

  test('copy to inclusive sources what they offer, and tell what failed', async () => {
    const id = 'urn:meter:1';
    const registrationId = await register(urlOf(1), of('Meter', { propertyNames: ['load'] }));
    await register(urlOf(2), { ...of('Meter'), operations: ['retrieveOps'] });
    expect((await send(0, 'POST /entities', { id, type: 'Meter', load: 1, place: 'a' })).status).toBe(201);
    expect(await here(0, id)).toEqual({ id, type: 'Meter', load: 1, place: 'a' });
    expect(await here(1, id)).toEqual({ id, type: 'Meter', load: 1 });
    expect(await here(2, id)).toBeUndefined();
    expect(await send(0, 'POST /entities', { id, type: 'Meter', load: 1 })).toMatchObject({
      status: 207,
      body: {
        success: [],
        errors: [
          { entityId: id, error: { status: 409 } },
          { entityId: id, error: { status: 409 }, registrationId },
        ],
      },
    });
    expect((await send(1, `DELETE /entities/${id}`)).status).toBe(204);
    const load = expect.stringMatching(/load$/);
    expect(await send(0, `PATCH /entities/${id}/attrs`, { load: 2, place: 'b' })).toMatchObject({
      status: 207,
      body: {
        updated: [load, expect.stringMatching(/place$/)],
        notUpdated: [{ attributeName: load, reason: expect.any(String), registrationId }],
      },
    });
    expect(await send(0, `DELETE /entities/${id}`)).toMatchObject({
      status: 207,
      body: { success: [id], errors: [{ entityId: id, error: { status: 404 }, registrationId }] },
    });
  });

  test('never go to auxiliary sources or expired registrations, and stay here with local=true', async () => {
    const { url, asked } = await serve(201, undefined);
    await register(url, { ...of('Lone'), mode: 'auxiliary', operations: ['retrieveOps'] });
    await register(url, { ...of('Other'), mode: 'redirect' });
    expect((await send(0, 'POST /entities', { id: 'urn:lone:1', type: 'Lone', a: 1 })).status).toBe(201);
    expect((await send(0, 'POST /entities?local=true', { id: 'urn:other:1', type: 'Other', a: 1 })).status).toBe(201);
    expect(asked).toEqual([]);
  });

  test('in a batch are not refused for a source of history', async () => {
    const observationInterval = { startAt: '2020-01-01T00:00:00Z' };
    await register(urlOf(1), { ...of('Past'), mode: 'redirect', observationInterval });
    expect((await send(0, 'POST /entityOperations/upsert', [{ id: 'urn:past:1', type: 'Past' }])).status).toBe(201);
  });

  test('are refused before a source is asked, as they are without sources', async () => {
    const { url, asked } = await serve(204, undefined);
    await register(url, { ...of('Hatch'), mode: 'redirect' });
    const path = '/entities/urn:hatch:1';
    const nothing = { a: 'urn:ngsi-ld:null' };
    expect((await send(0, `POST ${path}/attrs?type=Hatch`, nothing)).status).toBe(400);
    expect((await send(0, `PUT ${path}/attrs/a?type=Hatch`, { type: 'Property' })).status).toBe(400);
    expect((await send(0, `PATCH ${path}?type=Hatch`, { a: { type: 'Robot' } })).status).toBe(400);
    expect(asked).toEqual([]);
    expect((await send(0, `PATCH ${path}?type=Hatch&format=simplified`, { a: { type: 'Robot' } })).status).toBe(204);
    expect(asked).toEqual([
      'PATCH /ngsi-ld/v1/entities/urn%3Ahatch%3A1?format=simplified&type=Hatch {"a":{"type":"Robot"}}',
    ]);
  });

  test('take the scope along', async () => {
    const { url, asked } = await serve(204, undefined);
    await register(url, { ...of('Dock'), mode: 'redirect' });
    const entity = { id: 'urn:dock:1', type: 'Dock', scope: '/Port', a: 1 };
    expect((await send(0, 'POST /entities', entity)).status).toBe(201);
    expect((await send(0, 'PATCH /entities/urn:dock:1?type=Dock', { scope: '/Quay' })).status).toBe(204);
    expect(asked).toEqual([
      `POST /ngsi-ld/v1/entities ${JSON.stringify(entity)}`,
      'PATCH /ngsi-ld/v1/entities/urn%3Adock%3A1?type=Dock {"scope":"/Quay"}',
    ]);
  });

  test('go to all others when the @context of a source cannot be loaded', async () => {
    const contextSourceInfo = [{ key: 'jsonldContext', value: 'http://127.0.0.1:1/context.jsonld' }];
    const lost = await register(urlOf(2), { ...of('Barrel'), contextSourceInfo });
    await register(urlOf(1), of('Barrel'));
    expect(await send(0, 'POST /entities', { id: 'urn:barrel:1', type: 'Barrel', a: 1 })).toMatchObject({
      status: 207,
      body: { success: ['urn:barrel:1'], errors: [{ entityId: 'urn:barrel:1', registrationId: lost }] },
    });
    expect(await here(0, 'urn:barrel:1')).toMatchObject({ a: 1 });
    expect(await here(1, 'urn:barrel:1')).toMatchObject({ a: 1 });
  });

  test('have the status of the one source that has everything', async () => {
    const body = { id: 'urn:sole:1', type: 'Sole', a: 1 };
    const lost = await serve(404, { title: 'none', detail: 'lost' });
    const broken = await serve(403, { title: 'no' });
    const statuses: number[] = [];
    for (const endpoint of [lost.url, broken.url, 'http://127.0.0.1:1']) {
      const id = await register(endpoint, { ...of('Sole'), mode: 'redirect' });
      statuses.push((await send(0, 'POST /entities', body)).status);
      expect((await send(0, `DELETE /csourceRegistrations/${id}`)).status).toBe(204);
    }
    expect(statuses).toEqual([404, 502, 502]);
    await register(broken.url, { ...of('Sole'), mode: 'redirect', operations: ['retrieveOps'] });
    expect(await send(0, 'POST /entities', body)).toMatchObject({
      status: 409,
      body: { type: expect.stringContaining('Conflict') },
    });
    expect(broken.asked).toHaveLength(1);
    expect((await send(0, 'POST /entities', { ...body, a: null })).status).toBe(400);
  });

  test('end in a loop with 508', async () => {
    const body = { id: 'urn:ring:1', type: 'Ring', a: 1 };
    await register(urlOf(1), { ...of('Ring'), mode: 'redirect' }, 0);
    await register(urlOf(0), { ...of('Ring'), mode: 'redirect' }, 1);
    expect((await send(0, 'POST /entities', body)).status).toBe(508);
    expect((await send(0, 'DELETE /entities/urn:ring:1?type=Ring', undefined, { Via: '1.1 writer0' })).status).toBe(
      508,
    );
  });

  test('have their @context in the body when the source wants JSON-LD', async () => {
    const { url, asked } = await serve(204, undefined);
    const contextSourceInfo = [{ key: 'contentType', value: 'application/ld+json' }];
    await register(url, { ...of('Linked'), mode: 'redirect', contextSourceInfo });
    expect((await send(0, 'POST /entities', { id: 'urn:linked:1', type: 'Linked', a: 1 })).status).toBe(201);
    expect(asked).toEqual([
      'POST /ngsi-ld/v1/entities {"id":"urn:linked:1","type":"Linked","a":1,"@context":"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld"}',
    ]);
  });

  test('send what is registered, in the names of the source', async () => {
    const { url, asked } = await serve(204, undefined);
    const made = await send(1, 'POST /jsonldContexts', {
      '@context': { Bulb: 'https://x.example/Lamp', bright: 'https://x.example/level' },
    });
    expect(made.status).toBe(201);
    const list = (await send(1, 'GET /jsonldContexts?kind=Hosted')).body as readonly string[];
    await register(url, {
      mode: 'redirect',
      information: [{ entities: [{ type: 'https://x.example/Lamp' }], propertyNames: ['https://x.example/level'] }],
      contextSourceInfo: [{ key: 'jsonldContext', value: new URL(list[0] ?? '', urlOf(1)).href }],
    });
    const name = 'https://x.example/level';
    const answer = await send(0, 'POST /entities', {
      id: 'urn:l:1',
      type: 'https://x.example/Lamp',
      [name]: { type: 'Property', value: 1, [name]: 2 },
    });
    expect(answer.status).toBe(201);
    expect(asked).toEqual([
      'POST /ngsi-ld/v1/entities {"id":"urn:l:1","type":"Bulb","bright":{"type":"Property","value":1,"bright":2}}',
    ]);
  });
});
