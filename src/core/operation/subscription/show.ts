/**
 * Shows a stored subscription (clause 5.2.12): its members in the terms of the request, its status, its delivery statistics.
 */
import { parseQ } from '../../language/q/q.ts';
import { writeQ } from '../../language/q/write-q.ts';
import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import { maskSecrets } from '../../model/secret.ts';
import { type DeliveryStatistics, type SubscriptionDocument, statusOf } from '../../model/subscription.ts';
import type { CallContext } from '../operation.ts';
import { mapNames } from './names.ts';

/** What is shown in addition to the members that the client gave. */
export interface ShowOptions {
  readonly statistics: DeliveryStatistics | undefined;
  readonly isWithStamps: boolean;
  /** True: secrets of the endpoint are shown; otherwise they are masked. */
  readonly isWithSecrets: boolean;
}

const given = (members: Readonly<Record<string, Json | undefined>>): JsonObject =>
  Object.fromEntries(Object.entries(members).flatMap(([name, json]) => (json === undefined ? [] : [[name, json]])));

const usualTriggers = ['attributeCreated', 'attributeUpdated'];

/** Subscriptions to registrations count failures from the first one (clause 5.11.7). */
const withoutNoFailures = (statistics: DeliveryStatistics | undefined): Partial<DeliveryStatistics> => {
  const { timesFailed = 0, ...others } = statistics ?? {};
  return timesFailed === 0 ? others : { ...others, timesFailed };
};

/** The subscription as JSON, without an @context. */
export async function showSubscription(
  document: SubscriptionDocument,
  { statistics, isWithStamps, isWithSecrets }: ShowOptions,
  call: CallContext,
): Promise<JsonObject> {
  const { id, members, createdAt, modifiedAt, context } = document;
  const compact = (iri: string): string => call.context.compact(iri);
  const isOfEntities = call.services.subscriptions.about === 'entities';
  const {
    isActive,
    jsonldContext = context,
    notification = {},
    ...others
  } = mapNames(isWithSecrets ? members : maskSecrets(members), { type: compact, attr: compact });
  return {
    id,
    ...others,
    ...(await showQuery(document, call)),
    notification: isObject(notification)
      ? { ...notification, ...(isOfEntities ? statistics : withoutNoFailures(statistics)) }
      : notification,
    ...(isOfEntities
      ? { notificationTrigger: others['notificationTrigger'] ?? usualTriggers, jsonldContext }
      : given({ jsonldContext: members['jsonldContext'] })),
    ...(isActive === undefined ? undefined : { isActive }),
    status: statusOf(document, call.now),
    ...(isWithStamps ? { createdAt, modifiedAt } : undefined),
  };
}

/**
 * The `q` rewritten to the terms of the request, when these differ from its own. Undefined, so that `q` is shown as given: when they do not
 * differ, when `q` cannot be read, or when its @context is not available any more.
 */
async function showQuery(
  { members, queryContext }: SubscriptionDocument,
  { context, tenant, services }: CallContext,
): Promise<JsonObject | undefined> {
  const { q, expandValues } = members;
  if (typeof q !== 'string') return undefined;
  const names = typeof expandValues === 'string' ? expandValues.split(',').map((name) => name.trim()) : [];
  try {
    const own = await services.contexts.resolve(queryContext, tenant);
    if (own.key === context.key) return undefined;
    return { q: writeQ(parseQ(q, own, { expandValues: names, jsonKeys: [] }), context) };
  } catch {
    return undefined;
  }
}
