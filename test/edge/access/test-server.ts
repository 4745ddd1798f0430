/** Starts a server with the real operations and the policy of stored grants. The header Authorization names the sender of a request. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createAuditWriter } from '../../../src/app/audit-writer.ts';
import { createJobOperations } from '../../../src/city/job/job-operations.ts';
import { modelNamesOf } from '../../../src/app/model-names.ts';
import { openDataOperations } from '../../../src/app/open-data.ts';
import { readConfig } from '../../../src/app/config/read-config.ts';
import { createMemory } from '../../../src/app/memory.ts';
import { createClock, createYieldToEventLoop } from '../../../src/app/process.ts';
import { grantCollection } from '../../../src/core/access/grant-document.ts';
import { openGrantPolicy } from '../../../src/core/access/grant-policy.ts';
import { type Authenticate, anonymous } from '../../../src/core/access/identity.ts';
import { type Json, parseJson } from '../../../src/core/model/json.ts';
import type { Operation, Services } from '../../../src/core/operation/operation.ts';
import { operations } from '../../../src/core/operation/table.ts';
import { quantumLeapOperations } from '../../../src/core/operation/v2/quantumleap/table.ts';
import { v2RegistrationOperations } from '../../../src/core/operation/registration/v2/operations.ts';
import { v2SubscriptionOperations } from '../../../src/core/operation/subscription/v2/operations.ts';
import { v2EntityOperations } from '../../../src/core/operation/v2/table.ts';
import { sthOperations } from '../../../src/core/operation/v2/sth/operations.ts';
import type { Audit } from '../../../src/core/port/audit.ts';
import type { Stores } from '../../../src/core/port/store.ts';
import { createRenderCache } from '../../../src/core/representation/rendered.ts';
import { closeServer, createHttpServer } from '../../../src/edge/http/server.ts';
import { createFeeds } from '../../../src/edge/stream/feed.ts';
import { createEventStreams } from '../../../src/edge/stream/sse/streams.ts';
import { createMemoryStores } from '../../../src/store/memory/stores.ts';
import { createTestServices } from '../../test-services.ts';
import { testServerLimits } from '../http/test-server.ts';

interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly headers: Headers;
}

export interface TestServer {
  readonly url: string;
  readonly services: Services;
  /** All operations, with their whole paths. */
  readonly operations: readonly Operation[];
  /** Sends a request below /ngsi-ld/v1, such as `GET /entities`, or of another API by its whole path. `as`: `key:NAME` and roles, such as `key:ana reader`; absent: anonymous. */
  send(request: string, options?: SendOptions): Promise<Answer>;
  /** Writes the lines of the audit that wait. */
  flushAudit(): Promise<void>;
  stop(): Promise<void>;
}

interface SendOptions {
  readonly as?: string;
  readonly body?: Json;
  readonly headers?: Readonly<Record<string, string>>;
}

const authenticate: Authenticate = ({ headers }) => {
  const [subject, ...roles] = String(headers['authorization'] ?? '').split(' ');
  return subject === undefined || subject === '' ? anonymous : { kind: 'key', subject, roles };
};

/** A @context in which types and attributes of the tests have other names. */
export const otherContext = 'https://example.org/other.jsonld';
const core = 'https://uri.etsi.org/ngsi-ld/default-context';
const known = { [otherContext]: { '@context': { Light: `${core}/Lamp`, watt: `${core}/power` } } };

const openDataConfig = readConfig({ args: ['--models', 'off', '--public-url', 'https://city.example'], env: {} });

/** The sender who may do everything. */
export const administrator = 'key:admin administrator';

interface TestServerParts extends Pick<Services, 'quotas'> {
  /** Absent: nothing is recorded. */
  readonly audited?: Pick<Audit, 'scope' | 'personalTypes'>;
}

export async function startTestServer(
  stores: Stores = createMemoryStores(),
  { audited, quotas }: TestServerParts = {},
): Promise<TestServer> {
  const [clock, observe] = [createClock(), () => undefined];
  const store = await stores.open('', true);
  if (!store) throw new Error('There is no default tenant.');
  const policy = await openGrantPolicy(store.collection(grantCollection), observe);
  const audit = audited && createAuditWriter({ ...audited, trail: stores.audit, clock, observe });
  const services = createTestServices(
    {
      ...(audit ? { audit } : undefined),
      ...(quotas ? { quotas } : undefined),
      ...{ stores, clock, observe, access: policy },
      yieldToEventLoop: createYieldToEventLoop(),
      renders: createRenderCache(2 ** 20),
      memory: createMemory(2 ** 26, observe),
    },
    known,
  );
  const limits = { connectionsMax: 10, bufferBytes: 2 ** 20, pingIntervalMs: 30_000 };
  const events = createEventStreams({ services, openFeed: createFeeds(services), limits });
  const all = testedOperations(events.operations, services);
  const server = createHttpServer({
    services,
    authenticate,
    ...all,
    limits: testServerLimits,
    corsOrigin: '',
    isOwnHost: () => true,
    console: new Map(),
    openapi: Buffer.from(''),
    openapiV2: Buffer.from(''),
    asyncapi: Buffer.from(''),
    probes: {
      version: () => ({}),
      unready: () => Promise.resolve(undefined),
      metrics: () => Promise.resolve({ type: 'text/plain', body: '' }),
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    services,
    operations: [
      ...all.operations.map((one) => ({ ...one, path: `/ngsi-ld/v1${one.path}` })),
      ...all.v2Operations,
      ...all.openDataOperations,
    ],
    send: (request, options) => send(url, request, options),
    flushAudit: async () => audit?.flush(),
    stop: async () => {
      await audit?.flush();
      events.close();
      await closeServer(server, 0);
      policy.close();
    },
  };
}

/** The operations that a broker has, without those on its keys. */
const testedOperations = (ofEvents: readonly Operation[], services: Services) => ({
  operations: [...operations, ...ofEvents, ...createJobOperations([])],
  v2Operations: [
    ...v2EntityOperations,
    ...v2SubscriptionOperations,
    ...v2RegistrationOperations,
    ...quantumLeapOperations,
    ...sthOperations,
  ],
  openDataOperations: openDataOperations(openDataConfig, {
    ...services,
    names: modelNamesOf(openDataConfig, services),
  }),
});

async function send(url: string, request: string, { as, body, headers }: SendOptions = {}): Promise<Answer> {
  const [method = '', path = ''] = request.split(' ');
  const isOther = /^\/(?:v2|ql|STH|dcat|data|api|georeport|ngsi-ld)(?:\/|$)/.test(path);
  const response = await fetch(`${url}${isOther ? '' : '/ngsi-ld/v1'}${path}`, {
    method,
    headers: {
      ...(as === undefined ? undefined : { Authorization: as }),
      ...(body === undefined ? undefined : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? undefined : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: bodyOf(text, response.headers), headers: response.headers };
}

/** JSON, or the text of another media type. */
function bodyOf(text: string, headers: Headers): Json {
  if (text === '') return null;
  return /json(?!-seq)/.test(headers.get('content-type') ?? '') &&
    !/ndjson|\+csv/.test(headers.get('content-type') ?? '')
    ? parseJson(text)
    : text;
}
