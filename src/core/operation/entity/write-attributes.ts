/** Operations that write attributes of an existing entity (clauses 5.6.2 to 5.6.5 and 5.6.19). */
import { isObject, type Json } from '../../model/json.ts';
import type { Mutation } from '../../model/mutation.ts';
import { badData } from '../../model/problem.ts';
import { readAttributeFragments, readFragment } from '../../model/read/entity.ts';
import { isReserved, readAttributeName } from '../../model/read/name.ts';
import { distributed } from '../distributed/distributed-write.ts';
import { writeHead } from '../heads.ts';
import type { OperationRequest, CallContext, Operation, OperationResult } from '../operation.ts';
import { readDeletedInstances, readEntityId, readOptions } from '../parameters.ts';
import { applyOne, applyPart, checkPart, updateAnswer } from '../writing.ts';

const attributesHead = { ...writeHead, path: '/entities/{id}/attrs', body: 'object' } as const;

const attributeHead = {
  ...writeHead,
  path: '/entities/{id}/attrs/{attr}',
  parameters: ['type', 'local', 'explain'],
  body: 'any',
} as const;

export const appendAttributes: Operation = distributed({
  ...attributesHead,
  name: 'appendAttributes',
  clause: '5.6.3',
  method: 'POST',
  parameters: ['type', 'options', 'local', 'explain'],
  distribution: { name: 'appendAttrs', about: 'entity' },
  read: (request, call) => ({
    overwrite: !readOptions(request.params, ['noOverwrite']).has('noOverwrite'),
    ...readAttributes(request, call, 'forbidden'),
  }),
  write: (read, request, call) => applyPart({ op: 'append', ...read }, request, call),
});

export const updateAttributes: Operation = distributed({
  ...attributesHead,
  name: 'updateAttributes',
  clause: '5.6.2',
  method: 'PATCH',
  parameters: ['type', 'local', 'explain'],
  distribution: { name: 'updateEntity', about: 'entity' },
  read: (request, call) => readAttributes(request, call, 'allowed'),
  write: (read, request, call) => applyPart({ op: 'update', ...read }, request, call),
});

/** The entity in the path, and its attributes in the body. */
function readAttributes(request: OperationRequest, { context }: CallContext, nulls: 'allowed' | 'forbidden') {
  const id = readEntityId(request);
  return { id, fragment: readFragment(request.body ?? null, context, { id, nulls }) };
}

export const partialUpdateAttribute: Operation = distributed({
  ...attributeHead,
  name: 'partialUpdateAttribute',
  clause: '5.6.4',
  method: 'PATCH',
  distribution: { name: 'updateAttrs', about: 'attribute' },
  read(request, call) {
    const read = readAttribute(request, call, 'allowed');
    if (read.fragments.some((fragment) => Object.keys(fragment).length === 0))
      throw badData('The body says nothing of the attribute.');
    return read;
  },
  write: (read, request, call) => applyAttribute({ op: 'partialUpdate', ...read }, request, call),
});

export const replaceAttribute: Operation = distributed({
  ...attributeHead,
  name: 'replaceAttribute',
  clause: '5.6.19',
  method: 'PUT',
  distribution: { name: 'replaceAttrs', about: 'attribute' },
  read: (request, call) => readAttribute(request, call, 'forbidden'),
  write: (read, request, call) => applyAttribute({ op: 'replaceAttr', ...read }, request, call),
});

export const deleteAttribute: Operation = distributed({
  ...attributeHead,
  name: 'deleteAttribute',
  access: 'delete',
  clause: '5.6.5',
  method: 'DELETE',
  parameters: ['type', 'datasetId', 'deleteAll', 'local', 'explain'],
  body: 'none',
  distribution: { name: 'deleteAttrs', about: 'none' },
  read: (request, call) => ({
    id: readEntityId(request),
    attr: attributeIn(request.path, call),
    which: readDeletedInstances(request.params),
  }),
  async write(read, request, call) {
    await applyOne({ op: 'deleteAttr', ...read }, request, call);
    return { kind: 'done' };
  },
});

/** The entity and the attribute in the path, and the attribute in the body. */
function readAttribute(request: OperationRequest, call: CallContext, nulls: 'allowed' | 'forbidden') {
  const { path, body = null } = request;
  const id = readEntityId(request);
  const attr = attributeIn(path, call);
  if (attr === 'scope')
    throw badData('The scope is no attribute that could be written this way; patch the entity instead.');
  const fragments = readAttributeFragments(body, call.context, { nulls, iri: attr });
  return { id, attr, fragments, isWrapped: isWrapped(body, attr, call) };
}

/** Checks the attribute against data models, and applies the mutation. */
async function applyAttribute(
  mutation: Extract<Mutation, { readonly op: 'partialUpdate' | 'replaceAttr' }>,
  request: OperationRequest,
  call: CallContext,
): Promise<OperationResult> {
  await checkPart(mutation.id, { attrs: { [mutation.attr]: mutation.fragments } }, call);
  return updateAnswer(await applyOne(mutation, request, call));
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
