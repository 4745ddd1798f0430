/** Operations of QuantumLeap's API that delete histories and take notifications, and the one that tells last values. */
import { isArray, isObject, type Json, type JsonObject } from '../../../model/json.ts';
import { v2IdOf } from '../../../model/v2/id.ts';
import { attributeIris, attributeName } from '../../../v2/names.ts';
import { badRequest, V2Problem } from '../../../v2/problem.ts';
import { typedValue } from '../../../v2/render-attribute.ts';
import type { CallContext, Operation, OperationRequest, OperationResult } from '../../operation.ts';
import { v2CreateHead, v2ReadHead, v2WriteHead } from '../heads.ts';
import { deleteHistories } from '../history/deletion.ts';
import { findHistoryEntities } from '../history/entities.ts';
import { indexText } from '../history/interval.ts';
import { storeNotification } from '../history/notification.ts';
import { readRows } from '../history/rows.ts';
import { historyPathOf, pathHeader } from '../request.ts';
import { noRecords, readEntities } from './request.ts';

const clause = 'QuantumLeap';

const deleting = {
  ...v2WriteHead,
  clause,
  access: 'delete',
  method: 'DELETE',
  body: 'none',
} as const satisfies Partial<Operation>;

async function deleteSelected(request: OperationRequest, call: CallContext): Promise<OperationResult> {
  if ((await deleteHistories(readEntities(request, call), call)) === 0) throw noRecords();
  return { kind: 'done' };
}

const deleteQuantumLeapEntity: Operation = {
  ...deleting,
  name: 'deleteQuantumLeapEntity',
  path: '/ql/v2/entities/{id}',
  parameters: ['type', 'fromDate', 'toDate'],
  run: deleteSelected,
};

const deleteQuantumLeapType: Operation = {
  ...deleting,
  name: 'deleteQuantumLeapType',
  path: '/ql/v2/types/{type}',
  parameters: ['fromDate', 'toDate', 'dropTable'],
  run(request, call) {
    if (request.params['dropTable'] !== 'true') return deleteSelected(request, call);
    if (historyPathOf(call) !== '/')
      throw new V2Problem('Unprocessable', "dropTable requires the root fiware-servicepath: '/'");
    return deleteSelected({ ...request, params: {} }, { ...call, headers: { ...call.headers, [pathHeader]: '/#' } });
  },
};

const receiveQuantumLeapNotification: Operation = {
  ...v2CreateHead,
  clause,
  name: 'receiveQuantumLeapNotification',
  method: 'POST',
  path: '/ql/v2/notify',
  elementsIn: 'data',
  async run({ body }, call) {
    await storeNotification(isObject(body) ? body['data'] : undefined, call);
    return { kind: 'found', text: '"Notification successfully processed"' };
  },
};

const queryQuantumLeapLastValues: Operation = {
  ...v2ReadHead,
  clause,
  access: 'history',
  name: 'queryQuantumLeapLastValues',
  method: 'POST',
  path: '/ql/v2/op/query',
  body: 'object',
  async run({ body }, call) {
    if (!isObject(body) || !isArray(body['entities']))
      throw badRequest('Discarding query due to lack of request body content.');
    for (const member of ['expression', 'metadata']) if (member in body) throw badRequest(`${member} is Not Supported`);
    const attrs = readAttrs(body['attrs'], call);
    const last: JsonObject[] = [];
    for (const entity of body['entities'].slice(0, call.services.limits.batchMax))
      last.push(...(await lastRows(entity, attrs, call)));
    if (last.length === 0) throw noRecords();
    return { kind: 'found', text: JSON.stringify(last) };
  },
};

function readAttrs(json: Json | undefined, { context }: CallContext): readonly string[] | undefined {
  if (json === undefined || (isArray(json) && json.length === 0)) return undefined;
  const names = isArray(json) ? json : [json];
  return names.flatMap((name) => {
    if (typeof name !== 'string') throw badRequest('attrs must be a list of names');
    return attributeIris(name, context);
  });
}

/** The newest row of an entity: at most one. */
async function lastRows(
  json: Json,
  attrs: readonly string[] | undefined,
  call: CallContext,
): Promise<readonly JsonObject[]> {
  const { id, type } = readIdentity(json);
  const query = { ...readEntities({ path: { id, type }, params: {} }, call), attrs };
  const page = { limit: 1, offset: 0, isNewest: true };
  const tables = await readRows(await findHistoryEntities(query, call), { ...query, page }, call);
  return tables.map(({ entity, times: [at = 0], columns }) => {
    const values = [...entity.newest].map(([iri, newest]) => {
      const instance = columns.get(iri)?.get(at);
      const shown = instance
        ? typedValue(instance, call.context)
        : { ...typedValue(newest, call.context), value: null };
      return [attributeName(iri, call.context), { ...shown }] as const;
    });
    return {
      id: v2IdOf(entity.id),
      type,
      dateModified: { type: 'DateTime', value: indexText(at) },
      ...Object.fromEntries(values),
    };
  });
}

function readIdentity(json: Json): { readonly id: string; readonly type: string } {
  if (!isObject(json)) throw badRequest('entity must be a JSON object');
  const { id, type, idPattern } = json;
  if (idPattern !== undefined) throw badRequest('idPattern is Not Supported');
  if (typeof type !== 'string') throw badRequest('Entity type is required');
  if (typeof id !== 'string') throw badRequest('Entity id is required');
  return { id, type };
}

export const quantumLeapWrites: readonly Operation[] = [
  deleteQuantumLeapEntity,
  deleteQuantumLeapType,
  receiveQuantumLeapNotification,
  queryQuantumLeapLastValues,
];
