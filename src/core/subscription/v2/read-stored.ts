/** Parses a stored subscription of NGSI v2: what it matches, when it notifies, and how. */
import type { Context } from '../../jsonld/context.ts';
import { parseProjection } from '../../language/projection.ts';
import type { Change } from '../../model/change.ts';
import type { Entity } from '../../model/entity.ts';
import { microsOfInstant } from '../../model/instant.ts';
import { Problem } from '../../model/problem.ts';
import { type DeliveryStatistics, type SubscriptionDocument, statusOf } from '../../model/subscription.ts';
import type { Delivery, Messenger } from '../../port/messenger.ts';
import { evaluateJexl } from '../../v2/jexl/evaluate.ts';
import { hasMacro, withoutMacros } from '../../v2/jexl/macros.ts';
import { attributeIris, typeIri } from '../../v2/names.ts';
import { badRequest } from '../../v2/problem.ts';
import { readV2Subscription } from '../../v2/subscription/read-subscription.ts';
import type { Transport, V2Subscription } from '../../v2/subscription/subscription.ts';
import { throttlingMaxSeconds } from '../bounds.ts';
import type { SubscriptionDialect } from '../dialect.ts';
import type { SubscriptionPlan } from '../plan.ts';
import type { Endpoint } from '../read-endpoint.ts';
import type { StoredPlan } from '../read-stored.ts';
import { correlatorOf, createSentCorrelators } from './correlator.ts';
import { alterationOf } from './alteration.ts';
import { macroContext, showsChange } from './content.ts';
import type { ParsedV2 } from './parsed.ts';
import { explainChangeV2, explainEntityV2 } from './explain.ts';
import { compileExpression, compileServicePath } from './expression.ts';
import { addressV2, mqttSettings, mqttUri, serializeV2, writeV2Message } from './message.ts';
import { candidateFilter, compileSubject } from './select.ts';

/** What a document is parsed with. */
export interface V2StoredReading {
  /** What the names mean: the @context of the document. */
  readonly context: Context;
  readonly tenant: string;
  readonly messenger: Messenger;
}

/** Throws BadRequest that says what is wrong. */
export function readStoredV2(document: SubscriptionDocument, reading: V2StoredReading): StoredPlan {
  const subscription = readV2Subscription(document.members);
  const { context, messenger } = reading;
  const parsed = parse(document, subscription, reading);
  const { expires, throttling } = subscription;
  return {
    plan: planOf(parsed, context),
    notified: context,
    endpoint: endpointOf(subscription.notification.transport, messenger),
    ...(throttling === undefined ? undefined : { throttlingMs: Math.min(throttling, throttlingMaxSeconds) * 1000 }),
    isActive: statusOf(document, document.createdAt) !== 'paused',
    expiry: expires === undefined ? Infinity : microsOfInstant(expires),
    dialect: createDialect(parsed),
  };
}

function parse(
  { v2 }: SubscriptionDocument,
  subscription: V2Subscription,
  { context, tenant }: V2StoredReading,
): ParsedV2 {
  const { entities, condition } = subscription;
  const { attrs, alterationTypes, notifyOnMetadataChange } = condition;
  const watched =
    attrs.length === 0 ? undefined : { watched: new Set(attrs.flatMap((name) => attributeIris(name, context))) };
  const alterations = { alterationTypes, notifyOnMetadataChange, ...watched };
  const sentCorrelators = createSentCorrelators();
  const types = entities.flatMap(({ type }) => (type === undefined ? [] : [typeIri(type, context)]));
  const { servicePath = '/#' } = v2 ?? {};
  return {
    subscription,
    servicePath,
    condition: alterations,
    isOfSubject: compileSubject(entities, context),
    isInPath: compileServicePath(servicePath),
    isMet: compileExpression(condition.expression ?? {}, context),
    sentCorrelators,
    notifiedOf: (change) => {
      const alteration = alterationOf(change, alterations);
      const rest = { change, terms: context, types, tenant, isMetadataCounted: notifyOnMetadataChange };
      return alteration && { ...rest, alteration };
    },
  };
}

function planOf(parsed: ParsedV2, context: Context): SubscriptionPlan {
  const { subscription, condition } = parsed;
  const { alterationTypes, watched } = condition;
  const isAttribute = !alterationTypes.has('entityDelete');
  return {
    filter: candidateFilter(subscription.entities, context),
    ...(watched && isAttribute ? { watched } : undefined),
    triggers: new Set(['attributeCreated', 'attributeUpdated', 'attributeDeleted']),
    isOnScope: false,
    changeView: {
      key: 'v2',
      view: { terms: context, format: 'normalized', sysAttrs: false, projection: parseProjection({}, context) },
      showChanges: false,
      loss: 'none',
      showsDeleted: false,
    },
    isConcerned: (change) => isConcerned(change, parsed),
  };
}

function isConcerned(
  change: Change,
  { notifiedOf, isOfSubject, isInPath, isMet, sentCorrelators, subscription }: ParsedV2,
): boolean {
  const { entity } = change;
  if (sentCorrelators.isCauseOf(change)) return false;
  // Only a change that was erased has no types.
  if (entity.types.length === 0) return false;
  const notified = notifiedOf(change);
  if (!notified || !isOfSubject(entity) || !isInPath(entity) || !holds(entity, isMet)) return false;
  if (!showsChange(notified, subscription.notification)) return false;
  const { jexlExpression } = subscription.condition;
  return jexlExpression === undefined || evaluateJexl(jexlExpression, macroContext(notified)) === true;
}

/** An expression that is too complex for this entity does not hold. */
function holds(entity: Entity, isMet: (entity: Entity) => boolean): boolean {
  try {
    return isMet(entity);
  } catch (error) {
    if (error instanceof Problem && error.type === 'TooComplexQuery') return false;
    throw error;
  }
}

function createDialect(parsed: ParsedV2): SubscriptionDialect {
  const { subscription, notifiedOf, sentCorrelators } = parsed;
  const { notification, status } = subscription;
  const isOneTime = status === 'oneshot';
  const { maxFailsLimit = Infinity } = notification;
  return {
    isOneTime,
    write(change, sending) {
      const notified = notifiedOf(change);
      if (!notified) throw new Problem('Forbidden', 'The owner of the subscription may not see the change any more.');
      const correlator = correlatorOf(change, sending);
      sentCorrelators.add(correlator);
      return writeV2Message(notified, notification, { ...sending, correlator });
    },
    address: (serialized) => addressV2(notification, serialized),
    serialize: (message) => serializeV2(notification, message),
    ended: endedV2,
    isOver: ({ failuresInRow = 0 }, isFinished) => (isOneTime && isFinished) || failuresInRow > maxFailsLimit,
    explain: (entity, change) => [
      ...explainEntityV2(entity, parsed),
      ...(change ? [explainChangeV2(change, parsed)] : []),
    ],
  };
}

/** Any answer is a success here, as in Orion; that the notification is sent again or kept as a dead letter is another matter. */
function endedV2(statistics: DeliveryStatistics, delivery: Delivery, now: string): DeliveryStatistics {
  const { failuresInRow = 0, timesFailed } = statistics;
  if (delivery.kind === 'abandoned') return statistics;
  const { status: answer } = delivery;
  if (delivery.kind === 'taken' || answer !== undefined) {
    const { lastAnswer: _, ...others } = statistics;
    const code = answer === undefined ? undefined : { lastAnswer: answer };
    return { ...others, ...code, lastSuccess: now, status: 'ok', failuresInRow: 0 };
  }
  return {
    ...statistics,
    timesFailed: timesFailed + 1,
    lastFailure: now,
    lastFailureReason: delivery.reason,
    status: 'failed',
    failuresInRow: failuresInRow + 1,
  };
}

/** Throws BadRequest when nothing can be sent there. A part that macros stand for is not known yet. */
function endpointOf(transport: Transport, messenger: Messenger): Endpoint {
  const { uri, notifierInfo } = addressOf(transport);
  const objection = hasMacro(transport.url) ? undefined : messenger.objection(uri, notifierInfo);
  if (objection !== undefined) {
    const isNoUrl = objection === 'it is no URL with a host';
    throw badRequest(`Invalid URL parsing notification url${isNoUrl ? '' : `: ${objection}`}`);
  }
  const timeout = transport.kind === 'http' && transport.timeoutMs !== undefined ? transport : undefined;
  return {
    uri,
    accept: 'application/json',
    ...(timeout?.timeoutMs === undefined ? undefined : { timeoutMs: timeout.timeoutMs }),
    receiverInfo: {},
    notifierInfo,
  };
}

const addressOf = (transport: Transport): Pick<Endpoint, 'uri' | 'notifierInfo'> =>
  transport.kind === 'http'
    ? { uri: transport.url, notifierInfo: {} }
    : { uri: mqttUri(transport, withoutMacros(transport.topic)), notifierInfo: mqttSettings(transport) };
