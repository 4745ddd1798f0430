/** Operations that create, change and delete context source registrations (clauses 5.9.2 to 5.9.4). */
import {
  isExpired,
  type Registration,
  registrationCollection,
  type RegistrationDocument,
  registrationIn,
  registrationJson,
} from '../../federation/registration.ts';
import type { RegistrationReplacement } from '../../federation/registrations.ts';
import { conflictSearches, overlappingRegistration } from '../../federation/registration-conflict.ts';
import type { Json } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import { readId } from '../../model/read/id.ts';
import { writeHead } from '../heads.ts';
import type { CallContext, Operation, OperationRequest } from '../operation.ts';
import { bodyOf } from '../parameters.ts';
import { newRegistration, patchRegistration } from './document.ts';

const common = { ...writeHead, access: 'register', parameters: [] } as const;

export const createRegistration: Operation = {
  ...common,
  name: 'createRegistration',
  clause: '5.9.2',
  method: 'POST',
  path: '/csourceRegistrations',
  body: 'object',
  unknownTenant: 'create',
  async run(request, call) {
    const registration = newRegistration(bodyOf(request), call);
    const { id } = registration;
    await call.services.registrations.inTurn(call.tenant, async () => {
      const before = await unlessExpired(id, call);
      await refuseConflicts(registration, call);
      if (!(await replace({ id, before, after: registration.document }, call))) throw alreadyExists(id);
      await withdrawConflict(registration, undefined, call);
    });
    return { kind: 'created', location: `/ngsi-ld/v1/csourceRegistrations/${id}` };
  },
};

export const updateRegistration: Operation = {
  ...common,
  name: 'updateRegistration',
  clause: '5.9.3',
  method: 'PATCH',
  path: '/csourceRegistrations/{id}',
  body: 'object',
  async run(request, call) {
    const id = idOf(request);
    const { registrations } = call.services;
    await registrations.inTurn(call.tenant, async () => {
      const kept = await stored(id, call);
      if (kept === undefined || isGone(id, await registrations.of(call.tenant), call)) throw unknown(id);
      const before = registrationIn(kept);
      const registration = patchRegistration(before, bodyOf(request), call);
      await refuseConflicts(registration, call);
      if (!(await replace({ id, before: kept, after: registration.document }, call))) throw changedMeanwhile(id);
      await withdrawConflict(registration, before, call);
    });
    return { kind: 'done' };
  },
};

export const deleteRegistration: Operation = {
  ...common,
  name: 'deleteRegistration',
  clause: '5.9.4',
  method: 'DELETE',
  path: '/csourceRegistrations/{id}',
  body: 'none',
  async run(request, call) {
    const id = idOf(request);
    const { registrations } = call.services;
    await registrations.inTurn(call.tenant, async () => {
      const wasGone = isGone(id, await registrations.of(call.tenant), call);
      const before = await stored(id, call);
      if (before === undefined) throw unknown(id);
      if (!(await replace({ id, before, after: undefined }, call))) throw changedMeanwhile(id);
      if (wasGone) throw unknown(id);
    });
    return { kind: 'done' };
  },
};

const stored = (id: string, { store }: CallContext): Promise<Json | undefined> =>
  store.collection(registrationCollection).get(id);

const replace = (
  change: Omit<RegistrationReplacement, 'at'>,
  { services, tenant, now }: CallContext,
): Promise<boolean> => services.registrations.replace(tenant, { ...change, at: now });

/** The stored document that a new registration replaces: one that has expired. Throws AlreadyExists for another one. */
async function unlessExpired(id: string, call: CallContext): Promise<Json | undefined> {
  const before = await stored(id, call);
  if (before !== undefined && !isGone(id, await call.services.registrations.of(call.tenant), call))
    throw alreadyExists(id);
  return before;
}

/** True for a registration that has expired. It counts as deleted (clause 5.2.9). */
function isGone(id: string, index: { get(id: string): Registration | undefined }, { now }: CallContext): boolean {
  const registration = index.get(id);
  return registration !== undefined && isExpired(registration, now);
}

/** Throws Conflict when another registration, or an entity of this broker, excludes the registration. */
async function refuseConflicts(registration: Registration, call: CallContext): Promise<void> {
  const { mode, id } = registration;
  const other = overlappingRegistration(registration, await call.services.registrations.of(call.tenant), call.now);
  if (other)
    throw new Problem(
      'Conflict',
      `The ${mode} registration ${id} overlaps the ${other.mode} registration ${other.id}.`,
    );
  const entity = await conflictingEntity(registration, call);
  if (entity !== undefined) throw localConflict(registration, entity);
}

/**
 * Restores what was before when an entity that conflicts was created while the registration was checked. What is created later finds the
 * registration.
 */
async function withdrawConflict(
  registration: Registration,
  before: RegistrationDocument | undefined,
  call: CallContext,
): Promise<void> {
  const entity = await conflictingEntity(registration, call);
  if (entity === undefined) return;
  const { id, document } = registration;
  await replace({ id, before: registrationJson(document), after: before }, call);
  throw localConflict(registration, entity);
}

/** The id of an entity of this broker that has information of the registration. */
async function conflictingEntity(registration: Registration, { store, now }: CallContext): Promise<string | undefined> {
  for (const { filter, limit, isConflict } of conflictSearches(registration)) {
    const found = await store.find({ filter, limit, now, isLazy: true });
    const entity = found.find((stored) => isConflict(stored.entity()));
    if (entity) return entity.id;
  }
  return undefined;
}

const localConflict = ({ mode, id }: Registration, entity: string): Problem =>
  new Problem('Conflict', `The ${mode} registration ${id} is of information that the entity ${entity} has here.`);

const idOf = (request: OperationRequest): string => readId(request.path['id'], 'the id of the registration');

const alreadyExists = (id: string): Problem => new Problem('AlreadyExists', `There is a registration ${id} already.`);

const unknown = (id: string): Problem => new Problem('ResourceNotFound', `There is no registration ${id}.`);

const changedMeanwhile = (id: string): Problem =>
  new Problem('Unavailable', `Another request changed the registration ${id} meanwhile; try again.`);
