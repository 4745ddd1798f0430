/** Tests stored @contexts over HTTP: hosted, downloaded, or created by the broker; deleted, downloaded again, and after a restart. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startBroker } from '../../src/app/broker.ts';
import { readConfig } from '../../src/app/config/read-config.ts';
import {
  contextLink,
  coreContext,
  testedStores,
  problem,
  runSteps,
  scenarios,
  startTestBroker,
  type Step,
  type TestBroker,
} from './scenario.ts';

const ld = { 'Content-Type': 'application/ld+json' };
const root = '/ngsi-ld/v1/jsonldContexts';
const boats = { Boat: 'https://boats.example/Boat', draft: 'https://boats.example/draft' };
const coreDetails = { URL: coreContext, localId: coreContext, kind: 'Cached' };
const moment: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

const add = (context: unknown, saves: string): Step => ({
  does: 'addContext',
  send: 'POST /jsonldContexts',
  body: { '@context': context },
  answers: 201,
  with: { Location: /^\/ngsi-ld\/v1\/jsonldContexts\/urn:ngsi-ld:Context:[\w-]+$/ },
  saves,
});
const serve = (id: string, gives: unknown): Step => ({
  does: 'serveContext',
  send: `GET /jsonldContexts/${id}`,
  answers: 200,
  gives,
  with: { 'Content-Type': 'application/json', Link: 'undefined' },
});
const fails = (does: string, send: string, [status, type]: readonly [number, string]): Step => ({
  does,
  send,
  answers: status,
  has: problem(type),
});
const unknown = [404, 'ResourceNotFound'] as const;
const badData = [400, 'BadRequestData'] as const;
const remove = (id: string): Step => ({ does: 'deleteContext', send: `DELETE /jsonldContexts/${id}`, answers: 204 });
const list = (query: string, gives: unknown): Step => ({
  does: 'listContexts',
  send: `GET /jsonldContexts${query}`,
  answers: 200,
  gives,
});
const create = (name: string, headers: Readonly<Record<string, string>>): Step => ({
  does: 'createEntity',
  send: 'POST /entities',
  headers,
  body: { id: `urn:ngsi-ld:Boat:${name}`, type: 'Boat', draft: { type: 'Property', value: 2 } },
  answers: 201,
});
const addTo = (tenant: string, context: unknown, saves: string): Step => ({
  ...inTenant(tenant, add(context, saves)),
  with: { Location: new RegExp(`^${root}/urn:ngsi-ld:Context:[\\w-]+\\?tenant=${tenant}$`) },
});
const inTenant = (tenant: string, step: Step): Step => ({
  ...step,
  headers: { ...step.headers, 'NGSILD-Tenant': tenant },
});

scenarios('hosted contexts', {
  'are kept as they were given, told of, and deleted': [
    add(boats, 'id'),
    serve('{{id}}', { '@context': boats }),
    serve('{{id}}?details=false', { '@context': boats }),
    serve('{{id}}?details=true', {
      URL: `{{broker}}${root}/{{id}}`,
      localId: '{{id}}',
      kind: 'Hosted',
      createdAt: moment,
    }),
    {
      ...serve('{{id}}', { '@context': boats }),
      headers: { Accept: 'application/ld+json' },
      with: { 'Content-Type': 'application/ld+json' },
    },
    list('?kind=Hosted', [`{{broker}}${root}/{{id}}`]),
    list('?kind=ImplicitlyCreated&details=true', []),
    list('?details=true&kind=Cached', [{ ...coreDetails, createdAt: moment }]),
    { ...remove('{{id}}'), with: { 'Content-Length': 'undefined' } },
    fails('serveContext', 'GET /jsonldContexts/{{id}}', unknown),
    fails('deleteContext', 'DELETE /jsonldContexts/{{id}}', unknown),
    list('', [coreContext]),
  ],
  'are taken in JSON-LD too, in which the @context is data as well': [
    { ...add([coreContext, boats], 'id'), headers: ld, body: { '@context': [coreContext, boats], more: 1 } },
    serve('{{id}}', { '@context': [coreContext, boats] }),
    remove('{{id}}'),
  ],
  'are used by their URL, whatever the host, and never fetched': [
    add(boats, 'id'),
    create('used', { Link: contextLink(`http://no.such.host.invalid${root}/{{id}}`) }),
    {
      does: 'retrieveEntity',
      send: 'GET /entities/urn:ngsi-ld:Boat:used',
      answers: 200,
      has: { type: 'https://boats.example/Boat', 'https://boats.example/draft': { value: 2 } },
    },
    {
      does: 'queryEntities',
      send: 'GET /entities?type=Boat',
      headers: { Link: contextLink(`{{broker}}${root}/{{id}}`) },
      answers: 200,
      has: [{ id: 'urn:ngsi-ld:Boat:used', type: 'Boat' }],
      with: { Link: contextLink(`{{broker}}${root}/{{id}}`) },
    },
    { ...serve('{{id}}?details=true', undefined), has: { kind: 'Hosted', lastUsage: moment } },
    add([`http://localhost${root}/{{id}}`, { mast: 'https://boats.example/mast' }], 'outer'),
    {
      does: 'createBatch',
      send: 'POST /entityOperations/create',
      headers: ld,
      body: [
        {
          '@context': `https://b${root}/{{outer}}`,
          id: 'urn:ngsi-ld:Boat:batch',
          type: 'Boat',
          mast: { type: 'Property', value: 1 },
        },
      ],
      answers: 201,
    },
    {
      does: 'retrieveEntity',
      send: 'GET /entities/urn:ngsi-ld:Boat:batch?options=keyValues',
      answers: 200,
      gives: { id: 'urn:ngsi-ld:Boat:batch', type: 'https://boats.example/Boat', 'https://boats.example/mast': 1 },
    },
    remove('{{outer}}'),
    remove('{{id}}'),
    {
      does: 'queryEntities',
      send: 'GET /entities?type=Boat',
      headers: { Link: contextLink(`http://no.such.host.invalid${root}/{{id}}`) },
      answers: 504,
      has: problem('LdContextNotAvailable'),
    },
  ],
  'belong to one tenant': [
    addTo('harbour', boats, 'id'),
    addTo('marina', { Boat: 'https://marina.example/Boat' }, 'other'),
    fails('serveContext', 'GET /jsonldContexts/{{id}}', unknown),
    inTenant('marina', fails('serveContext', 'GET /jsonldContexts/{{id}}?details=true', unknown)),
    inTenant('marina', fails('deleteContext', 'DELETE /jsonldContexts/{{id}}', unknown)),
    inTenant('marina', list('?kind=Hosted', [`{{broker}}${root}/{{other}}?tenant=marina`])),
    inTenant('harbour', create('own', { Link: contextLink(`http://no.such.host.invalid${root}/{{id}}`) })),
    inTenant('marina', {
      ...create('others', { Link: contextLink(`http://no.such.host.invalid${root}/{{id}}`) }),
      answers: 504,
      has: problem('LdContextNotAvailable'),
    }),
    inTenant('nowhere', fails('listContexts', 'GET /jsonldContexts', [404, 'NonexistentTenant'])),
    inTenant('harbour', serve('{{id}}', { '@context': boats })),
  ],
  'of a tenant are had by their URL, without a header': [
    addTo('harbour', boats, 'id'),
    serve('{{id}}?tenant=harbour', { '@context': boats }),
    inTenant('harbour', serve('{{id}}?tenant=harbour', { '@context': boats })),
    {
      ...serve('{{id}}?tenant=harbour&details=true', undefined),
      has: { URL: `{{broker}}${root}/{{id}}?tenant=harbour`, localId: '{{id}}' },
    },
    serve(encodeURIComponent(`http://any.host${root}/`) + '{{id}}%3Ftenant=harbour?tenant=harbour', {
      '@context': boats,
    }),
    fails('serveContext', 'GET /jsonldContexts/{{id}}', unknown),
    inTenant('marina', fails('serveContext', 'GET /jsonldContexts/{{id}}?tenant=harbour', [404, 'ResourceNotFound'])),
    inTenant(
      'marina',
      fails('deleteContext', 'DELETE /jsonldContexts/{{id}}?tenant=harbour', [404, 'ResourceNotFound']),
    ),
    ...['', '%20', '%01'].map((name) => fails('serveContext', `GET /jsonldContexts/{{id}}?tenant=${name}`, badData)),
    fails('serveContext', 'GET /jsonldContexts/{{id}}?tenant=harbour&tenant=harbour', [400, 'InvalidRequest']),
    fails('serveContext', 'GET /jsonldContexts/{{id}}?tenant=nowhere', [404, 'NonexistentTenant']),
    fails('listContexts', 'GET /jsonldContexts?tenant=harbour', [400, 'InvalidRequest']),
    fails('retrieveEntity', 'GET /entities/urn:ngsi-ld:Boat:own?tenant=harbour', [400, 'InvalidRequest']),
    ...[contextLink(`{{broker}}${root}/{{id}}`), contextLink(`{{broker}}${root}/{{id}}?tenant=harbour`)].map((link) =>
      inTenant('harbour', {
        does: 'queryEntities',
        send: 'GET /entities?type=Boat',
        headers: { Link: link },
        answers: 200,
        with: { Link: contextLink(`{{broker}}${root}/{{id}}?tenant=harbour`) },
      }),
    ),
    { ...remove('{{id}}?tenant=harbour'), with: { 'NGSILD-Tenant': 'undefined' } },
    inTenant('harbour', fails('serveContext', 'GET /jsonldContexts/{{id}}', unknown)),
  ],
});

describe.each(testedStores)('the tenant in the URL of a @context (%s)', (store) => {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await startTestBroker(['--store', store, '--context-allow-private']);
  });
  afterAll(() => broker.stop());

  test.each(['Občina', 'a&b=c', '100%', '?#/'])('is written and read when it is %s', async (tenant) => {
    const headers = { 'NGSILD-Tenant': tenant, 'Content-Type': 'application/json' };
    const sent = { ...headers, 'NGSILD-Tenant': Buffer.from(tenant).toString('latin1') };
    const body = JSON.stringify({ '@context': boats });
    const made = await fetch(`${broker.url}${root}`, { method: 'POST', headers: sent, body });
    const url = new URL(made.headers.get('location') ?? '', broker.url).href;
    expect(new URL(url).searchParams.get('tenant')).toBe(tenant);
    expect(await (await fetch(url)).json()).toEqual({ '@context': boats });
    const found = await fetch(`${broker.url}/ngsi-ld/v1/entities?type=Boat`, {
      headers: { ...sent, Link: contextLink(url) },
    });
    expect([found.status, found.headers.get('link')]).toEqual([200, contextLink(url)]);
    // Another tenant downloads it like any other document.
    const others = await fetch(`${broker.url}/ngsi-ld/v1/entities?type=Boat`, { headers: { Link: contextLink(url) } });
    expect([others.status, others.headers.get('link')]).toEqual([200, contextLink(url)]);
  });
});

const refuses = (body: unknown, type: string): Step => ({
  does: 'addContext',
  send: 'POST /jsonldContexts',
  body,
  answers: 400,
  has: problem(type),
  with: { Location: 'undefined' },
});

scenarios('faulty requests for contexts', {
  'what is no JSON, or about no @context, is no request': [
    refuses('{"@context": ', 'InvalidRequest'),
    refuses({ A1: 'urn:a:1' }, 'InvalidRequest'),
    refuses([{ '@context': boats }], 'InvalidRequest'),
    { ...refuses({ A1: 'urn:a:1' }, 'InvalidRequest'), headers: ld },
  ],
  'what is no @context is bad data': [42, true, null, ['https://a.example/', 7], 'nowhere', { a: 7 }].map((context) =>
    refuses({ '@context': context }, 'BadRequestData'),
  ),
  'parameters have their values': [
    fails('listContexts', 'GET /jsonldContexts?kind=other', badData),
    fails('listContexts', 'GET /jsonldContexts?details=other', badData),
    fails('listContexts', 'GET /jsonldContexts?more=1', [400, 'InvalidRequest']),
    fails('serveContext', 'GET /jsonldContexts/wrong?details=other', badData),
    fails('serveContext', 'GET /jsonldContexts/wrong?details=true', unknown),
    fails('deleteContext', 'DELETE /jsonldContexts/wrong?reload=xxx', badData),
    fails('deleteContext', 'DELETE /jsonldContexts/wrong?reload=true', badData),
    fails('deleteContext', 'DELETE /jsonldContexts/wrong?reload=false', unknown),
    fails('deleteContext', 'DELETE /jsonldContexts/wrong?reload=', unknown),
    fails('deleteContext', 'DELETE /jsonldContexts/wrong', unknown),
  ],
  'only what was downloaded is downloaded anew': [
    add(boats, 'id'),
    fails('deleteContext', 'DELETE /jsonldContexts/{{id}}?reload=true', badData),
    serve('{{id}}', { '@context': boats }),
  ],
  'are found by a URL that is not percent-encoded in the path': [
    { ...serve(`${coreContext}?details=true`, undefined), has: coreDetails },
    fails('deleteContext', `DELETE /jsonldContexts/${coreContext}`, badData),
    fails('serveContext', 'GET /jsonldContexts/https://nothing.example/a/b.jsonld', unknown),
  ],
  'the core context is there to stay, in every version': [coreContext, coreContext.replace('-v1.9', '-v1.6')].flatMap(
    (url) => {
      const id = encodeURIComponent(url);
      return [
        { ...serve(`${id}?details=true`, undefined), has: coreDetails },
        fails('serveContext', `GET /jsonldContexts/${id}`, [422, 'OperationNotSupported']),
        fails('deleteContext', `DELETE /jsonldContexts/${id}`, badData),
        fails('deleteContext', `DELETE /jsonldContexts/${id}?reload=false`, badData),
        remove(`${id}?reload=true`),
        { ...serve(`${id}?details=true`, undefined), has: coreDetails },
      ];
    },
  ),
});

const masted = [boats, { mast: 'https://boats.example/mast' }];
/** The same @context has the same id in every broker. What the broker makes names the core. */
const madeId = 'urn:ngsi-ld:Context:ef6c37939c52157a';
const made = `{{broker}}${root}/${madeId}`;
const query = (link: string, parts: Partial<Step> = {}): Step => ({
  does: 'queryByPost',
  send: 'POST /entityOperations/query',
  headers: ld,
  body: { '@context': masted, type: 'Query', entities: [{ type: 'Boat' }] },
  answers: 200,
  with: { Link: link },
  ...parts,
});

scenarios('contexts that need a URL', {
  'are kept once, served, used by their URL, and deleted': [
    query(contextLink(made)),
    query(contextLink(made)),
    query('undefined', { headers: { ...ld, Accept: 'application/ld+json' } }),
    list('?kind=ImplicitlyCreated', [made]),
    list('?kind=Hosted', []),
    serve(madeId, { '@context': [...masted, coreContext] }),
    serve(`${madeId}?details=true`, { URL: made, localId: madeId, kind: 'ImplicitlyCreated', createdAt: moment }),
    create('made', { Link: contextLink(made) }),
    { ...serve(`${madeId}?details=true`, undefined), has: { kind: 'ImplicitlyCreated', lastUsage: moment } },
    query(contextLink(made), { has: [{ id: 'urn:ngsi-ld:Boat:made', type: 'Boat' }] }),
    fails('deleteContext', `DELETE /jsonldContexts/${madeId}?reload=true`, badData),
    remove(madeId),
    fails('serveContext', `GET /jsonldContexts/${madeId}`, unknown),
    query(contextLink(made)),
    serve(madeId, { '@context': [...masted, coreContext] }),
  ],
  'are not kept where one URL says it all': [
    query(contextLink(coreContext), {
      body: { '@context': [coreContext], type: 'Query', entities: [{ type: 'Boat' }] },
    }),
    { does: 'queryEntities', send: 'GET /entities?type=Boat', answers: 200, with: { Link: contextLink(coreContext) } },
    list('?kind=ImplicitlyCreated', [made]),
  ],
});

/** The web, as far as these tests go: what is at each path. Undefined: nothing. */
const web = new Map<string, string>();
let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const text = web.get(request.url ?? '');
    response.writeHead(text === undefined ? 404 : 200, { 'Content-Type': 'application/ld+json' }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const publish = (path: string, context: unknown): unknown => web.set(path, JSON.stringify({ '@context': context }));
const readsAs = (name: string, url: string, type: string): Step => ({
  does: 'retrieveEntity',
  send: `GET /entities/urn:ngsi-ld:Boat:${name}`,
  headers: { Link: contextLink(url) },
  answers: 200,
  has: { type },
});

describe.each(testedStores)('downloaded contexts (%s)', (store) => {
  let broker: TestBroker;
  let url: string;
  let id: string;
  const take = (...steps: readonly Step[]): Promise<void> => runSteps(steps, broker.url);

  beforeEach(async () => {
    broker = await startTestBroker(['--store', store]);
    url = `${base}/boats.jsonld`;
    id = encodeURIComponent(url);
    publish('/boats.jsonld', boats);
  });
  afterEach(() => broker.stop());

  test('are told of after their first use, by their URL, and not served', async () => {
    const details = { URL: url, localId: url, kind: 'Cached', createdAt: moment, lastUsage: moment };
    await take(
      fails('serveContext', `GET /jsonldContexts/${id}?details=true`, unknown),
      addTo('other', {}, 'some'),
      create('first', { Link: contextLink(url) }),
      serve(`${id}?details=true`, details),
      fails('serveContext', `GET /jsonldContexts/${id}`, [422, 'OperationNotSupported']),
      list('', [coreContext, url]),
      list('?kind=Cached&details=true', [{ ...coreDetails, createdAt: moment }, details]),
      inTenant('other', list('?kind=Cached', [coreContext])),
      inTenant('other', fails('deleteContext', `DELETE /jsonldContexts/${id}`, unknown)),
    );
  });

  test('are told of when a hosted one needs them, in a tenant that is created with them, and in batches', async () => {
    publish('/more.jsonld', { mast: 'https://boats.example/mast' });
    const more = `${base}/more.jsonld`;
    await take(
      add([url, more], 'id'),
      list('?kind=Cached', [coreContext]),
      create('nested', { Link: contextLink(`{{broker}}${root}/{{id}}`) }),
      list('?kind=Cached', [coreContext, url, more]),
      inTenant('new', create('new', { Link: contextLink(url) })),
      inTenant('new', list('', [coreContext, url])),
      inTenant('batch', {
        does: 'createBatch',
        send: 'POST /entityOperations/create',
        headers: ld,
        body: [{ '@context': url, id: 'urn:ngsi-ld:Boat:b', type: 'Boat' }],
        answers: 201,
      }),
      inTenant('batch', list('', [coreContext, url])),
    );
  });

  test('are downloaded again after they were deleted', async () => {
    await take(create('again', { Link: contextLink(url) }), readsAs('again', url, 'Boat'), remove(id));
    await take(fails('serveContext', `GET /jsonldContexts/${id}?details=true`, unknown));
    publish('/boats.jsonld', { Ship: 'https://boats.example/Boat' });
    await take(
      readsAs('again', url, 'Ship'),
      { ...serve(`${id}?details=true`, undefined), has: { kind: 'Cached' } },
      remove(id),
    );
    web.delete('/boats.jsonld');
    await take({ ...readsAs('again', url, ''), answers: 504, has: problem('LdContextNotAvailable') });
  });

  test('are downloaded anew on demand, also where others are made of them', async () => {
    await take(add([url], 'id'), create('anew', { Link: contextLink(url) }));
    publish('/boats.jsonld', { Ship: 'https://boats.example/Boat' });
    await take(readsAs('anew', url, 'Boat'), remove(`${id}?reload=true`), readsAs('anew', url, 'Ship'));
    await take(add([url], 'id'), readsAs('anew', `{{broker}}${root}/{{id}}`, 'Ship'));
  });

  test.each([
    ['nothing', undefined],
    ['no JSON', 'no'],
    ['no @context', '{}'],
    ['a faulty @context', '{"@context": {"a": 7}}'],
  ])('stay as they were when there is %s to be had', async (_, text) => {
    await take(create('kept', { Link: contextLink(url) }));
    if (text === undefined) web.delete('/boats.jsonld');
    else web.set('/boats.jsonld', text);
    await take(
      fails('deleteContext', `DELETE /jsonldContexts/${id}?reload=true`, [504, 'LdContextNotAvailable']),
      { ...serve(`${id}?details=true`, undefined), has: { kind: 'Cached' } },
      readsAs('kept', url, 'Boat'),
      remove(id),
      fails('serveContext', `GET /jsonldContexts/${id}?details=true`, unknown),
    );
  });
});

test('contexts outlive the broker', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-contexts-'));
  const args = ['--port', '0', '--data', folder, '--log-level', 'silent', '--context-allow-private'];
  const start = () => startBroker(readConfig({ args, env: {} }));
  publish('/kept.jsonld', boats);
  const url = `${base}/kept.jsonld`;
  const first = await start();
  const answer = await fetch(`${first.url}${root}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ '@context': boats }),
  });
  const id = answer.headers.get('location')?.split('/').at(-1) ?? '';
  await runSteps(
    [create('old', { Link: contextLink(`http://anywhere${root}/${id}`) }), create('other', { Link: contextLink(url) })],
    first.url,
  );
  await first.stop();
  web.delete('/kept.jsonld');
  const second = await start();
  await runSteps(
    [
      serve(id, { '@context': boats }),
      readsAs('old', `http://elsewhere${root}/${id}`, 'Boat'),
      { ...serve(`${encodeURIComponent(url)}?details=true`, undefined), has: { kind: 'Cached' } },
      readsAs('other', url, 'Boat'),
    ],
    second.url,
  );
  await second.stop();
  rmSync(folder, { recursive: true });
});
