/** What the broker serves beside the API: the first page, the documents, the API description, its version, health and metrics. */
import type { IncomingMessage } from 'node:http';
import { describeProblem, statusOf } from '../../core/operation/describe-problem.ts';
import type { JsonObject } from '../../core/model/json.ts';
import { preflightHeaders } from './cors.ts';
import { originOf } from './read.ts';
import { Refusal } from './refusal.ts';
import { type Headers, jsonReply, type Reply } from './reply.ts';

/** A file that is served as it is. */
interface StaticFile {
  readonly type: string;
  readonly body: Buffer;
}

/** What the broker tells of itself. */
interface Probes {
  /** Which broker this is, and its `uptime` in seconds; with members `orionld version` and `orion`, for clients that look for them. */
  version(): JsonObject;
  /** What keeps the broker from taking requests, as a sentence; undefined when nothing does. */
  unready(): Promise<string | undefined>;
  /** Metrics as text, and its media type. */
  metrics(): Promise<{ readonly type: string; readonly body: string }>;
}

/** A page under a path of its own. */
export interface PageRoute {
  readonly name: string;
  /** `origin`: the URL under which the broker was asked; absent: not known. */
  reply(origin?: string): Reply | Promise<Reply>;
}

/** Pages come from here alone, are framed by nobody, and are taken for what they say they are. */
const security: Headers = {
  'Content-Security-Policy':
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
};

export interface PageOptions {
  /** Files of the first page by path. */
  readonly console: ReadonlyMap<string, StaticFile>;
  /** Documents by path, read when somebody asks for them. */
  readonly docs?: ReadonlyMap<string, () => Promise<StaticFile>>;
  /** Descriptions of the API and of the stream. */
  readonly openapi: Buffer;
  readonly asyncapi: Buffer;
  readonly probes: Probes;
}

/** The pages by path. */
export function createPages({ console, docs, openapi, asyncapi, probes }: PageOptions): ReadonlyMap<string, PageRoute> {
  const pages = new Map<string, PageRoute>();
  for (const [path, file] of console)
    pages.set(path, {
      name: 'console',
      reply: path === '/openapi.json' ? descriptionReply(file) : () => fileReply(file),
    });
  for (const [path, read] of docs ?? []) pages.set(path, { name: 'docs', reply: async () => fileReply(await read()) });
  for (const [name, body] of Object.entries({ openapi, asyncapi }))
    pages.set(`/${name}.yaml`, { name, reply: descriptionReply({ type: 'application/yaml', body }) });
  for (const path of ['/version', '/ngsi-ld/ex/v1/version'])
    pages.set(path, { name: 'version', reply: () => jsonReply(200, probes.version()) });
  pages.set('/statistics', { name: 'statistics', reply: () => statisticsReply(probes.version()) });
  pages.set('/health/live', { name: 'live', reply: () => ({ status: 204, headers: {} }) });
  pages.set('/health/ready', { name: 'ready', reply: async () => readyReply(await probes.unready()) });
  pages.set('/metrics', { name: 'metrics', reply: async () => metricsReply(await probes.metrics()) });
  return pages;
}

const fileReply = ({ type, body }: StaticFile): Reply => ({
  status: 200,
  headers: { 'Content-Type': type, ...security },
  body,
});

/** What stands for the broker in descriptions: its host and port, perhaps with the scheme before. */
const anyBroker = /(http:\/\/)?localhost:1026/g;

/** A description in which the broker is where it was asked. */
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

/** For how long the broker runs, in the words in which clients of Orion ask. */
const statisticsReply = ({ uptime = 0 }: JsonObject): Reply =>
  jsonReply(200, { uptime_in_secs: uptime, measuring_interval_in_secs: uptime });

/** The reply of a page to a request from a web page of `corsOrigin`, or of none; pages are only read. */
export function replyOfPage(
  page: PageRoute,
  { method = '', headers }: IncomingMessage,
  corsOrigin: string,
): Reply | Promise<Reply> {
  if (method === 'GET' || method === 'HEAD') return page.reply(originOf(headers.host).origin);
  if (method === 'OPTIONS')
    return { status: 204, headers: { Allow: pageMethods, ...preflightHeaders(corsOrigin, pageMethods) } };
  throw new Refusal(405, `The method ${method} is not defined here. Those defined are ${pageMethods}.`, {
    Allow: pageMethods,
  });
}

const pageMethods = 'GET, HEAD, OPTIONS';
