/** Parses a stored subscription: what it matches, when it notifies, and where to (clauses 5.2.12 to 5.2.15). */
import type { Context } from '../jsonld/context.ts';
import type { Query } from '../language/filter.ts';
import { geoMembers, refuseUnknownGeo } from '../language/geo/geo-query.ts';
import { parseQ } from '../language/q/q.ts';
import { instantOf, type Micros, microsOfInstant } from '../model/instant.ts';
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { badData, Problem } from '../model/problem.ts';
import { isUri, quoted } from '../model/read/id.ts';
import { inMember } from '../model/read/member.ts';
import type { SubscriptionDocument } from '../model/subscription.ts';
import type { Messenger } from '../port/messenger.ts';
import { readVersion } from '../representation/conform.ts';
import { checkTimes, readTimeMs } from './bounds.ts';
import type { SubscriptionDialect } from './dialect.ts';
import { isLinked } from './linked.ts';
import { readBoolean, readText } from '../model/read/json-member.ts';
import type { SubscriptionPlan } from './plan.ts';
import { type Endpoint, readEndpoint } from './read-endpoint.ts';
import { readList, readSubscription } from './read-subscription.ts';
import type { RegistrationInterest } from './registration-interest.ts';
import { readConformance } from './read-view.ts';

/** A stored subscription after parsing, without its endpoint. */
interface StoredQuery {
  readonly plan: SubscriptionPlan;
  /** A `q` that follows relationships. It is not in the filter of the plan. */
  readonly linked?: Query;
  readonly join?: Join;
  /** Given when parts of one entity may be at several sources: conditions are about the whole (clause 5.2.12). */
  readonly isSplit?: true;
  /** The @context for names in notifications. */
  readonly notified: Context;
  /** Least time between two notifications. */
  readonly throttlingMs?: number;
  /** Time between two notifications of a subscription that notifies at intervals. */
  readonly intervalMs?: number;
  readonly isActive: boolean;
  readonly expiry: Micros;
}

/** A stored subscription after parsing. */
export interface StoredPlan extends StoredQuery {
  readonly endpoint: Endpoint;
  /** Of a subscription to registrations. The plan then has no conditions. */
  readonly registrations?: RegistrationInterest;
  /** What a subscription of another API does in its own way. */
  readonly dialect?: SubscriptionDialect;
}

/** Linked entities are notified too: in place of the URIs, or after the entities (clause 4.5.23). */
interface Join {
  readonly how: 'inline' | 'flat';
  /** The number of relationships to follow, at least 1. */
  readonly level: number;
}

/** The @contexts to parse a document with. */
export interface StoredContexts {
  /** For names in `q` and `csf`. */
  readonly queryContext: Context;
  /** For names in notifications. */
  readonly notified: Context;
}

/** Resolves the @contexts of a document. Throws BadRequestData, and what `resolve` throws. */
export async function contextsOf(
  { members, queryContext, context }: SubscriptionDocument,
  resolve: (context: Json) => Promise<Context>,
): Promise<StoredContexts> {
  const { jsonldContext = context } = members;
  if (jsonldContext !== context && !(typeof jsonldContext === 'string' && isUri(jsonldContext)))
    throw badData(`The jsonldContext of a subscription must be the URL of a @context, not ${quoted(jsonldContext)}.`);
  return { queryContext: await resolve(queryContext), notified: await resolve(jsonldContext) };
}

/**
 * Rejects values that older versions accepted. A stored document that has them still runs as well as possible. Throws BadRequestData that
 * names the member.
 */
export function checkNew({ members }: SubscriptionDocument): void {
  checkTimes(members);
  readConformance(members);
  if (isObject(members['geoQ'])) refuseUnknownGeo(members['geoQ']);
}

/** Throws BadRequestData that names the faulty member, and OperationNotSupported for what this broker does not support. */
export function readStored(document: SubscriptionDocument, contexts: StoredContexts, messenger: Messenger): StoredPlan {
  const endpoint = readEndpoint(notificationOf(document)['endpoint'], messenger);
  return { ...readQuery(document, contexts), endpoint };
}

/**
 * The plan of a stored subscription for streaming. Throws OperationNotSupported when the subscription depends on time or on other entities
 * than the changed one.
 */
export function readStreamed(document: SubscriptionDocument, contexts: StoredContexts): SubscriptionPlan {
  const { plan, linked, join, throttlingMs, intervalMs, expiry } = readQuery(document, contexts);
  const unfit = Object.entries({
    'a q that leads through relationships': linked,
    join,
    throttling: throttlingMs,
    timeInterval: intervalMs,
  }).find(([, value]) => value !== undefined);
  if (unfit) throw new Problem('OperationNotSupported', `A subscription with ${unfit[0]} cannot be streamed.`);
  return expiry === Infinity ? plan : { ...plan, expiresAt: instantOf(expiry) };
}

function notificationOf({ members: { notification } }: SubscriptionDocument): JsonObject {
  if (isObject(notification)) return notification;
  throw badData(
    `A subscription needs a notification such as {"endpoint": {"uri": "http://…"}}, not ${quoted(notification)}.`,
  );
}

function readQuery(document: SubscriptionDocument, { queryContext, notified }: StoredContexts): StoredQuery {
  const { members } = document;
  const notification = notificationOf(document);
  const times = readTimes(members);
  const join = readJoin(notification);
  const plan = readPlan(members, { notification, notified, depthMax: join?.level ?? 0 });
  const q = readQueries(members, queryContext);
  return {
    ...withQuery(plan, q),
    ...(join ? { join } : undefined),
    ...(readBoolean(members, 'splitEntities') === true ? { isSplit: true } : undefined),
    notified,
    ...times,
    isActive: readBoolean(members, 'isActive') ?? true,
    expiry: readExpiry(members),
  };
}

/** Names in the document are expanded already. */
const verbatim = (name: string): string => name;

interface Notified {
  readonly notification: JsonObject;
  readonly notified: Context;
  readonly depthMax: number;
}

function readPlan(members: JsonObject, { notification, notified, depthMax }: Notified): SubscriptionPlan {
  const rendering = omit(notification, ['endpoint', 'join', 'joinLevel']);
  const { ngsildConformance = '' } = members;
  const isVersion = typeof ngsildConformance === 'string' && readVersion(ngsildConformance) !== undefined;
  const others = ['timeInterval', 'throttling', 'q', 'csf', 'splitEntities', 'isActive', 'expiresAt', 'notification'];
  const plain = omit(members, isVersion ? others : [...others, 'ngsildConformance']);
  const context = { ...notified, expand: verbatim };
  return readSubscription(
    { ...plain, ...knownGeo(members), notification: rendering },
    { context, notified: context, now: '1970-01-01T00:00:00Z', depthMax },
  );
}

/** Older versions accepted unknown members of `geoQ`. They are removed. */
const knownGeo = ({ geoQ }: JsonObject): JsonObject =>
  isObject(geoQ)
    ? {
        geoQ: omit(
          geoQ,
          Object.keys(geoQ).filter((name) => !geoMembers.includes(name)),
        ),
      }
    : {};

const omit = (json: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(json).filter(([name]) => !names.includes(name)));

/** The syntax tree of `q`. `csf` is only checked: it selects context sources, and this broker queries none. */
function readQueries(members: JsonObject, terms: Context): Query | undefined {
  const options = { expandValues: readList(members, 'expandValues'), jsonKeys: readList(members, 'jsonKeys') };
  const [q, csf] = ['q', 'csf'].map((name) => readText(members, name));
  if (csf !== undefined) inMember('csf', () => parseQ(csf, terms, { expandValues: [], jsonKeys: [], name: 'csf' }));
  return q === undefined ? undefined : inMember('q', () => parseQ(q, terms, options));
}

function withQuery(plan: SubscriptionPlan, q: Query | undefined): Pick<StoredQuery, 'plan' | 'linked'> {
  if (!q) return { plan };
  return isLinked(q) ? { plan, linked: q } : { plan: { ...plan, filter: { ...plan.filter, q } } };
}

function readJoin({ join = '@none', joinLevel = 1 }: JsonObject): Join | undefined {
  if (typeof joinLevel !== 'number' || !Number.isSafeInteger(joinLevel) || joinLevel < 1)
    throw badData(`The joinLevel of a notification must be a whole number of at least 1, not ${quoted(joinLevel)}.`);
  if (join === '@none') return undefined;
  if (join === 'inline' || join === 'flat') return { how: join, level: joinLevel };
  throw badData(`The join of a notification may be inline, flat, @none, not ${quoted(join)}.`);
}

type Times = Pick<StoredQuery, 'throttlingMs' | 'intervalMs'>;

function readTimes(members: JsonObject): Times {
  const throttlingMs = readTimeMs(members, 'throttling', 'a subscription');
  const intervalMs = readTimeMs(members, 'timeInterval', 'a subscription');
  if (intervalMs !== undefined) {
    const excluded = ['watchedAttributes', 'throttling'].find((name) => members[name] !== undefined);
    if (excluded !== undefined) throw badData(`A subscription with timeInterval cannot have ${excluded}.`);
  }
  return {
    ...(throttlingMs === undefined ? undefined : { throttlingMs }),
    ...(intervalMs === undefined ? undefined : { intervalMs }),
  };
}

const readExpiry = ({ expiresAt }: JsonObject): Micros =>
  typeof expiresAt === 'string' ? microsOfInstant(expiresAt) : Infinity;
