/** Dispatches HTTP requests: finds the operation by method and path, performs it, and sends the reply. */
import { performance } from 'node:perf_hooks';
import { type Authenticate, credentialsNeeded } from '../../core/access/identity.ts';
import { perform } from '../../core/operation/perform.ts';
import type { CompatibilityRoute } from '../../core/operation/compatibility-route.ts';
import type { Caller, Operation, Services } from '../../core/operation/operation.ts';
import { refusedLine } from '../../core/operation/recording.ts';
import { Problem } from '../../core/model/problem.ts';
import type { TrustedProxies } from '../trusted-proxies.ts';
import { type BodyBudget, createBodyBudget } from './body-budget.ts';
import { type BodyLimits, ClientGone } from './body.ts';
import { echoCorrelator, requireCorrelator } from './correlator.ts';
import { corsHeaders, preflightHeaders } from './cors.ts';
import { failureReply } from './fail.ts';
import { isCompatibilityPath, replyOfCompatibilityRoute } from './compatibility-routes.ts';
import { foreignHost, type HostCheck } from './host-names.ts';
import { type DescribeFailure, isOpenDataPath, replyOfOpenData, restated } from './open-data.ts';
import { type PageRoute, replyOfPage } from './pages.ts';
import { readRequest } from './read.ts';
import { Refusal } from './refusal.ts';
import { type Exchange, type Headers, type Reply, send } from './reply.ts';
import { createRoutes, describePath, findRoute, type Route, type Routes } from './routes.ts';
import { mayReadEverything, maySubscribe, requireGrant } from './require-grant.ts';
import { mounted, readTarget, type Target } from './target.ts';
import { createSecurityHeaders } from './security-headers.ts';
import { echoSnapshot } from './snapshot.ts';
import { echoTenant } from './tenant.ts';
import { waitForTurn } from './turns.ts';
import { readV2Request } from './v2/read.ts';
import { sthFailureReply, v2FailureReply, v2Reply } from './v2/reply.ts';
import { findV2Route, isSthV1Path, isV2Path, v2ErrorAt } from './v2/route.ts';
import { answerReply, type ReplyContext } from './write.ts';

const root = '/ngsi-ld/v1';

export interface DispatchOptions {
  readonly services: Services;
  /** Absent: everybody is anonymous. */
  readonly authenticate?: Authenticate;
  readonly operations: readonly Operation[];
  /** Operations of NGSI v2, at `/v2`, and of the history APIs beside it. */
  readonly v2Operations?: readonly Operation[];
  /** Operations outside `/ngsi-ld/v1` that answer with documents: the catalogue and its files. */
  readonly openDataOperations?: readonly Operation[];
  /** Writes errors of those that have a form of their own for it. */
  readonly describeFailure?: DescribeFailure;
  /** Where the paths of the server begin in that of clients, such as `/ql`. Absent: at the root. */
  readonly mount?: string;
  /** Routes outside `/ngsi-ld/v1`. */
  readonly compatibilityRoutes?: readonly CompatibilityRoute[];
  readonly limits: BodyLimits;
  /** The origin of web pages that may use the API, or `*`. Empty: no origin. */
  readonly corsOrigin: string;
  readonly pages: ReadonlyMap<string, PageRoute>;
  readonly isOwnHost: HostCheck;
  /** How long browsers must use TLS, in seconds (`createSecurityHeaders`). Absent: nothing is said about it. */
  readonly hstsSeconds?: number;
  /** The proxies whose word about clients counts. */
  readonly proxies: TrustedProxies;
  /** True when the server accepts no more connections. Every response then closes its connection. */
  readonly isClosing: () => boolean;
  /** Time in milliseconds within which a client must take a piece of a response. */
  readonly writeTimeoutMs: number;
}

/** The options and everything that is built from them once. */
interface DispatchContext extends Omit<DispatchOptions, 'compatibilityRoutes' | 'openDataOperations' | 'v2Operations'> {
  readonly routes: Routes;
  readonly v2Routes: Routes;
  readonly openDataRoutes: Routes;
  readonly compatibilityRoutes: Routes<CompatibilityRoute>;
  /** Headers of every response, by the scheme of the request. */
  readonly constant: Readonly<Record<'http' | 'https', Headers>>;
  readonly bodyBudget: BodyBudget;
}

/** What becomes known of a request: the name of its operation, as observations report it, and who may not send it. */
interface OperationLabel {
  name: string;
  /** True when the sender is anonymous and could send credentials. */
  needsCredentials?: boolean;
}

/** Answers one request. It never throws, and its promise is never rejected. */
export type Answerer = (exchange: Exchange) => Promise<void>;

export function createAnswerer(options: DispatchOptions): Answerer {
  const dispatch = {
    ...options,
    routes: createRoutes(options.operations),
    v2Routes: createRoutes(options.v2Operations ?? []),
    openDataRoutes: createRoutes(options.openDataOperations ?? []),
    compatibilityRoutes: createRoutes(options.compatibilityRoutes ?? []),
    constant: constantHeaders(options),
    bodyBudget: createBodyBudget(options.services.memory),
  };
  const {
    services: { observe },
    mount,
  } = options;
  return async (exchange) => {
    const began = performance.now();
    const label: OperationLabel = { name: 'unknown' };
    const asked = readTarget(exchange.request.url ?? '');
    const target = mount === undefined ? asked : mounted(asked, mount);
    if (isV2Path(target.path)) requireCorrelator(exchange);
    let status: number;
    try {
      if (exchange.response.socket === null) await waitForTurn(exchange);
      const reply = await replyTo(exchange, dispatch, { target, label });
      status = sendTo(exchange, dispatch, reply);
    } catch (error) {
      if (error instanceof ClientGone) return;
      recordRefusal(error, exchange, { label, dispatch });
      const reply = failed(accessError(error, label), exchange, { target, label, dispatch });
      status = sendTo(exchange, dispatch, reply);
    } finally {
      exchange.bodyReservation?.end();
    }
    observe({ kind: 'answered', binding: 'http', operation: label.name, status, tookMs: performance.now() - began });
  };
}

/** The reply to an error, in the form of the API at the path. */
function failed(
  error: unknown,
  exchange: Exchange,
  { target, label, dispatch }: Targeted & { readonly dispatch: DispatchContext },
): Reply {
  const { services, describeFailure: describe } = dispatch;
  const how = { where: label.name, observe: services.observe, hasCredentials: hasCredentials(exchange) };
  const reply = failureReplyAt(target)(error, how);
  const { accept } = exchange.request.headers;
  return describe ? restated(reply, error, { path: target.path, accept, describe }) : reply;
}

function failureReplyAt({ path }: Target): typeof failureReply {
  if (!isV2Path(path)) return failureReply;
  if (isSthV1Path(path)) return sthFailureReply;
  return (error, context) => v2FailureReply(v2ErrorAt(path, error), context);
}

const hasCredentials = ({ request: { headers } }: Exchange): boolean =>
  (headers.authorization ?? headers['x-auth-token']) !== undefined;

/** Records a request without credentials that was refused before its operation began. Wrong credentials are recorded where they are found. */
function recordRefusal(
  error: unknown,
  exchange: Exchange,
  { label, dispatch: { services, proxies } }: { readonly label: OperationLabel; readonly dispatch: DispatchContext },
): void {
  if (!(error instanceof Problem) || error.type !== 'Unauthenticated' || hasCredentials(exchange)) return;
  services.audit?.addRefused(refusedLine(label.name, proxies.clientAddress(exchange.request)));
}

/** What is forbidden to a client without credentials may be allowed to it with some: 401 asks for them. */
const accessError = (error: unknown, { needsCredentials = false }: OperationLabel): unknown =>
  needsCredentials && error instanceof Problem && error.type === 'Forbidden' ? credentialsNeeded() : error;

/** Closes the connection after the response (RFC 9112, section 9.6). */
const closeHeader: Headers = { Connection: 'close' };

function constantHeaders({ corsOrigin, authenticate, hstsSeconds = 0 }: DispatchOptions): DispatchContext['constant'] {
  const cors = corsHeaders(corsOrigin);
  const security = createSecurityHeaders({ isCallerKnown: authenticate !== undefined, hstsSeconds });
  return { http: { ...cors, ...security.http }, https: { ...cors, ...security.https } };
}

/** Sends a reply with the headers common to all responses. Returns its status. Throws MemoryBudgetExceeded. */
function sendTo(
  exchange: Exchange,
  { constant, proxies, isClosing, services, writeTimeoutMs }: DispatchContext,
  reply: Reply,
): number {
  const { headers } = exchange.request;
  const common = {
    ...constant[proxies.scheme(exchange.request)],
    ...(isClosing() ? closeHeader : undefined),
    ...echoTenant(headers),
    ...echoSnapshot(headers),
    ...echoCorrelator(headers),
  };
  send(exchange, reply, { common, services, writeTimeoutMs });
  return reply.status;
}

async function replyTo(exchange: Exchange, dispatch: DispatchContext, { target, label }: Targeted): Promise<Reply> {
  refuseForeignHost(exchange, target, dispatch);
  const page = dispatch.pages.get(target.path);
  if (page) {
    label.name = page.name;
    if (page.isGuarded === true) await requireGrant(exchange.request, dispatch, mayReadEverything);
    return replyOfPage(page, exchange.request, dispatch);
  }
  if (isV2Path(target.path)) return replyOfV2(exchange, dispatch, { target, label });
  return isOpenDataPath(dispatch.openDataRoutes, target.path)
    ? replyOfDocument(exchange, dispatch, { target, label })
    : replyOfApi(exchange, dispatch, { target, label });
}

interface Targeted {
  readonly target: Target;
  readonly label: OperationLabel;
}

async function replyOfDocument(
  exchange: Exchange,
  dispatch: DispatchContext,
  { target, label }: Targeted,
): Promise<Reply> {
  const { method = '' } = exchange.request;
  const { openDataRoutes, corsOrigin } = dispatch;
  if (method === 'OPTIONS') return optionsReply(openDataRoutes, target.path, corsOrigin);
  const route = findRoute(openDataRoutes, method, target.path);
  label.name = route.operation.name;
  return replyOfOpenData(
    exchange,
    { ...route, query: target.query },
    { ...dispatch, onRead: (caller) => noteSender(caller, dispatch, label) },
  );
}

/** The reply of the NGSI-LD API, or of the API of another project. */
async function replyOfApi(exchange: Exchange, dispatch: DispatchContext, { target, label }: Targeted): Promise<Reply> {
  const { method = '' } = exchange.request;
  const isCompatibility = isCompatibilityPath(dispatch.compatibilityRoutes, target.path);
  const path = isCompatibility ? target.path : pathBelowRoot(target.path);
  if (method === 'OPTIONS') {
    label.name = 'options';
    return optionsReply(isCompatibility ? dispatch.compatibilityRoutes : dispatch.routes, path, dispatch.corsOrigin);
  }
  if (isCompatibility) {
    const route = findRoute(dispatch.compatibilityRoutes, method, path);
    label.name = route.operation.name;
    if (route.operation.isGuarded === true) await requireGrant(exchange.request, dispatch, maySubscribe);
    return replyOfCompatibilityRoute(exchange, route, dispatch);
  }
  const route = findRoute(dispatch.routes, method, path);
  label.name = route.operation.name;
  requireContentLength(exchange, route.operation, dispatch.services);
  requirePreflightedHeader(exchange, route.operation);
  return replyOfOperation(exchange, dispatch, { ...route, target, label });
}

async function replyOfV2(exchange: Exchange, dispatch: DispatchContext, { target, label }: Targeted): Promise<Reply> {
  const { v2Routes, services } = dispatch;
  if (exchange.request.method === 'OPTIONS') return optionsReply(v2Routes, target.path, dispatch.corsOrigin);
  const { operation, path } = findV2Route(v2Routes, exchange, target.path);
  label.name = operation.name;
  const { request, caller } = await readV2Request(exchange, { operation, path, query: target.query }, dispatch);
  noteSender(caller, dispatch, label);
  return v2Reply(await perform(operation, request, { caller, services }));
}

/** A request with a body needs Content-Length (clause 6.3.4). A tolerant broker also accepts chunked bodies. */
function requireContentLength(
  { request: { headers } }: Exchange,
  { method, body }: Operation,
  { isTolerant }: Pick<Services, 'isTolerant'>,
): void {
  if (body === 'none' || headers['content-length'] !== undefined) return;
  if (body === 'objectOrNone' && headers['transfer-encoding'] === undefined) return;
  if (isTolerant && headers['transfer-encoding'] !== undefined) return;
  throw new Refusal(411, `A ${method} needs the header Content-Length.`);
}

/** Health probes are exempt: an orchestrator uses an address that is not known in advance, and probes read no data. */
function refuseForeignHost({ request }: Exchange, { path }: Target, { isOwnHost, proxies }: DispatchContext): void {
  const host = proxies.host(request);
  if (isOwnHost(host) || path.startsWith('/health/')) return;
  throw new Refusal(421, foreignHost(host));
}

/** Headers that a web page of another origin cannot send before a preflight request (CORS protocol). */
const preflightedHeaders = ['ngsild-tenant', 'fiware-service', 'authorization', 'x-auth-token'];

/** Any web page can send a POST without a body. A POST that changes something must have a header that needs a preflight request. */
function requirePreflightedHeader({ request: { headers } }: Exchange, { name, method, body }: Operation): void {
  if (method !== 'POST' || (body !== 'none' && body !== 'objectOrNone')) return;
  const isAsked = preflightedHeaders.some((header) => headers[header] !== undefined);
  if (isAsked || headers['content-type']?.startsWith('application/json') === true) return;
  throw new Problem(
    'Forbidden',
    `${name} has no body, so that any web page could send it. Send Content-Type: application/json too, or one of NGSILD-Tenant, Authorization and X-Auth-Token.`,
  );
}

function pathBelowRoot(path: string): string {
  if (path.startsWith(`${root}/`)) return path.slice(root.length);
  throw new Problem(
    'ResourceNotFound',
    `There is nothing at ${path}. The API is at ${root}, its description at /openapi.yaml.`,
  );
}

function optionsReply(routes: Routes<unknown>, path: string, corsOrigin: string): Reply {
  const headers = describePath(routes, path);
  return { status: 204, headers: { ...headers, ...preflightHeaders(corsOrigin, headers['Allow'] ?? '') } };
}

async function replyOfOperation(
  exchange: Exchange,
  dispatch: DispatchContext,
  route: Route & { readonly target: Target; readonly label: OperationLabel },
): Promise<Reply> {
  const { services } = dispatch;
  const { operation, path, target, label } = route;
  const { request, caller } = await readRequest(exchange, { operation, path, query: target.query }, dispatch);
  noteSender(caller, dispatch, label);
  const answer = await perform(operation, request, { caller, services });
  const shown = answer.kind === 'found' && answer.media ? { ...caller, media: answer.media } : caller;
  const isLinked = answer.kind === 'found' && operation.takesContext !== true && isContextLinked(shown);
  const linked = isLinked ? { contextUrl: await services.contexts.urlOf(caller.context, caller) } : undefined;
  const registryMedia = registryMediaOf(operation, exchange.request.headers.accept);
  return answerReply(answer, { caller: shown, target, params: request.params, ...registryMedia, ...linked });
}

/** Pages of the registry are linked as JSON-LD, unless the client asks for JSON by its name. */
function registryMediaOf({ path }: Operation, accept = ''): Pick<ReplyContext, 'registryMedia'> {
  if (!path.startsWith('/csource')) return {};
  return { registryMedia: /application\/json/i.test(accept) ? 'json' : 'ld+json' };
}

function noteSender({ principal }: Caller, { authenticate }: DispatchContext, label: OperationLabel): void {
  label.needsCredentials = authenticate !== undefined && principal.identity.kind === 'anonymous';
}

/** True when the @context of a response is in the Link header (clauses 6.3.6, 6.3.15). */
const isContextLinked = ({ media, isContextInLink = false }: Caller): boolean => media === 'json' || isContextInLink;
