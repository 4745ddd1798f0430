/** Operations that read histories: of one entity, or of many, by parameters or by a body (clauses 5.7.3, 5.7.4). */
import type { Filter } from '../../language/filter.ts';
import { type EntityHistory, scopeSeries } from '../../model/history.ts';
import { restIfDue } from '../../model/interruptible.ts';
import { badData, Problem } from '../../model/problem.ts';
import { readId } from '../../model/read/id.ts';
import type { HistoryPlan } from '../../port/store.ts';
import { checkApplies } from '../../representation/applicable.ts';
import { renderHistory } from '../../representation/history.ts';
import { type HistorySelection, tooManyInstances } from '../../port/histories.ts';
import { entitiesMax } from '../distributed/ask-sources.ts';
import { registrationsForRead } from '../distributed/distributed-read.ts';
import type { OperationResult, CallContext, Operation } from '../operation.ts';
import { listText } from '../long-text.ts';
import { liftCount, pageOf, readDatasetIds, readList, readPaging } from '../parameters.ts';
import { type QueryBody, readQueryBody } from '../query-body.ts';
import { readAttrs, readFilter, readSelection, selectingFor, selectionParameters } from '../selection.ts';
import { withContext } from '../view.ts';
import type { Cut } from './cut.ts';
import { findHistories } from './find-histories.ts';
import { askForHistories, type HistoryReading, type SourceHistories } from './distributed-history.ts';
import { type Find, readPart, type PartSource } from './read-part.ts';
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
  parameters: [...temporalParameters, ...historyOutputParameters, 'local'],
  media: ['json', 'ld+json'],
  body: 'none',
  async run(request, call) {
    const id = readId(request.path['id'] ?? '');
    const shown = readHistoryShown(request.params, call);
    const parts = readParts(request.params, shown, call);
    const plan: HistoryPlan = { ...parts, filter: { selectors: [{ ids: [id] }] }, limit: 1 };
    const elsewhere = await historiesElsewhere({ params: request.params, filter: {}, id, parts, shown }, call);
    const find: Find = async (each) => {
      const here = await call.store.history({ ...(elsewhere ? withoutRollup(plan) : plan), ...limitedEach(each) });
      const [history] = elsewhere ? elsewhere.merged(here) : here;
      return [history ?? (await withoutInstances(id, plan, call))];
    };
    const found = await answer(
      { find, parts: elsewhere ? undefined : parts, series: 1 },
      { shown, call, isList: false, warnings: elsewhere?.warnings },
    );
    if (found.text === '{}')
      throw new Problem('ResourceNotFound', `The history of ${id} has none of the members asked for.`);
    return found;
  },
};

const withoutRollup = <Plan extends Pick<HistoryPlan, 'rollup'>>({
  rollup: _rollup,
  ...plan
}: Plan): Omit<Plan, 'rollup'> => plan;

type ElsewhereReading = Omit<HistoryReading, 'isAggregated'> & { readonly shown: HistoryOutput };

/** What context sources have. Undefined when none is concerned. */
async function historiesElsewhere(
  { shown, ...reading }: ElsewhereReading,
  call: CallContext,
): Promise<SourceHistories | undefined> {
  const index = await registrationsForRead(reading.params, call, 'history');
  if (!index || index.size === 0) return undefined;
  return askForHistories(index, { ...reading, isAggregated: shown.view.aggregation !== undefined }, call);
}

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
  parameters: [
    ...selectionParameters,
    ...temporalParameters,
    ...historyOutputParameters,
    'orderBy',
    'limit',
    'offset',
    'count',
  ],
  media: ['json', 'ld+json'],
  body: 'none',
  run(request, call) {
    const params = liftCount(request.params);
    refuseOrder(params);
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
  parameters: ['limit', 'offset', 'count', 'options', 'format', 'local', 'partAfter'],
  media: ['json', 'ld+json'],
  body: 'object',
  run(request, call) {
    const { selectors, params }: QueryBody = readQueryBody(request.body ?? null, call, 'temporal');
    refuseOrder(params);
    const paging = liftCount(request.params);
    const { limit: _limit, offset: _offset, count: _count, ...given } = paging;
    const all = { ...params, ...given };
    return answerQuery(readFilter(all, selectingFor(call), selectors), { shown: all, paging }, call);
  },
};

/** Histories can only be ordered by id (clause 5.7.4). */
function refuseOrder({ orderBy }: Params): void {
  if (orderBy === undefined || /^id(?:;asc|;desc)?$/.test(orderBy)) return;
  throw badData(
    `The parameter orderBy can be id only where histories are asked for, not ${JSON.stringify(orderBy.slice(0, 120))}.`,
  );
}

async function answerQuery(
  filter: Filter,
  { shown: params, paging }: { shown: Params; paging: Params },
  call: CallContext,
): Promise<OperationResult> {
  const shown = readHistoryShown(params, call);
  const { limit, offset, isCounted } = readPaging(paging, call.services.limits);
  const parts = readParts(params, shown, call);
  const wanted = { limit, offset, isCounted, orderBy: params['orderBy'] };
  const elsewhere = await historiesElsewhere({ params: { ...params, ...paging }, filter, parts, shown }, call);
  let count = 0;
  const findAll: Find = async () => {
    const all = { limit: entitiesMax + 1, offset: 0, isCounted: false, orderBy: undefined };
    const { found: local } = await findHistories({ filter, parts: withoutRollup(parts) }, all, call);
    const found = (elsewhere?.merged(local) ?? local).toSorted((a, b) => (a.id < b.id ? -1 : 1));
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
  // Filters on values need all instances in the interval.
  const isOfValues = filter.q !== undefined || filter.geo !== undefined || filter.scopeQ !== undefined;
  const found = await answer(
    { find: elsewhere ? findAll : findHere, parts: isOfValues || elsewhere ? undefined : parts, series: limit },
    { shown, call, isList: true, warnings: elsewhere?.warnings },
  );
  return { ...found, page: pageOf(count - offset, { limit, offset }, isCounted ? count : undefined) };
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
    ...(rollup ? { rollup } : undefined),
    ...(attrs.length > 0 ? { attrs } : undefined),
    ...(datasetIds ? { datasetIds } : undefined),
  };
}

/** Throws TooManyResults when there are more instances than one answer may be computed from. */
async function answer(
  sought: Omit<PartSource, 'show'>,
  { shown, call, isList, warnings = [] }: Showing,
): Promise<Extract<OperationResult, { kind: 'found' }>> {
  const { histories: cut, range } = await readShown(sought, shown, call);
  await restIfDue(call.services.yieldToEventLoop);
  const { temporal, view } = shown;
  const kept = temporal.lastN === undefined || view.aggregation ? cut : cut.map(newestFirst);
  const write = (history: EntityHistory): string | undefined => {
    const text = JSON.stringify(renderHistory(history, view, shown.isShown));
    return text === '{}' ? undefined : withContext(text, call);
  };
  const [only] = kept;
  return {
    kind: 'found',
    text: isList
      ? await listText(kept, { open: '[', close: ']', write, yieldToEventLoop: call.services.yieldToEventLoop })
      : ((only && write(only)) ?? '{}'),
    ...(range ? { range } : undefined),
    ...(warnings.length > 0 ? { warnings } : undefined),
  };
}

interface Showing {
  readonly shown: HistoryOutput;
  readonly call: CallContext;
  readonly isList: boolean;
  /** Values of NGSILD-Warning. */
  readonly warnings?: readonly string[] | undefined;
}

/** What an answer shows: aggregates cover everything, other answers are cut. */
async function readShown(
  { find, parts, series }: Omit<PartSource, 'show'>,
  shown: HistoryOutput,
  call: CallContext,
): Promise<Cut> {
  const { instancesMax, instancesPage } = call.services.limits;
  const show: PartSource['show'] = (histories) => {
    if (histories.some(({ truncated }) => truncated)) throw tooManyInstances(instancesMax);
    return histories.map(({ attrs, ...history }) => ({
      ...history,
      attrs: Object.fromEntries(Object.entries(attrs).filter(([name]) => shown.isShown(name))),
    }));
  };
  const { temporal, partAfter, view } = shown;
  if (view.aggregation) {
    const histories = show(await find());
    checkApplies(view.aggregation.methods, histories);
    return { histories };
  }
  const isForward = temporal.lastN === undefined;
  const wanted = { find, series, show, parts: isForward ? parts : undefined };
  return readPart(wanted, { temporal, most: instancesPage, partAfter }, call);
}

/** Newest first, as for `lastN` (clause 5.7.4.4). */
const newestFirst = (history: EntityHistory): EntityHistory => ({
  ...history,
  attrs: Object.fromEntries(Object.entries(history.attrs).map(([name, instances]) => [name, instances.toReversed()])),
});
