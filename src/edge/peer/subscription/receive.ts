/** Takes the notifications of sources for copies of subscriptions, and logs them for their subscribers (clause 5.8.6). */
import { mergeEntities } from '../../../core/federation/merge-entities.ts';
import { narrowEntity } from '../../../core/federation/narrow.ts';
import { notifiedJson, readNotified } from '../../../core/federation/notified-change.ts';
import { expandedTerms } from '../../../core/federation/expanded-terms.ts';
import { readRegistration } from '../../../core/federation/read-registration.ts';
import type { Registration } from '../../../core/federation/registration.ts';
import type { RegistrationIndex } from '../../../core/federation/registration-index.ts';
import { copyCollection, type SourceStore } from '../../../core/federation/source-store.ts';
import type { Context } from '../../../core/jsonld/context.ts';
import { readContextLink } from '../../../core/jsonld/link.ts';
import { anyOfTypes } from '../../../core/language/filter.ts';
import { compileFilter } from '../../../core/language/matches/matches.ts';
import type { Change } from '../../../core/model/change.ts';
import type { Entity } from '../../../core/model/entity.ts';
import { isDeeper } from '../../../core/model/json-depth.ts';
import { isArray, isObject, type Json, type JsonObject, parseGiven } from '../../../core/model/json.ts';
import { badData, Problem } from '../../../core/model/problem.ts';
import { statusOf, type SubscriptionDocument, subscriptionIn } from '../../../core/model/subscription.ts';
import type { CompatibilityRequest } from '../../../core/operation/compatibility-route.ts';
import { retrieveMerged } from '../../../core/operation/distributed/distributed-read.ts';
import { targetOf } from '../../../core/operation/distributed/source-request.ts';
import type { CallContext, Services } from '../../../core/operation/operation.ts';
import { subscriptionCollection } from '../../../core/port/subscriptions.ts';
import { holdsLinked } from '../../../core/subscription/linked.ts';
import { renderChange } from '../../../core/subscription/notification.ts';
import { type Copy, copyIn } from './copy.ts';
import { forwardingCall, type Place } from './forwarding-call.ts';
import { type Plan, readPlan } from './wanted.ts';

/** A notification as it came, and the copy that its URL names. */
export interface Notified extends Pick<CompatibilityRequest, 'headers' | 'text'> {
  readonly tenant: string;
  /** Absent: the `subscriptionId` in the body names the copy. */
  readonly copy?: string;
}

/** Most entities of one notification. */
const entitiesMax = 1000;
const depthMax = 100;

/** Resolves when the notification is durable. Throws ResourceNotFound for an unknown copy, and what makes the notification unreadable. */
export async function receiveNotification(notified: Notified, services: Services): Promise<void> {
  const body = bodyIn(notified.text);
  const receiving = await open(body, notified, services);
  const { sourceStore, document, call } = receiving;
  const changes = await changesIn(body, notified, receiving);
  for (const change of changes) await sourceStore.log.append(notifiedJson(document.id, call.now, kept(change)));
  if (changes.length > 0) sourceStore.log.announce();
}

async function changesIn(body: JsonObject, { headers }: Notified, receiving: Receiving): Promise<readonly Change[]> {
  const { data = [] } = body;
  const { call, plan } = receiving;
  if (!isArray(data)) throw badData('The data of a notification must be an array of entities.');
  if (data.length > entitiesMax) throw badData(`A notification has at most ${entitiesMax} entities.`);
  const terms = await termsOf(body, headers, receiving);
  const changes: Change[] = [];
  for (const json of data) {
    const pause = call.services.yieldToEventLoop();
    if (pause) await pause;
    const change = narrowed(readNotified(withoutContext(json), terms, call.now), receiving);
    const whole = change && plan.stored.isSplit ? await completed(change, receiving) : change;
    if (whole) changes.push(whole);
  }
  return changes;
}

function bodyIn(text: string): JsonObject {
  if (isDeeper(text, depthMax)) throw badData(`A notification must not be nested deeper than ${depthMax} levels.`);
  const json = parsed(text);
  if (isObject(json)) return json;
  throw new Problem('InvalidRequest', 'The body must be a JSON object.');
}

function parsed(text: string): Json {
  try {
    return parseGiven(text);
  } catch {
    throw new Problem('InvalidRequest', 'The body is not JSON.');
  }
}

interface Receiving {
  readonly sourceStore: SourceStore;
  readonly document: SubscriptionDocument;
  readonly plan: Plan;
  readonly call: CallContext;
  readonly registration: Registration;
  readonly index: RegistrationIndex;
}

/** What the copy is of. Throws ResourceNotFound when there is no such copy, or it is no longer wanted. */
async function open(body: JsonObject, { copy: named, tenant }: Notified, services: Services): Promise<Receiving> {
  const { subscriptionId } = body;
  const store = await services.stores.open(tenant, false);
  const sourceStore = await services.sourceStores.of(tenant);
  if (!store || !sourceStore) throw unknownCopy();
  const key = named ?? (typeof subscriptionId === 'string' ? subscriptionId : '');
  const copy = await wantedCopy(key, sourceStore);
  if (subscriptionId !== copy.id && subscriptionId !== copy.remoteId) throw unknownCopy();
  const document = await activeSubscription(copy.subscription, { store, services });
  const place = { tenant, store, services };
  const index = await services.registrations.of(tenant);
  return {
    sourceStore,
    document,
    plan: await readPlan(document, place),
    call: await forwardingCall(document, place),
    registration: index.get(copy.registration.id) ?? readRegistration(copy.registration),
    index,
  };
}

async function wantedCopy(key: string, store: SourceStore): Promise<Copy> {
  const found = await store.collection(copyCollection).get(key);
  const copy = found === undefined ? undefined : copyIn(found);
  if (copy && copy.leavingAt === undefined) return copy;
  throw unknownCopy();
}

async function activeSubscription(
  id: string,
  { store, services }: Pick<Place, 'store' | 'services'>,
): Promise<SubscriptionDocument> {
  const kept = await store.collection(subscriptionCollection).get(id);
  const document = kept === undefined ? undefined : subscriptionIn(kept);
  if (document && statusOf(document, services.clock.now()) === 'active') return document;
  throw unknownCopy();
}

const unknownCopy = (): Problem => new Problem('ResourceNotFound', 'Nobody here subscribes by this id.');

/** The @context that the notification names, else that in which the source was asked. */
async function termsOf(
  body: JsonObject,
  headers: Notified['headers'],
  { registration, call }: Receiving,
): Promise<Context> {
  const { contexts } = call.services;
  const own = body['@context'];
  const link = own === undefined ? readContextLink(headers['link']?.toString()) : own;
  return link === undefined ? (await targetOf(registration, call)).context : contexts.resolve(link, call.tenant);
}

function withoutContext(json: Json): Json {
  if (!isObject(json)) return json;
  const { '@context': _context, ...members } = json;
  return members;
}

/** The part of the change that the registration and the subscription are about. Undefined: none. */
function narrowed(change: Change, { registration, plan }: Receiving): Change | undefined {
  const { selectors } = plan.stored.plan.filter;
  const demand = { selectors };
  const entity = narrowEntity(registration, change.entity, demand);
  if (!entity || !compileFilter({ ...(selectors ? { selectors } : undefined) })(entity)) return undefined;
  const lost = { ...change.entity, attrs: Object.fromEntries(change.attrs.map((one) => [one.name, beforeOf(one)])) };
  const named = narrowEntity(registration, lost, demand)?.attrs ?? {};
  return { ...change, entity, attrs: change.attrs.filter(({ name }) => Object.hasOwn(named, name)) };
}

const beforeOf = ({ before, after }: Change['attrs'][number]) =>
  [before, after].flatMap((one) => one ?? []).slice(0, 1);

/** Of a split entity: the change with what is here and at the other sources, if the whole meets the conditions (clause 5.8.6). */
async function completed(change: Change, receiving: Receiving): Promise<Change | undefined> {
  if (change.event === 'deleted') return change;
  const { plan, call } = receiving;
  const { id, types } = change.entity;
  const filter = { selectors: [{ ids: [id], types: anyOfTypes(types) }] };
  const local = await call.store.get(id, call.now);
  const reading = { index: othersOf(receiving), local, filter, projection: {}, params: {} };
  const { found } = await retrieveMerged(id, reading, call);
  const copies = [change.entity, ...(found ? [found.entity()] : [])].map((entity) => ({ entity, isAuxiliary: false }));
  const entity = mergeEntities(copies, call.now);
  return entity && (await isMet(entity, plan, call)) ? { ...change, entity } : undefined;
}

/** The registrations without that of the source that notifies. */
const othersOf = ({ index, registration }: Receiving): RegistrationIndex => ({
  ...index,
  matching: (demand, now) => index.matching(demand, now).filter(({ id }) => id !== registration.id),
});

async function isMet(entity: Entity, { stored }: Plan, { store, now }: CallContext): Promise<boolean> {
  if (!compileFilter(stored.plan.filter)(entity)) return false;
  const { linked } = stored;
  return !linked || holdsLinked(linked, entity, async (id) => (await store.get(id, now))?.entity());
}

/** The change in the form in which sources notify it, with expanded names. */
const kept = (change: Change): JsonObject =>
  renderChange(change, {
    key: '',
    view: { terms: expandedTerms, format: 'normalized', sysAttrs: true, projection: {} },
    showChanges: true,
    loss: 'entity',
    showsDeleted: true,
  });
