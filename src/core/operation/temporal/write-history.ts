/** Operations that write history: add instances with their own times, change and delete them (clauses 5.6.11 to 5.6.16). */
import type { Fragment, Fragments } from '../../model/attribute.ts';
import { isArray, isObject, type Json } from '../../model/json.ts';
import type { Outcome } from '../../model/mutation.ts';
import type { Mismatch, Replacement } from '../../model/history.ts';
import { badData, Problem } from '../../model/problem.ts';
import { type HistoryFragment, readHistory } from '../../model/read/entity.ts';
import { readId } from '../../model/read/id.ts';
import { isInstance } from '../../model/read/kind.ts';
import { readAttributeName } from '../../model/read/name.ts';
import type { Revision } from '../../port/store.ts';
import { distributed } from '../distributed/distributed-write.ts';
import { writeHead } from '../heads.ts';
import type { OperationResult, OperationRequest, CallContext, Operation } from '../operation.ts';
import { readDeletedInstances, readEntityId } from '../parameters.ts';
import { pastInstance, pastInstances, splitInstances, recordPast } from '../split-instances.ts';
import { resourcePath } from '../resource-path.ts';
import { checkPart } from '../writing.ts';

export const upsertTemporal: Operation = distributed({
  ...writeHead,
  name: 'upsertTemporal',
  clause: '5.6.11',
  method: 'POST',
  path: '/temporal/entities',
  parameters: ['local', 'explain'],
  body: 'object',
  unknownTenant: 'create',
  distribution: { name: 'upsertTemporal', about: 'entity', isKnown },
  read: (request, call) => readHistory(request.body ?? null, call.context),
  async write(history, _request, call) {
    const isNew = !(await isKnown(history.id, call));
    await checkPart(history.id, history, call);
    refuseFailed(await addInstances(history, call, { create: true }));
    return isNew ? { kind: 'created', location: resourcePath('temporal/entities', history.id) } : { kind: 'done' };
  },
});

export const appendTemporal: Operation = distributed({
  ...writeHead,
  name: 'appendTemporal',
  clause: '5.6.12',
  method: 'POST',
  path: '/temporal/entities/{id}/attrs',
  parameters: ['local', 'explain'],
  body: 'object',
  distribution: { name: 'appendAttrsTemporal', about: 'entity', isKnown },
  read: (request, call) => readHistory(request.body ?? null, call.context, { id: readEntityId(request) }),
  async write(history, request, call) {
    const id = readEntityId(request);
    if (!(await isKnown(id, call))) throw notFound(id);
    await checkPart(id, history, call);
    const outcome = await addInstances(history, call, { create: false });
    // New instances of a deleted entity do not restore it: they go into history only.
    if (isGone(outcome)) await recordPast(pastInstances(history, { present: {} }, call.now), call);
    else refuseFailed(outcome);
    return { kind: 'done' };
  },
});

const notFound = (id: string): Problem => new Problem('ResourceNotFound', `There is no history of ${id}.`);

/** True when the entity has a history. */
async function isKnown(id: string, { store, now }: CallContext): Promise<boolean> {
  const plan = {
    filter: { selectors: [{ ids: [id] }] },
    limit: 1,
    now,
    temporal: { timeproperty: 'modifiedAt' },
    limitInstances: 1,
  } as const;
  return (await store.history(plan)).length > 0;
}

/**
 * Adds all instances to history. The newest instance of each attribute and dataset becomes present unless the stored present instance is
 * newer.
 */
async function addInstances(
  history: HistoryFragment,
  call: CallContext,
  how: { readonly create: boolean },
): Promise<Outcome | undefined> {
  const { mutation, past } = splitInstances(history, call.now, how);
  const [outcome] = await call.store.apply([{ mutation }], call.now);
  if (outcome?.status !== 'refused') await recordPast(past, call);
  return outcome;
}

const isGone = (outcome: Outcome | undefined): boolean =>
  outcome?.status === 'refused' && outcome.problem.type === 'ResourceNotFound';

function refuseFailed(outcome: Outcome | undefined): void {
  if (outcome?.status === 'refused') throw new Problem(outcome.problem.type, outcome.problem.detail);
}

export const deleteTemporal: Operation = distributed({
  ...writeHead,
  name: 'deleteTemporal',
  access: 'delete',
  clause: '5.6.16',
  method: 'DELETE',
  path: '/temporal/entities/{id}',
  parameters: ['local', 'explain'],
  body: 'none',
  distribution: { name: 'deleteTemporal', about: 'none', isKnown },
  read: readEntityId,
  write: (id, _request, call) => revise({ op: 'deleteHistory', id }, call),
});

export const deleteTemporalAttribute: Operation = distributed({
  ...writeHead,
  name: 'deleteTemporalAttribute',
  access: 'delete',
  clause: '5.6.13',
  method: 'DELETE',
  path: '/temporal/entities/{id}/attrs/{attr}',
  parameters: ['datasetId', 'deleteAll', 'local', 'explain'],
  body: 'none',
  distribution: { name: 'deleteAttrsTemporal', about: 'none', isKnown },
  read: (request, call) => ({ ...readPlace(request, call), which: readDeletedInstances(request.params) }),
  write: (place, _request, call) => revise({ op: 'deleteSeries', ...place }, call),
});

export const updateTemporalInstance: Operation = distributed({
  ...writeHead,
  name: 'updateTemporalInstance',
  clause: '5.6.14',
  method: 'PATCH',
  path: '/temporal/entities/{id}/attrs/{attr}/{instanceId}',
  parameters: ['local', 'explain'],
  body: 'object',
  distribution: { name: 'updateAttrInstanceTemporal', about: 'attribute', isKnown },
  read(request, call) {
    const { id, name } = readPlace(request, call);
    const { fragment, which } = readOneInstance(request, name, call);
    const instance = pastInstance(fragment, call.now);
    return { id, name, instanceId: readInstanceId(request), instance, ...which };
  },
  write: (place, _request, call) => revise({ op: 'replaceInstance', ...place }, call),
});

/**
 * The body contains the attribute, under any of its names, with exactly one instance, or is the instance itself. `which`: the dataset that
 * the body names. Throws BadRequestData when the body contains anything else.
 */
function readOneInstance(
  { body = null, path }: OperationRequest,
  name: string,
  { context }: CallContext,
): { readonly fragment: Fragment; readonly which: Pick<Replacement, 'which'> } {
  const [, given] = Object.entries(isObject(body) ? body : {}).find(([one]) => context.expand(one) === name) ?? [];
  if (isArray(given) && !given.every(isInstance))
    throw badData(`The body must hold one instance of ${name}, and the array holds something else.`);
  const json: Json = given === undefined && isInstance(body) ? { [name]: [body] } : body;
  const { attrs, scopes } = readHistory(json, context, { id: readEntityId({ path }) });
  const fragment = onlyInstance(attrs, scopes, name);
  return { fragment, which: namedDataset(given ?? body, fragment) };
}

/** The dataset that an instance, or an array with it, names. With @none, the fragment has no datasetId. */
function namedDataset(json: Json, { datasetId }: Fragment): Pick<Replacement, 'which'> {
  const [instance] = isArray(json) ? json : [json];
  if (!isObject(instance) || !('datasetId' in instance)) return {};
  return { which: datasetId === undefined ? {} : { datasetId } };
}

function onlyInstance(attrs: Fragments, scopes: readonly Fragment[], name: string): Fragment {
  const [other] = Object.keys(attrs).filter((one) => one !== name);
  if (other !== undefined) throw badData(`The body must hold ${name}, and not ${other}.`);
  const [only, ...more] = attrs[name] ?? [];
  if (only && more.length === 0 && scopes.length === 0) return only;
  throw badData(`The body must hold one instance of ${name}, and nothing else.`);
}

export const deleteTemporalInstance: Operation = distributed({
  ...writeHead,
  name: 'deleteTemporalInstance',
  access: 'delete',
  clause: '5.6.15',
  method: 'DELETE',
  path: '/temporal/entities/{id}/attrs/{attr}/{instanceId}',
  parameters: ['local', 'explain'],
  body: 'none',
  distribution: { name: 'deleteAttrInstanceTemporal', about: 'none', isKnown },
  read: (request, call) => ({ ...readPlace(request, call), instanceId: readInstanceId(request) }),
  write: (place, _request, call) => revise({ op: 'deleteInstance', ...place }, call),
});

function readPlace(
  request: OperationRequest,
  { context }: CallContext,
): { readonly id: string; readonly name: string } {
  return { id: readEntityId(request), name: readAttributeName(request.path['attr'] ?? '', context) };
}

const mismatchText: Readonly<Record<Mismatch, string>> = {
  otherKind: 'The type of an instance cannot be changed: delete it, and add another one.',
  otherDataset: 'The datasetId of an instance cannot be changed: delete it, and add another one.',
};

const readInstanceId = ({ path }: OperationRequest): string =>
  readId(path['instanceId'] ?? '', 'the id of the instance');

async function revise(revision: Revision, { store, now }: CallContext): Promise<OperationResult> {
  const revised = await store.revise(revision, now);
  if (revised === 'done') return { kind: 'done' };
  if (revised !== 'absent') throw badData(mismatchText[revised]);
  throw notFound('name' in revision ? `${revision.name} of ${revision.id} that could be changed` : revision.id);
}
