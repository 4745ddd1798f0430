/** Operations that read histories: of one entity, or of many, by parameters or by a body (clauses 5.7.3, 5.7.4). */
import type { Filter } from '../../language/filter.ts';
import { type EntityHistory, scopeSeries } from '../../model/history.ts';
import { badData, Problem } from '../../model/problem.ts';
import { readId } from '../../model/read/id.ts';
import type { HistoryPlan } from '../../port/store.ts';
import { createReadBound, type HistorySelection } from '../../port/histories.ts';
import { entitiesMax } from '../distributed/ask-sources.ts';
import {
  entityMapParameters,
  mapInUse,
  mapReference,
  type MapRequest,
  readMapRequest,
} from '../distributed/entity-maps.ts';
import { filterOf } from '../distributed/mapped-page.ts';
import type { OperationResult, CallContext, Operation } from '../operation.ts';
import { liftCount, pageOf, readDatasetIds, readList, readPaging } from '../parameters.ts';
import { type QueryBody, queryByPostParameters, readQueryBody } from '../query-body.ts';
import { readAttrs, readFilter, readSelection, selectingFor, selectionParameters } from '../selection.ts';
import { answerHistories } from './answer-histories.ts';
import { findHistories } from './find-histories.ts';
import { historiesElsewhere, type HistoryReading } from './distributed-history.ts';
import { findMapped, mapWith } from './mapped-history.ts';
import type { Find } from './read-part.ts';
import {
  type HistoryOutput,
  readHistoryShown,
  historyOutputParameters,
  temporalParameters,
} from './read-parameters.ts';

type Params = Readonly<Record<string, string>>;

export const retrieveTemporal: Operation = {
  name: 'retrieveTemporal',
  clause: '5.7.3',
  method: 'GET',
  path: '/temporal/entities/{id}',
  action: 'read',
  access: 'history',
  checksDocuments: true,
  parameters: [...temporalParameters, ...historyOutputParameters, 'local', 'explain', ...entityMapParameters],
  media: ['json', 'ld+json', 'csv'],
  body: 'none',
  async run(request, call) {
    const id = readId(request.path['id'] ?? '');
    const shown = readHistoryShown(request.params, call);
    const parts = readParts(request.params, shown, call);
    const plan: HistoryPlan = { ...parts, filter: { selectors: [{ ids: [id] }] }, limit: 1 };
    const isAggregated = shown.view.aggregation !== undefined;
    const reading = { params: request.params, filter: {}, id, parts, isAggregated };
    const asked = readMapRequest(request.params, call);
    const known = asked && (await mapInUse(asked, call));
    const map = known?.entities.has(id) === true ? known : undefined;
    const elsewhere = await historiesElsewhere({ ...reading, map }, call);
    const find: Find = async (each) => {
      const here = await call.store.history({ ...(elsewhere ? withoutRollup(plan) : plan), ...limitedEach(each) });
      const [history] = elsewhere ? await elsewhere.merged(here) : here;
      return [history ?? (await withoutInstances(id, plan, call))];
    };
    const found = await answerHistories(
      { find, parts: elsewhere ? undefined : parts, series: 1 },
      { shown, call, isList: false, warnings: elsewhere?.warnings },
    );
    if (found.text === '{}')
      throw new Problem('ResourceNotFound', `The history of ${id} has none of the members asked for.`);
    if (!asked) return found;
    const used = known ?? (await mapWith(elsewhere, { ...reading, filter: plan.filter }, { asked, call }));
    return { ...found, entityMap: { ...mapReference(used, asked, !known), isCreated: false } };
  },
};

const withoutRollup = <Plan extends Pick<HistoryPlan, 'rollup'>>({
  rollup: _rollup,
  ...plan
}: Plan): Omit<Plan, 'rollup'> => plan;

/** An entity whose attributes exist, but have no instances in the interval, is shown with id and type only (section 9.2). */
async function withoutInstances(id: string, plan: HistoryPlan, call: CallContext): Promise<EntityHistory> {
  const { datasetIds: _datasets, rollup: _rollup, ...whole } = plan;
  const firstBy = (timeproperty: 'observedAt' | 'modifiedAt'): Promise<readonly EntityHistory[]> =>
    call.store.history({ ...whole, temporal: { timeproperty }, limitInstances: 1 });
  // The query by observedAt comes first: it is fast when there is a result.
  const ever = (await firstBy('observedAt'))[0] ?? (await firstBy('modifiedAt'))[0];
  if (!ever)
    throw new Problem('ResourceNotFound', `There is no history of ${plan.attrs ? 'these attributes of ' : ''}${id}.`);
  return { id, types: ever.types, attrs: {}, truncated: false };
}

export const queryTemporal: Operation = {
  name: 'queryTemporal',
  clause: '5.7.4',
  method: 'GET',
  path: '/temporal/entities',
  action: 'read',
  access: 'history',
  checksDocuments: true,
  parameters: [
    ...selectionParameters,
    ...temporalParameters,
    ...historyOutputParameters,
    'orderBy',
    'limit',
    'offset',
    'count',
    ...entityMapParameters,
  ],
  media: ['json', 'ld+json', 'csv'],
  body: 'none',
  run(request, call) {
    const params = liftCount(request.params);
    return answerQuery(readSelection(params, selectingFor(call)), { shown: params, paging: params }, call);
  },
};

export const queryTemporalByPost: Operation = {
  name: 'queryTemporalByPost',
  clause: '5.7.4',
  method: 'POST',
  path: '/temporal/entityOperations/query',
  action: 'read',
  access: 'history',
  checksDocuments: true,
  parameters: [...queryByPostParameters, 'partAfter'],
  media: ['json', 'ld+json', 'csv'],
  body: 'object',
  run(request, call) {
    const { selectors, params }: QueryBody = readQueryBody(request.body ?? null, call, 'temporal');
    const paging = liftCount(request.params);
    const { limit: _limit, offset: _offset, count: _count, ...given } = paging;
    const all = { ...params, ...given };
    return answerQuery(
      readFilter(all, selectingFor(call), selectors),
      { shown: all, paging: { ...all, ...paging } },
      call,
    );
  },
};

/** Histories can only be ordered by id (clause 5.7.4). */
function refuseOrder({ orderBy }: Params): void {
  if (orderBy === undefined || /^id(?:;asc|;desc)?$/.test(orderBy)) return;
  throw badData(
    `The parameter orderBy can be id only where histories are asked for, not ${JSON.stringify(orderBy.slice(0, 120))}.`,
  );
}

/** Reads how histories are sought and shown. */
export function readHistories(
  filter: Filter,
  params: Params,
  call: CallContext,
): { readonly shown: HistoryOutput; readonly reading: HistoryReading } {
  refuseOrder(params);
  const shown = readHistoryShown(params, call);
  const parts = readParts(params, shown, call);
  return { shown, reading: { params, filter, parts, isAggregated: shown.view.aggregation !== undefined } };
}

async function answerQuery(
  filter: Filter,
  { shown: params, paging }: { shown: Params; paging: Params },
  call: CallContext,
): Promise<OperationResult> {
  const { shown, reading } = readHistories(filter, { ...params, ...paging }, call);
  const pages = readPaging(paging, call.services.limits);
  const asked = readMapRequest(paging, call);
  if (asked) return answerMapped(reading, { shown, asked, pages }, call);
  const { limit, offset, isCounted } = pages;
  const { parts } = reading;
  const wanted = { limit, offset, isCounted, orderBy: params['orderBy'] };
  const elsewhere = await historiesElsewhere(reading, call);
  let count = 0;
  const findAll: Find = async () => {
    const { found: local } = await findHistories({ filter, parts: withoutRollup(parts) }, allHistories, call);
    const merged = elsewhere ? await elsewhere.merged(local) : local;
    const found = merged.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    if (found.length > entitiesMax)
      throw new Problem('TooManyResults', `More than ${entitiesMax} histories match; narrow the query.`);
    count = found.length;
    return (params['orderBy']?.endsWith('desc') === true ? found.toReversed() : found).slice(offset, offset + limit);
  };
  const findHere: Find = async (each) => {
    const answered = await findHistories({ filter, parts: { ...parts, ...limitedEach(each) } }, wanted, call);
    count = answered.count;
    return answered.found;
  };
  const found = await answerHistories(
    { find: elsewhere ? findAll : findHere, parts: isOfValues(filter) || elsewhere ? undefined : parts, series: limit },
    { shown, call, isList: true, warnings: elsewhere?.warnings },
  );
  return { ...found, page: pageOf(count - offset, { limit, offset }, isCounted ? count : undefined) };
}

const allHistories = { limit: entitiesMax + 1, offset: 0, isCounted: false, orderBy: undefined };

/** Filters on values need all instances. */
const isOfValues = ({ q, geo, scopeQ }: Filter): boolean => (q ?? geo ?? scopeQ) !== undefined;

interface Mapped {
  readonly shown: HistoryOutput;
  readonly asked: MapRequest;
  readonly pages: ReturnType<typeof readPaging>;
}

/** One page of an entity map. */
async function answerMapped(
  reading: HistoryReading,
  { shown, asked, pages }: Mapped,
  call: CallContext,
): Promise<OperationResult> {
  const { filter, parts } = reading;
  const { ids, elsewhere, page, entityMap } = await findMapped(reading, { asked, pages }, call);
  const own = filterOf(filter, ids);
  const find: Find = async (each) => {
    const ownParts = elsewhere ? withoutRollup(parts) : { ...parts, ...limitedEach(each) };
    const local = own ? (await findHistories({ filter: own, parts: ownParts }, allHistories, call)).found : [];
    const found = elsewhere ? await elsewhere.merged(local, new Set(ids)) : local;
    const byId = new Map(found.map((one) => [one.id, one]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  };
  const found = await answerHistories(
    { find, parts: isOfValues(filter) || elsewhere ? undefined : parts, series: pages.limit },
    { shown, call, isList: true, warnings: elsewhere?.warnings },
  );
  return { ...found, page, entityMap };
}

const limitedEach = (each: number | undefined): Pick<HistoryPlan, 'limitEach'> =>
  each === undefined ? {} : { limitEach: each };

/** The parts of a history plan, without the entity filter. */
function readParts(
  params: Params,
  { temporal, rollup }: HistoryOutput,
  { context, now, services }: CallContext,
): HistorySelection['parts'] {
  const hasScope = readList(params, 'attrs')?.includes(scopeSeries) ?? false;
  const attrs = [...(readAttrs(params, context) ?? []), ...(hasScope ? [scopeSeries] : [])];
  const datasetIds = readDatasetIds(params);
  return {
    temporal,
    now,
    limitInstances: services.limits.instancesMax,
    onRead: createReadBound(),
    ...(rollup ? { rollup } : undefined),
    ...(attrs.length > 0 ? { attrs } : undefined),
    ...(datasetIds ? { datasetIds } : undefined),
  };
}
