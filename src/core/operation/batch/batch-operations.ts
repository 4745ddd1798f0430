/** The batch operations (clauses 5.6.7 to 5.6.10 and 5.6.20). Each element is a separate write with its own result. */
import type { EntityFragment } from '../../model/entity.ts';
import { isObject, type Json } from '../../model/json.ts';
import type { Write } from '../../language/write.ts';
import type { Mutation } from '../../model/mutation.ts';
import { badData, Problem } from '../../model/problem.ts';
import { readEntity, readFragment, readUpsertEntity } from '../../model/read/entity.ts';
import { readId } from '../../model/read/id.ts';
import type { Nulls } from '../../model/read/reading.ts';
import { batchHead } from '../heads.ts';
import type { OperationResult, OperationRequest, Operation } from '../operation.ts';
import { readFormat, readOptions } from '../parameters.ts';
import { checkPart, checkUpsert, checkWhole } from '../writing.ts';
import { batchAnswer, createdOrDone, type ElementResult } from './answer.ts';
import { applyBatch } from './element.ts';
import {
  appendSingle,
  batchDistribution,
  createSingle,
  deleteSingle,
  mergeSingle,
  replaceSingle,
  updateSingle,
} from './single-writes.ts';
import type { ReadElement } from './read-element.ts';

export const createBatch: Operation = {
  ...batchHead,
  name: 'createBatch',
  clause: '5.6.7',
  path: '/entityOperations/create',
  parameters: ['local', 'explain'],
  unknownTenant: 'create',
  async run(request, call) {
    const results = await applyBatch(request, call, {
      distribution: batchDistribution('createBatch', [createSingle]),
      read(element, each) {
        const entity = readEntity(element, each.context);
        checkWhole(entity, each);
        return { op: 'create', id: entity.id, entity };
      },
    });
    return batchAnswer(results, () => ({ kind: 'createdMany', ids: results.map(({ id }) => id) }));
  },
};

export const upsertBatch: Operation = {
  ...batchHead,
  name: 'upsertBatch',
  clause: '5.6.8',
  path: '/entityOperations/upsert',
  parameters: ['options', 'local', 'explain'],
  unknownTenant: 'create',
  async run(request, call) {
    const options = readOptions(request.params, ['replace', 'update', 'keepNewest']);
    const mode = modeOf(options);
    const results = await applyBatch(request, call, {
      distribution: batchDistribution('upsertBatch', [createSingle, mode === 'update' ? updateSingle : replaceSingle]),
      read: options.has('keepNewest') ? readLate(options) : readUpsert(mode),
    });
    return batchAnswer(results, () => createdOrDone(results));
  },
};

const modeOf = (options: ReadonlySet<string>): 'replace' | 'update' => (options.has('update') ? 'update' : 'replace');

/**
 * Reads an element of a batch upsert with the option `keepNewest` (our own). No attribute becomes older: an instance observed before the
 * present instance goes into history only. Throws InvalidRequest when the batch replaces entities.
 */
function readLate(options: ReadonlySet<string>): ReadElement<Write> {
  if (modeOf(options) === 'replace')
    throw new Problem('InvalidRequest', 'The option keepNewest needs the option update.');
  const read = readUpsert('update');
  return async (element, each) => ({ mutation: await read(element, each), measured: { fixed: [] } });
}

/** Reads an element of a batch upsert. */
export const readUpsert =
  (mode: 'replace' | 'update'): ReadElement<Mutation> =>
  async (element, each) => {
    const entity = (mode === 'update' ? readUpsertEntity : readEntity)(element, each.context);
    if (mode === 'update') await checkUpsert(entity, each);
    else checkWhole(entity, each);
    return { op: 'upsert', id: entity.id, entity, mode };
  };

export const updateBatch: Operation = {
  ...batchHead,
  name: 'updateBatch',
  clause: '5.6.9',
  path: '/entityOperations/update',
  parameters: ['options', 'local', 'explain'],
  async run(request, call) {
    const overwrite = !readOptions(request.params, ['noOverwrite']).has('noOverwrite');
    const read = fragmentReader((id, fragment) => ({ op: 'append', id, fragment, overwrite }), { nulls: 'allowed' });
    const single = overwrite ? updateSingle : appendSingle;
    return allOrPartly(
      await applyBatch(request, call, { distribution: batchDistribution('updateBatch', [single]), read }),
    );
  },
};

export const mergeBatch: Operation = {
  ...batchHead,
  name: 'mergeBatch',
  clause: '5.6.20',
  path: '/entityOperations/merge',
  parameters: ['options', 'format', 'local', 'explain'],
  async run(request, call) {
    const simplified = isSimplified(request);
    const single = { ...mergeSingle, params: simplified ? { options: 'simplified' } : {} };
    return allOrPartly(
      await applyBatch(request, call, {
        distribution: batchDistribution('mergeBatch', [single]),
        read: readMerge({ simplified }),
      }),
    );
  },
};

/** Reads an element of a batch merge. */
export const readMerge = ({ simplified }: { readonly simplified: boolean }): ReadElement<Mutation> =>
  fragmentReader((id, fragment) => ({ op: 'merge', id, fragment, options: { simplified } }), {
    nulls: 'deep',
    isSimplified: simplified,
  });

const formats = ['normalized', 'concise', 'simplified', 'keyValues'] as const;

function isSimplified({ params }: OperationRequest): boolean {
  const options = readOptions(params, formats);
  const format = readFormat(params, formats) ?? formats.find((one) => options.has(one));
  return format === 'simplified' || format === 'keyValues';
}

export const deleteBatch: Operation = {
  ...batchHead,
  name: 'deleteBatch',
  access: 'delete',
  clause: '5.6.10',
  path: '/entityOperations/delete',
  parameters: ['local', 'explain'],
  async run(request, call) {
    const results = await applyBatch(request, call, {
      distribution: batchDistribution('deleteBatch', [deleteSingle]),
      read: (element) => ({ op: 'delete', id: readId(textOf(element)) }),
    });
    return allOrPartly(results);
  },
};

function textOf(element: Json): string {
  if (typeof element !== 'string') throw badData('The body of a batch delete must be an array of entity ids.');
  return element;
}

/** Reads an element that changes an existing entity; the NGSI-LD Null deletes. */
function fragmentReader(
  mutationOf: (id: string, fragment: EntityFragment) => Mutation,
  how: { readonly nulls: Nulls; readonly isSimplified?: boolean },
): ReadElement<Mutation> {
  return async (element, call) => {
    const id = readId(isObject(element) ? textOfId(element['id'] ?? element['@id']) : textOfId(undefined));
    const fragment = readFragment(element, call.context, { id, ...how });
    await checkPart(id, fragment, call);
    return mutationOf(id, fragment);
  };
}

function textOfId(id: Json | undefined): string {
  if (typeof id !== 'string') throw badData('Every element of the batch must be an object with an id.');
  return id;
}

/** 204 when every element was applied completely. An element with attributes left out counts as failed (005_02). */
export function allOrPartly(results: readonly ElementResult[]): OperationResult {
  const judged = results.map((result): ElementResult => {
    const left = result.outcome.status === 'refused' ? [] : (result.outcome.notUpdated ?? []);
    if (left.length === 0) return result;
    const detail = left.map(({ attributeName, reason }) => `${attributeName}: ${reason}`).join(' ');
    return { ...result, outcome: { status: 'refused', problem: { type: 'BadRequestData', detail } } };
  });
  return batchAnswer(judged, () => ({ kind: 'done' }));
}
