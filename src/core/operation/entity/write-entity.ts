/** Operations that write one whole entity: create, replace, merge, delete (clauses 5.6.1, 5.6.18, 5.6.17, 5.6.6). */
import type { MergeOptions } from '../../model/mutation.ts';
import { badData } from '../../model/problem.ts';
import { readEntity, readFragment } from '../../model/read/entity.ts';
import { isLanguageTag } from '../../model/read/value.ts';
import { distributed } from '../distributed/distributed-write.ts';
import { writeHead } from '../heads.ts';
import type { Operation } from '../operation.ts';
import { readEntityId, readFormat, readObservedAt, readOptions } from '../parameters.ts';
import { resourcePath } from '../resource-path.ts';
import { applyOne, applyPart, checkWhole } from '../writing.ts';

const entityHead = {
  ...writeHead,
  path: '/entities/{id}',
  parameters: ['type', 'local', 'explain'],
  body: 'object',
} as const;

export const createEntity: Operation = distributed({
  ...writeHead,
  name: 'createEntity',
  clause: '5.6.1',
  method: 'POST',
  path: '/entities',
  parameters: ['local', 'explain'],
  body: 'object',
  unknownTenant: 'create',
  distribution: { name: 'createEntity', about: 'entity' },
  read: (request, call) => readEntity(request.body ?? null, call.context),
  async write(entity, request, call) {
    checkWhole(entity, call);
    await applyOne({ op: 'create', id: entity.id, entity }, request, call);
    return { kind: 'created', location: resourcePath('entities', entity.id) };
  },
});

export const replaceEntity: Operation = distributed({
  ...entityHead,
  name: 'replaceEntity',
  clause: '5.6.18',
  method: 'PUT',
  distribution: { name: 'replaceEntity', about: 'entity' },
  read: (request, call) => readEntity(request.body ?? null, call.context, { id: readEntityId(request) }),
  async write(entity, request, call) {
    checkWhole(entity, call);
    await applyOne({ op: 'replace', id: entity.id, entity }, request, call);
    return { kind: 'done' };
  },
});

const simplified = ['normalized', 'concise', 'simplified', 'keyValues'] as const;

export const mergeEntity: Operation = distributed({
  ...entityHead,
  name: 'mergeEntity',
  clause: '5.6.17',
  method: 'PATCH',
  parameters: ['type', 'format', 'options', 'lang', 'observedAt', 'local', 'explain'],
  distribution: { name: 'mergeEntity', about: 'entity' },
  read(request, call) {
    const id = readEntityId(request);
    const options = readMergeOptions(request.params);
    const reading = { id, nulls: 'deep', isSimplified: options.simplified ?? false } as const;
    return { id, options, fragment: readFragment(request.body ?? null, call.context, reading) };
  },
  write: (read, request, call) => applyPart({ op: 'merge', ...read }, request, call),
});

function readMergeOptions(params: Readonly<Record<string, string>>): MergeOptions {
  const options = readOptions(params, simplified);
  const format = readFormat(params, simplified) ?? simplified.find((one) => options.has(one));
  const { lang } = params;
  if (lang !== undefined && !isLanguageTag(lang))
    throw badData(`The parameter lang must be one language tag such as sl, not ${JSON.stringify(lang)}.`);
  const observedAt = readObservedAt(params);
  return {
    simplified: format === 'simplified' || format === 'keyValues',
    ...(lang === undefined ? undefined : { lang }),
    ...(observedAt === undefined ? undefined : { observedAt }),
  };
}

export const deleteEntity: Operation = distributed({
  ...entityHead,
  name: 'deleteEntity',
  access: 'delete',
  clause: '5.6.6',
  method: 'DELETE',
  body: 'none',
  distribution: { name: 'deleteEntity', about: 'none' },
  read: readEntityId,
  async write(id, request, call) {
    await applyOne({ op: 'delete', id }, request, call);
    return { kind: 'done' };
  },
});
