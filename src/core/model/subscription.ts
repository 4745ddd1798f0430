/** Defines a stored subscription (clause 5.2.12, or NGSI v2), its status (clause 5.8.1.4) and its delivery statistics (clause 5.2.14). */
import { type Instant, isInstant, microsOfInstant } from './instant.ts';
import { isObject, isStrings, isWhole, type Json, type JsonObject } from './json.ts';
import { unreadable } from './problem.ts';

/** Members that brokers write and ignore in requests: those of this broker, and those of other brokers (docs/compatibility.md). */
export const subscriptionOutputs: readonly string[] = ['status', 'createdAt', 'modifiedAt', 'origin'];
export const notificationOutputs: readonly string[] = [
  'timesSent',
  'timesFailed',
  'lastNotification',
  'lastSuccess',
  'lastFailure',
  'status',
  'noMatch',
  'lastErrorReason',
  'lastFailureReason',
  'lastSuccessCode',
  'consecutiveErrors',
  'failsCounter',
];

/** The names that members had in early versions of the standard. */
const earlierNames = { name: 'subscriptionName', expires: 'expiresAt' } as const;

/**
 * A subscription, or a patch of one, with the current names of its members. When both names are given, the current name takes precedence.
 */
export function withPresentNames(json: JsonObject): JsonObject {
  const { name, expires, ...others } = json;
  if (name === undefined && expires === undefined) return json;
  return {
    ...(name === undefined ? undefined : { [earlierNames.name]: name }),
    ...(expires === undefined ? undefined : { [earlierNames.expires]: expires }),
    ...others,
  };
}

/** A stored subscription. */
export interface SubscriptionDocument {
  readonly id: string;
  /** The members that the client gave, without `id` and `@context`. Names are expanded everywhere except in `q` and `csf`. */
  readonly members: JsonObject;
  /** The @context of the names in `q` and `csf`. */
  readonly queryContext: Json;
  /** The URL of the @context of the creating request. Notifications use it for names, unless `jsonldContext` is given. */
  readonly context: string;
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
  /** Changes after this position of the log concern it. */
  readonly since: number;
  /** Whose rights apply to each notification. Absent: it was created while everything was granted to everybody. */
  readonly owner?: Owner;
  /** The header Via of the creating request: the brokers that have it too, each as a copy of that of the one before. */
  readonly via?: string;
  /** Only in a subscription of NGSI v2: its members are those of v2, with names as v2 has them, and `context` gives their IRIs. */
  readonly v2?: V2Part;
}

/** What a subscription of NGSI v2 has besides its members. */
interface V2Part {
  /** The header Fiware-ServicePath of the creating request: `/A`, `/A/#`, or several in a list. */
  readonly servicePath: string;
}

/** The identity that created a subscription. */
interface Owner {
  readonly kind: 'anonymous' | 'key' | 'token' | 'local';
  readonly subject: string;
  readonly roles: readonly string[];
}

/** The state of a subscription (clause 5.2.12). */
export type SubscriptionStatus = 'active' | 'paused' | 'expired';

export function statusOf({ members, v2 }: SubscriptionDocument, now: Instant): SubscriptionStatus {
  const { expiresAt, isActive } = v2 ? { expiresAt: members['expires'], isActive: isActiveV2(members) } : members;
  if (typeof expiresAt === 'string' && microsOfInstant(expiresAt) <= microsOfInstant(now)) return 'expired';
  return isActive === false ? 'paused' : 'active';
}

/** In v2, a subscription `oneshot` is active until it has notified once. */
const isActiveV2 = ({ status }: JsonObject): boolean => status !== 'inactive';

/** The document of a subscription of NGSI v2 that notifies nothing more until a client activates it. */
export const deactivated = (document: SubscriptionDocument): SubscriptionDocument => ({
  ...document,
  members: { ...document.members, status: 'inactive' },
});

/** The document as JSON, for a collection. */
export const subscriptionJson = ({ owner, v2, ...rest }: SubscriptionDocument): Json => ({
  ...rest,
  ...(owner ? { owner: { ...owner } } : undefined),
  ...(v2 ? { v2: { ...v2 } } : undefined),
});

/**
 * The document stored in a collection. Throws ResourceNotFound when it is not a valid subscription; only the request that asks for it
 * fails.
 */
export function subscriptionIn(json: Json): SubscriptionDocument {
  if (!isObject(json)) throw unreadable('A subscription');
  const { id, members, queryContext = null, context, createdAt, modifiedAt, since, via } = json;
  const isNamed = typeof id === 'string' && typeof context === 'string';
  const isComplete = isNamed && isInstant(createdAt) && isInstant(modifiedAt) && isWhole(since);
  if (!isComplete || !isObject(members)) throw unreadable('A subscription');
  const viaIn = typeof via === 'string' ? { via } : {};
  return {
    id,
    members,
    queryContext,
    context,
    createdAt,
    modifiedAt,
    since,
    ...ownerIn(json),
    ...viaIn,
    ...v2In(json),
  };
}

function v2In({ v2 }: JsonObject): Pick<SubscriptionDocument, 'v2'> {
  if (v2 === undefined) return {};
  const servicePath = isObject(v2) ? v2['servicePath'] : undefined;
  if (typeof servicePath !== 'string') throw unreadable('A subscription');
  return { v2: { servicePath } };
}

/** True when a stored document is a subscription of NGSI v2. The API of NGSI-LD does not show these, nor v2 the others. */
export const isV2Subscription = (json: Json | undefined): boolean => isObject(json) && json['v2'] !== undefined;

const ownerKinds = ['anonymous', 'key', 'token', 'local'] as const;

/** Throws for an owner that cannot be read: without it, everything would be notified. */
function ownerIn({ owner }: JsonObject): Pick<SubscriptionDocument, 'owner'> {
  if (owner === undefined) return {};
  const { kind, subject, roles } = isObject(owner) ? owner : {};
  const known = ownerKinds.find((one) => one === kind);
  if (known === undefined || typeof subject !== 'string' || !isStrings(roles)) throw unreadable('A subscription');
  return { owner: { kind: known, subject, roles } };
}

/** The delivery statistics of a subscription (clause 5.2.14): every attempt counts. */
export interface DeliveryStatistics {
  readonly timesSent: number;
  readonly timesFailed: number;
  readonly lastNotification?: Instant;
  readonly lastSuccess?: Instant;
  readonly lastFailure?: Instant;
  /** The status of the last attempt that ended. */
  readonly status?: 'ok' | 'failed';
  /** Only of a subscription of NGSI v2: the status of the last answer of the receiver. */
  readonly lastAnswer?: number;
  /** Only of a subscription of NGSI v2: why the last attempt failed that got no answer. */
  readonly lastFailureReason?: string;
  /** Only of a subscription of NGSI v2: the number of failed attempts since the last one that succeeded. */
  readonly failuresInRow?: number;
}

export const noStatistics: DeliveryStatistics = { timesSent: 0, timesFailed: 0 };

/** The statistics in a JSON object. Invalid members are left out. */
export function statisticsIn(json: JsonObject): DeliveryStatistics {
  const { timesSent, timesFailed, status, lastFailureReason } = json;
  const times = (['lastNotification', 'lastSuccess', 'lastFailure'] as const).flatMap((name) => {
    const time = json[name];
    return isInstant(time) ? [[name, time] as const] : [];
  });
  return {
    timesSent: isWhole(timesSent) ? timesSent : 0,
    timesFailed: isWhole(timesFailed) ? timesFailed : 0,
    ...Object.fromEntries(times),
    ...(typeof lastFailureReason === 'string' ? { lastFailureReason } : undefined),
    ...(status === 'ok' || status === 'failed' ? { status } : undefined),
    ...numbersIn(json),
  };
}

const numbersIn = (json: JsonObject): Pick<DeliveryStatistics, 'lastAnswer' | 'failuresInRow'> =>
  Object.fromEntries(
    ['lastAnswer', 'failuresInRow'].flatMap((name) => (isWhole(json[name]) ? [[name, json[name]]] : [])),
  );
