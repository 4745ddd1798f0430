/** A batch of temporal representations: upsertTemporal (clause 5.6.11) for many entities at once, as files of measurements want it. */
import type { Fragment } from '../../model/attribute.ts';
import type { Json } from '../../model/json.ts';
import { Problem, type ProblemReport } from '../../model/problem.ts';
import { type HistoryFragment, readHistory } from '../../model/read/entity.ts';
import { describeProblem } from '../describe-problem.ts';
import type { Answer, Call, Operation } from '../operation.ts';
import { type Placed, placeInstances, recordPast } from '../past.ts';
import { checkFragment } from '../writing.ts';
import {
  applyWrites,
  batchResult,
  elementsOf,
  type Ending,
  endingOf,
  isGood,
  readElement,
  refusalOf,
} from './element.ts';

/** Present entities that are written in one piece: what others wait for, who write at the same time. */
const presentMax = 1000;

/**
 * Several elements may be about the same entity: each is checked on its own, and what is good of them is added together. So
 * an entity changes once in a batch, however many measurements of it there are.
 */
export const upsertTemporalBatch: Operation = {
  name: 'upsertTemporalBatch',
  clause: '5.6.11',
  method: 'POST',
  path: '/temporal/entityOperations/upsert',
  action: 'write',
  media: ['json', 'ld+json'],
  parameters: ['local'],
  body: 'array',
  unknownTenant: 'create',
  async run(ask, call) {
    const read = await readAll(elementsOf(ask, call), call);
    const checked = await checkAll(read.filter(isElement), call);
    const written = await writeAll(checked.groups, call);
    const all = [...read.filter(isEnding), ...checked.refused, ...written];
    return answerOf(all.sort((a, b) => a.element - b.element));
  },
};

/** An element, and its place in the batch. */
interface Element {
  readonly element: number;
  readonly history: HistoryFragment;
}

type PlacedEnding = Ending & { readonly element: number };

const isElement = (one: Element | PlacedEnding): one is Element => 'history' in one;
const isEnding = (one: Element | PlacedEnding): one is PlacedEnding => 'outcome' in one;

async function readAll(elements: readonly Json[], call: Call): Promise<readonly (Element | PlacedEnding)[]> {
  const all: (Element | PlacedEnding)[] = [];
  for (const [element, json] of elements.entries()) {
    const pause = call.world.breathe();
    if (pause) await pause;
    const history = await readElement(json, call, (one, { context }) => readHistory(one, context));
    all.push(history instanceof Problem ? { ...refusalOf(json, history), element } : { element, history });
  }
  return all;
}

/** What is good of the elements of one entity. */
interface Group {
  readonly id: string;
  readonly elements: readonly number[];
  readonly placed: Placed;
}

/** Checks every element against the data models of its entity, and finds the place of what is good. */
async function checkAll(
  elements: readonly Element[],
  call: Call,
): Promise<{ readonly groups: readonly Group[]; readonly refused: readonly PlacedEnding[] }> {
  const [groups, refused]: [Group[], PlacedEnding[]] = [[], []];
  for (const [id, own] of Map.groupBy(elements, ({ history }) => history.id)) {
    const current = (await call.store.get(id, call.now))?.entity();
    const good: Element[] = [];
    for (const one of own) {
      const pause = call.world.breathe();
      if (pause) await pause;
      const problem = violationOf(one.history, current?.types ?? [], call);
      if (problem) refused.push({ id, element: one.element, outcome: { status: 'refused', problem } });
      else good.push(one);
    }
    const history = joined(good.map((one) => one.history));
    if (history)
      groups.push({
        id,
        elements: good.map(({ element }) => element),
        placed: placeInstances(history, current, call.now),
      });
  }
  return { groups, refused };
}

function violationOf(history: HistoryFragment, types: readonly string[], call: Call): ProblemReport | undefined {
  if (call.world.models.isIdle) return undefined;
  try {
    checkFragment(history, types, call);
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error.report;
    throw error;
  }
}

/** Several representations of one entity as one, its instances in their order. */
function joined([first, ...others]: readonly HistoryFragment[]): HistoryFragment | undefined {
  if (!first || others.length === 0) return first;
  const all = [first, ...others];
  const attrs = new Map<string, Fragment[]>();
  for (const [name, fragments] of all.flatMap((history) => Object.entries(history.attrs))) {
    const known = attrs.get(name);
    if (known) known.push(...fragments);
    else attrs.set(name, [...fragments]);
  }
  return {
    id: first.id,
    types: [...new Set(all.flatMap(({ types = [] }) => types))],
    attrs: Object.fromEntries(attrs),
    scopes: all.flatMap(({ scopes }) => scopes),
  };
}

/** Writes the present entities, then the past of those that were not refused. */
async function writeAll(groups: readonly Group[], call: Call): Promise<readonly PlacedEnding[]> {
  const endings: PlacedEnding[] = [];
  for (let start = 0; start < groups.length; start += presentMax) {
    const some = groups.slice(start, start + presentMax);
    const writes = some.map(({ placed }) => ({ mutation: placed.mutation }));
    const outcomes = await applyWrites(writes, call);
    const ended = some.map((group, index) => ({ ...group, ...endingOf(writes[index], outcomes[index]) }));
    await recordPast(
      ended.filter(isGood).flatMap(({ placed }) => placed.past),
      call,
    );
    endings.push(
      ...ended.flatMap(({ id, outcome, elements }) => elements.map((element) => ({ id, outcome, element }))),
    );
  }
  return endings;
}

/** 201 with the ids of entities that were not there, 204 when there are none of these, 207 when something was refused. */
function answerOf(endings: readonly Ending[]): Answer {
  if (!endings.every(isGood)) return { kind: 'partly', body: batchResult(endings, describeProblem) };
  const created = endings.filter(({ outcome }) => outcome.status === 'created').map(({ id }) => id);
  return created.length > 0 ? { kind: 'createdMany', ids: [...new Set(created)] } : { kind: 'done' };
}
