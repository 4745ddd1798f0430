/**
 * Tests features of the HTTP binding that FIWARE clients need: chunked bodies, their headers in answers, and requests from pages of another
 * origin.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { startTestBroker, type TestBroker } from '../../scenario/scenario.ts';

const origin = 'https://kranj.example';
const api = '/ngsi-ld/v1';
const json = { 'Content-Type': 'application/json' };

/** A body that nobody knows the length of. */
const chunks = (...texts: readonly string[]): ReadableStream =>
  new ReadableStream({
    start(controller) {
      for (const text of texts) controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });

describe('clients of FIWARE', () => {
  let broker: TestBroker;
  let strict: TestBroker;
  const send = (path: string, options: RequestInit = {}): Promise<Response> => fetch(`${broker.url}${path}`, options);
  const inChunks = (method: string, path: string, ...texts: readonly string[]): Promise<Response> =>
    send(`${api}${path}`, { method, headers: json, body: chunks(...texts), duplex: 'half' });
  beforeAll(async () => {
    broker = await startTestBroker(['--store', 'memory', '--cors-origin', origin, '--tolerant']);
    strict = await startTestBroker(['--store', 'memory']);
  });
  afterAll(() => Promise.all([broker.stop(), strict.stop()]));

  test('send bodies in chunks to a broker that is tolerant, and are told by others that the length is missing', async () => {
    const body = chunks('{"id":"urn:x:1",', '"type":"A"}');
    const sent = { method: 'POST', headers: json, body, duplex: 'half' } as const;
    expect((await fetch(`${strict.url}${api}/entities`, sent)).status).toBe(411);
    const path = '/entities/urn:x:1';
    expect((await inChunks('POST', '/entities', '{"id":"urn:x:1",', '"type":"A",', '"v":1}')).status).toBe(201);
    expect((await inChunks('PATCH', `${path}/attrs`, '{"v":', '2}')).status).toBe(204);
    expect((await inChunks('PUT', `${path}/attrs/v`, '{"value":', '3}')).status).toBe(204);
    expect(
      (await inChunks('POST', '/entityOperations/upsert?options=update', '[{"id":"urn:x:1","type":"A"', ',"w":4}]'))
        .status,
    ).toBe(204);
    expect(await (await send(`${api}${path}?options=keyValues`)).json()).toEqual({
      id: 'urn:x:1',
      type: 'A',
      v: 3,
      w: 4,
    });
    expect((await inChunks('POST', '/entities')).status).toBe(400);
    expect((await inChunks('POST', '/entities', '{')).status).toBe(400);
  });

  test('find their correlator in every answer, unless it is none', async () => {
    const echoed = async (path: string, sent: string, options: RequestInit = {}): Promise<string | null> =>
      (await send(path, { ...options, headers: { 'Fiware-Correlator': sent } })).headers.get('fiware-correlator');
    for (const path of [`${api}/entities?type=A`, `${api}/entities`, `${api}/nowhere`, '/version'])
      expect([path, await echoed(path, '3f-1;cbnotif=1')]).toEqual([path, '3f-1;cbnotif=1']);
    expect(await echoed(`${api}/entities`, '3f-2', { method: 'OPTIONS' })).toBe('3f-2');
    expect(await echoed('/version', 'x'.repeat(300))).toBeNull();
  });

  test('may be pages of another origin that send their headers to every path', async () => {
    const names = [
      'fiware-service',
      'fiware-servicepath',
      'fiware-correlator',
      'ngsild-tenant',
      'ngsild-path',
      'x-auth-token',
    ];
    const headers = {
      Origin: origin,
      'Access-Control-Request-Method': 'GET',
      'Access-Control-Request-Headers': names.join(),
    };
    const paths = ['/version', '/statistics', '/ngsi-ld/ex/v1/version', '/openapi.json', '/health/live'];
    for (const path of [...paths, `${api}/entities`, `${api}/subscriptions/urn:x:1`, `${api}/temporal/entities`]) {
      const answer = await send(path, { method: 'OPTIONS', headers });
      const allowed = answer.headers.get('access-control-allow-headers')?.toLowerCase().split(', ');
      expect([path, answer.status, allowed]).toEqual([path, 204, expect.arrayContaining(names)]);
      expect(answer.headers.get('access-control-allow-methods')).toContain('GET');
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    }
    expect((await send(`${api}/types`)).headers.get('access-control-expose-headers')).toContain('Fiware-Correlator');
  });

  test('learn of the version and the time that the broker runs', async () => {
    for (const path of ['/version', '/ngsi-ld/ex/v1/version'])
      expect(await (await send(path)).json()).toMatchObject({
        orion: { version: expect.any(String) },
        'orionld version': expect.any(String),
      });
    expect(await (await send('/statistics')).json()).toEqual({
      uptime_in_secs: expect.any(Number),
      measuring_interval_in_secs: expect.any(Number),
    });
  });

  test('make themselves of descriptions that name the broker where it was asked', async () => {
    const { host } = new URL(broker.url);
    const read = async (path: string): Promise<{ servers: unknown }> =>
      parse(await (await send(path)).text()) as { servers: unknown };
    for (const path of ['/openapi.json', '/openapi.yaml'])
      expect((await read(path)).servers).toMatchObject([{ url: `http://${host}` }]);
    expect((await read('/asyncapi.yaml')).servers).toMatchObject({ local: { host } });
  });
});
