/** Operations of NGSI v2 that create and delete entities, and write the attributes of one. */
import { isObject, type JsonObject } from '../../model/json.ts';
import { restIfDue } from '../../model/interruptible.ts';
import type { AssignRule } from '../../model/v2/assignment.ts';
import { badRequest } from '../../v2/problem.ts';
import { initialType, readUri, readV2Attributes, readV2Entity, type V2Entity } from '../../v2/read-entity.ts';
import type { CallContext, Operation, OperationRequest, OperationResult } from '../operation.ts';
import { v2CreateHead, v2WriteHead } from './heads.ts';
import { readV2Options } from '../../v2/page.ts';
import { answerUpdated, normalizedAttributes, sourcesForUpdate, typeIn, updateWithSources } from './forward-update.ts';
import { conditionOf, readingOf, writePathOf } from './request.ts';
import { applyV2, assignment, creation, named, refuseLeft } from './writing.ts';

export const createV2Entity: Operation = {
  ...v2CreateHead,
  name: 'createV2Entity',
  method: 'POST',
  path: '/v2/entities',
  parameters: ['options'],
  async run(request, call) {
    const options = readV2Options(request.params);
    const reading = readingOf(options, call);
    const path = writePathOf(call);
    const entity = readV2Entity(isObject(request.body) ? request.body : {}, reading);
    const location = locationOf(entity);
    const parts = { call, reading };
    if (!options.has('upsert')) {
      await restIfDue(call.services.yieldToEventLoop);
      await applyV2(creation(entity, path.scope, parts), undefined, call);
      return { kind: 'created', location };
    }
    const writing = { rule: 'append', scope: path.scope, creates: true } as const;
    const only = conditionOf(entity.type === undefined ? {} : { type: entity.type }, path.filter, call);
    await applyV2(await assignment(entity, writing, parts), only, call);
    return { kind: 'done', location };
  },
};

const locationOf = ({ v2Id, type = initialType }: V2Entity): string =>
  `/v2/entities/${v2Id.replace(/[/?#%]/g, encodeURIComponent)}?type=${type.replace(/[/?#%&+]/g, encodeURIComponent)}`;

function bodyOf({ body }: OperationRequest): JsonObject {
  if (!isObject(body) || Object.keys(body).length === 0) throw badRequest('empty payload');
  return body;
}

export const deleteV2Entity: Operation = {
  ...v2WriteHead,
  name: 'deleteV2Entity',
  method: 'DELETE',
  path: '/v2/entities/{id}',
  parameters: ['type'],
  access: 'delete',
  body: 'none',
  async run({ path, params }, call) {
    const only = conditionOf(params, writePathOf(call, true).filter, call);
    await applyV2({ op: 'delete', id: readUri(path['id'] ?? '') }, only, call);
    return { kind: 'done' };
  },
};

const attrsHead = { ...v2WriteHead, path: '/v2/entities/{id}/attrs', parameters: ['type', 'options'] } as const;

export const appendV2Attributes: Operation = {
  ...attrsHead,
  name: 'appendV2Attributes',
  method: 'POST',
  run: (request, call) =>
    writeAttributes(request, readV2Options(request.params).has('append') ? 'appendMissing' : 'append', call),
};

export const updateV2Attributes: Operation = {
  ...attrsHead,
  name: 'updateV2Attributes',
  method: 'PATCH',
  run: (request, call) => writeAttributes(request, 'update', call),
};

export const replaceV2Attributes: Operation = {
  ...attrsHead,
  name: 'replaceV2Attributes',
  method: 'PUT',
  run: (request, call) => writeAttributes(request, 'replace', call),
};

async function writeAttributes(
  request: OperationRequest,
  rule: AssignRule,
  call: CallContext,
): Promise<OperationResult> {
  const reading = readingOf(readV2Options(request.params), call);
  const path = writePathOf(call);
  const body = bodyOf(request);
  for (const member of ['id', 'type'])
    if (Object.hasOwn(body, member)) throw badRequest(`entity ${member} specified in payload`);
  const v2Id = request.path['id'] ?? '';
  const entity = { id: readUri(v2Id), v2Id, ...readV2Attributes(body, reading) };
  const only = conditionOf(request.params, path.filter, call);
  const index = rule === 'update' ? sourcesForUpdate(call) : undefined;
  const update = { entity: { ...entity, ...typeIn(request) }, json: normalizedAttributes(body, reading), only };
  const updated = index && (await updateWithSources(update, await index, { call, reading }));
  if (updated) return answerUpdated(update, updated);
  const mutation = await assignment(entity, { rule, creates: false }, { call, reading });
  const performed = await applyV2(mutation, only, call);
  refuseLeft(performed, { rule, name: named(v2Id, request.params['type']) }, call);
  return { kind: 'done' };
}
