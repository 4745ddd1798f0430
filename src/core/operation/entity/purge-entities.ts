/** Purge: deletes all entities that a query finds, or attributes of them (clause 5.6.21). */
import { projectionDepth } from '../../language/projection.ts';
import type { Mutation } from '../../model/mutation.ts';
import { badData } from '../../model/problem.ts';
import { readAttributeName } from '../../model/read/name.ts';
import { writeHead } from '../heads.ts';
import type { OperationRequest, CallContext, Operation } from '../operation.ts';
import { readList } from '../parameters.ts';
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
    const mutationOf = readPurge(request, call);
    let after: number | undefined;
    for (;;) {
      const found = await call.store.find({
        ...{ filter, now: call.now, limit: chunkSize, isLazy: true },
        ...(after === undefined ? undefined : { after }),
      });
      // The filter is checked again: an entity that no longer matches stays unchanged.
      await call.store.apply(
        found.map(({ id }) => ({ mutation: mutationOf(id), only: filter })),
        call.now,
      );
      after = found.at(-1)?.cursor;
      if (found.length < chunkSize) return { kind: 'done' };
    }
  },
};

function readPurge({ params }: OperationRequest, { context }: CallContext): (id: string) => Mutation {
  const [keep, drop] = ['keep', 'drop'].map((name) =>
    readList(params, name)?.map((attr) => readAttributeName(attr, context)),
  );
  if (keep && drop) throw badData('The parameters keep and drop cannot both be given.');
  const attrs = keep ?? drop;
  return attrs
    ? (id) => ({ op: 'removeAttrs', id, attrs, which: keep ? 'others' : 'these' })
    : (id) => ({ op: 'delete', id });
}
