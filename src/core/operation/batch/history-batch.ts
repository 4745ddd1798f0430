/** A batch of temporal representations: upsertTemporal (clause 5.6.11) for many entities at once, to import files of measurements. */
import type { Fragment } from '../../model/attribute.ts';
import type { Json } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import { type HistoryFragment, readHistory } from '../../model/read/entity.ts';
import { unfoldSeries } from '../../model/read/temporal-values.ts';
import { batchHead } from '../heads.ts';
import type { CallContext, Operation } from '../operation.ts';
import { type SplitInstances, splitInstances, recordPast } from '../split-instances.ts';
import { readFormat } from '../parameters.ts';
import { checkFragment } from '../writing.ts';
import { batchAnswer, createdOrDone, type ElementResult, isGood } from './answer.ts';
import { applyWrites, elementsOf, resultOf } from './element.ts';
import { forElement, readElement, refusalOf } from './read-element.ts';

/** Present entities written in one call. Concurrent writers wait that long. */
const presentMax = 1000;

/**
 * Several elements may belong to the same entity: each is checked separately, and the valid ones are added together. So an entity changes
 * once per batch, however many measurements it gets.
 */
export const upsertTemporalBatch: Operation = {
  ...batchHead,
  name: 'upsertTemporalBatch',
  clause: '5.6.11',
  path: '/temporal/entityOperations/upsert',
  parameters: ['format', 'local', 'explain'],
  unknownTenant: 'create',
  async run(request, call) {
    const types = new Map<string, readonly string[]>();
    const isFolded = readFormat(request.params, ['normalized', 'concise', 'temporalValues']) === 'temporalValues';
    const read = await readAll(elementsOf(request, call), { types, isFolded }, call);
    const written = await writeAll(await placeAll(read.filter(isElement), call), call);
    const all = [...read.filter(isResult), ...written];
    const results = all.sort((one, other) => one.element - other.element);
    return batchAnswer(results, () => createdOrDone(results));
  },
};

/** An element, and its index in the batch. */
interface Element extends Pick<ElementResult, 'brokenRules'> {
  readonly element: number;
  readonly history: HistoryFragment;
}

type IndexedResult = ElementResult & { readonly element: number };

const isElement = (one: Element | IndexedResult): one is Element => 'history' in one;
const isResult = (one: Element | IndexedResult): one is IndexedResult => 'outcome' in one;

/**
 * Reads all elements and checks them against the data models. `isFolded`: they are in the simplified temporal representation. `types`
 * keeps the stored types of entities, which are read only where a data model has a rule.
 */
async function readAll(
  elements: readonly Json[],
  { types, isFolded }: { readonly types: Map<string, readonly string[]>; readonly isFolded: boolean },
  call: CallContext,
): Promise<readonly (Element | IndexedResult)[]> {
  const read = async (json: Json, each: CallContext): Promise<HistoryFragment> => {
    const history = readHistory(isFolded ? unfoldSeries(json) : json, each.context);
    if (!call.services.models.concerns(history.attrs)) return history;
    const { id } = history;
    const stored = types.get(id) ?? (await call.store.get(id, call.now))?.types() ?? [];
    types.set(id, stored);
    checkFragment(history, stored, each);
    return history;
  };
  const all: (Element | IndexedResult)[] = [];
  for (const [element, json] of elements.entries()) {
    const pause = call.services.yieldToEventLoop();
    if (pause) await pause;
    const own = forElement(call);
    const history = await readElement(json, own, read);
    all.push(
      history instanceof Problem ? { ...refusalOf(json, history), element } : { element, history, ...brokenIn(own) },
    );
  }
  return all;
}

const brokenIn = ({ brokenRules }: CallContext): Pick<ElementResult, 'brokenRules'> =>
  brokenRules ? { brokenRules } : {};

/** The valid elements of one entity. */
interface Group {
  readonly id: string;
  readonly elements: readonly Pick<Element, 'element' | 'brokenRules'>[];
  readonly placed: SplitInstances;
}

/** Groups the elements by entity. */
async function placeAll(elements: readonly Element[], call: CallContext): Promise<readonly Group[]> {
  const groups: Group[] = [];
  for (const [id, ofEntity] of Map.groupBy(elements, ({ history }) => history.id)) {
    const pause = call.services.yieldToEventLoop();
    if (pause) await pause;
    groups.push({
      id,
      elements: ofEntity.map(({ history: _, ...element }) => element),
      placed: splitInstances(joined(id, ofEntity), call.now, { create: true }),
    });
  }
  return groups;
}

/** Merges several representations of one entity into one, with the instances in their order. */
function joined(id: string, elements: readonly Element[]): HistoryFragment {
  const all = elements.map(({ history }) => history);
  const attrs = new Map<string, Fragment[]>();
  for (const [name, fragments] of all.flatMap((history) => Object.entries(history.attrs))) {
    const known = attrs.get(name);
    if (known) known.push(...fragments);
    else attrs.set(name, [...fragments]);
  }
  return {
    id,
    types: [...new Set(all.flatMap(({ types = [] }) => types))],
    attrs: Object.fromEntries(attrs),
    scopes: all.flatMap(({ scopes }) => scopes),
  };
}

/** Writes the present entities, then the past instances of entities that the store did not refuse. */
async function writeAll(groups: readonly Group[], call: CallContext): Promise<readonly IndexedResult[]> {
  const results: IndexedResult[] = [];
  for (let start = 0; start < groups.length; start += presentMax) {
    const some = groups.slice(start, start + presentMax);
    const writes = some.map(({ placed }) => ({ mutation: placed.mutation }));
    const outcomes = await applyWrites(writes, call);
    const ended = some.map((group, index) => ({ ...group, ...resultOf(writes[index], outcomes[index]) }));
    await recordPast(
      ended.filter(isGood).flatMap(({ placed }) => placed.past),
      call,
    );
    results.push(
      ...ended.flatMap(({ id, outcome, elements }) => elements.map((element) => ({ id, outcome, ...element }))),
    );
  }
  return results;
}
