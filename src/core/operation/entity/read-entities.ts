/** Operations that read entities: retrieve one, query many (clauses 5.7.1, 5.7.2). */
import { here } from '../../federation/entity-map.ts';
import type { Filter } from '../../language/filter.ts';
import { parseTypeSelection } from '../../language/type-selection.ts';
import { compileFilter } from '../../language/matches/matches.ts';
import { parseOrder } from '../../language/order.ts';
import { Problem, ProblemWithWarnings } from '../../model/problem.ts';
import { readId } from '../../model/read/id.ts';
import type { Stored } from '../../port/store.ts';
import { createContentOf } from '../content.ts';
import { queryMerged, type Reading, registrationsForRead, retrieveMerged } from '../distributed/distributed-read.ts';
import {
  entityMapParameters,
  makeEntityMap,
  type MapRequest,
  mapInUse,
  mapReference,
  readMapRequest,
} from '../distributed/entity-maps.ts';
import { firstMax } from '../distributed/first-results.ts';
import { queryMapped } from '../distributed/mapped-query.ts';
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
import { queryByPostParameters, readQueryBody } from '../query-body.ts';

export const retrieveEntity: Operation = {
  name: 'retrieveEntity',
  clause: '5.7.1',
  method: 'GET',
  path: '/entities/{id}',
  action: 'read',
  access: 'read',
  checksDocuments: true,
  parameters: [...outputParameters, 'type', 'local', 'explain', ...entityMapParameters],
  media: ['json', 'ld+json', 'geo+json', 'csv'],
  body: 'none',
  async run(request, call) {
    const id = readId(request.path['id'] ?? '');
    const shown = readEntityOutput(request.params, call);
    const asked = readMapRequest(request.params, call);
    const index = registrationsForRead(request.params, call);
    const local = await call.store.get(id, call.now);
    if (asked) return retrieveMapped({ id, shown, request, local, index: index && (await index) }, asked, call);
    if (index === undefined) return answerOne({ id, found: local, shown, request }, call);
    const reading = { index: await index, local, ...readWanted(request.params, call) };
    const { found, warnings } = await retrieveMerged(id, reading, call);
    return withWarnings(warnings, () => answerOne({ id, found, shown, request }, call));
  },
};

interface MappedRetrieval extends Omit<Answering, 'found'> {
  readonly local: Stored | undefined;
  readonly index: Reading['index'] | undefined;
}

/** Asks only the sources that an entity map names for the entity, all when it does not name the entity. Without a map, a new one is made. */
async function retrieveMapped(
  { id, local, index, ...answering }: MappedRetrieval,
  asked: MapRequest,
  call: CallContext,
): Promise<OperationResult> {
  const known = await mapInUse(asked, call);
  const map = known?.entities.has(id) === true ? known : undefined;
  const nothing = { sources: new Map(local ? [[id, [here]]] : []), linked: {}, warnings: [] };
  const { found, warnings, sources, linked } = index
    ? await retrieveMerged(id, { index, local, map, ...readWanted(answering.request.params, call) }, call)
    : { found: local, ...nothing };
  return withWarnings(warnings, async () => {
    const answer = await answerOne({ id, found, ...answering }, call);
    const used = known ?? (await makeEntityMap({ entities: sources, linked }, asked, call));
    return { ...answer, entityMap: { ...mapReference(used, asked, !known), isCreated: false } };
  });
}

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
  checksDocuments: true,
  parameters: [
    ...selectionParameters,
    ...outputParameters,
    ...orderParameters,
    ...['splitEntities', 'limit', 'offset', 'count'],
    ...entityMapParameters,
  ],
  media: ['json', 'ld+json', 'geo+json', 'csv'],
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
  checksDocuments: true,
  parameters: [...queryByPostParameters, 'splitEntities'],
  media: ['json', 'ld+json', 'geo+json', 'csv'],
  body: 'object',
  run(request, call) {
    const { selectors, params } = readQueryBody(request.body ?? null, call, 'present');
    const paging = liftCount(request.params);
    const { local, options, format } = paging;
    const { splitEntities, entityMap, entityMapLifetime } = params;
    const filter = readFilter({ ...params, ...given({ local }) }, selectingFor(call), selectors);
    const spread = { ...given({ splitEntities, entityMap, entityMapLifetime }), ...paging };
    return answerQuery(filter, { shown: { ...params, ...given({ options, format }) }, paging: spread }, call);
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
  const asked = readMapRequest(paging, call);
  const linkless = filter.q ? { ...filter, q: await resolveLinks(filter.q, call) } : filter;
  const position = await call.position();
  const index = registrationsForRead(paging, call);
  const params = { ...shown, ...paging };
  const reading = { filter: linkless, order, params, index: index && (await index) };
  const { found, ...rest } = asked
    ? await queryMapped({ ...reading, projection: readProjection(params, call.context) }, { asked, pages }, call)
    : await queryPage(reading, pages, call);
  const text = await view.many(found, createContentOf(linkless, call));
  return { kind: 'found', text, position, isReformatted: view.isReformatted(), ...rest };
}

interface PageReading extends Omit<Reading, 'index' | 'projection'> {
  readonly index: Reading['index'] | undefined;
  readonly order: ReturnType<typeof parseOrder>;
}

/** One page, of this broker and of the context sources that have a part of it. */
async function queryPage(
  { index, order, ...reading }: PageReading,
  { limit, offset, isCounted }: ReturnType<typeof readPaging>,
  call: CallContext,
): Promise<Pick<Extract<OperationResult, { kind: 'found' }>, 'page' | 'warnings'> & { found: readonly Stored[] }> {
  const { filter, params } = reading;
  const first = isCounted || offset + limit >= firstMax ? undefined : offset + limit + 1;
  const projection = readProjection(params, call.context);
  const merged = index && (await queryMerged({ ...reading, index, projection, first }, call));
  if (merged) {
    const { found: all, warnings } = merged;
    const found = all.slice(offset, offset + limit + 1);
    const page = pageOf(found.length, { limit, offset }, isCounted ? all.length : undefined);
    return { found: found.slice(0, limit), page, warnings };
  }
  const plan = { filter, now: call.now, limit: limit + 1, offset, isLazy: true };
  const found = limit === 0 ? [] : await (order ? findOrdered(plan, order, call) : call.store.find(plan));
  const page = pageOf(found.length, { limit, offset }, isCounted ? await call.store.count(plan) : undefined);
  return { found: found.slice(0, limit), page };
}
