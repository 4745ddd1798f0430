/** Converts an HTTP request of NGSI v2 to an operation request and a caller. */
import type { IncomingHttpHeaders } from 'node:http';
import { readContextLink } from '../../../core/jsonld/link.ts';
import { isObject, type Json, parseGiven } from '../../../core/model/json.ts';
import { Problem } from '../../../core/model/problem.ts';
import type { Operation, OperationRequest, Services } from '../../../core/operation/operation.ts';
import { isClean } from '../../../core/v2/characters.ts';
import { badRequest, V2Problem } from '../../../core/v2/problem.ts';
import { readWritePath } from '../../../core/v2/service-path.ts';
import { negotiate } from '../accept.ts';
import { sentCorrelator } from '../correlator.ts';
import { type BodyContext, hasBody, readJson, readText } from '../body.ts';
import { admit, type Authentication, contextOf, principalOf, type Read, senderWith, sentWith } from '../read.ts';
import { Refusal } from '../refusal.ts';
import type { Exchange } from '../reply.ts';
import type { Route } from '../routes.ts';
import { readAllParameters } from '../target.ts';
import { missingBody } from './route.ts';

/** Reads a request: headers, parameters, body, @context. Throws Problem, Refusal, ClientGone. */
export async function readV2Request(
  exchange: Exchange,
  { operation, path, query }: Route & { readonly query: string },
  context: BodyContext & Authentication,
): Promise<Read> {
  const { headers } = exchange.request;
  const { services } = context;
  const sender = principalOf(exchange, operation, context);
  const principal = sender instanceof Promise ? await sender : sender;
  refuseAccept(operation, headers.accept);
  const who = {
    tenant: await tenantOf(headers['fiware-service'], services),
    ...senderWith(principal, services),
    media: 'json',
    ...sentWith(exchange.request, context.proxies),
    ...sentCorrelator(exchange),
  } as const;
  admit(exchange, who, { operation, services });
  const params = knownIn(readAllParameters(query), operation);
  refuseServicePath(operation, headers['fiware-servicepath']?.toString());
  const body = operation.body === 'none' ? undefined : await readV2Body(exchange, operation, context);
  const link = readContextLink(headers['link']?.toString());
  return {
    request: { path, params, ...(body === undefined ? undefined : { body }) },
    caller: { ...who, context: await contextOf(link, { ...who, operation, services }) },
  };
}

/** Parameters whose values may have any character, also where they mean nothing. */
const free: ReadonlySet<string> = new Set(['q', 'mq', 'idPattern', 'typePattern', 'geometry', 'georel', 'coords']);

/**
 * The parameters that the operation has. Others are ignored, as Orion ignores them. Throws BadRequest for an empty one, and for an unknown
 * one with a character that NGSI v2 forbids.
 */
function knownIn(
  params: OperationRequest['params'],
  { parameters, path: operationPath }: Operation,
): OperationRequest['params'] {
  const [known, unknown]: [[string, string][], [string, string][]] = [[], []];
  for (const entry of Object.entries(params)) (parameters.includes(entry[0]) ? known : unknown).push(entry);
  if (!operationPath.startsWith('/v2/')) return Object.fromEntries(known);
  const empty = [...known, ...unknown].find(([, value]) => value === '');
  if (empty) throw badRequest(`Empty right-hand-side for URI param /${empty[0]}/`);
  if (
    !unknown
      .filter(([name]) => !free.has(name))
      .flat()
      .every(isClean)
  )
    throw badRequest('invalid character in URI parameter');
  return Object.fromEntries(known);
}

/** A wrong service path of a write of entities is told before its body is read. Throws BadRequest. */
function refuseServicePath({ action, path, body }: Operation, sent: string | undefined): void {
  if (sent !== undefined && action === 'write' && body !== 'none' && /^\/v2\/(?:entities|op)(?:\/|$)/.test(path))
    readWritePath(sent, false);
}

/** Operations without media types choose one themselves. */
function refuseAccept({ action, media }: Operation, accept: string | undefined): void {
  if (action === 'write' || media.length === 0) return;
  try {
    negotiate(accept, media);
  } catch (error) {
    throw error instanceof Refusal ? new Refusal(406, 'no acceptable mime-type in accept header') : error;
  }
}

const tenantLengthMax = 50;

/** The tenant: the name in lower case, or the only existing one that is the same in another case. Throws BadRequest. */
async function tenantOf(sent: IncomingHttpHeaders[string], { stores }: Services): Promise<string> {
  const name = sent?.toString().toLowerCase() ?? '';
  if (name === '') return '';
  if (name.length > tenantLengthMax) throw badRequest('bad length - a tenant name can be max 50 characters long');
  if (!/^\w+$/.test(name))
    throw badRequest('bad character in tenant name - only underscore and alphanumeric characters are allowed');
  if (await stores.open(name, false)) return name;
  const alike = (await stores.tenants()).filter((tenant) => tenant.toLowerCase() === name);
  const [only = name] = alike;
  return alike.length === 1 ? only : name;
}

/** Throws Refusal 411 and 415, and ParseError. */
async function readV2Body(exchange: Exchange, { body }: Operation, context: BodyContext): Promise<Json> {
  if (!hasBody(exchange)) throw missingBody();
  const type = readMediaType(exchange.request.headers['content-type'] ?? '', body === 'value');
  if (type === 'text/plain')
    return readScalar(await readText(exchange, context.limits.bodyBytesMax, context.bodyBudget));
  const json = await readV2Json(exchange, context);
  if (body === 'object' && !isObject(json)) throw unreadable();
  return json;
}

async function readV2Json(exchange: Exchange, context: BodyContext): Promise<Json> {
  try {
    return await readJson(exchange, false, context);
  } catch (error) {
    if (error instanceof Refusal && error.status === 413) throw tooLarge(exchange, context);
    throw error instanceof Problem && error.type === 'InvalidRequest' ? unreadable() : error;
  }
}

function tooLarge({ request }: Exchange, { limits }: BodyContext): Refusal {
  const size = request.headers['content-length'] ?? 'unknown';
  return new Refusal(413, `payload size: ${size}, max size supported: ${limits.bodyBytesMax}`);
}

const unreadable = (): V2Problem => new V2Problem('ParseError', 'Errors found in incoming JSON buffer');

/** `application/json`, or for a value also `text/plain`. Throws Refusal 415. */
function readMediaType(sent: string, isValue: boolean): string {
  const type = sent.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/json' || (isValue && type === 'text/plain')) return type;
  throw new Refusal(415, `not supported content type: ${sent}`);
}

/** A value as plain text: a text in quotation marks, a number, or a word of JSON. Orion takes `true` and `false` in any case. */
function readScalar(text: string): Json {
  try {
    const value = parseGiven(/^\s*(?:true|false)\s*$/i.test(text) ? text.toLowerCase() : text);
    if (typeof value !== 'object' || value === null) return value;
  } catch {
    // What is no JSON is no value.
  }
  throw badRequest('attribute value type not recognized');
}
