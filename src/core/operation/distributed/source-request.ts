/** Writes the requests by which sources are asked (clauses 4.3.6, 6.3.18): URL, headers, body. */
import { isCredential, type Registration, requestedHeader, type SourceInfo } from '../../federation/registration.ts';
import { aliasOf, extendVia } from '../../federation/via.ts';
import type { Context } from '../../jsonld/context.ts';
import { isArray, isObject, type Json } from '../../model/json.ts';
import type { SourceRequest } from '../../port/sources.ts';
import type { CallContext } from '../operation.ts';

type Params = Readonly<Record<string, string>>;

/** The header of this name, as one text. */
export function headerOf({ headers }: Pick<CallContext, 'headers'>, name: string): string | undefined {
  const value = headers?.[name.toLowerCase()];
  return typeof value === 'string' || value === undefined ? value : value.join(', ');
}

/** The name by which this broker, with the tenant of the request, is known among brokers. */
export const ownAlias = ({ services, tenant }: CallContext): string => aliasOf(services.identity.alias, tenant);

/** A source, the @context of the names that it is asked in, and the headers for it. Throws when there is no such @context. */
export async function targetOf(registration: Registration, call: CallContext): Promise<SourceTarget> {
  const { jsonldContext } = registration.info;
  const context =
    jsonldContext === undefined ? call.context : await call.services.contexts.resolve(jsonldContext, call.tenant);
  return { registration, context, headers: await sourceHeaders(registration, context, call) };
}

/** The headers of a registration: each with its value, or copied from the request. */
export function registeredHeaders({ headers }: SourceInfo, call: CallContext): Readonly<Record<string, string>> {
  const own = headers.flatMap(([name, value]) => {
    if (value !== requestedHeader) return [[name, value] as const];
    const copied = isCredential(name) ? undefined : headerOf(call, name);
    return copied === undefined ? [] : [[name, copied] as const];
  });
  return Object.fromEntries(own);
}

/** `context` is that of the names in the request. */
async function sourceHeaders(
  { info, tenant }: Registration,
  context: Context,
  call: CallContext,
): Promise<Readonly<Record<string, string>>> {
  const url = info.jsonldContext ?? (await call.services.contexts.urlOf(context, call));
  return {
    Accept: info.accept ?? 'application/json',
    ...registeredHeaders(info, call),
    Link: `<${url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`,
    Via: extendVia(headerOf(call, 'via'), ownAlias(call)),
    ...(tenant === undefined ? undefined : { 'NGSILD-Tenant': tenant }),
  };
}

/** A source, and how it is asked. */
export interface SourceTarget {
  readonly registration: Registration;
  /** The @context of names in the request and the answer. */
  readonly context: Context;
  readonly headers: Readonly<Record<string, string>>;
}

interface RequestParts {
  readonly method: SourceRequest['method'];
  readonly path: string;
  readonly params: Params;
  readonly body?: Json;
  /** True for a body that has no names and no @context. */
  readonly isValue?: boolean;
}

/** The request to a source. */
export function requestOf(
  source: SourceTarget,
  { method, path, params, body, isValue = false }: RequestParts,
): SourceRequest {
  const { endpoint, handling, id } = source.registration;
  const query = Object.entries(params).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return {
    method,
    url: `${endpoint}/ngsi-ld/v1${path}${query.length > 0 ? '?' : ''}${query.join('&')}`,
    ...(body === undefined ? { headers: source.headers } : withBody(source, body, isValue)),
    registration: id,
    ...(handling.cooldownMs === undefined ? undefined : { cooldownMs: handling.cooldownMs }),
    ...(handling.timeoutMs === undefined ? undefined : { timeoutMs: handling.timeoutMs }),
    ...(handling.cacheMs !== undefined && isRead({ method, path, params }, source)
      ? { cacheMs: handling.cacheMs }
      : undefined),
  };
}

/** A read whose answer depends on what it asks only: with an entity map, it depends on what the source keeps of it. */
const isRead = ({ method, path, params }: RequestParts, { headers }: SourceTarget): boolean =>
  (method === 'GET' || path === '/entityOperations/query') &&
  params['entityMap'] === undefined &&
  headers['NGSILD-EntityMap'] === undefined;

/** The @context stands in the header Link, or in the body when the source wants JSON-LD. */
function withBody(
  { registration, headers, context }: SourceTarget,
  body: Json,
  isValue: boolean,
): Pick<SourceRequest, 'headers' | 'body'> & { readonly body: string } {
  if (registration.info.contentType !== 'application/ld+json' || isValue || !(isObject(body) || isArray(body)))
    return { headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  const { Link: _link, ...others } = headers;
  return {
    headers: { ...others, 'Content-Type': 'application/ld+json' },
    body: JSON.stringify(isArray(body) ? body.map((one) => inContext(one, context)) : inContext(body, context)),
  };
}

const inContext = (json: Json, context: Context): Json =>
  isObject(json) ? { ...json, '@context': context.written } : json;
