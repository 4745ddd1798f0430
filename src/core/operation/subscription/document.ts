/** Creates the document of a subscription from a request, and patches it (clauses 5.2.12, 5.5.8). */
import { ngsildNull } from '../../model/attribute.ts';
import { microsOf, microsOfInstant } from '../../model/instant.ts';
import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import { badData } from '../../model/problem.ts';
import { quoted, readId } from '../../model/read/id.ts';
import { refuseTooManyNames } from '../../model/read/name-count.ts';
import { prototypeName, readAttributeName, readTypeName } from '../../model/read/name.ts';
import { withSecretsKept } from '../../model/secret.ts';
import {
  notificationOutputs,
  type SubscriptionDocument,
  statusOf,
  subscriptionOutputs,
  withPresentNames,
} from '../../model/subscription.ts';
import { headerOf } from '../distributed/source-request.ts';
import type { CallContext } from '../operation.ts';
import { type NameMapping, mapNames } from './names.ts';
import { ownerOf } from './owner.ts';

/** Members that the broker sets and does not accept from clients. */
const outputs: readonly string[] = ['id', '@context', ...subscriptionOutputs];

/** The document of a new subscription. Throws BadRequestData. */
export async function newDocument(json: JsonObject, call: CallContext): Promise<SubscriptionDocument> {
  const body = withPresentNames(json);
  const { services } = call;
  const id =
    body['id'] === undefined ? services.ids.next('Subscription') : readId(body['id'], 'the id of the subscription');
  if (body['type'] !== 'Subscription')
    throw badData(`The type of a subscription must be "Subscription", not ${quoted(body['type'])}.`);
  refuseNulls(body);
  refusePast(body, call);
  const members = { ...scopeOf(call), ...withSecretsKept(readMembers(body, call)) };
  return createDocument(id, members, call);
}

/**
 * The document with these members, of NGSI-LD or NGSI v2: it notifies of what changes from now on. Throws Forbidden for a caller without
 * credentials.
 */
export async function createDocument(
  id: string,
  members: JsonObject,
  call: CallContext,
): Promise<SubscriptionDocument> {
  const { now, context, services, store } = call;
  return {
    id,
    members,
    queryContext: context.url ?? context.given,
    context: context.url ?? services.contexts.core.key,
    createdAt: now,
    modifiedAt: now,
    since: await store.log.position(),
    ...viaOf(call),
    ...ownerOf(call),
  };
}

function viaOf(call: CallContext): Pick<SubscriptionDocument, 'via'> {
  const via = headerOf(call, 'via');
  return via === undefined ? {} : { via };
}

/** A subscription without a scope gets the scope of the request's domain. */
const scopeOf = ({ domain }: CallContext): JsonObject | undefined =>
  domain?.creates === undefined ? undefined : { scopeQ: `${domain.creates}/#` };

/** The document with the URL of its @context. A @context without a URL is stored to get one (clause 5.13). */
export async function withContextKept(
  document: SubscriptionDocument,
  { context, services, tenant, origin }: CallContext,
): Promise<SubscriptionDocument> {
  if (context.url !== undefined) return document;
  const reader = { tenant, isLasting: true, ...(origin === undefined ? undefined : { origin }) };
  return { ...document, context: await services.contexts.urlOf(context, reader) };
}

/**
 * The document after a patch: a given member replaces the old one, a null removes it. A tolerant broker also merges parts of `notification`
 * and `geoQ`.
 */
export function patchDocument(
  document: SubscriptionDocument,
  json: JsonObject,
  call: CallContext,
): SubscriptionDocument {
  const patch = withPresentNames(json);
  if (patch['id'] !== undefined && patch['id'] !== document.id)
    throw badData(`The id of a subscription cannot change; it is ${document.id}, not ${quoted(patch['id'])}.`);
  const gone = Object.keys(patch).filter((name) => isNull(patch[name]));
  // A past one ends a subscription to registrations (test 039_03).
  if (call.services.subscriptions.about === 'entities') refusePast(without(patch, gone), call);
  const needed = gone.find((name) => name === 'type' || name === 'notification');
  if (needed !== undefined) throw badData(`A subscription cannot be without ${needed}.`);
  const given = withSecretsKept(readMembers(without(patch, gone), call), document.members);
  const changed = call.services.isTolerant ? { ...given, ...mergedParts(document.members, given, patch) } : given;
  return {
    ...document,
    members: without({ ...document.members, ...changed }, gone),
    ...(given['q'] === undefined ? undefined : { queryContext: call.context.url ?? call.context.given }),
    modifiedAt: call.now,
  };
}

const mergedParts = (before: JsonObject, given: JsonObject, patch: JsonObject): JsonObject =>
  Object.fromEntries(
    ['notification', 'geoQ'].flatMap((name) => {
      const [was, part, asked] = [before[name], given[name], patch[name]];
      return isObject(was) && isObject(part) && isObject(asked) ? [[name, merged(was, part, asked)]] : [];
    }),
  );

/** `asked` is the part as sent: its nulls say which members to remove. */
function merged(before: JsonObject, part: JsonObject, asked: JsonObject): JsonObject {
  const gone = Object.keys(asked).filter((name) => isNull(asked[name]));
  const [was, given] = [before['endpoint'], part['endpoint']];
  const endpoint = isObject(was) && isObject(given) ? { endpoint: merged(was, given, given) } : undefined;
  return without({ ...before, ...part, ...endpoint }, gone);
}

/** A new subscription has no members that the NGSI-LD Null could remove (clause 5.5.4). */
function refuseNulls(body: JsonObject): void {
  const { notification, geoQ } = body;
  const endpoint = isObject(notification) ? notification['endpoint'] : undefined;
  for (const [where, json] of [
    ['', body],
    ['notification.', notification],
    ['notification.endpoint.', endpoint],
    ['geoQ.', geoQ],
  ] as const) {
    const name = isObject(json) ? Object.keys(json).find((one) => json[one] === ngsildNull) : undefined;
    if (name !== undefined) throw badData(`The NGSI-LD Null is not allowed here: ${where}${name}.`);
  }
}

const isNull = (json: Json | undefined): boolean => json === null || json === ngsildNull;

const without = (json: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(json).filter(([name]) => !names.includes(name)));

/**
 * The members to store, with names expanded. Members that begin with `_` are ignored, except `__proto__`, which is refused as everywhere.
 */
function readMembers(json: JsonObject, { context, services }: CallContext): JsonObject {
  refuseTooManyNames(json, services.limits);
  const kept = Object.entries(json).filter(
    ([name]) => !outputs.includes(name) && (!name.startsWith('_') || name === prototypeName),
  );
  const spelling: NameMapping = {
    type: (name) => readTypeName(name, context),
    attr: (name) => readAttributeName(name, context),
  };
  return mapNames(
    Object.fromEntries(kept.map(([name, member]) => [name, name === 'notification' ? inputOf(member) : member])),
    spelling,
  );
}

const inputOf = (json: Json): Json =>
  isObject(json)
    ? Object.fromEntries(
        Object.entries(json).filter(([name, member]) => !notificationOutputs.includes(name) && !isNull(member)),
      )
    : json;

/** An `expiresAt` must be in the future (clauses 5.8.1.4, 5.8.2.4). */
function refusePast({ expiresAt }: JsonObject, { now }: CallContext): void {
  if (expiresAt === undefined) return;
  const moment = typeof expiresAt === 'string' ? microsOf(expiresAt) : undefined;
  if (moment === undefined)
    throw badData(
      `The expiresAt of a subscription must be a UTC time such as 2026-03-01T08:00:00Z, not ${quoted(expiresAt)}.`,
    );
  if (moment <= microsOfInstant(now))
    throw badData(`The expiresAt of the subscription is in the past: ${quoted(expiresAt)}.`);
}

/** A subscription that becomes active again starts from the present. So does one that had a `timeInterval` before the patch. */
export async function resumed(
  before: SubscriptionDocument,
  after: SubscriptionDocument,
  { store, now }: CallContext,
): Promise<SubscriptionDocument> {
  const isResumed = statusOf(before, now) !== 'active' && statusOf(after, now) === 'active';
  const isTimed = before.members['timeInterval'] !== undefined;
  return isResumed || isTimed ? { ...after, since: await store.log.position() } : after;
}
