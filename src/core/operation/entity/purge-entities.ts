/** Purge: deletes all entities that a query finds, or attributes of them (clause 5.6.21). */
import { projectionDepth } from '../../language/projection.ts';
import type { Mutation } from '../../model/mutation.ts';
import { badData } from '../../model/problem.ts';
import { readAttributeName } from '../../model/read/name.ts';
import { writeHead } from '../heads.ts';
import type { OperationRequest, CallContext, Operation } from '../operation.ts';
import { readList } from '../parameters.ts';
import { registrationsFor } from '../distributed/concerned-sources.ts';
import { type Purge, purgeEverywhere } from './distributed-purge.ts';
import { readProjection, readSelection, selectionParameters } from '../selection.ts';

/** Entities whose mutations go to the store together. */
const chunkSize = 250;

export const purgeEntities: Operation = {
  ...writeHead,
  access: 'delete',
  name: 'purgeEntities',
  clause: '5.6.21',
  method: 'DELETE',
  path: '/entities',
  parameters: [...selectionParameters, 'attrs', 'pick', 'omit', 'keep', 'drop'],
  body: 'none',
  async run(request, call) {
    const filter = readSelection(request.params, { terms: call.context });
    // The answer shows no entities, but a projection through relationships is refused all the same (clause 5.6.21).
    if (projectionDepth(readProjection(request.params, call.context)) > 0)
      throw badData('A purge cannot lead through relationships.');
    const purge = { filter, ...readNames(request, call) };
    const index = await registrationsFor(request.params, call);
    if (index && index.size > 0)
      return purgeEverywhere(purge, { index, request, purgeHere: () => purgeHere(purge, call) }, call);
    await purgeHere(purge, call);
    return { kind: 'done' };
  },
};

async function purgeHere(purge: Purge, { store, now }: CallContext): Promise<void> {
  const { filter } = purge;
  const plan = { filter, now, limit: chunkSize, isLazy: true };
  let after: number | undefined;
  for (;;) {
    const found = await store.find({ ...plan, ...(after === undefined ? undefined : { after }) });
    // The filter is checked again: an entity that no longer matches stays unchanged.
    await store.apply(
      found.map(({ id }) => ({ mutation: mutationOf(id, purge), only: filter })),
      now,
    );
    after = found.at(-1)?.cursor;
    if (found.length < chunkSize) return;
  }
}

function readNames({ params }: OperationRequest, { context }: CallContext): Omit<Purge, 'filter'> {
  const [keep, drop] = ['keep', 'drop'].map((name) =>
    readList(params, name)?.map((attr) => readAttributeName(attr, context)),
  );
  if (keep && drop) throw badData('The parameters keep and drop cannot both be given.');
  return { keep, drop };
}

function mutationOf(id: string, { keep, drop }: Purge): Mutation {
  const attrs = keep ?? drop;
  return attrs ? { op: 'removeAttrs', id, attrs, which: keep ? 'others' : 'these' } : { op: 'delete', id };
}
