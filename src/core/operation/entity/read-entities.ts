/** Operations that read entities: retrieve one, query many (clauses 5.7.1, 5.7.2). */
import type { Filter } from '../../language/filter.ts';
import { parseTypeSelection } from '../../language/type-selection.ts';
import { compileFilter } from '../../language/matches/matches.ts';
import { parseOrder } from '../../language/order.ts';
import { Problem, ProblemWithWarnings } from '../../model/problem.ts';
import { readId } from '../../model/read/id.ts';
import type { Stored } from '../../port/store.ts';
import { createContentOf } from '../content.ts';
import { queryMerged, type Reading, registrationsForRead, retrieveMerged } from '../distributed/distributed-read.ts';
import type { OperationResult, OperationRequest, CallContext, Operation } from '../operation.ts';
import { liftCount, pageOf, readPaging } from '../parameters.ts';
import {
  readAttrs,
  readFilter,
  readProjection,
  readSelection,
  selectingFor,
  selectionParameters,
} from '../selection.ts';
import { type EntityOutput, readEntityOutput, outputParameters } from '../view.ts';
import { resolveLinks } from '../linked-query.ts';
import { findOrdered, orderParameters } from '../ordered.ts';
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
    const index = registrationsForRead(request.params, call);
    const local = await call.store.get(id, call.now);
    if (index === undefined) return answerOne({ id, found: local, shown, request }, call);
    const reading = { index: await index, local, ...readWanted(request.params, call) };
    const { found, warnings } = await retrieveMerged(id, reading, call);
    return withWarnings(warnings, () => answerOne({ id, found, shown, request }, call));
  },
};

/** What a retrieval wants of sources. */
function readWanted(params: Params, { context }: CallContext): Omit<Reading, 'index'> {
  const { type } = params;
  const attrs = readAttrs(params, context);
  return {
    filter: {
      ...(type === undefined ? undefined : { selectors: [{ types: parseTypeSelection(type, context) }] }),
      ...(attrs ? { attrs } : undefined),
    },
    projection: readProjection(params, context),
    params,
  };
}

interface Answering {
  readonly id: string;
  readonly found: Stored | undefined;
  readonly shown: EntityOutput;
  readonly request: OperationRequest;
}

async function answerOne(
  { id, found, shown, request }: Answering,
  { context }: CallContext,
): Promise<Extract<OperationResult, { kind: 'found' }>> {
  if (!found || !isOfType(found, request.params['type'], context))
    throw new Problem('ResourceNotFound', `No entity has the id ${id}.`);
  const text = await shown.one(found);
  if (text === undefined)
    throw new Problem('ResourceNotFound', `The entity ${id} has none of the attributes asked for.`);
  return { kind: 'found', text, isReformatted: shown.isReformatted() };
}

/** The warnings go with the answer, and with the problem when there is none. */
export async function withWarnings(
  warnings: readonly string[],
  work: () => Promise<Extract<OperationResult, { kind: 'found' }>>,
): Promise<OperationResult> {
  try {
    return { ...(await work()), warnings };
  } catch (error) {
    if (error instanceof Problem) throw new ProblemWithWarnings(error.report, warnings);
    throw error;
  }
}

/** True without `type`, and for an entity that its selection accepts. */
export const isOfType = (
  stored: Stored,
  type: string | undefined,
  terms: Parameters<typeof parseTypeSelection>[1],
): boolean =>
  type === undefined || compileFilter({ selectors: [{ types: parseTypeSelection(type, terms) }] })(stored.entity());

export const queryEntities: Operation = {
  name: 'queryEntities',
  clause: '5.7.2',
  method: 'GET',
  path: '/entities',
  action: 'read',
  access: 'read',
  parameters: [
    ...selectionParameters,
    ...outputParameters,
    ...orderParameters,
    ...['splitEntities', 'limit', 'offset', 'count'],
  ],
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
  parameters: ['limit', 'offset', 'count', 'options', 'format', 'local', 'splitEntities'],
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
  const order = parseOrder(shown, { terms: call.context, initial: call.services.collation });
  const pages = readPaging(paging, call.services.limits);
  const { limit, offset } = pages;
  const linkless = filter.q ? { ...filter, q: await resolveLinks(filter.q, call) } : filter;
  const plan = { filter: linkless, now: call.now, limit: limit + 1, offset, isLazy: true };
  const position = await call.position();
  const index = registrationsForRead(paging, call);
  const merged =
    index && (await queryEverywhere(linkless, { index: await index, params: { ...shown, ...paging } }, call));
  const { found, count } = merged
    ? pageIn(merged.found, pages)
    : {
        found: limit === 0 ? [] : await (order ? findOrdered(plan, order, call) : call.store.find(plan)),
        count: pages.isCounted ? await call.store.count(plan) : undefined,
      };
  const content = createContentOf(linkless, call);
  const text = await view.many(found.slice(0, limit), content);
  const page = pageOf(found.length, { limit, offset }, count);
  const warnings = merged ? { warnings: merged.warnings } : undefined;
  return { kind: 'found', text, position, page, isReformatted: view.isReformatted(), ...warnings };
}

/** All results. Undefined when no context source has a part of them. */
const queryEverywhere = (
  filter: Filter,
  { index, params }: Pick<Reading, 'index' | 'params'>,
  call: CallContext,
): ReturnType<typeof queryMerged> =>
  queryMerged({ index, filter, projection: readProjection(params, call.context), params }, call);

const pageIn = (
  all: readonly Stored[],
  { limit, offset, isCounted }: ReturnType<typeof readPaging>,
): { readonly found: readonly Stored[]; readonly count: number | undefined } => ({
  found: all.slice(offset, offset + limit + 1),
  count: isCounted ? all.length : undefined,
});
