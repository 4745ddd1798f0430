/** Operations of NGSI v2 that create and delete entities, and write the attributes of one. */
import { isObject, type JsonObject } from '../../model/json.ts';
import { restIfDue } from '../../model/interruptible.ts';
import type { AssignRule } from '../../model/v2/assignment.ts';
import { badRequest } from '../../v2/problem.ts';
import { initialType, readUri, readV2Attributes, readV2Entity, type V2Entity } from '../../v2/read-entity.ts';
import type { CallContext, Operation, OperationRequest, OperationResult } from '../operation.ts';
import { v2CreateHead, v2WriteHead } from './heads.ts';
import { readV2Options } from '../../v2/page.ts';
import { typeIn, type V2Write, withAttributes, writeEverywhere } from './forward-write.ts';
import { conditionOf, readingOf, writePathOf } from './request.ts';
import { assignment, creation, named, refuseLeft } from './writing.ts';

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
    const body = isObject(request.body) ? request.body : {};
    const entity = readV2Entity(body, reading);
    const location = locationOf(entity);
    const parts = { call, reading };
    const about = { entity, names: Object.keys(entity.attrs), body, reading, scope: path.scope };
    if (!options.has('upsert')) {
      const here: V2Write['here'] = (names) => creation(withAttributes(entity, names), path.scope, parts);
      await restIfDue(call.services.yieldToEventLoop);
      await writeEverywhere({ ...about, way: 'create', only: undefined, here }, call);
      return { kind: 'created', location };
    }
    const writing = { rule: 'append', scope: path.scope, creates: true } as const;
    const only = conditionOf(entity.type === undefined ? {} : { type: entity.type }, path.filter, call);
    const here: V2Write['here'] = (names) => assignment(withAttributes(entity, names), writing, parts);
    await writeEverywhere({ ...about, way: 'upsert', only, here }, call);
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
    const v2Id = path['id'] ?? '';
    const id = readUri(v2Id);
    const entity = { id, v2Id, ...typeIn({ params }), attrs: {} };
    const about = { entity, body: {}, reading: { isKeyValues: false }, only };
    await writeEverywhere({ ...about, way: 'delete', here: () => ({ op: 'delete', id }) }, call);
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
  const here: V2Write['here'] = (rest) =>
    assignment(withAttributes(entity, rest), { rule, creates: false }, { call, reading });
  const names = Object.keys(entity.attrs);
  const about = { entity: { ...entity, ...typeIn(request) }, names, body, reading, scope: path.scope };
  const performed = await writeEverywhere({ ...about, way: rule, only, here }, call);
  if (performed) refuseLeft(performed, { rule, name: named(v2Id, request.params['type']) }, call);
  return { kind: 'done' };
}
