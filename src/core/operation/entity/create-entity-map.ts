/** Operations that make an entity map of a query without its results, by parameters or by a body (clause 5.14.4). */
import type { Filter } from '../../language/filter.ts';
import { parseOrder } from '../../language/order.ts';
import { registrationsForRead } from '../distributed/distributed-read.ts';
import { answerMap, readLifetime } from '../distributed/entity-maps.ts';
import { mapQuery } from '../distributed/mapped-query.ts';
import { resolveLinks } from '../linked-query.ts';
import type { CallContext, Operation, OperationResult } from '../operation.ts';
import { readQueryBody } from '../query-body.ts';
import { readFilter, readProjection, readSelection, selectingFor } from '../selection.ts';
import { readEntityOutput } from '../view.ts';
import { queryByPost, queryEntities } from './read-entities.ts';

type Params = Readonly<Record<string, string>>;

const path = '/entityMaps';
const media = ['json', 'ld+json'] as const;

export const createEntityMap: Operation = {
  ...queryEntities,
  name: 'createEntityMap',
  clause: '5.14.4',
  path,
  media,
  run: ({ params }, call) => createMap(readSelection(params, selectingFor(call)), params, call),
};

export const createEntityMapByPost: Operation = {
  ...queryByPost,
  name: 'createEntityMapByPost',
  clause: '5.14.4',
  path,
  media,
  run(request, call) {
    const { selectors, params } = readQueryBody(request.body ?? null, call, 'present');
    const all = { ...params, ...request.params };
    return createMap(readFilter(all, selectingFor(call), selectors), all, call);
  },
};

async function createMap(filter: Filter, params: Params, call: CallContext): Promise<OperationResult> {
  readEntityOutput(params, call);
  const lifetime = readLifetime(params);
  const order = parseOrder(params, { terms: call.context, initial: call.services.collation });
  const linkless = filter.q ? { ...filter, q: await resolveLinks(filter.q, call) } : filter;
  const index = await registrationsForRead(params, call);
  const reading = { filter: linkless, projection: readProjection(params, call.context), params, index, order };
  return answerMap(await mapQuery(reading, { asked: { lifetime }, most: 0 }, call), call);
}
