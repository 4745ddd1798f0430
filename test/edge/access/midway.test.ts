/** Tests that grants which are removed in the middle of something are in force for the rest of it. */
import { once } from 'node:events';
import { request as open } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { JsonObject } from '../../../src/core/model/json.ts';
import type { Stores } from '../../../src/core/port/store.ts';
import { createMemoryStores } from '../../../src/store/memory/stores.ts';
import { read } from '../sse/reader.ts';
import { type RequiredBroker, startRequiredBroker } from './required-broker.ts';
import { administrator, startTestServer } from './test-server.ts';

const ld = '/ngsi-ld/v1';
const always = 'timeproperty=modifiedAt&timerel=after&timeAt=2020-01-01T00:00:00Z';

/** Six entities, lamps and meters in turn. */
const entities = [1, 2, 3, 4, 5, 6].map((n) => ({
  id: `urn:x:${n}`,
  type: n % 2 === 1 ? 'Lamp' : 'Meter',
  n: { type: 'Property', value: n },
  secret: { type: 'Property', value: 70 + n },
}));

describe('of a running broker', () => {
  let broker: RequiredBroker;
  let app: string;
  let whole: string;
  const operations = ['read', 'write', 'subscribe', 'history'];

  beforeEach(async () => {
    broker = await startRequiredBroker(['--instances-page', '4']);
    app = await broker.key('app');
    const sent = { key: broker.administrator, body: entities };
    expect((await broker.send(`POST ${ld}/entityOperations/upsert`, sent)).status).toBe(201);
    whole = await broker.grant({ to: 'role:app', operations });
  });
  afterEach(() => broker.stop());

  /** Leaves only the attribute `n` of lamps visible. */
  const narrow = async (): Promise<string> => {
    const path = await broker.grant({ to: 'role:app', operations, types: ['Lamp'], attrs: ['n'] });
    await broker.remove(whole);
    return path;
  };
  const get = (path: string) => broker.send(`GET ${path}`, { key: app });
  const idsOf = ({ text }: { readonly text: string }): readonly unknown[] =>
    (JSON.parse(text) as readonly { readonly id: unknown }[]).map(({ id }) => id);
  /** Without ids and times of instances, in which any digits can be. */
  const shownIn = ({ text }: { readonly text: string }): string =>
    text.replaceAll(/"(?:instanceId|modifiedAt)":"[^"]*"/g, '');
  const nextOf = ({ headers }: { readonly headers: Headers }): string => {
    const path = /<([^>]*)>; ?rel="next"/.exec(headers.get('Link') ?? '')?.[1] ?? '';
    expect(path).not.toBe('');
    return path.replace(broker.url, '');
  };

  test.each([
    ['NGSI-LD', `${ld}/entities?type=Lamp,Meter&limit=2&count=true`],
    ['a history by entities', `${ld}/temporal/entities?type=Lamp,Meter&limit=2&${always}`],
  ])('a page walk of %s shows the rest with the rights of then', async (_, path) => {
    const first = await get(path);
    expect(first.text).toMatch(/Meter.*secret|secret.*Meter/s);
    const last = await narrow();
    const second = await get(nextOf(first));
    expect([second.status, shownIn(second)]).toEqual([200, expect.not.stringMatching(/Meter|secret|7[1-6]/)]);
    await broker.remove(last);
    expect((await get(nextOf(first))).status).toBe(403);
  });

  test('a history that is cut within an entity shows the rest with the rights of then', async () => {
    for (let n = 0; n < 6; n += 1) {
      const body = { n: { type: 'Property', value: n }, secret: { type: 'Property', value: 100 + n } };
      await broker.send(`PATCH ${ld}/entities/urn:x:1/attrs`, { key: broker.administrator, body });
    }
    const first = await get(`${ld}/temporal/entities/urn:x:1?${always}`);
    expect([first.status, first.text]).toEqual([206, expect.stringContaining('secret')]);
    expect(nextOf(first)).toContain('partAfter=');
    const last = await narrow();
    const second = await get(nextOf(first));
    expect([200, 206]).toContain(second.status);
    expect(shownIn(second)).not.toMatch(/secret|10[0-5]/);
    await broker.remove(last);
    expect((await get(nextOf(first))).status).toBe(403);
  });

  test('a page walk of NGSI v2 shows the rest with the rights of then', async () => {
    const page = (offset: number) => get(`/v2/entities?type=Lamp,Meter&limit=2&offset=${offset}&options=count`);
    expect(idsOf(await page(0))).toEqual(['urn:x:1', 'urn:x:2']);
    const last = await narrow();
    const second = await page(2);
    expect([idsOf(second), second.headers.get('Fiware-Total-Count')]).toEqual([['urn:x:5'], '3']);
    expect(second.text).not.toContain('secret');
    await broker.remove(last);
    expect((await page(4)).status).toBe(403);
  });

  test('a WebSocket and an event stream end within a second, and say why', async () => {
    const headers = { Authorization: `Bearer ${app}` };
    const socket = new WebSocket(`${broker.url.replace('http', 'ws')}${ld}/stream`, 'ngsi-ld-ws.v1', { headers });
    const frames: string[] = [];
    socket.on('message', (frame: Buffer) => frames.push(frame.toString()));
    const closed = once(socket, 'close');
    await once(socket, 'open');
    socket.send(
      JSON.stringify({ op: 'subscribe', id: 's', subscription: { type: 'Subscription', entities: [{ type: '*' }] } }),
    );
    const events = await read(`${broker.url}${ld}/stream?type=*&snapshot=true`, headers);
    await events.until(() => events.events.some(({ name }) => name === 'snapshot'));
    while (!frames.some((frame) => frame.includes('"subscribed"'))) await once(socket, 'message');
    await narrow();
    const body = { secret: { type: 'Property', value: 4242 } };
    await broker.send(`PATCH ${ld}/entities/urn:x:1/attrs`, { key: broker.administrator, body });
    expect((await closed)[0]).toBe(4009);
    await events.over;
    expect(events.events.at(-1)?.data).toMatchObject({ reason: 'rightsChanged' });
    expect(JSON.stringify([frames, events.events])).not.toContain('4242');
  });

  test('a snapshot shows its creator the rights of then, also of what was taken before', async () => {
    const id = 'urn:ngsi-ld:Snapshot:1';
    const body = { id, type: 'Snapshot', snapshotQueries: [{ type: 'Query', entities: [{ type: '*' }] }] };
    expect((await broker.send(`POST ${ld}/snapshots`, { key: app, body })).status).toBe(201);
    while ((await get(`${ld}/snapshots/${id}`)).text.includes('"preparing"'));
    const within = (request = 'entities?type=Lamp,Meter&limit=2') =>
      broker.send(`GET ${ld}/${request}`, { key: app, headers: { 'NGSILD-Snapshot': id } });
    const first = await within();
    expect(idsOf(first)).toEqual(['urn:x:1', 'urn:x:2']);
    const last = await narrow();
    expect((await within('entities/urn:x:2')).status).toBe(404);
    const second = await within('entities?type=Lamp,Meter&limit=2&offset=2');
    expect(idsOf(second)).toEqual(['urn:x:5']);
    expect(second.text).not.toContain('secret');
    await broker.remove(last);
    expect((await within()).status).toBe(403);
  });

  test.each([
    ['NGSI-LD', `${ld}/entities`, { id: 'urn:x:late', type: 'Lamp' }],
    ['NGSI v2', '/v2/entities', { id: 'urn:x:late', type: 'Lamp' }],
  ])('a write by %s whose body is still on its way is decided when it has come', async (_, path, json) => {
    const body = JSON.stringify(json);
    const headers = {
      Authorization: `Bearer ${app}`,
      'Content-Type': 'application/json',
      'Content-Length': body.length,
      Expect: '100-continue',
    };
    const request = open(`${broker.url}${path}`, { method: 'POST', headers });
    request.flushHeaders();
    await once(request, 'continue');
    await broker.remove(whole);
    const answered = once(request, 'response');
    request.end(body);
    const [response] = (await answered) as [{ readonly statusCode: number; resume(): void }];
    response.resume();
    expect(response.statusCode).toBe(403);
    expect((await broker.send(`GET ${ld}/entities/urn:x:late`, { key: broker.administrator })).status).toBe(404);
  });
});

describe('of a batch', () => {
  /** More elements than a batch writes at a time. */
  const many = Array.from({ length: 300 }, (_, index) => ({
    id: `urn:x:${index}`,
    type: index % 2 === 0 ? 'Lamp' : 'Meter',
    n: { type: 'Property', value: 1 },
  }));

  /** The stores of a server. After the first part of a batch is stored, and before the next one is, `between` is done. */
  function storesWith(between: () => Promise<void>, least = 2): Stores {
    const stores = createMemoryStores();
    let isFirst = true;
    return {
      ...stores,
      open: async (...about) => {
        const store = await stores.open(...about);
        if (!store) return undefined;
        return {
          ...store,
          apply: async (writes, at) => {
            const outcomes = await store.apply(writes, at);
            if (isFirst && writes.length >= least) {
              isFirst = false;
              await between();
            }
            return outcomes;
          },
          revise: async (revision, at) => {
            const revised = await store.revise(revision, at);
            await between();
            return revised;
          },
        };
      },
    };
  }

  const written = async (left: JsonObject | undefined) => {
    let change = (): Promise<void> => Promise.resolve();
    const server = await startTestServer(storesWith(() => change()));
    const give = async (members: JsonObject): Promise<string> => {
      const body = { to: 'key:ana', operations: ['write'], ...members };
      const { headers } = await server.send('POST /access/grants', { as: administrator, body });
      return String(headers.get('Location')).replace('/ngsi-ld/v1', '');
    };
    const whole = await give({});
    change = async () => {
      if (left) await give(left);
      await server.send(`DELETE ${whole}`, { as: administrator });
    };
    const { status, body } = await server.send('POST /entityOperations/upsert', { as: 'key:ana', body: many });
    const ids = await server.send('GET /entities?type=*&limit=1000', { as: administrator });
    await server.stop();
    const { success, errors } = body as { success: string[]; errors: { error: { status: number } }[] };
    return {
      status,
      stored: (ids.body as readonly { readonly id: string }[]).map(({ id }) => id).toSorted(),
      success: success.toSorted(),
      refusals: errors.map(({ error }) => error.status),
    };
  };

  test('histories that are not deleted yet stay when the right is taken', async () => {
    let change = (): Promise<void> => Promise.resolve();
    const server = await startTestServer(storesWith(() => change()));
    for (const more of ['a', 'b']) {
      const body = many.map(({ id, n }) => ({ id: `${id}:${more}`, type: 'Lamp', n }));
      expect((await server.send('POST /entityOperations/upsert', { as: administrator, body })).status).toBe(201);
    }
    const grant = { to: 'key:ana', operations: ['read', 'delete'] };
    const { headers } = await server.send('POST /access/grants', { as: administrator, body: grant });
    change = async () => {
      change = () => Promise.resolve();
      const path = String(headers.get('Location')).replace('/ngsi-ld/v1', '');
      await server.send(`DELETE ${path}`, { as: administrator });
    };
    const options = { method: 'DELETE', headers: { authorization: 'key:ana' } };
    expect((await fetch(`${server.url}/ql/v2/types/Lamp`, options)).status).toBe(403);
    const left = await fetch(`${server.url}/ql/v2/entities`, { headers: { authorization: administrator } });
    expect(await left.json()).toHaveLength(100);
    await server.stop();
  });

  test('instances that are not recorded yet are refused when the right is taken', async () => {
    let change = (): Promise<void> => Promise.resolve();
    const server = await startTestServer(storesWith(() => change(), 1));
    const grant = { id: 'urn:g:1', to: 'key:ana', operations: ['write'] };
    await server.send('POST /access/grants', { as: administrator, body: grant });
    change = async () => {
      await server.send('DELETE /access/grants/urn:g:1', { as: administrator });
    };
    const observed = [1, 2, 3].map((n) => ({ type: 'Property', value: n, observedAt: `2026-03-01T0${n}:00:00Z` }));
    const body = { id: 'urn:x:1', type: 'Lamp', n: observed };
    expect((await server.send('POST /temporal/entities', { as: 'key:ana', body })).status).toBe(403);
    const path = `/temporal/entities/urn:x:1?${always}&format=temporalValues`;
    expect((await server.send(`GET ${path}`, { as: administrator })).body).toMatchObject({
      n: { values: [[3, expect.any(String)]] },
    });
    await server.stop();
  });

  test('what is not written yet is refused when the right is taken', async () => {
    const { status, stored, success, refusals } = await written(undefined);
    expect([status, success.length, stored.length]).toEqual([207, 250, 250]);
    expect(stored).toEqual(success);
    expect(refusals).toEqual(Array.from({ length: 50 }, () => 403));
  });

  test('what is not written yet is refused where it is outside of the rights that are left', async () => {
    const { stored, success, refusals } = await written({ types: ['Lamp'] });
    const wanted = many.filter(({ type }, index) => index < 250 || type === 'Lamp').map(({ id }) => id);
    expect([success, stored]).toEqual([wanted.toSorted(), wanted.toSorted()]);
    expect(refusals).toEqual(Array.from({ length: 25 }, () => 403));
  });
});
