/** Operations that read histories: of one entity, of many (clauses 5.7.3, 5.7.4). */
import { parseTemporal } from '../../language/temporal-query.ts';
import type { Terms } from '../../model/entity.ts';
import { badData, Problem } from '../../model/problem.ts';
import type { EntityHistory } from '../../model/history.ts';
import { readId } from '../../model/read/id.ts';
import { readAttributeName } from '../../model/read/name.ts';
import type { HistoryPlan } from '../../port/store.ts';
import { parseLanguagePreference } from '../../representation/language.ts';
import { type HistoryView, renderHistory } from '../../representation/history.ts';
import type { Ask, Call, Operation } from '../operation.ts';
import { pageOf, readFormat, readList, readOptions, readPaging } from '../parameters.ts';
import { readSelection, selectionParameters } from '../selection.ts';
import { withContext } from '../view.ts';

const temporalParameters = ['timerel', 'timeAt', 'endTimeAt', 'timeproperty', 'lastN'] as const;
const shownParameters = ['attrs', 'datasetId', 'format', 'options', 'lang'] as const;
const formats = ['normalized', 'concise', 'temporalValues'] as const;
type Format = (typeof formats)[number];

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
    const view = readHistoryView(ask, call);
    const plan = { ...readHistoryParts(ask, call), filter: { selectors: [{ ids: [id] }] }, limit: 1 };
    const [history] = await call.store.history(plan);
    if (history) return { kind: 'found', text: textOf([history], view, call)[0] ?? '{}' };
    return { kind: 'found', text: await withoutInstances(id, plan, { view, call }) };
  },
};

/** An entity that is known, but has nothing in the interval, is shown with id and type only (section 9.2). */
async function withoutInstances(id: string, plan: HistoryPlan, { view, call }: { view: HistoryView; call: Call }): Promise<string> {
  const stored = await call.store.get(id, call.now);
  const [ever] = stored || plan.attrs ? [] : await call.store.history({ ...plan, temporal: { timeproperty: 'modifiedAt' }, limitInstances: 1 });
  const types = stored?.entity().types ?? ever?.types;
  if (!types || plan.attrs) throw new Problem('ResourceNotFound', `There is no history of ${plan.attrs ? 'these attributes of ' : ''}${id}.`);
  return textOf([{ id, types, attrs: {}, truncated: false }], view, call)[0] ?? '{}';
}

export const queryTemporal: Operation = {
  name: 'queryTemporal',
  clause: '5.7.4',
  method: 'GET',
  path: '/temporal/entities',
  action: 'read',
  parameters: [...selectionParameters, ...temporalParameters, ...shownParameters, 'limit', 'offset', 'count'],
  media: ['json', 'ld+json'],
  body: 'none',
  async run(ask, call) {
    const filter = readSelection(ask.params, call.context);
    if (ask.params['timerel'] === undefined) throw badData('A query of histories needs the parameters timerel and timeAt.');
    const view = readHistoryView(ask, call);
    const { limit, offset, isCounted } = readPaging(ask.params, call.world.limits);
    // How many entities have instances in the interval is only known by looking at them all.
    const most = isCounted ? Number.MAX_SAFE_INTEGER : limit + 1;
    const plan = { ...readHistoryParts(ask, call), filter, limit: most, offset: isCounted ? 0 : offset };
    const found = await call.store.history(plan);
    const rest = isCounted ? found.slice(offset) : found;
    const shown = rest.slice(0, limit);
    const page = pageOf(rest.length, { limit, offset }, isCounted ? found.length : undefined);
    return { kind: 'found', text: `[${textOf(shown, view, call).join(',')}]`, page };
  },
};

/** The parts of a history plan that do not say which entities. */
function readHistoryParts({ params }: Ask, { context, now, world }: Call): Omit<HistoryPlan, 'filter' | 'limit'> {
  const temporal = parseTemporal(params);
  const attrs = readList(params, 'attrs')?.map((name) => readAttributeName(name, context));
  const datasetIds = readList(params, 'datasetId');
  return {
    temporal,
    now,
    limitInstances: world.limits.instancesMax,
    ...(attrs ? { attrs } : undefined),
    ...(datasetIds ? { datasetIds } : undefined),
  };
}

function readHistoryView({ params }: Ask, { context }: { readonly context: Terms }): HistoryView {
  const options = readOptions<Format | 'sysAttrs'>(params, [...formats, 'sysAttrs']);
  const format = readFormat<Format>(params, formats) ?? formats.find((one) => options.has(one)) ?? 'normalized';
  const lang = params['lang'];
  return {
    terms: context,
    format,
    sysAttrs: options.has('sysAttrs'),
    timeproperty: parseTemporal(params).timeproperty,
    ...(lang === undefined ? undefined : { lang: parseLanguagePreference(lang) }),
  };
}

/** Throws TooManyResults when the bound on instances cut an answer off: paging in time comes with the whole temporal API. */
function textOf(histories: readonly EntityHistory[], view: HistoryView, call: Call): readonly string[] {
  const most = call.world.limits.instancesMax;
  if (histories.some(({ truncated }) => truncated)) {
    throw new Problem('TooManyResults', `The answer would hold more than ${most} instances; narrow the interval, or use lastN.`);
  }
  return histories.map((history) => withContext(JSON.stringify(renderHistory(history, view)), call));
}
