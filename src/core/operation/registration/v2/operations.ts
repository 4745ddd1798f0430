/** Operations on registrations of NGSI v2. They are context source registrations, and NGSI-LD sees them too. */
import { type Registration, registrationCollection, registrationIn } from '../../../federation/registration.ts';
import { readRegistration } from '../../../federation/read-registration.ts';
import { compareInstants } from '../../../model/instant.ts';
import type { Json } from '../../../model/json.ts';
import { Problem, readStored } from '../../../model/problem.ts';
import { readPage, readV2Options } from '../../../v2/page.ts';
import { V2Problem } from '../../../v2/problem.ts';
import type { CallContext, Operation, OperationRequest } from '../../operation.ts';
import { bodyOf } from '../../parameters.ts';
import {
  isOfPath,
  newV2Registration,
  patchV2Registration,
  registrationUri,
  shownRegistration,
  v2RegistrationId,
} from './document.ts';

const all = '/v2/registrations';
const one = '/v2/registrations/{id}';
const common = {
  access: 'register',
  clause: '5.9.2',
  media: ['json'],
  parameters: [],
  unknownTenant: 'empty',
} as const;

const createV2Registration = {
  ...common,
  name: 'createV2Registration',
  method: 'POST',
  path: all,
  action: 'write',
  body: 'object',
  unknownTenant: 'create',
  async run(request, call) {
    const registration = newV2Registration(bodyOf(request), call);
    await call.services.registrations.inTurn(call.tenant, () => replace(undefined, registration, call));
    return { kind: 'created', location: `${all}/${v2RegistrationId(registration.id)}` };
  },
} satisfies Operation;

const updateV2Registration = {
  ...common,
  name: 'updateV2Registration',
  method: 'PATCH',
  path: one,
  action: 'write',
  body: 'object',
  async run(request, call) {
    await call.services.registrations.inTurn(call.tenant, async () => {
      const { kept, registration } = await findOne(request, call);
      await replace(kept, patchV2Registration(registration, bodyOf(request), call), call);
    });
    return { kind: 'done' };
  },
} satisfies Operation;

const deleteV2Registration = {
  ...common,
  name: 'deleteV2Registration',
  method: 'DELETE',
  path: one,
  action: 'write',
  body: 'none',
  async run(request, call) {
    const { registrations } = call.services;
    await registrations.inTurn(call.tenant, async () => {
      const { kept, registration } = await findOne(request, call);
      const change = { id: registration.id, before: kept, after: undefined, at: call.now };
      if (!(await registrations.replace(call.tenant, change))) throw changedMeanwhile();
    });
    return { kind: 'done' };
  },
} satisfies Operation;

const retrieveV2Registration = {
  ...common,
  name: 'retrieveV2Registration',
  method: 'GET',
  path: one,
  action: 'read',
  body: 'none',
  async run(request, call) {
    const { registration } = await findOne(request, call);
    const shown = isOfPath(registration, call) ? shownRegistration(registration, call) : undefined;
    if (!shown) throw unknown();
    return { kind: 'found', text: JSON.stringify(shown) };
  },
} satisfies Operation;

const listV2Registrations = {
  ...common,
  name: 'listV2Registrations',
  method: 'GET',
  path: all,
  parameters: ['limit', 'offset', 'options'],
  action: 'read',
  body: 'none',
  async run({ params }, call) {
    const { limit, offset, isCounted } = readPage(params, readV2Options(params));
    const index = await call.services.registrations.of(call.tenant);
    const shown = index
      .all()
      .filter((registration) => isOfPath(registration, call))
      .toSorted((a, b) => compareInstants(a.document.createdAt, b.document.createdAt))
      .flatMap((registration) => shownRegistration(registration, call) ?? []);
    const { length: count } = shown;
    const page = { limit, offset, hasMore: count > offset + limit, ...(isCounted ? { count } : undefined) };
    return { kind: 'found', text: JSON.stringify(shown.slice(offset, offset + limit)), page };
  },
} satisfies Operation;

interface Kept {
  /** As it is stored. */
  readonly kept: Json;
  readonly registration: Registration;
}

/** Throws BadRequest for a text that is no id, and NotFound. */
async function findOne({ path }: OperationRequest, call: CallContext): Promise<Kept> {
  const id = registrationUri(path['id'] ?? '');
  const kept = await call.store.collection(registrationCollection).get(id);
  if (kept === undefined) throw unknown();
  return { kept, registration: readStored('A registration', () => readRegistration(registrationIn(kept))) };
}

async function replace(
  before: Json | undefined,
  { id, document: after }: Registration,
  { services, tenant, now: at }: CallContext,
): Promise<void> {
  if (!(await services.registrations.replace(tenant, { id, before, after, at }))) throw changedMeanwhile();
}

const unknown = (): V2Problem => new V2Problem('NotFound', 'The requested registration has not been found. Check id');

const changedMeanwhile = (): Problem =>
  new Problem('Unavailable', 'Another request changed the registration meanwhile; try again.');

/** All of them. */
export const v2RegistrationOperations: readonly Operation[] = [
  createV2Registration,
  listV2Registrations,
  retrieveV2Registration,
  updateV2Registration,
  deleteV2Registration,
];
