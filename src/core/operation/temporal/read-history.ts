/** Operations that read histories: of one entity, of many, by parameters or by a body (clauses 5.7.3, 5.7.4). */
import type { Filter } from '../../language/filter.ts';
import { compileFilter } from '../../language/matches.ts';
import type { Entity } from '../../model/entity.ts';
import type { EntityHistory } from '../../model/history.ts';
import { badData, Problem } from '../../model/problem.ts';
import { readId } from '../../model/read/id.ts';
import { readAttributeName } from '../../model/read/name.ts';
import type { HistoryPlan } from '../../port/store.ts';
import { renderHistory } from '../../representation/history.ts';
import type { Answer, Call, Operation } from '../operation.ts';
import { pageOf, readList, readPaging } from '../parameters.ts';
import { type QueryBody, readQueryBody } from '../query-body.ts';
import { readFilter, readSelection, selectionParameters } from '../selection.ts';
import { withContext } from '../view.ts';
import { cutHistories } from './cut.ts';
import { withinScopes } from './scopes.ts';
import { type HistoryShown, readHistoryShown, shownParameters, temporalParameters } from './read-parameters.ts';

type Params = Readonly<Record<string, string>>;

export const retrieveTemporal: Operation = {
  name: 'retrieveTemporal',
  clause: '5.7.3',
  method: 'GET',
  path: '/temporal/entities/{id}',
  action: 'read',
  parameters: [...temporalParameters, ...shownParameters, 'local'],
  media: ['json', 'ld+json'],
  body: 'none',
  async run(ask, call) {
    const id = readId(ask.path['id'] ?? '');
    const shown = readHistoryShown(ask.params, call);
    const plan: HistoryPlan = {
      ...readParts(ask.params, shown, call),
      filter: { selectors: [{ ids: [id] }] },
      limit: 1,
    };
    const [history] = await call.store.history(plan);
    const found = answer([history ?? (await withoutInstances(id, plan, call))], { shown, call, isList: false });
    if (found.text === '{}')
      throw new Problem('ResourceNotFound', `The history of ${id} has none of the members asked for.`);
    return found;
  },
};

/** An entity that is known, but has nothing in the interval, is shown with id and type only (section 9.2). */
async function withoutInstances(id: string, plan: HistoryPlan, call: Call): Promise<EntityHistory> {
  const [ever] = plan.attrs
    ? []
    : await call.store.history({ ...plan, temporal: { timeproperty: 'modifiedAt' }, limitInstances: 1 });
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
  parameters: [
    ...selectionParameters,
    ...temporalParameters,
    ...shownParameters,
    'orderBy',
    'limit',
    'offset',
    'count',
  ],
  media: ['json', 'ld+json'],
  body: 'none',
  run(ask, call) {
    refuseOrder(ask.params);
    return answerQuery(readSelection(ask.params, call.context), { shown: ask.params, paging: ask.params }, call);
  },
};

export const queryTemporalByPost: Operation = {
  name: 'queryTemporalByPost',
  clause: '5.7.4',
  method: 'POST',
  path: '/temporal/entityOperations/query',
  action: 'read',
  parameters: ['limit', 'offset', 'count', 'options', 'format', 'local'],
  media: ['json', 'ld+json'],
  body: 'object',
  run(ask, call) {
    const { selectors, params }: QueryBody = readQueryBody(ask.body ?? null, call.context, 'temporal');
    refuseOrder(params);
    const { local, options, format } = ask.params;
    const all = {
      ...params,
      ...(local === undefined ? {} : { local }),
      ...(options === undefined ? {} : { options }),
      ...(format === undefined ? {} : { format }),
    };
    return answerQuery(readFilter(all, call.context, selectors), { shown: all, paging: ask.params }, call);
  },
};

/** Histories have one order that makes sense (clause 5.7.4). */
function refuseOrder({ orderBy }: Params): void {
  if (orderBy === undefined || /^id(?:;asc|;desc)?$/.test(orderBy)) return;
  throw badData(`Histories can be ordered by id only, not by ${JSON.stringify(orderBy)}.`);
}

async function answerQuery(
  filter: Filter,
  { shown: params, paging }: { shown: Params; paging: Params },
  call: Call,
): Promise<Answer> {
  const shown = readHistoryShown(params, call);
  const { limit, offset, isCounted } = readPaging(paging, call.world.limits);
  const parts = readParts(params, shown, call);
  const wanted = isCounted || params['orderBy'] !== undefined ? Number.MAX_SAFE_INTEGER : offset + limit + 1;
  const found = inOrder(await findHistories(filter, { parts, wanted }, call), params['orderBy']);
  const rest = found.slice(offset, offset + limit + 1);
  const page = pageOf(rest.length, { limit, offset }, isCounted ? found.length : undefined);
  return { ...answer(rest.slice(0, limit), { shown, call, isList: true }), page };
}

function inOrder(found: readonly EntityHistory[], orderBy: string | undefined): readonly EntityHistory[] {
  if (orderBy === undefined) return found;
  const sorted = [...found].sort((a, b) => (a.id < b.id ? -1 : 1));
  return orderBy.endsWith('desc') ? sorted.reverse() : sorted;
}

/** Entities looked at in one go where values in the interval decide. */
const pageSize = 200;

type Parts = Omit<HistoryPlan, 'filter' | 'limit'>;

/** Histories that the filter finds. What it asks of values is asked of the instances in the interval (clause 5.7.4.4). */
async function findHistories(
  filter: Filter,
  { parts, wanted }: { parts: Parts; wanted: number },
  call: Call,
): Promise<readonly EntityHistory[]> {
  const { q, geo, scopeQ, ...rest } = filter;
  if (!q && !geo && !scopeQ) return call.store.history({ ...parts, filter, limit: wanted });
  const matches = compileFilter({ ...(q ? { q } : undefined), ...(geo ? { geo } : undefined) });
  const { attrs, ...whole } = parts;
  const found: EntityHistory[] = [];
  for (let offset = 0; found.length < wanted; offset += pageSize) {
    const histories = await call.store.history({ ...whole, filter: rest, limit: pageSize, offset });
    const scoped = scopeQ ? await withinScopes(histories, { scopeQ, temporal: parts.temporal }, call) : histories;
    found.push(...scoped.filter((history) => matches(asEntity(history))).map((history) => narrowed(history, attrs)));
    if (histories.length < pageSize) break;
  }
  return found.slice(0, wanted);
}

/** The instances of an interval as if they were there at one time: any of them may be the one that matches. */
const asEntity = ({ id, types, attrs }: EntityHistory): Entity => ({
  id,
  types,
  attrs,
  createdAt: '1970-01-01T00:00:00Z',
});

const narrowed = (history: EntityHistory, attrs: readonly string[] | undefined): EntityHistory =>
  attrs
    ? { ...history, attrs: Object.fromEntries(Object.entries(history.attrs).filter(([name]) => attrs.includes(name))) }
    : history;

/** The parts of a history plan that do not say which entities. */
function readParts(params: Params, { temporal }: HistoryShown, { context, now, world }: Call): Parts {
  const attrs = readList(params, 'attrs')?.map((name) => (name === 'scope' ? name : readAttributeName(name, context)));
  const datasetIds = readList(params, 'datasetId');
  return {
    temporal,
    now,
    limitInstances: world.limits.instancesMax,
    ...(attrs ? { attrs } : undefined),
    ...(datasetIds ? { datasetIds } : undefined),
  };
}

/** Throws TooManyResults when there are more instances than one answer may be made of. */
function answer(
  histories: readonly EntityHistory[],
  { shown, call, isList }: { shown: HistoryShown; call: Call; isList: boolean },
): Extract<Answer, { kind: 'found' }> {
  const { instancesMax, instancesPage } = call.world.limits;
  if (histories.some(({ truncated }) => truncated)) {
    throw new Problem(
      'TooManyResults',
      `The answer would be made of more than ${instancesMax} instances; narrow the interval, or use lastN.`,
    );
  }
  const visible = histories.map((history) => ({
    ...history,
    attrs: Object.fromEntries(Object.entries(history.attrs).filter(([name]) => shown.isShown(name))),
  }));
  const isWhole = shown.view.format === 'aggregatedValues';
  const { histories: kept, range } = isWhole
    ? { histories: visible, range: undefined }
    : cutHistories(visible, shown.temporal, instancesPage);
  const rendered = kept.map((history) => JSON.stringify(renderHistory(history, shown.view, shown.isShown)));
  const texts = isList
    ? rendered.filter((text) => text !== '{}').map((text) => withContext(text, call))
    : rendered.map((text) => (text === '{}' ? text : withContext(text, call)));
  return {
    kind: 'found',
    text: isList ? `[${texts.join(',')}]` : (texts[0] ?? '{}'),
    ...(range ? { range } : undefined),
  };
}
