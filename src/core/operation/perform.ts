/** Runs an operation for a caller: the only place that decides access and opens a tenant's store. */
import { restrictToDomain } from '../access/domain.ts';
import type { Decision } from '../access/decision.ts';
import { guardStore } from '../access/guard.ts';
import { guardWrites } from '../access/guard-writes.ts';
import { recordOwner } from '../access/record-owner.ts';
import type { Quotas } from '../access/quotas.ts';
import { isArray, isObject } from '../model/json.ts';
import { noSuchTenant, Problem } from '../model/problem.ts';
import { refuseManyMembers } from '../model/entity-size.ts';
import { refuseTooManyNames } from '../model/read/name-count.ts';
import { epochOf, positionText } from '../port/position.ts';
import { emptyStore } from '../port/empty-store.ts';
import type { Store } from '../port/store.ts';
import type { Audit } from '../port/audit.ts';
import { boundStore } from './bounded-store.ts';
import { isExplained, runExplained } from './explained.ts';
import { type Recording, startRecording } from './recording.ts';
import { openSnapshot } from './snapshot/keeping.ts';
import { localOnly, needsPrepared, type Place, placeOf } from './snapshot/place.ts';
import { tenantOf } from '../access/tenant-name.ts';
import { readBoolean } from './parameters.ts';
import type { OperationResult, OperationRequest, CallContext, Caller, Operation, Services } from './operation.ts';

interface Performing {
  readonly caller: Caller;
  readonly services: Services;
}

/** Throws a Problem when the operation cannot run. Any other error is a bug in the broker. */
export function perform(
  operation: Operation,
  request: OperationRequest,
  performing: Performing,
): Promise<OperationResult> {
  const { quotas, audit } = performing.services;
  const isRecorded = audit && operation.access !== 'open' && operation.access !== 'public';
  return quotas || isRecorded
    ? performWithin({ quotas, audit: isRecorded ? audit : undefined }, { operation, request, performing })
    : carryOut(operation, request, performing);
}

interface Bounds {
  readonly quotas: Quotas | undefined;
  /** Absent: the request is not recorded. */
  readonly audit: Audit | undefined;
}

interface Performed {
  readonly operation: Operation;
  readonly request: OperationRequest;
  readonly performing: Performing;
}

/**
 * Counts the request against the quotas, and records it in the audit, also when it fails. Throws TooManyRequests when the caller has used up
 * a quota, and Unavailable when the request cannot be recorded; then nothing is done.
 */
async function performWithin(
  { quotas, audit }: Bounds,
  { operation, request, performing }: Performed,
): Promise<OperationResult> {
  const { caller } = performing;
  const party = { identity: caller.principal.identity, address: caller.address };
  const leave = quotas?.enter(party, writesOf(operation, request));
  let recording: Recording | undefined;
  try {
    audit?.requireRoom();
    recording = audit && startRecording({ operation, request, caller }, audit);
    const result = await carryOut(operation, request, recording ? { ...performing, recording } : performing);
    recording?.done(result);
    return result;
  } catch (error) {
    recording?.failed(error);
    throw error;
  } finally {
    leave?.();
  }
}

/** How many entities or other resources a request writes. */
function writesOf({ action, body: kind, elementsIn }: Operation, { body }: OperationRequest): number {
  if (action === 'read') return 0;
  const elements = kind === 'array' ? body : elementsIn !== undefined && isObject(body) ? body[elementsIn] : undefined;
  return isArray(elements) ? elements.length : 1;
}

async function carryOut(
  operation: Operation,
  request: OperationRequest,
  { caller, services, recording }: Performing & { readonly recording?: Recording },
): Promise<OperationResult> {
  if (needsObject(operation, request) && !isObject(request.body))
    throw new Problem('InvalidRequest', 'The body must be a JSON object.');
  refuseTooManyNames(request.params, services.limits);
  readBoolean(request.params, 'local');
  if (operation.action === 'write' && operation.takesContext !== true) refuseManyMembers(request.body, services.limits);
  const tenant = tenantOf(request.params, caller.tenant);
  const place = caller.snapshot === undefined ? 'tenant' : placeOf(operation);
  const call = await openCall(operation, tenant === caller.tenant ? caller : { ...caller, tenant }, {
    services,
    recording,
    place,
  });
  const placed = place === 'snapshot' ? localOnly(operation, request) : request;
  return isExplained(request, call) ? runExplained(operation, placed, call) : operation.run(placed, call);
}

const needsObject = ({ body }: Operation, request: OperationRequest): boolean =>
  body === 'object' || (body === 'objectOrNone' && request.body !== undefined);

interface Opening {
  readonly services: Services;
  readonly recording: Recording | undefined;
  readonly place: Place;
}

/** Creates the context of a call: decides access by the present grants, and opens the tenant's store. */
async function openCall(
  operation: Operation,
  began: Caller,
  { services, recording, place }: Opening,
): Promise<CallContext> {
  const caller = atPresent(began);
  const decision = decideCall(operation, caller);
  const now = services.clock.now();
  const ofTenant = await openTenant(services, caller.tenant, operation);
  const { name: storeName, store } =
    place === 'snapshot' && caller.snapshot !== undefined
      ? await openSnapshot(caller.snapshot, { store: ofTenant, now, services, needsPrepared: needsPrepared(operation) })
      : { name: caller.tenant, store: ofTenant };
  const noting = services.contexts.recordUse(caller.context, caller.tenant);
  if (noting) await noting;
  const position = async (): Promise<string> =>
    positionText(await epochOf(store, services.ids), await store.log.position());
  const guarding = { decision, operation, caller, recording };
  const guarded = operation.action === 'write' ? guardEachWrite(store, guarding) : guard(store, guarding);
  const noted = recording?.recordedStore(guarded, { whole: store, decision, tenant: caller.tenant }) ?? guarded;
  const own = operation.action === 'write' ? boundStore(noted, boundsOf(caller, services)) : noted;
  return { ...caller, services, now, store: storeFor(caller, own, operation), storeName, position };
}

/** The store as requests of this caller use it: within the domain, and noting who creates entities. */
function storeFor({ domain, principal: { ownerName } }: Caller, store: Store, { action }: Operation): Store {
  const within = domain ? restrictToDomain(store, domain, action) : store;
  return ownerName === undefined || action === 'read' ? within : recordOwner(within, ownerName);
}

const boundsOf = (
  { correlator }: Caller,
  { limits: { attributesMax } }: Services,
): Parameters<typeof boundStore>[1] => ({
  attributesMax,
  correlator,
});

/** The caller with its present grants. */
function atPresent(caller: Caller): Caller {
  const principal = caller.presentPrincipal?.() ?? caller.principal;
  return principal === caller.principal ? caller : { ...caller, principal };
}

const open: Decision = { extent: 'full' };

type AllowedDecision = Exclude<Decision, { extent: 'none' }>;

/** Throws Forbidden without any grant. */
function decideCall({ access, name }: Operation, { principal, tenant }: Caller): AllowedDecision {
  const decision = access === 'open' || access === 'public' ? open : principal.rights(access, tenant);
  if (decision.extent === 'part' && (access === 'register' || access === 'administer'))
    throw new Problem('Forbidden', `${name} is about the whole tenant, and you are granted only a part of it.`);
  if (decision.extent !== 'none') return decision;
  throw new Problem('Forbidden', `${principal.identity.subject} has no grant to ${access} here, which ${name} needs.`);
}

interface Guarding {
  readonly decision: AllowedDecision;
  readonly operation: Operation;
  readonly caller: Caller;
  readonly recording: Recording | undefined;
}

function guard(store: Store, { decision, operation, caller: { principal, tenant }, recording }: Guarding): Store {
  if (decision.extent === 'full') return store;
  const guarded =
    operation.access === 'write' || operation.access === 'delete'
      ? guardWrites(store, { act: decision, read: principal.rights('read', tenant), onCovered: recording?.noteGrants })
      : guardStore(store, decision);
  return operation.checksDocuments ? { ...guarded, collection: (name) => store.collection(name) } : guarded;
}

/** The store of an operation that writes. Each write is decided by the grants that the caller has then, as a batch or a deletion makes many. */
function guardEachWrite(store: Store, guarding: Guarding): Store {
  if (!guarding.caller.presentPrincipal) return guard(store, guarding);
  let { caller } = guarding;
  let present = guard(store, guarding);
  const atThisWrite = (): Store => {
    const now = atPresent(caller);
    if (now === caller) return present;
    present = guard(store, { ...guarding, decision: decideCall(guarding.operation, now), caller: now });
    caller = now;
    return present;
  };
  return {
    ...present,
    apply: async (writes, at) => atThisWrite().apply(writes, at),
    record: async (instances, at) => atThisWrite().record(instances, at),
    revise: async (revision, at) => atThisWrite().revise(revision, at),
  };
}

async function openTenant({ stores }: Services, tenant: string, { unknownTenant }: Operation): Promise<Store> {
  const store =
    (await stores.open(tenant, unknownTenant === 'create')) ??
    (unknownTenant === 'ignore' ? await stores.open('', false) : unknownTenant === 'empty' ? emptyStore : undefined);
  if (!store) throw noSuchTenant(tenant);
  return store;
}
