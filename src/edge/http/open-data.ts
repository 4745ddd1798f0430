/**
 * Answers requests outside `/ngsi-ld/v1` for documents that are made of a tenant's data: the catalogue and its files, and reports of
 * citizens. They run through the same `perform` as all others.
 */
import type { IncomingMessage } from 'node:http';
import { isObject, type Json, type JsonObject, parseGiven } from '../../core/model/json.ts';
import { Problem } from '../../core/model/problem.ts';
import type { RequestHead } from '../../core/access/identity.ts';
import type { Caller, Operation, OperationRequest, OperationResult } from '../../core/operation/operation.ts';
import { perform } from '../../core/operation/perform.ts';
import { tenantIn } from '../../core/access/tenant-name.ts';
import { negotiate } from './accept.ts';
import { type BodyContext, readText } from './body.ts';
import { admit, type Authentication, originOf, principalOf, type Read, senderWith, sentWith } from './read.ts';
import { Refusal } from './refusal.ts';
import type { Exchange, Reply } from './reply.ts';
import type { Route, Routes } from './routes.ts';
import { readParameters } from './target.ts';
import { plainReply } from './write.ts';

/** True when the first segment of a path belongs to one of the operations. */
export const isOpenDataPath = (routes: Routes, path: string): boolean => routes.fixed.has(path.split('/', 2)[1] ?? '');

/** An error that an API outside `/ngsi-ld/v1` writes in its own form. */
export interface DescribedFailure {
  readonly path: string;
  readonly accept: string | undefined;
  readonly status: number;
  readonly detail: string;
}

/** The document of an error. Undefined: the path does not belong to an API with a form of its own. */
export type DescribeFailure = (failure: DescribedFailure) => Extract<OperationResult, { kind: 'document' }> | undefined;

/** The reply to an error in the form of the API at the path, with the headers of the plain reply. */
export function restated(
  reply: Reply,
  error: unknown,
  { path, accept, describe }: Pick<DescribedFailure, 'path' | 'accept'> & { readonly describe: DescribeFailure },
): Reply {
  const isKnown = error instanceof Problem || error instanceof Refusal;
  const detail = isKnown ? error.message : 'The cause is in the log of the broker.';
  const document = describe({ path, accept, status: reply.status, detail });
  if (!document) return reply;
  const plain = plainReply(document);
  return { ...plain, headers: { ...reply.headers, ...plain.headers } };
}

/** Largest body of a request, in bytes: these bodies hold parameters. */
const bodyBytesMax = 64 * 1024;

/** Throws what `readRequest` throws. `onRead` gets the caller before the operation runs. */
export async function replyOfOpenData(
  exchange: Exchange,
  route: Route & { readonly query: string },
  context: ReadContext & { readonly onRead: (caller: Caller) => void },
): Promise<Reply> {
  const { request, caller } = await readOpenDataRequest(exchange, route, context);
  context.onRead(caller);
  const answer = await perform(route.operation, request, { caller, services: context.services });
  if (answer.kind === 'found') throw new Error(`${route.operation.name} answered as an operation of NGSI-LD does.`);
  return plainReply(answer);
}

type ReadContext = BodyContext & Authentication & { readonly corsOrigin: string };

async function readOpenDataRequest(
  exchange: Exchange,
  { operation, path, query }: Route & { readonly query: string },
  context: ReadContext,
): Promise<Read> {
  const { request } = exchange;
  if (operation.keyParameter !== undefined) {
    requireOwnOrigin(exchange, context);
    const body = bodyOf(await readParametersText(exchange, context), request, query);
    const { [operation.keyParameter]: given, ...others } = body;
    const key = oneText(operation.keyParameter, given);
    const caller = await callerOf(exchange, operation, { ...context, head: withKey(request, key) });
    return { request: { path, ...split(others) }, caller };
  }
  const caller = await callerOf(exchange, operation, { ...context, head: request });
  if (operation.body === 'none')
    return { request: { path, params: readParameters(query, operation.parameters) }, caller };
  const body = bodyOf(await readParametersText(exchange, context), request, query);
  return { request: { path, ...split(body) }, caller };
}

/** The sender, whom `head` names. Throws what `admit` throws. */
async function callerOf(
  exchange: Exchange,
  operation: Operation,
  { head, ...context }: ReadContext & { readonly head: RequestHead },
): Promise<Caller> {
  const { services, proxies } = context;
  const { request } = exchange;
  const who = {
    tenant: tenantIn(request.headers) ?? '',
    ...senderWith(await principalOf({ request: head }, operation, context), services),
    media: mediaOf(operation, request),
    ...sentWith(request, proxies),
  };
  admit(exchange, who, { operation, services });
  return { ...who, context: services.contexts.core };
}

const readParametersText = (exchange: Exchange, { limits, bodyBudget }: BodyContext): Promise<string> =>
  readText(exchange, Math.min(bodyBytesMax, limits.bodyBytesMax), bodyBudget);

function split({ tenant: given, ...body }: JsonObject): Pick<OperationRequest, 'params' | 'body'> {
  const tenant = oneText('tenant', given);
  return { params: tenant === undefined ? {} : { tenant }, body };
}

/** A text that may be absent. Throws InvalidRequest for a list, which names no tenant and no key. */
function oneText(name: string, given: Json | undefined): string | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof given === 'string') return given;
  throw new Problem('InvalidRequest', `The parameter ${name} must be given once, as a text.`);
}

/** The head as if the key were in a header. A header that is there counts too, and must have the same key. */
const withKey = ({ headers, socket }: RequestHead, key: string | undefined): RequestHead => ({
  headers: key !== undefined && key !== '' ? { ...headers, 'x-auth-token': key } : headers,
  ...(socket ? { socket } : undefined),
});

/** Any web page can send a form. One of another origin may only where the broker allows it. Throws Forbidden. */
function requireOwnOrigin({ request }: Exchange, { proxies, corsOrigin }: ReadContext): void {
  const { origin } = request.headers;
  if (request.method !== 'POST' || origin === undefined || corsOrigin === '*' || origin === corsOrigin) return;
  if (origin !== originOf(request, proxies).origin)
    throw new Problem('Forbidden', `Web pages of ${origin} may not send this. The option --cors-origin allows it.`);
}

/** The ending of a URL that names one form decides, whatever the client accepts. */
const mediaOf = ({ media }: Operation, { headers: { accept } }: IncomingMessage): Caller['media'] =>
  media.length === 1 ? (media[0] ?? 'json') : negotiate(accept, media);

/** The parameters of the query and those of the body, which is JSON or a form, in one object. A parameter that occurs twice is a list. */
function bodyOf(text: string, { headers }: IncomingMessage, query: string): JsonObject {
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  const sent = text === '' ? {} : isForm ? valuesIn(text) : parseParameters(text);
  return { ...valuesIn(query), ...sent };
}

function parseParameters(text: string): JsonObject {
  const json = jsonIn(text);
  if (isObject(json)) return json;
  throw new Problem('InvalidRequest', 'The body must be a JSON object of parameters.');
}

function jsonIn(text: string): Json | undefined {
  try {
    return parseGiven(text);
  } catch {
    return undefined;
  }
}

function valuesIn(query: string): JsonObject {
  const values = Map.groupBy(new URLSearchParams(query), ([name]) => name);
  return Object.fromEntries(
    [...values].map(([name, [[, first] = ['', ''], ...others]]) => [
      name,
      others.length === 0 ? first : [first, ...others.map(([, value]) => value)],
    ]),
  );
}
