/** Decides which sources get a copy of a subscription, and what the copy says (clauses 5.8.1.4, 4.3.6.1). */
import { narrowDemand, type NarrowDemand } from '../../../core/federation/narrow.ts';
import type { Registration } from '../../../core/federation/registration.ts';
import type { Demand } from '../../../core/federation/registration-match.ts';
import type { RegistrationIndex } from '../../../core/federation/registration-index.ts';
import type { Context } from '../../../core/jsonld/context.ts';
import type { Query } from '../../../core/language/filter.ts';
import { parseQ } from '../../../core/language/q/q.ts';
import { writeQ } from '../../../core/language/q/write-q.ts';
import type { JsonObject } from '../../../core/model/json.ts';
import { type SubscriptionDocument, statusOf } from '../../../core/model/subscription.ts';
import { isInLoop, matchingSources } from '../../../core/operation/distributed/concerned-sources.ts';
import { type SourceTarget, targetOf } from '../../../core/operation/distributed/source-request.ts';
import type { CallContext } from '../../../core/operation/operation.ts';
import { mapNames } from '../../../core/operation/subscription/names.ts';
import { isFetched } from '../../../core/subscription/read-endpoint.ts';
import { contextsOf, readStored, type StoredPlan } from '../../../core/subscription/read-stored.ts';
import { forwardingCall, type Place } from './forwarding-call.ts';

/** A copy that a source should have. */
export interface WantedCopy {
  readonly target: SourceTarget;
  /** The subscription without its id. */
  bodyFor(notifyUrl: string): JsonObject;
}

/** Most sources that get a copy of one subscription. */
const copiesMax = 1000;

/**
 * The copies of a subscription. None of one that is only about this broker, does not notify now, is read as a stream, or whose owner may not
 * read everything: grants are about the entities of this broker.
 */
export async function wantedCopies(
  document: SubscriptionDocument,
  index: RegistrationIndex,
  place: Place,
): Promise<readonly WantedCopy[]> {
  const { members, v2 } = document;
  const { tenant, services } = place;
  if (v2 || members['localOnly'] === true || statusOf(document, services.clock.now()) !== 'active') return [];
  const call = await forwardingCall(document, place);
  if (call.principal.rights('read', tenant).extent !== 'full' || isInLoop(call)) return [];
  const plan = await readPlan(document, place);
  if (isFetched(plan.stored.endpoint)) return [];
  const sources = sourcesOf(index, plan, call);
  return Promise.all(sources.slice(0, copiesMax).map((one) => wantedCopy(one, { ...plan, document, call })));
}

/** A subscription after parsing. */
export interface Plan {
  readonly stored: StoredPlan;
  readonly queryContext: Context;
  /** A condition of the sources. */
  readonly csf?: Query;
}

/** Throws what `readStored` and the resolution of a @context throw. */
export async function readPlan(document: SubscriptionDocument, { tenant, services }: Place): Promise<Plan> {
  const contexts = await contextsOf(document, (context) => services.contexts.resolve(context, tenant));
  const { queryContext } = contexts;
  const { csf } = document.members;
  return {
    stored: readStored(document, contexts, services.messenger),
    queryContext,
    ...(typeof csf === 'string'
      ? { csf: parseQ(csf, queryContext, { expandValues: [], jsonKeys: [], name: 'csf' }) }
      : undefined),
  };
}

function sourcesOf(index: RegistrationIndex, { stored, csf }: Plan, call: CallContext): readonly Registration[] {
  const { geo, scopeQ } = stored.plan.filter;
  return matchingSources(index, { demand: demandOf(stored), conditions: { geo, scopeQ, csf } }, call).filter(
    ({ operations, info }) => operations.has('createSubscription') && !info.v2,
  );
}

/** What a source must have: the entities, and the attributes that are watched, else those that are notified. */
function demandOf({ plan }: StoredPlan): Demand {
  const attrs = plan.watched ? [...plan.watched] : notifiedNames(plan);
  return { selectors: plan.filter.selectors, ...(attrs ? { attrs } : undefined) };
}

/** The attributes that notifications show. Undefined: all. */
function notifiedNames({ changeView }: StoredPlan['plan']): readonly string[] | undefined {
  const { pick, attrs } = changeView.view.projection;
  const names = [...(attrs ?? pick ?? [])].filter((name) => name.includes(':'));
  return names.length === 0 ? undefined : names;
}

interface Copying extends Plan {
  readonly document: SubscriptionDocument;
  readonly call: CallContext;
}

async function wantedCopy(registration: Registration, copying: Copying): Promise<WantedCopy> {
  const target = await targetOf(registration, copying.call);
  const body = bodyOf(target, copying);
  return {
    target,
    bodyFor: (uri) => ({
      ...body,
      notification: { ...body.notification, endpoint: { uri, accept: 'application/json' } },
    }),
  };
}

/** Members that are the same at the source, with names in its @context. */
const same = ['notificationTrigger', 'throttling', 'timeInterval', 'expiresAt', 'datasetId', 'splitEntities'] as const;
/** Those that the source tests too, unless parts of an entity are elsewhere. */
const conditions = ['scopeQ', 'geoQ'] as const;

function bodyOf(target: SourceTarget, copying: Copying): JsonObject & { readonly notification: JsonObject } {
  const { stored, document } = copying;
  const { registration, context } = target;
  const compact = (iri: string): string => context.compact(iri);
  const names = mapNames(document.members, { type: compact, attr: compact });
  const { watched, changeView, filter } = stored.plan;
  const { selectors, attrs } = narrowDemand(registration, {
    selectors: filter.selectors,
    ...(watched ? { attrs: [...watched] } : undefined),
  });
  return {
    type: 'Subscription',
    ...entitiesOf(selectors, context),
    ...(attrs && stored.intervalMs === undefined ? { watchedAttributes: attrs.map(compact) } : undefined),
    ...someOf(names, stored.isSplit ? same : [...same, ...conditions]),
    ...(stored.isSplit ? undefined : queryOf(target, copying)),
    ...(registration.handling.isLocalOnly ? { localOnly: true } : undefined),
    notification: {
      ...notifiedOf(target, stored),
      sysAttrs: true,
      ...(changeView.showChanges ? { showChanges: true } : undefined),
    },
  };
}

const someOf = (json: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(names.flatMap((name) => (json[name] === undefined ? [] : [[name, json[name]] as const])));

function entitiesOf(selectors: NarrowDemand['selectors'], context: Context): JsonObject {
  const isAnyEntity = selectors.some(({ types, ids, idPattern }) => !types && !ids && idPattern === undefined);
  if (isAnyEntity) return {};
  return {
    entities: selectors.map(({ types, ids, idPattern }) => ({
      type: types ? types.map((type) => context.compact(type)).join(',') : '*',
      ...(ids ? { id: ids.length === 1 ? (ids[0] ?? ids) : ids } : undefined),
      ...(idPattern === undefined ? undefined : { idPattern }),
    })),
  };
}

/** The `q`, in the names of the source. */
function queryOf({ context }: SourceTarget, { stored, document, queryContext }: Copying): JsonObject {
  const { q } = document.members;
  const parsed = stored.linked ?? stored.plan.filter.q;
  if (typeof q !== 'string' || !parsed) return {};
  if (context.key !== queryContext.key) return { q: writeQ(parsed, context) };
  const compact = (iri: string): string => context.compact(iri);
  return { q, ...mapNames(someOf(document.members, ['expandValues', 'jsonKeys']), { type: compact, attr: compact }) };
}

/** The attributes that the source has to send: registered ones that the subscription shows. Of split entities, all registered ones. */
function notifiedOf({ registration, context }: SourceTarget, { isSplit, plan }: StoredPlan): JsonObject {
  const shown = isSplit ? undefined : notifiedNames(plan);
  const { attrs } = narrowDemand(registration, {
    selectors: plan.filter.selectors,
    ...(shown ? { attrs: shown } : {}),
  });
  return attrs && attrs.length > 0 && !isSplit ? { attributes: attrs.map((name) => context.compact(name)) } : {};
}
