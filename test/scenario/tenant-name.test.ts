/**
 * Tests that the tenant of a request is read in the same way over HTTP, Server-Sent Events and WebSocket: the same bytes, the same checks.
 */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { startTestBroker, type TestBroker } from './scenario.ts';

const bytesOf = (text: string): string => Buffer.from(text).toString('latin1');

type Sent = Readonly<Record<string, string | string[]>>;

/** Headers, and the tenant that they name, or what the refusal says. */
const table: readonly (readonly [Sent, string | RegExp])[] = [
  [{}, ''],
  [{ 'NGSILD-Tenant': 'kranj' }, 'kranj'],
  [{ 'Fiware-Service': 'kranj' }, 'kranj'],
  [{ 'NGSILD-Tenant': 'kranj', 'Fiware-Service': 'kranj' }, 'kranj'],
  [{ 'NGSILD-Tenant': 'Kranj' }, 'Kranj'],
  [{ 'NGSILD-Tenant': bytesOf('žiri') }, 'žiri'],
  [{ 'Fiware-Service': bytesOf('žiri') }, 'žiri'],
  [{ 'NGSILD-Tenant': '../%00' }, '../%00'],
  [{ 'NGSILD-Tenant': '__proto__' }, '__proto__'],
  [{ 'NGSILD-Tenant': 'x'.repeat(255) }, 'x'.repeat(255)],
  [{ 'NGSILD-Tenant': '' }, /visible characters/],
  [{ 'Fiware-Service': '' }, /visible characters/],
  [{ 'NGSILD-Tenant': 'a b' }, /visible characters/],
  [{ 'NGSILD-Tenant': 'a\tb' }, /visible characters/],
  [{ 'NGSILD-Tenant': ['a', 'b'] }, /visible characters/],
  [{ 'NGSILD-Tenant': '\x80' }, /visible characters/],
  [{ 'NGSILD-Tenant': '\xc0\xaf' }, /visible characters/],
  [{ 'NGSILD-Tenant': '\xed\xa0\x80' }, /visible characters/],
  [{ 'NGSILD-Tenant': bytesOf('a\u200bb') }, /visible characters/],
  [{ 'NGSILD-Tenant': 'x'.repeat(256) }, /visible characters/],
  [{ 'NGSILD-Tenant': 'kranj', 'Fiware-Service': 'bled' }, /different tenants/],
];

const protocol = 'ngsi-ld-ws.v1';
const upgrade = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol': protocol,
};

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker(['--store', 'memory']);
});
afterAll(() => broker.stop());

interface Opened {
  readonly status: number;
  readonly response: IncomingMessage;
}

/** Sends a request; the response has not been read yet, and may go on. */
async function open(method: string, path: string, headers: Sent): Promise<Opened> {
  const asked = request(new URL(`/ngsi-ld/v1${path}`, broker.url), { method, headers }).end();
  const response = await Promise.race([
    once(asked, 'response').then(([one]: unknown[]) => one as IncomingMessage),
    once(asked, 'upgrade').then(([one, socket]: unknown[]) => {
      (socket as IncomingMessage).destroy();
      return one as IncomingMessage;
    }),
  ]);
  return { status: response.statusCode ?? 0, response };
}

async function textOf({ response }: Opened): Promise<string> {
  let text = '';
  for await (const piece of response) text += String(piece);
  return text;
}

/** The id of the entity of a tenant, made of its name. */
const idOf = (tenant: string): string => `urn:ngsi-ld:Tenant:${Buffer.from(tenant).toString('hex').slice(0, 90)}`;

/** Sees to it that there is the tenant, with its entity. */
async function fill(tenant: string): Promise<void> {
  const body = JSON.stringify([{ id: idOf(tenant), type: 'Tenant' }]);
  const path = new URL('/ngsi-ld/v1/entityOperations/upsert', broker.url);
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    ...(tenant === '' ? undefined : { 'NGSILD-Tenant': bytesOf(tenant) }),
  };
  const asked = request(path, { method: 'POST', headers }).end(Buffer.from(body));
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.resume();
  expect(response.statusCode).toBeLessThan(300);
}

/** What a WebSocket answers to a query of the tenant's entities. */
async function streamed(path: string, headers: Sent): Promise<string> {
  const url = `${broker.url.replace('http', 'ws')}/ngsi-ld/v1/stream${path}`;
  const socket = new WebSocket(url, protocol, { headers: headers as Record<string, string> });
  await once(socket, 'open');
  socket.send(JSON.stringify({ op: 'request', id: 'r', operation: 'queryEntities', params: { type: 'Tenant' } }));
  for (;;) {
    const [data] = (await once(socket, 'message')) as [Buffer];
    if (data.includes('"response"')) {
      socket.terminate();
      return data.toString();
    }
  }
}

describe.each(table)('%j', (headers, expected) => {
  const isRefused = expected instanceof RegExp;
  test(isRefused ? 'is refused on every road' : 'names the same tenant on every road', async () => {
    const roads = [
      await open('GET', '/entities?type=Tenant', headers),
      await open('GET', '/stream?type=Tenant', headers),
      await open('GET', '/stream', { ...upgrade, ...headers }),
    ];
    if (isRefused) {
      expect(roads.map(({ status }) => status)).toEqual([400, 400, 400]);
      for (const road of roads) expect(await textOf(road)).toMatch(expected);
      return;
    }
    for (const { response } of roads) response.destroy();
    await fill(expected);
    expect(await textOf(await open('GET', '/entities?type=Tenant', headers))).toContain(idOf(expected));
    expect(await streamed('', headers)).toContain(idOf(expected));
  });
});

describe('the query of a WebSocket, for clients that can set no headers,', () => {
  test.each([
    ['?tenant=kranj', 'kranj'],
    ['?tenant=%C5%BEiri', 'žiri'],
    ['?tenant=..%2F%2500', '../%00'],
  ])('%s names a tenant', async (query, tenant) => {
    await fill(tenant);
    expect(await streamed(query, {})).toContain(idOf(tenant));
  });

  test.each([
    ['?tenant=', /visible characters/],
    ['?tenant=a%20b', /visible characters/],
    ['?tenant=a+b', /visible characters/],
    ['?tenant=%FF', /percent sign/],
    ['?tenant=%E2%80%8B', /visible characters/],
    [`?tenant=${'x'.repeat(256)}`, /visible characters/],
    ['?tenant=a&tenant=b', /tenant is given twice/],
  ])('%s is refused', async (query, detail) => {
    const answer = await open('GET', `/stream${query}`, upgrade);
    expect([answer.status, await textOf(answer)]).toEqual([400, expect.stringMatching(detail)]);
  });

  test('gives way to the header', async () => {
    await fill('kranj');
    expect(await streamed('?tenant=bled', { 'NGSILD-Tenant': 'kranj' })).toContain(idOf('kranj'));
  });
});
