/** Operations that write attributes of an existing entity (clauses 5.6.2 to 5.6.5 and 5.6.19). */
import { isObject, type Json } from '../../model/json.ts';
import { badData } from '../../model/problem.ts';
import { readAttributeFragments, readFragment } from '../../model/read/entity.ts';
import { isReserved, readAttributeName } from '../../model/read/name.ts';
import { distributed } from '../distributed-write.ts';
import { writeHead } from '../heads.ts';
import type { OperationRequest, CallContext, Operation } from '../operation.ts';
import { readDeletedInstances, readEntityId, readOptions } from '../parameters.ts';
import { applyOne, checkPart, updateAnswer } from '../writing.ts';

export const appendAttributes: Operation = distributed(
  {
    ...writeHead,
    name: 'appendAttributes',
    clause: '5.6.3',
    method: 'POST',
    path: '/entities/{id}/attrs',
    parameters: ['type', 'options', 'local'],
    body: 'object',
    async run(request, call) {
      const id = readEntityId(request);
      const overwrite = !readOptions(request.params, ['noOverwrite']).has('noOverwrite');
      const fragment = readFragment(request.body ?? null, call.context, { id, nulls: 'forbidden' });
      await checkPart(id, fragment, call);
      return updateAnswer(await applyOne({ op: 'append', id, fragment, overwrite }, request, call));
    },
  },
  { name: 'appendAttrs', about: 'attributes' },
);

export const updateAttributes: Operation = distributed(
  {
    ...writeHead,
    name: 'updateAttributes',
    clause: '5.6.2',
    method: 'PATCH',
    path: '/entities/{id}/attrs',
    parameters: ['type', 'local'],
    body: 'object',
    async run(request, call) {
      const id = readEntityId(request);
      const fragment = readFragment(request.body ?? null, call.context, { id, nulls: 'allowed' });
      await checkPart(id, fragment, call);
      return updateAnswer(await applyOne({ op: 'update', id, fragment }, request, call));
    },
  },
  { name: 'updateEntity', about: 'attributes' },
);

/** Reads id, attribute and body of an operation on one attribute, and checks the data model. */
async function readAttributeRequest(request: OperationRequest, call: CallContext, nulls: 'allowed' | 'forbidden') {
  const { path, body = null } = request;
  const id = readEntityId(request);
  const attr = attributeIn(path, call);
  if (attr === 'scope')
    throw badData('The scope is no attribute that could be written this way; patch the entity instead.');
  const fragments = readAttributeFragments(body, call.context, { nulls, iri: attr });
  await checkPart(id, { attrs: { [attr]: fragments } }, call);
  return { id, attr, fragments, isWrapped: isWrapped(body, attr, call) };
}

/** True for an object whose only member has the name of the attribute itself. */
function isWrapped(body: Json, attr: string, { context }: CallContext): boolean {
  const [name, ...others] = isObject(body) ? Object.keys(body) : [];
  return name !== undefined && others.length === 0 && !isReserved(name) && context.expand(name) === attr;
}

/** The expanded name of the attribute in the path, or `scope`. */
const attributeIn = (path: OperationRequest['path'], { context }: CallContext): string => {
  const name = path['attr'] ?? '';
  return name === 'scope' ? name : readAttributeName(name, context);
};

export const partialUpdateAttribute: Operation = distributed(
  {
    ...writeHead,
    name: 'partialUpdateAttribute',
    clause: '5.6.4',
    method: 'PATCH',
    path: '/entities/{id}/attrs/{attr}',
    parameters: ['type', 'local'],
    body: 'any',
    async run(request, call) {
      const read = await readAttributeRequest(request, call, 'allowed');
      if (read.fragments.some((fragment) => Object.keys(fragment).length === 0))
        throw badData('The body says nothing of the attribute.');
      return updateAnswer(await applyOne({ op: 'partialUpdate', ...read }, request, call));
    },
  },
  { name: 'updateAttrs', about: 'attribute' },
);

export const replaceAttribute: Operation = distributed(
  {
    ...writeHead,
    name: 'replaceAttribute',
    clause: '5.6.19',
    method: 'PUT',
    path: '/entities/{id}/attrs/{attr}',
    parameters: ['type', 'local'],
    body: 'any',
    async run(request, call) {
      const read = await readAttributeRequest(request, call, 'forbidden');
      return updateAnswer(await applyOne({ op: 'replaceAttr', ...read }, request, call));
    },
  },
  { name: 'replaceAttrs', about: 'attribute' },
);

export const deleteAttribute: Operation = distributed(
  {
    ...writeHead,
    name: 'deleteAttribute',
    access: 'delete',
    clause: '5.6.5',
    method: 'DELETE',
    path: '/entities/{id}/attrs/{attr}',
    parameters: ['type', 'datasetId', 'deleteAll', 'local'],
    body: 'none',
    async run(request, call) {
      const id = readEntityId(request);
      const attr = attributeIn(request.path, call);
      await applyOne({ op: 'deleteAttr', id, attr, which: readDeletedInstances(request.params) }, request, call);
      return { kind: 'done' };
    },
  },
  { name: 'deleteAttrs', about: 'none' },
);
