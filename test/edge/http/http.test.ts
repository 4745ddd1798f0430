/** Tests the HTTP binding on a listening server: conversion of requests and answers, and the handling of broken clients. */
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { contextLink } from '../../../src/edge/http/link.ts';
import { closeServer } from '../../../src/edge/http/server.ts';
import { type Seen, shipContext, type TestServer, testServerLimits, startTestServer } from './test-server.ts';

const api = '/ngsi-ld/v1';
const json = { 'Content-Type': 'application/json' };
const ld = { 'Content-Type': 'application/ld+json' };
const shipLink = contextLink(shipContext);
const coreUrl = 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld';

let testServer: TestServer;
beforeAll(async () => {
  testServer = await startTestServer();
});
afterAll(() => testServer.stop());

interface Options {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

function send(method: string, path: string, { headers = {}, body }: Options = {}): Promise<Response> {
  const content = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const blob = (): Blob => new Blob([content]);
  return fetch(`${testServer.url}${path}`, {
    method,
    headers,
    ...(body === undefined ? undefined : { body: blob() }),
  });
}

const seen = async (method: string, path: string, options?: Options): Promise<Seen> => {
  const answer = await send(method, `${api}${path}`, options);
  const text = await answer.text();
  expect({ status: answer.status, text }).toEqual({ status: 200, text });
  return JSON.parse(text) as Seen;
};

async function refused(
  method: string,
  path: string,
  options: Options = {},
): Promise<{ status: number; type: string; detail: string; headers: Headers }> {
  const { status, headers, ...answer } = await send(method, `${api}${path}`, options).then(async (one) => ({
    status: one.status,
    headers: one.headers,
    text: await one.text(),
  }));
  expect(headers.get('link')).toBeNull();
  if (answer.text === '') return { status, type: '', detail: '', headers };
  expect(headers.get('content-type')).toBe('application/json');
  const problem = JSON.parse(answer.text) as { type: string; title: string; detail: string; status: number };
  expect(problem.status).toBe(status);
  expect(problem.title).not.toBe('');
  expect(problem.title).not.toBe(problem.detail);
  return { status, type: problem.type.split('/').at(-1) ?? '', detail: problem.detail, headers };
}

describe('a request becomes', () => {
  test('path, parameters, tenant, context and media type', async () => {
    const headers = { 'NGSILD-Tenant': 'kranj', Link: shipLink, Accept: 'application/ld+json' };
    expect(await seen('GET', '/entities/urn%3Aa%2Fb?q=a%3D%3D%22b+c%22&type=', { headers })).toEqual({
      operation: 'retrieve',
      path: { id: 'urn:a/b' },
      params: { q: 'a=="b c"', type: '' },
      tenant: 'kranj',
      context: shipContext,
      media: 'ld+json',
    });
  });

  test('the default tenant, the core context and JSON when it names none', async () => {
    expect(await seen('GET', '/entities/?')).toEqual({
      operation: 'query',
      path: {},
      params: {},
      tenant: '',
      context: coreUrl,
      media: 'json',
    });
  });

  test.each([
    { headers: json, body: { a: 1 }, context: coreUrl },
    { headers: { ...json, Link: shipLink }, body: { a: 1 }, context: shipContext },
    { headers: { 'Content-Type': 'Application/JSON; charset=utf-8' }, body: { a: 1 }, context: coreUrl },
    { headers: ld, body: { '@context': shipContext, a: 1 }, context: shipContext },
    { headers: { 'Content-Type': 'application/merge-patch+json' }, body: { a: 1 }, context: coreUrl },
  ])('a body and its context: %j', async ({ headers, body, context }) => {
    const expected = { operation: 'merge', body: { a: 1 }, context };
    expect(await seen('PATCH', '/entities/urn:a', { headers, body })).toMatchObject(expected);
  });

  test('a batch, whose elements bring their contexts in ld+json', async () => {
    const batch = [{ '@context': shipContext, id: 'urn:a' }, 'urn:b'];
    const plain = { operation: 'upsert', body: batch, context: coreUrl, contextPerElement: false };
    expect(await seen('POST', '/entityOperations/upsert', { headers: json, body: batch })).toMatchObject(plain);
    expect(await seen('POST', '/entityOperations/upsert', { headers: ld, body: batch })).toMatchObject({
      ...plain,
      contextPerElement: true,
    });
  });

  test('an attribute, also of several instances with one context', async () => {
    const path = '/entities/urn:a/attrs/https%3A%2F%2Fexample.org%2Fspeed';
    const instance = { '@context': shipContext, value: 1 };
    const expected = { context: shipContext, path: { id: 'urn:a', attr: 'https://example.org/speed' } };
    expect(await seen('PUT', path, { headers: ld, body: instance })).toMatchObject({ ...expected, body: { value: 1 } });
    expect(await seen('PUT', path, { headers: ld, body: [instance, instance] })).toMatchObject({
      ...expected,
      body: [{ value: 1 }, { value: 1 }],
    });
    expect(await seen('PUT', path, { headers: json, body: '5' })).toMatchObject({ body: 5 });
    const mixed = [instance, { ...instance, '@context': coreUrl }];
    expect(await refused('PUT', path, { headers: ld, body: mixed })).toMatchObject({
      status: 400,
      detail: expect.stringMatching(/same @context/),
    });
    expect(await refused('PUT', path, { headers: ld, body: '5' })).toMatchObject({
      status: 400,
      type: 'BadRequestData',
    });
  });

  test('a long batch, as it is', async () => {
    const batch = Array.from({ length: 3000 }, (_, index) => ({
      id: `urn:ngsi-ld:Čoln:${index}`,
      value: '],[{'.repeat(8),
    }));
    expect((await seen('POST', '/entityOperations/upsert', { headers: json, body: batch })).body).toEqual(batch);
  });

  test('a body that is sent after being asked for', async () => {
    const head = `POST ${api}/entities HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n`;
    const answer = await testServer.raw(`${head}Content-Length: 7\r\nExpect: 100-continue\r\n\r\n{"a":1}`);
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK[^]*"body":\{"a":1\}/);
  });
});

describe('a request is refused', () => {
  test('405 with the methods there are', async () => {
    const answer = await refused('POST', '/entities/urn:a', { body: {}, headers: json });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, PATCH, PUT, DELETE, HEAD, OPTIONS']);
  });

  test('415 with the media types there are, without content', async () => {
    const answer = await send('POST', `${api}/entities`, {
      body: '{}',
      headers: { 'Content-Type': 'application/merge-patch+json' },
    });
    expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([415, '0', '']);
    expect(answer.headers.get('accept')).toBe('application/json, application/ld+json');
    const packed = await send('POST', `${api}/entities`, {
      body: gzipSync('{}'),
      headers: { ...json, 'Content-Encoding': 'gzip' },
    });
    expect(packed.status).toBe(415);
  });

  test('406 with the media types there are, where something would be answered', async () => {
    const answer = await refused('GET', '/entities', { headers: { Accept: 'image/png' } });
    expect([answer.status, answer.detail]).toEqual([
      406,
      expect.stringContaining('application/json, application/ld+json, application/geo+json'),
    ]);
    expect((await send('DELETE', `${api}/entities/urn:a`, { headers: { Accept: 'image/png' } })).status).toBe(204);
  });

  test('404 for what is not there, 405 for a method that is not', async () => {
    expect(await refused('GET', '/lamps')).toMatchObject({
      status: 404,
      type: 'ResourceNotFound',
      detail: expect.stringContaining('/lamps'),
    });
    expect((await send('GET', '/elsewhere')).status).toBe(404);
    expect(await refused('PUT', '/entities', { headers: json, body: {} })).toMatchObject({ status: 405 });
  });

  test.each([
    { name: 'an empty body', headers: json, body: '', type: 'InvalidRequest', detail: /body/ },
    { name: 'blanks', headers: json, body: '  ', type: 'InvalidRequest', detail: /a value was expected/ },
    { name: 'no JSON', headers: json, body: '{', type: 'InvalidRequest', detail: /line 1, column 2/ },
    { name: 'an array for an object', headers: ld, body: [], type: 'InvalidRequest', detail: /object/ },
    { name: '@context in json', headers: json, body: { '@context': shipContext }, detail: /@context/ },
    { name: 'no @context in ld+json', headers: ld, body: {}, detail: /@context/ },
    { name: 'two @contexts', headers: { ...ld, Link: shipLink }, body: { '@context': shipContext }, detail: /Link/ },
    { name: 'a Link that is none', headers: { ...json, Link: 'nonsense' }, body: {}, detail: /Link/ },
    {
      name: 'two tenants',
      headers: { ...json, 'NGSILD-Tenant': 'a', 'Fiware-Service': 'b' },
      body: {},
      detail: /tenants/,
    },
    { name: 'a tenant with a blank', headers: { ...json, 'NGSILD-Tenant': 'a b' }, body: {}, detail: /"a b"/ },
  ])('400 for $name', async ({ headers, body, type = 'BadRequestData', detail }) => {
    const answer = await refused('POST', '/entities', { headers, body });
    expect(answer).toMatchObject({ status: 400, type, detail: expect.stringMatching(detail) });
  });

  test('413 for a body that is too large, 411 for one of no length, and the connection goes on', async () => {
    const small = await startTestServer({
      limits: { ...testServerLimits, bodyBytesMax: 100 },
    });
    const body = `"${'x'.repeat(200)}"`;
    const head = `POST ${api}/entities HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;
    const last = `GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const [announced, chunked, unmeasured, expecting] = [
      await small.raw(`${head}Content-Length: ${body.length}\r\n\r\n${body}${last}`),
      await small.raw(`${head}Transfer-Encoding: chunked\r\n\r\nca\r\n${body}\r\n0\r\n\r\n${last}`),
      await small.raw(`${head}\r\n${last}`),
      await small.raw(`${head}Content-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`),
    ];
    expect(announced).toMatch(/^HTTP\/1\.1 413 [^]*at most 100 bytes[^]*HTTP\/1\.1 204/);
    expect(chunked).toMatch(/^HTTP\/1\.1 411 [^]*HTTP\/1\.1 204/);
    expect(unmeasured).toMatch(/^HTTP\/1\.1 411 [^]*HTTP\/1\.1 204/);
    expect(expecting).toMatch(/^HTTP\/1\.1 413 [^]*Connection: close/);
    await small.stop();
  });

  test('413 for one entity of more bytes than are parsed at once, by its Content-Length', async () => {
    const length = `Content-Length: ${8 * 2 ** 20 + 1}\r\nExpect: 100-continue\r\n\r\n`;
    const head = (path: string): string =>
      `POST ${api}${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${length}`;
    expect(await testServer.raw(head('/entities'))).toMatch(/^HTTP\/1\.1 413 [^]*at most 8388608 bytes/);
  });

  test('500 for a fault of the broker, which is observed and not told', async () => {
    const answer = await refused('GET', '/broken', { headers: { 'NGSILD-Tenant': 'kranj' } });
    expect(answer).toMatchObject({ status: 500, type: 'InternalError', detail: expect.not.stringContaining('secret') });
    expect(answer.headers.get('ngsild-tenant')).toBe('kranj');
    const failed = testServer.observed.find(({ kind }) => kind === 'failed');
    expect(failed).toMatchObject({ where: 'broken', cause: expect.objectContaining({ message: 'secret' }) });
  });
});

describe('an answer that cannot be sent', () => {
  test('becomes 500, and the broker goes on', async () => {
    const probes = {
      version: () => ({}),
      metrics: () => Promise.resolve({ type: 'a\r\nb', body: '' }),
      unready: () => Promise.resolve(undefined),
    };
    const odd = await startTestServer({ probes });
    expect((await fetch(`${odd.url}/metrics`)).status).toBe(500);
    expect(odd.observed.map(({ kind }) => kind)).toEqual(['failed', 'answered']);
    await odd.stop();
  });
});

describe('an answer becomes', () => {
  test('201 with a Location, or with ids', async () => {
    const made = await send('GET', `${api}/made`);
    expect([made.status, made.headers.get('location'), made.headers.get('content-length')]).toEqual([
      201,
      '/ngsi-ld/v1/entities/urn:%C5%BE:%221%22%0D%0A',
      '0',
    ]);
    const many = await send('GET', `${api}/madeMany`);
    expect([many.status, many.headers.get('content-type'), await many.json()]).toEqual([
      201,
      'application/json',
      ['urn:a:1', 'urn:a:2'],
    ]);
  });

  test('204 without length, with the tenant', async () => {
    const done = await send('DELETE', `${api}/entities/urn:a`, { headers: { 'Fiware-Service': 'kranj' } });
    expect([done.status, done.headers.get('content-length'), done.headers.get('ngsild-tenant')]).toEqual([
      204,
      null,
      'kranj',
    ]);
  });

  test('207, always in application/json', async () => {
    const partly = await send('GET', `${api}/partly`, { headers: { Accept: 'application/ld+json' } });
    expect([partly.status, partly.headers.get('content-type'), partly.headers.get('link')]).toEqual([
      207,
      'application/json',
      null,
    ]);
  });

  test.each([
    ['application/json', contextLink(coreUrl)],
    ['application/ld+json', null],
    ['application/geo+json', null],
  ])('200 in %s with the context in its place', async (type, link) => {
    const found = await send('GET', `${api}/entities`, { headers: { Accept: type } });
    expect([found.status, found.headers.get('content-type'), found.headers.get('link')]).toEqual([200, type, link]);
    expect(Number(found.headers.get('content-length'))).toBe(Buffer.byteLength(await found.text()));
  });

  test.each([
    [
      '?limit=2&q=a%3D%3D%22b%22&offset=3&count=true',
      ['count=true&limit=2&offset=5&q=a%3D%3D%22b%22', 'count=true&limit=2&offset=1&q=a%3D%3D%22b%22'],
      '12',
    ],
    ['', ['limit=2&offset=2', undefined], null],
    ['?q=last&offset=1', [undefined, 'limit=2&offset=0&q=last'], null],
    ['?limit=0&count=true', [undefined, undefined], '12'],
  ])('a page with links to its neighbours: %s', async (query, [next, prev], count) => {
    const page = await send('GET', `${api}/page${query}`, { headers: { Accept: 'application/ld+json' } });
    const link = (url: string | undefined, rel: string): string[] =>
      url ? [`<${api}/page?${url}>;rel="${rel}";type="application/ld+json"`] : [];
    expect(page.headers.get('link')).toBe([...link(next, 'next'), ...link(prev, 'prev')].join(', ') || null);
    expect([page.headers.get('ngsild-results-count'), page.headers.get('mlaka-position')]).toEqual([count, '7']);
  });

  test('the same head without content for HEAD, and the methods for OPTIONS', async () => {
    const head = await send('HEAD', `${api}/entities`);
    expect([head.status, Number(head.headers.get('content-length')) > 2, await head.text()]).toEqual([200, true, '']);
    const options = await send('OPTIONS', `${api}/entities/urn:a`);
    expect([options.status, options.headers.get('allow'), options.headers.get('accept-patch')]).toEqual([
      204,
      'GET, PATCH, PUT, DELETE, HEAD, OPTIONS',
      'application/json, application/ld+json, application/merge-patch+json',
    ]);
  });

  test('an observation', async () => {
    await send('GET', `${api}/entities`);
    expect(testServer.observed.at(-1)).toEqual({
      kind: 'answered',
      binding: 'http',
      operation: 'query',
      status: 200,
      tookMs: expect.any(Number),
    });
  });
});

describe('beside the API there are', () => {
  test.each([
    ['/', 'text/html; charset=utf-8', /doctype/],
    ['/openapi.yaml', 'application/yaml', /openapi/],
    ['/openapi-v2.yaml', 'application/yaml', /openapi/],
    ['/version', 'application/json', /orionld version/],
    ['/ngsi-ld/ex/v1/version', 'application/json', /orionld version/],
    ['/statistics', 'application/json', /uptime_in_secs/],
    ['/metrics', 'text/plain; version=0.0.4', /up 1/],
  ])('%s', async (path, type, content) => {
    const page = await send('GET', path);
    expect([page.status, page.headers.get('content-type'), await page.text()]).toEqual([
      200,
      type,
      expect.stringMatching(content),
    ]);
    expect((await send('POST', path)).status).toBe(405);
  });

  test('pages that nobody frames or fills with scripts', async () => {
    const { headers } = await send('GET', '/');
    expect(headers.get('content-security-policy')).toMatch(/default-src 'self'.*frame-ancestors 'none'/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('health: 204, or 503 with the reason', async () => {
    expect([(await send('GET', '/health/live')).status, (await send('GET', '/health/ready')).status]).toEqual([
      204, 204,
    ]);
    const probes = {
      version: () => ({}),
      metrics: () => Promise.resolve({ type: '', body: '' }),
      unready: () => Promise.resolve('The disk is full.'),
    };
    const sick = await startTestServer({ probes });
    const answer = await fetch(`${sick.url}/health/ready`);
    expect([answer.status, await answer.json()]).toEqual([
      503,
      expect.objectContaining({ detail: 'The disk is full.' }),
    ]);
    await sick.stop();
  });
});

describe('web pages of another origin', () => {
  test('are let in only when the broker is told so', async () => {
    expect((await send('GET', `${api}/entities`)).headers.get('access-control-allow-origin')).toBeNull();
    const open = await startTestServer({ corsOrigin: 'https://kranj.example' });
    const headers = { Origin: 'https://kranj.example', 'Access-Control-Request-Method': 'PATCH' };
    const asked = await fetch(`${open.url}${api}/entities/urn:a`, { method: 'OPTIONS', headers });
    expect(Object.fromEntries(asked.headers)).toMatchObject({
      'access-control-allow-origin': 'https://kranj.example',
      'access-control-allow-methods': expect.stringContaining('PATCH'),
      'access-control-allow-headers': expect.stringContaining('NGSILD-Tenant'),
    });
    const answered = await fetch(`${open.url}${api}/lamps`);
    expect(answered.headers.get('access-control-expose-headers')).toContain('NGSILD-Results-Count');
    expect([answered.headers.get('access-control-allow-origin'), answered.headers.get('vary')]).toEqual([
      'https://kranj.example',
      'Origin',
    ]);
    await open.stop();
  });
});

describe('broken clients', () => {
  test.each([
    ['nonsense', 'nonsense\r\n\r\n', 400],
    [
      'two lengths',
      `POST ${api}/entities HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}`,
      400,
    ],
    [
      'length and chunks',
      `POST ${api}/entities HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n{}`,
      400,
    ],
    ['a head of 100 kB', `GET / HTTP/1.1\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`, 431],
  ])('that send %s are told so as JSON, and hung up on', async (_, bytes, status) => {
    const [head = '', body = ''] = (await testServer.raw(bytes)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*\r\nConnection: close`));
    expect(JSON.parse(body)).toMatchObject({ status, type: 'https://uri.etsi.org/ngsi-ld/errors/InvalidRequest' });
  });

  test.each([
    ['an absolute target', `GET http://x${api}/made HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 201],
    ['a target that is no URL', 'GET http://[::1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
    ['an asterisk', 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
    ['two slashes', 'GET //x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
  ])('that send %s are answered', async (_, bytes, status) => {
    expect(await testServer.raw(bytes)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  test('that are too slow get 408', async () => {
    const hasty = await startTestServer({
      limits: { ...testServerLimits, headersTimeoutMs: 50, requestTimeoutMs: 50 },
    });
    expect(await hasty.raw('GET / HTTP/1.1\r\nHost: x\r\n')).toMatch(/^HTTP\/1\.1 408 /);
    const half = `POST ${api}/entities HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{`;
    expect(await hasty.raw(half)).toMatch(/^HTTP\/1\.1 408 /);
    await hasty.stop();
  });

  test('that go away before they have said all are forgotten', async () => {
    const before = testServer.observed.length;
    const half = `POST ${api}/entities HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{`;
    await new Promise<void>((resolve) => {
      const socket = connect(testServer.port, '127.0.0.1', () => socket.write(half, () => socket.resetAndDestroy()));
      socket.on('close', () => resolve());
    });
    expect((await send('GET', `${api}/made`)).status).toBe(201);
    expect(testServer.observed.slice(before).map((one) => ('status' in one ? one.status : one.kind))).toEqual([201]);
  });

  test.each(['\x01', '\x7f', '\x80'])('that put %j into the name of a tenant get 400', async (char) => {
    const answer = await testServer.raw(
      `GET ${api}/made HTTP/1.1\r\nHost: x\r\nConnection: close\r\nNGSILD-Tenant: a${char}b\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('a server that closes', () => {
  test('lets a request under way end, and takes no other', async () => {
    const closing = await startTestServer();
    const answer = fetch(`${closing.url}${api}/wait`);
    await closing.gate.isEntered;
    const closed = closeServer(closing.server, 60_000);
    await expect(fetch(`${closing.url}${api}/made`)).rejects.toThrow();
    closing.gate.open();
    expect((await answer).status).toBe(204);
    await closed;
  });

  test('ends what does not end by itself, and may be closed twice', async () => {
    const closing = await startTestServer();
    const answer = fetch(`${closing.url}${api}/wait`);
    await closing.gate.isEntered;
    await closeServer(closing.server, 1);
    await expect(answer).rejects.toThrow();
    await closeServer(closing.server, 1);
  });
});
