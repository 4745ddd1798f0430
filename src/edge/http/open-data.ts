/**
 * Answers requests outside `/ngsi-ld/v1` for documents that are made of a tenant's data: the catalogue and its files. They run through the
 * same `perform` as all others.
 */
import type { IncomingMessage } from 'node:http';
import { isObject, type Json, type JsonObject, parseGiven } from '../../core/model/json.ts';
import { Problem } from '../../core/model/problem.ts';
import type { Caller, Operation } from '../../core/operation/operation.ts';
import { perform } from '../../core/operation/perform.ts';
import { tenantIn } from '../../core/access/tenant-name.ts';
import { negotiate } from './accept.ts';
import { type BodyContext, readText } from './body.ts';
import { admit, type Authentication, principalOf, type Read, senderWith, sentWith } from './read.ts';
import type { Exchange, Reply } from './reply.ts';
import type { Route, Routes } from './routes.ts';
import { readParameters } from './target.ts';
import { plainReply } from './write.ts';

/** True when the first segment of a path belongs to one of the operations. */
export const isOpenDataPath = (routes: Routes, path: string): boolean => routes.fixed.has(path.split('/', 2)[1] ?? '');

/** Largest body of a request, in bytes: these bodies hold parameters. */
const bodyBytesMax = 64 * 1024;

/** Throws what `readRequest` throws. `onRead` gets the caller before the operation runs. */
export async function replyOfOpenData(
  exchange: Exchange,
  route: Route & { readonly query: string },
  context: BodyContext & Authentication & { readonly onRead: (caller: Caller) => void },
): Promise<Reply> {
  const { request, caller } = await readOpenDataRequest(exchange, route, context);
  context.onRead(caller);
  const answer = await perform(route.operation, request, { caller, services: context.services });
  if (answer.kind === 'found') throw new Error(`${route.operation.name} answered as an operation of NGSI-LD does.`);
  return plainReply(answer);
}

async function readOpenDataRequest(
  exchange: Exchange,
  { operation, path, query }: Route & { readonly query: string },
  context: BodyContext & Authentication,
): Promise<Read> {
  const { services } = context;
  const { request } = exchange;
  const who = {
    tenant: tenantIn(request.headers) ?? '',
    ...senderWith(await principalOf(exchange, operation, context), services),
    media: mediaOf(operation, request),
    ...sentWith(request, context.proxies),
  };
  admit(exchange, who, { operation, services });
  const caller = { ...who, context: services.contexts.core };
  if (operation.body === 'none')
    return { request: { path, params: readParameters(query, operation.parameters) }, caller };
  const text = await readText(exchange, Math.min(bodyBytesMax, context.limits.bodyBytesMax), context.bodyBudget);
  const { tenant, ...body } = bodyOf(text, request, query);
  return { request: { path, params: typeof tenant === 'string' ? { tenant } : {}, body }, caller };
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
