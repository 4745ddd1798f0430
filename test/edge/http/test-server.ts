/** Provides a listening server with a small table of operations that echo their input, for tests of the binding alone. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { createMemory } from '../../../src/app/memory.ts';
import { createYieldToEventLoop } from '../../../src/app/process.ts';
import type { Json } from '../../../src/core/model/json.ts';
import type {
  OperationResult,
  OperationRequest,
  CallContext,
  Operation,
  Services,
} from '../../../src/core/operation/operation.ts';
import type { Memory } from '../../../src/core/port/memory.ts';
import type { Observation } from '../../../src/core/port/observe.ts';
import { closeServer, createHttpServer, type HttpOptions } from '../../../src/edge/http/server.ts';
import { createTestServices } from '../../test-services.ts';

export const shipContext = 'https://example.org/ships.jsonld';

/** What an operation of the server saw, as it answers it. */
export interface Seen {
  readonly operation: string;
  readonly path: Record<string, string>;
  readonly params: Record<string, string>;
  readonly body?: Json;
  readonly tenant: string;
  readonly context: string;
  readonly media: string;
  readonly contextPerElement?: boolean;
}

/** An operation that answers with what it saw. */
const echo = (name: string, parts: Partial<Operation>): Operation => ({
  name,
  clause: '0',
  method: 'GET',
  path: '/entities',
  action: 'read',
  access: 'read',
  parameters: ['type', 'q', 'limit', 'offset', 'count'],
  media: ['json', 'ld+json'],
  body: 'none',
  unknownTenant: 'create',
  run: (ask, call) => Promise.resolve({ kind: 'found', text: JSON.stringify(seenBy(name, ask, call)) }),
  ...parts,
});

function seenBy(
  operation: string,
  ask: OperationRequest,
  { tenant, context, media, contextPerElement }: CallContext,
): object {
  return { operation, ...ask, tenant, context: context.key, media, contextPerElement };
}

const answering = (answer: OperationResult): Partial<Operation> => ({ run: () => Promise.resolve(answer) });

/** What the operation `wait` waits for. */
interface Gate {
  open(): void;
  readonly isEntered: Promise<undefined>;
}

export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  readonly observed: readonly Observation[];
  readonly gate: Gate;
  readonly memory: Memory;
  stop(): Promise<void>;
  /** Sends bytes on a connection of their own. Answers everything that comes back until the server hangs up. */
  raw(bytes: string): Promise<string>;
}

const operations = ({ wait }: { wait: () => Promise<undefined> }): readonly Operation[] => [
  echo('query', { media: ['json', 'ld+json', 'geo+json'] }),
  echo('retrieve', { path: '/entities/{id}', media: ['json', 'ld+json', 'geo+json'] }),
  echo('create', { method: 'POST', action: 'write', body: 'object', parameters: [] }),
  echo('merge', { method: 'PATCH', path: '/entities/{id}', action: 'write', body: 'object' }),
  echo('replace', { method: 'PUT', path: '/entities/{id}', action: 'write', body: 'object' }),
  echo('delete', { method: 'DELETE', path: '/entities/{id}', action: 'write', ...answering({ kind: 'done' }) }),
  echo('append', { method: 'POST', path: '/entities/{id}/attrs', action: 'write', body: 'object' }),
  echo('replaceAttribute', { method: 'PUT', path: '/entities/{id}/attrs/{attr}', action: 'write', body: 'any' }),
  echo('deleteAttribute', { method: 'DELETE', path: '/entities/{id}/attrs/{attr}', action: 'write' }),
  echo('upsert', { method: 'POST', path: '/entityOperations/upsert', action: 'write', body: 'array' }),
  echo('made', { path: '/made', ...answering({ kind: 'created', location: '/ngsi-ld/v1/entities/urn:ž:"1"\r\n' }) }),
  echo('madeMany', { path: '/madeMany', ...answering({ kind: 'createdMany', ids: ['urn:a:1', 'urn:a:2'] }) }),
  echo('partly', {
    path: '/partly',
    media: ['ld+json'],
    ...answering({ kind: 'partly', body: { updated: [], notUpdated: [] } }),
  }),
  echo('page', { path: '/page', run: ({ params }) => Promise.resolve(pageOf(params)) }),
  echo('large', { path: '/large', ...answering({ kind: 'found', text: JSON.stringify('x'.repeat(2 ** 23)) }) }),
  echo('long', { path: '/long', ...answering({ kind: 'found', text: { begin: '[1', rest: longRest(false) } }) }),
  echo('longHeld', {
    path: '/longHeld',
    ...answering({
      kind: 'found',
      text: { begin: `["${'x'.repeat(2 ** 22)}"`, rest: longRest(false), held: () => 2 ** 24 },
    }),
  }),
  echo('longBroken', {
    path: '/longBroken',
    ...answering({ kind: 'found', text: { begin: '[1', rest: longRest(true) } }),
  }),
  echo('broken', { path: '/broken', run: () => Promise.reject(new Error('secret')) }),
  echo('wait', { path: '/wait', run: () => wait().then(() => ({ kind: 'done' })) }),
];

/** The rest of a list whose beginning is there. */
async function* longRest(isBroken: boolean): AsyncGenerator<string> {
  for (let n = 2; n <= 1000; n += 1) yield `,${n}`;
  await Promise.resolve();
  if (isBroken) throw new Error('secret');
  yield ']';
}

function pageOf(params: Readonly<Record<string, string>>): OperationResult {
  const page = {
    limit: Number(params['limit'] ?? 2),
    offset: Number(params['offset'] ?? 0),
    hasMore: params['q'] !== 'last',
  };
  return { kind: 'found', text: '[]', position: '7', page: params['count'] === 'true' ? { ...page, count: 12 } : page };
}

function createServices(observe: (observation: Observation) => void): Services {
  const known = { [shipContext]: { '@context': { Ship: 'https://example.org/Ship' } } };
  const memory = createMemory(2 ** 26, observe);
  return createTestServices({ observe, memory, yieldToEventLoop: createYieldToEventLoop() }, known);
}

/** The limits of a test server; tests spread them and change some. */
export const testServerLimits: HttpOptions['limits'] = {
  bodyBytesMax: 2 ** 24,
  depthMax: 16,
  membersMax: 50_000,
  headersTimeoutMs: 30_000,
  requestTimeoutMs: 30_000,
  writeTimeoutMs: 30_000,
};

export async function startTestServer(options: Partial<HttpOptions> = {}): Promise<TestServer> {
  const observed: Observation[] = [];
  const entered = Promise.withResolvers<undefined>();
  const opened = Promise.withResolvers<undefined>();
  const wait = (): Promise<undefined> => {
    entered.resolve(undefined);
    return opened.promise;
  };
  const services = createServices((observation) => observed.push(observation));
  const server = createHttpServer({
    services,
    operations: operations({ wait }),
    limits: testServerLimits,
    corsOrigin: '',
    isOwnHost: () => true,
    console: new Map([['/', { type: 'text/html; charset=utf-8', body: Buffer.from('<!doctype html>') }]]),
    openapi: Buffer.from('openapi: 3.1.0'),
    openapiV2: Buffer.from('openapi: 3.1.0'),
    asyncapi: Buffer.from('asyncapi: 3.0.0'),
    probes: {
      version: () => ({ name: 'Mlaka', 'orionld version': '0' }),
      unready: () => Promise.resolve(undefined),
      metrics: () => Promise.resolve({ type: 'text/plain; version=0.0.4', body: 'up 1\n' }),
    },
    ...options,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    server,
    observed,
    memory: services.memory,
    gate: { open: () => opened.resolve(undefined), isEntered: entered.promise },
    stop: () => closeServer(server, 0),
    raw: (bytes) => sendRaw(port, bytes),
  };
}

function sendRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket.on('data', (data) => (seen += data.toString()));
    socket.on('close', () => resolve(seen));
    socket.on('error', (error) => (seen === '' ? reject(error) : resolve(seen)));
  });
}
