/** Serves everything outside the API: the console, the documentation, the API descriptions, version, health and metrics. */
import type { IncomingMessage } from 'node:http';
import { describeProblem, statusOf } from '../../core/operation/describe-problem.ts';
import type { JsonObject } from '../../core/model/json.ts';
import type { TrustedProxies } from '../trusted-proxies.ts';
import { preflightHeaders } from './cors.ts';
import { originOf } from './read.ts';
import { Refusal } from './refusal.ts';
import { type Headers, jsonReply, type Reply } from './reply.ts';

/** A file that is served unchanged. */
interface StaticFile {
  readonly type: string;
  readonly body: Buffer;
  /** True when the content at this path never changes. Browsers then keep it without asking again. */
  readonly isImmutable?: boolean;
}

/** Sources of version, health and metrics. */
interface Probes {
  /**
   * Name and version of the broker, and its `uptime` in seconds. The members `orionld version` and `orion` are for clients that
   * expect them.
   */
  version(): JsonObject;
  /** The reason why the broker cannot accept requests, as a sentence; undefined when it can. */
  unready(): Promise<string | undefined>;
  /** Metrics as text, with their media type. */
  metrics(): Promise<{ readonly type: string; readonly body: string }>;
}

/** A page with its own path. */
export interface PageRoute {
  readonly name: string;
  /** True when the page shows data of all tenants, so that the client must be allowed to read everything. */
  readonly isGuarded?: boolean;
  /** `origin`: the base URL of the broker in the request; absent when it is unknown. */
  reply(origin?: string): Reply | Promise<Reply>;
}

/** Restricts pages to content of this origin and forbids framing. A cache may store pages, because they do not depend on who asks. */
const security: Headers = {
  'Content-Security-Policy':
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'Cache-Control': 'no-cache',
};

export interface PageOptions {
  /** Files of the console by path. */
  readonly console: ReadonlyMap<string, StaticFile>;
  /** Documents by path, read on request. */
  readonly docs?: ReadonlyMap<string, () => Promise<StaticFile>>;
  /** Descriptions of APIs as JSON by their names, made on the first request. */
  readonly openApiJson?: Readonly<Record<string, () => Promise<StaticFile>>>;
  /** Descriptions of the two APIs and of the stream. */
  readonly openapi: Buffer;
  readonly openapiV2: Buffer;
  readonly asyncapi: Buffer;
  readonly probes: Probes;
}

/** The pages by path. */
export function createPages(options: PageOptions): ReadonlyMap<string, PageRoute> {
  const { console, docs, openApiJson, openapi, openapiV2, asyncapi, probes } = options;
  const pages = new Map<string, PageRoute>();
  for (const [path, file] of console) pages.set(path, { name: 'console', reply: () => fileReply(file) });
  for (const [name, read] of Object.entries(openApiJson ?? {})) pages.set(`/${name}.json`, openApiJsonPage(read));
  for (const [path, read] of docs ?? []) pages.set(path, { name: 'docs', reply: async () => fileReply(await read()) });
  for (const [name, body] of Object.entries({ openapi, 'openapi-v2': openapiV2, asyncapi }))
    pages.set(`/${name}.yaml`, { name, reply: descriptionReply({ type: 'application/yaml', body }) });
  for (const path of ['/version', '/ngsi-ld/ex/v1/version'])
    pages.set(path, { name: 'version', reply: () => jsonReply(200, probes.version()) });
  pages.set('/statistics', { name: 'statistics', reply: () => statisticsReply(probes.version()) });
  pages.set('/health/live', { name: 'live', reply: () => ({ status: 204, headers: {} }) });
  pages.set('/health/ready', { name: 'ready', reply: async () => readyReply(await probes.unready()) });
  pages.set('/metrics', { name: 'metrics', isGuarded: true, reply: async () => metricsReply(await probes.metrics()) });
  return pages;
}

function openApiJsonPage(read: () => Promise<StaticFile>): PageRoute {
  let description: Promise<StaticFile> | undefined;
  return { name: 'console', reply: async (origin) => descriptionReply(await (description ??= read()))(origin) };
}

const fileReply = ({ type, body, isImmutable }: StaticFile): Reply => ({
  status: 200,
  headers: { 'Content-Type': type, ...security, ...(isImmutable === true ? forAYear : undefined) },
  body,
});

const forAYear: Headers = { 'Cache-Control': 'public, max-age=31536000, immutable' };

/** The placeholder for the broker's host and port in descriptions, optionally with the scheme. */
const anyBroker = /(http:\/\/)?localhost:1026/g;

/** A description with the address of the broker as the client reached it. */
const descriptionReply =
  (file: StaticFile) =>
  (origin?: string): Reply => {
    if (origin === undefined) return fileReply(file);
    const text = file.body
      .toString()
      .replace(anyBroker, (found) => (found.includes('/') ? origin : new URL(origin).host));
    return fileReply({ ...file, body: Buffer.from(text) });
  };

const readyReply = (reason: string | undefined): Reply =>
  reason === undefined
    ? { status: 204, headers: {} }
    : jsonReply(statusOf.Unavailable, describeProblem({ type: 'Unavailable', detail: reason }));

const metricsReply = ({ type, body }: { type: string; body: string }): Reply => ({
  status: 200,
  headers: { 'Content-Type': type },
  body,
});

/** The uptime, in the format that Orion clients expect. */
const statisticsReply = ({ uptime = 0 }: JsonObject): Reply =>
  jsonReply(200, { uptime_in_secs: uptime, measuring_interval_in_secs: uptime });

/** The reply of a page to a request. Web pages of `corsOrigin` may send it too. Pages are read-only. */
export function replyOfPage(
  page: PageRoute,
  request: IncomingMessage,
  { corsOrigin, proxies }: { readonly corsOrigin: string; readonly proxies: TrustedProxies },
): Reply | Promise<Reply> {
  const { method = '' } = request;
  if (method === 'GET' || method === 'HEAD') return page.reply(originOf(request, proxies).origin);
  if (method === 'OPTIONS')
    return { status: 204, headers: { Allow: pageMethods, ...preflightHeaders(corsOrigin, pageMethods) } };
  throw new Refusal(405, `The method ${method} is not defined here. Those defined are ${pageMethods}.`, {
    Allow: pageMethods,
  });
}

const pageMethods = 'GET, HEAD, OPTIONS';
