/** Batches of device measurements, for bindings that listen to devices. They are not part of the HTTP API. */
import type { Write } from '../../language/write.ts';
import { isObject, isStrings, type Json } from '../../model/json.ts';
import type { Mutation } from '../../model/mutation.ts';
import { badData } from '../../model/problem.ts';
import { readAttributeName } from '../../model/read/name.ts';
import { batchHead } from '../heads.ts';
import type { CallContext, Operation } from '../operation.ts';
import { allOrPartly, readMerge, readUpsert } from './batch-operations.ts';
import { applyBatch } from './element.ts';
import type { ReadElement } from './read-element.ts';

/**
 * An element is `{"@context": …, "entity": …, "fixed": […]}`: an entity or a part of it, and the short names of attributes that are only
 * written when they differ from the stored ones. An instance observed before the present instance of its attribute goes into history only.
 */
const measured = (name: string, read: ReadElement<Mutation>): Omit<Operation, 'clause'> => ({
  ...batchHead,
  name,
  path: '',
  parameters: [],
  async run(request, call) {
    return allOrPartly(await applyBatch(request, call, { read: (element, each) => readMeasured(element, each, read) }));
  },
});

/** `upsert` works like a batch upsert with `options=update`, `merge` like a batch merge. */
export const measuredBatches: Readonly<Record<'upsert' | 'merge', Operation>> = {
  upsert: { ...measured('upsertMeasured', readUpsert('update')), clause: '5.6.8', unknownTenant: 'create' },
  merge: { ...measured('mergeMeasured', readMerge({ simplified: false })), clause: '5.6.20' },
};

async function readMeasured(element: Json, call: CallContext, read: ReadElement<Mutation>): Promise<Write> {
  const { entity = null, fixed = [] } = isObject(element) ? element : {};
  if (!isStrings(fixed)) throw badData('What is fixed must be a list of names.');
  const mutation = await read(entity, call);
  return { mutation, measured: { fixed: fixed.map((name) => readAttributeName(name, call.context)) } };
}
