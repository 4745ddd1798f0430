/** Reads the histories of entities, page by page (clause 5.7.4.4). */
import type { Filter } from '../language/filter.ts';
import { compileFilter } from '../language/matches/matches.ts';
import type { Entity } from '../model/entity.ts';
import type { EntityHistory } from '../model/history.ts';
import { Problem } from '../model/problem.ts';
import type { HistoryPlan } from './store.ts';
import { type HistorySource, withinScopes } from './scopes-in-time.ts';

/** Which histories, and which part of each. */
export interface HistorySelection {
  readonly filter: Filter;
  readonly parts: Omit<HistoryPlan, 'filter' | 'limit'>;
}

/** The problem of an answer that would have more instances than this. */
export const tooManyInstances = (most: number): Problem =>
  new Problem(
    'TooManyResults',
    `The answer would be made of more than ${most} instances; narrow the interval, or use lastN.`,
  );

/** Bytes of values from which one answer is computed at most: all of them are in memory at once. The largest entity fits several times. */
const [answerBytesMax, smallBytes] = [16 * 2 ** 20, 1024];

/** Counts what is read for one answer (`HistoryPlan.onRead`). Throws TooManyResults. */
export function createReadBound(bytesMax = answerBytesMax): (bytes: number) => void {
  let read = 0;
  return (bytes) => {
    // The number of instances limits the small ones.
    if (bytes < smallBytes) return;
    read += bytes;
    if (read <= bytesMax) return;
    throw new Problem(
      'TooManyResults',
      `The answer would be made of values of more than ${bytesMax} bytes; narrow the interval, choose attributes, or use lastN.`,
    );
  };
}

/** Entities read per call when a filter on values is checked against the instances in the interval. */
const pageSize = 200;

/** All matching histories; the caller stops after `wanted`. Filters on values apply to the instances in the interval. */
export async function* histories(
  { filter, parts }: HistorySelection,
  wanted: number,
  source: HistorySource,
): AsyncGenerator<EntityHistory> {
  const { q, geo, scopeQ, ...rest } = filter;
  if (!q && !geo && !scopeQ) {
    for await (const page of pages({ ...parts, filter, limit: wanted }, source)) yield* page;
    return;
  }
  const matches = compileFilter({ ...(q ? { q } : undefined), ...(geo ? { geo } : undefined) });
  // Values and scopes belong to instances: rollups do not have them.
  const { attrs, rollup: _rollup, limitEach: _each, ...whole } = parts;
  for await (const page of pages({ ...whole, filter: rest, limit: pageSize }, source)) {
    const scoped = scopeQ ? await withinScopes(page, { scopeQ, temporal: parts.temporal }, source) : page;
    yield* scoped.filter((history) => matches(asEntity(history))).map((history) => narrowed(history, attrs));
  }
}

/** Pages of complete histories. When a page has too many instances, the store truncates its last history; that one is read again. */
async function* pages(plan: HistoryPlan, source: HistorySource): AsyncGenerator<readonly EntityHistory[]> {
  const { store } = source;
  let offset = 0;
  for (;;) {
    const found = await store.history({ ...plan, offset });
    const fitting = found.filter(({ truncated }) => !truncated);
    // A history that is longer than a page is read alone.
    const whole = fitting.length === 0 && found.length > 0 ? [await longHistory({ ...plan, offset }, source)] : fitting;
    yield whole;
    offset += whole.length;
    if (fitting.length === found.length && found.length < plan.limit) return;
  }
}

async function longHistory(plan: HistoryPlan, { store, services }: HistorySource): Promise<EntityHistory> {
  const { instancesMax } = services.limits;
  const more = { ...plan, limit: 1, limitInstances: instancesMax };
  const [history] = plan.limitInstances < instancesMax ? await store.history(more) : [];
  if (!history || history.truncated) throw tooManyInstances(instancesMax);
  return history;
}

/** The instances of an interval as one entity: each of them may match. */
const asEntity = ({ id, types, attrs }: EntityHistory): Entity => ({
  id,
  types,
  attrs,
  createdAt: '1970-01-01T00:00:00Z',
});

function narrowed(history: EntityHistory, attrs: readonly string[] | undefined): EntityHistory {
  if (!attrs) return history;
  const named = new Set(attrs);
  return { ...history, attrs: Object.fromEntries(Object.entries(history.attrs).filter(([name]) => named.has(name))) };
}
