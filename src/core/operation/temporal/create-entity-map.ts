/** Operations that make an entity map of a temporal query without its results (clause 5.14.5). */
import type { Filter } from '../../language/filter.ts';
import { badData } from '../../model/problem.ts';
import { answerMap, readLifetime } from '../distributed/entity-maps.ts';
import type { CallContext, Operation, OperationResult } from '../operation.ts';
import { readQueryBody } from '../query-body.ts';
import { readFilter, readSelection, selectingFor } from '../selection.ts';
import { mapHistories } from './mapped-history.ts';
import { queryTemporal, queryTemporalByPost, readHistories } from './read-history.ts';

type Params = Readonly<Record<string, string>>;

const path = '/temporal/entityMaps';

export const createTemporalEntityMap: Operation = {
  ...queryTemporal,
  name: 'createTemporalEntityMap',
  clause: '5.14.5',
  path,
  run: ({ params }, call) => createMap(readSelection(params, selectingFor(call)), params, call),
};

export const createTemporalEntityMapByPost: Operation = {
  ...queryTemporalByPost,
  name: 'createTemporalEntityMapByPost',
  clause: '5.14.5',
  path,
  run(request, call) {
    const { selectors, params } = readQueryBody(request.body ?? null, call, 'temporal');
    const all = { ...params, ...request.params };
    return createMap(readFilter(all, selectingFor(call), selectors), all, call);
  },
};

async function createMap(filter: Filter, params: Params, call: CallContext): Promise<OperationResult> {
  if (params['timerel'] === undefined) throw badData('An entity map of histories needs a temporal query: timerel.');
  const { reading } = readHistories(filter, params, call);
  const { map, elsewhere } = await mapHistories(reading, { lifetime: readLifetime(params) }, call);
  return answerMap({ map, warnings: elsewhere?.warnings ?? [] }, call);
}
