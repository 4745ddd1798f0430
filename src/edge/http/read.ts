/** Converts an HTTP request to an operation request and a caller (CIM 009 clauses 6.3.4, 6.3.5, 6.3.14). */
import type { IncomingHttpHeaders } from 'node:http';
import {
  anonymous,
  type Authenticate,
  credentialsNeeded,
  type Identity,
  type RequestHead,
} from '../../core/access/identity.ts';
import type { Principal } from '../../core/access/principal.ts';
import type { Context } from '../../core/jsonld/context.ts';
import { readContextLink } from '../../core/jsonld/link.ts';
import { isArray, isObject, type Json, sameJson } from '../../core/model/json.ts';
import { badData } from '../../core/model/problem.ts';
import { readId } from '../../core/model/read/id.ts';
import type { OperationRequest, Caller, Media, Operation, Services } from '../../core/operation/operation.ts';
import { type Holder, holderOfTicket } from '../../core/operation/stream/tickets.ts';
import { tenantIn } from '../../core/access/tenant-name.ts';
import { countTraffic } from '../traffic.ts';
import type { TrustedProxies } from '../trusted-proxies.ts';
import { negotiate } from './accept.ts';
import { type Body, type BodyContext, hasBody, readBody } from './body.ts';
import { sentCorrelator } from './correlator.ts';
import { readPreferences } from './prefer.ts';
import type { Exchange } from './reply.ts';
import type { Route } from './routes.ts';
import { readServicePath } from './service-path.ts';
import { readParameters } from './target.ts';

export interface Read {
  readonly request: OperationRequest;
  readonly caller: Caller;
}

/** Reads a request in the order of clause 6: headers, parameters, body, @context. Throws Problem, Refusal, ClientGone. */
export async function readRequest(
  exchange: Exchange,
  { operation, path, query }: Route & { readonly query: string },
  context: BodyContext & Authentication,
): Promise<Read> {
  const { headers } = exchange.request;
  const { services } = context;
  const holder = operation.media[0] === 'event-stream' ? await holderIn(query, services) : undefined;
  const sender = holder
    ? grantedPrincipal(holder.identity, operation, services)
    : principalOf(exchange, operation, context);
  const principal = sender instanceof Promise ? await sender : sender;
  const tenant = holder?.tenant ?? tenantIn(headers) ?? '';
  const who = { tenant, ...senderWith(principal, services), ...headOf(exchange, operation, context) };
  admit(exchange, who, { operation, services });
  const params = readParameters(query, operation.parameters);
  const link = operation.takesContext === true ? undefined : linkOf(headers, holder);
  if (isWithoutBody(exchange, operation)) {
    return {
      request: { path, params, ...lastEventOf(headers) },
      caller: { ...who, context: await contextOf(link, { ...who, operation, services }) },
    };
  }
  const body = await readBody(exchange, operation, context);
  const split = splitContext(body, operation, link);
  return {
    request: { path, params, body: split.json },
    caller: {
      ...who,
      context: await contextOf(split.context, { ...who, operation, services }),
      contextPerElement: split.isPerElement,
    },
  };
}

/** Throws TooManyRequests before a body is read for which the sender has no room left. */
export function admit(
  { request }: Exchange,
  { principal: { identity }, address }: Pick<Caller, 'principal' | 'address'>,
  { operation, services: { quotas } }: Pick<Naming, 'operation' | 'services'>,
): void {
  if (!quotas) return;
  const party = { identity, address };
  countTraffic(request.socket, party, quotas);
  if (operation.body !== 'none') quotas.requireRoom(party);
}

const isWithoutBody = (exchange: Exchange, { body }: Operation): boolean =>
  body === 'none' || (body === 'objectOrNone' && !hasBody(exchange));

export interface Authentication {
  readonly services: Services;
  readonly proxies: TrustedProxies;
  /** Absent: everybody is anonymous. */
  readonly authenticate?: Authenticate;
}

/** What the head of a request says about its caller, except who it is. */
function headOf(
  exchange: Exchange,
  operation: Operation,
  { proxies }: Pick<Authentication, 'proxies'>,
): Omit<Caller, 'tenant' | 'principal' | 'context'> {
  const { request } = exchange;
  const { headers } = request;
  const media = readMedia(operation, headers.accept);
  const { version, isContextInLink, ...wishes } = readPreferences(headers['prefer']?.toString());
  return {
    ...domainOf(headers, operation),
    media,
    ...snapshotOf(headers),
    ...sentWith(request, proxies),
    ...sentCorrelator(exchange),
    ...wishes,
    ...(version === undefined ? undefined : { version }),
    ...(isContextInLink === true && media === 'geo+json' ? { isContextInLink } : undefined),
  };
}

/** The holder of the ticket in the query, which replaces tenant, credentials and @context. Throws Forbidden for one that is not valid. */
async function holderIn(query: string, { tickets }: Services): Promise<Holder | undefined> {
  const ticket = new URLSearchParams(query).get('ticket');
  return ticket === null ? undefined : holderOfTicket(ticket, tickets);
}

const linkOf = ({ link }: IncomingHttpHeaders, holder: Holder | undefined): string | undefined =>
  holder ? holder.contextUrl : readContextLink(link?.toString());

/** The sender of a request with its present grants. Throws what `authenticate` throws. */
export function principalOf(
  { request }: { readonly request: RequestHead },
  operation: Operation,
  { services, authenticate }: Authentication,
): Principal | Promise<Principal> {
  if (!authenticate) return services.access.principalOf(anonymous);
  const identity = authenticate(request);
  return identity instanceof Promise
    ? identity.then((one) => grantedPrincipal(one, operation, services))
    : grantedPrincipal(identity, operation, services);
}

/** The sender as a caller, whose grants may change until the request is read and done. */
export const senderWith = (
  principal: Principal,
  { access }: Services,
): Pick<Caller, 'principal' | 'presentPrincipal'> => ({
  principal,
  ...(access.isOpen ? undefined : { presentPrincipal: () => access.principalOf(principal.identity) }),
});

/** Refuses those who may do nothing before their body is read. */
function grantedPrincipal(identity: Identity, operation: Operation, { access }: Services): Principal {
  const principal = access.principalOf(identity);
  if (principal.grants.length === 0 && identity.kind === 'anonymous' && operation.access !== 'public')
    throw credentialsNeeded();
  return principal;
}

/** The media type of the response. Writes return no content or always JSON (clause 6.3.6). */
const readMedia = ({ action, media }: Operation, accept: string | undefined): Media =>
  action === 'read' ? negotiate(accept, media) : 'json';

interface Naming {
  readonly tenant: string;
  readonly operation: Operation;
  readonly services: Services;
}

/** Operations on @contexts use the core @context, so they work even when the default @context is not available. */
export function contextOf(
  context: Json | undefined,
  { tenant, operation, services }: Naming,
): Context | Promise<Context> {
  const { contexts } = services;
  if (operation.takesContext === true) return contexts.core;
  return context === undefined ? contexts.defaultContext(tenant) : contexts.resolve(context, tenant);
}

function domainOf(headers: IncomingHttpHeaders, { action }: Operation): Pick<Caller, 'domain'> | undefined {
  const domain = readServicePath(headers, action);
  return domain && { domain };
}

/** The snapshot that the request is about (clause 5.5.15). Throws BadRequestData when it is no URI. */
function snapshotOf({ 'ngsild-snapshot': id }: IncomingHttpHeaders): Pick<Caller, 'snapshot'> | undefined {
  return id === undefined ? undefined : { snapshot: readId(id.toString(), 'the header NGSILD-Snapshot') };
}

/** The header that the EventSource of a browser sends when it reconnects. */
function lastEventOf({ 'last-event-id': id }: IncomingHttpHeaders): Pick<OperationRequest, 'lastEventId'> {
  return typeof id === 'string' && id !== '' ? { lastEventId: id } : {};
}

export function sentWith(head: RequestHead, proxies: TrustedProxies): Pick<Caller, 'headers' | 'origin' | 'address'> {
  const address = proxies.clientAddress(head);
  return { headers: head.headers, ...(address === '' ? undefined : { address }), ...originOf(head, proxies) };
}

/** The base URL by which the client reached the broker. A host that is not valid in a URL is ignored. */
export function originOf(head: RequestHead, proxies: TrustedProxies): Pick<Caller, 'origin'> {
  const host = proxies.host(head);
  return host !== undefined && /^[\w.:[\]-]+$/.test(host) ? { origin: `${proxies.scheme(head)}://${host}` } : {};
}

/** A body and its @context, separated. */
interface Split {
  readonly json: Json;
  readonly context: Json | undefined;
  /** True when each element of an array has its own @context. */
  readonly isPerElement: boolean;
}

/** Separates a body from its @context. The media type determines where the @context is (clause 6.3.5). Throws BadRequestData. */
function splitContext({ json, media }: Body, { body, takesContext }: Operation, link: string | undefined): Split {
  if (takesContext === true) return { json, context: undefined, isPerElement: false };
  if (body === 'value') {
    if (media === 'json') return { json, context: link, isPerElement: false };
    throw badData('A bare value has no place for an @context: send it as application/json.');
  }
  if (media === 'json') return splitPlain(json, link);
  if (link !== undefined)
    throw badData('A body in application/ld+json holds its @context; a Link header must not name one.');
  if (body === 'array') return { json, context: undefined, isPerElement: true };
  if (body === 'object' && !isObject(json)) return { json, context: undefined, isPerElement: false };
  return { ...splitLinked(json), isPerElement: false };
}

function splitPlain(json: Json, link: string | undefined): Split {
  if (isObject(json) && json['@context'] !== undefined) {
    throw badData('A body in application/json must not hold an @context; use application/ld+json or a Link header.');
  }
  return { json, context: link, isPerElement: false };
}

/** Separates a JSON-LD value from its @context. An array is one value here, so all its elements must have the same @context. */
function splitLinked(json: Json): { json: Json; context: Json } {
  if (isArray(json) && json.length > 0) {
    const split = json.map(splitLinked);
    const context = split[0]?.context ?? null;
    if (split.some((one) => !sameJson(one.context, context)))
      throw badData('All elements must have the same @context here.');
    return { json: split.map((one) => one.json), context };
  }
  if (!isObject(json)) throw badData('A body in application/ld+json must be an object that holds an @context.');
  const { '@context': context, ...rest } = json;
  if (context === undefined) throw badData('A body in application/ld+json needs an @context.');
  return { json: rest, context };
}
