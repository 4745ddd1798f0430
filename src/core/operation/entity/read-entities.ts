/** Operations that read entities: retrieve one, query many (clauses 5.7.1, 5.7.2). */
import type { Filter } from '../../language/filter.ts';
import { parseTypeSelection } from '../../language/type-selection.ts';
import { compileFilter } from '../../language/matches/matches.ts';
import { parseOrder } from '../../language/order.ts';
import { Problem } from '../../model/problem.ts';
import { readId } from '../../model/read/id.ts';
import type { Stored } from '../../port/store.ts';
import { createContentOf } from '../content.ts';
import type { OperationResult, CallContext, Operation } from '../operation.ts';
import { liftCount, pageOf, readPaging } from '../parameters.ts';
import { readFilter, readSelection, selectingFor, selectionParameters } from '../selection.ts';
import { readEntityOutput, outputParameters } from '../view.ts';
import { resolveLinks } from './linked-query.ts';
import { findOrdered, orderParameters } from './ordered.ts';
import { readQueryBody } from '../query-body.ts';

export const retrieveEntity: Operation = {
  name: 'retrieveEntity',
  clause: '5.7.1',
  method: 'GET',
  path: '/entities/{id}',
  action: 'read',
  access: 'read',
  parameters: [...outputParameters, 'type', 'local'],
  media: ['json', 'ld+json', 'geo+json'],
  body: 'none',
  async run(request, call) {
    const id = readId(request.path['id'] ?? '');
    const shown = readEntityOutput(request.params, call);
    const stored = await call.store.get(id, call.now);
    if (!stored || !isOfType(stored, request.params['type'], call.context))
      throw new Problem('ResourceNotFound', `No entity has the id ${id}.`);
    const text = await shown.one(stored);
    if (text === undefined)
      throw new Problem('ResourceNotFound', `The entity ${id} has none of the attributes asked for.`);
    return { kind: 'found', text, isReformatted: shown.isReformatted() };
  },
};

const isOfType = (stored: Stored, type: string | undefined, terms: Parameters<typeof parseTypeSelection>[1]): boolean =>
  type === undefined || compileFilter({ selectors: [{ types: parseTypeSelection(type, terms) }] })(stored.entity());

export const queryEntities: Operation = {
  name: 'queryEntities',
  clause: '5.7.2',
  method: 'GET',
  path: '/entities',
  action: 'read',
  access: 'read',
  parameters: [...selectionParameters, ...outputParameters, ...orderParameters, 'limit', 'offset', 'count'],
  media: ['json', 'ld+json', 'geo+json'],
  body: 'none',
  run({ params: asked }, call) {
    const params = liftCount(asked);
    return answerQuery(readSelection(params, selectingFor(call)), { shown: params, paging: params }, call);
  },
};

export const queryByPost: Operation = {
  name: 'queryByPost',
  clause: '5.7.2',
  method: 'POST',
  path: '/entityOperations/query',
  action: 'read',
  access: 'read',
  parameters: ['limit', 'offset', 'count', 'options', 'format', 'local'],
  media: ['json', 'ld+json', 'geo+json'],
  body: 'object',
  run(request, call) {
    const { selectors, params } = readQueryBody(request.body ?? null, call, 'present');
    const paging = liftCount(request.params);
    const { local, options, format } = paging;
    const filter = readFilter({ ...params, ...given({ local }) }, selectingFor(call), selectors);
    return answerQuery(filter, { shown: { ...params, ...given({ options, format }) }, paging }, call);
  },
};

type Params = Readonly<Record<string, string>>;

/** The parameters that have a value. */
const given = (params: Readonly<Record<string, string | undefined>>): Params =>
  Object.fromEntries(Object.entries(params).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

/** One page of the results. Reads the position first, so that the page includes every change up to it. */
async function answerQuery(
  filter: Filter,
  { shown, paging }: { shown: Params; paging: Params },
  call: CallContext,
): Promise<OperationResult> {
  const view = readEntityOutput(shown, call);
  const order = parseOrder(shown, { terms: call.context, initial: call.world.collation });
  const { limit, offset, isCounted } = readPaging(paging, call.world.limits);
  const linkless = filter.q ? { ...filter, q: await resolveLinks(filter.q, call) } : filter;
  const plan = { filter: linkless, now: call.now, limit: limit + 1, offset, isLazy: true };
  const position = await call.position();
  const found = limit === 0 ? [] : await (order ? findOrdered(plan, order, call) : call.store.find(plan));
  const count = isCounted ? await call.store.count(plan) : undefined;
  const text = await view.many(found.slice(0, limit), createContentOf(linkless, call));
  const page = pageOf(found.length, { limit, offset }, count);
  return { kind: 'found', text, position, page, isReformatted: view.isReformatted() };
}
