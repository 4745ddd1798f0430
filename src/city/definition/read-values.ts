/** Reads the entities that a definition is about, and the number that each of them has in a period. */
import type { Filter } from '../../core/language/filter.ts';
import type { Entity } from '../../core/model/entity.ts';
import type { EntityHistory, HistoricInstance } from '../../core/model/history.ts';
import { type Instant, type Interval, microsOfInstant } from '../../core/model/instant.ts';
import type { Json } from '../../core/model/json.ts';
import { Problem } from '../../core/model/problem.ts';
import type { Services } from '../../core/operation/operation.ts';
import { tooManyInstances } from '../../core/port/histories.ts';
import type { Store } from '../../core/port/store.ts';
import { type Reading, reduce, type Reduction } from './reduce.ts';

/** Where values are read. */
export interface ReadingPlace {
  readonly store: Store;
  readonly now: Instant;
  readonly services: Pick<Services, 'yieldToEventLoop' | 'limits'>;
}

/** Most entities that are read, and what is said when there are more. */
interface EntitiesBound {
  readonly most: number;
  readonly refusal: string;
}

const most = 50_000;
const ofDefinition: EntitiesBound = { most, refusal: `The definition is about more than ${most} entities; narrow it.` };
const [entitiesPage, historiesPage] = [500, 100];

/** All entities of a filter. Throws TooManyResults when they are too many. */
export async function* entitiesOf(
  filter: Filter,
  { store, now, services }: ReadingPlace,
  bound: EntitiesBound = ofDefinition,
): AsyncGenerator<Entity> {
  let after: number | undefined;
  for (let count = 0; ; ) {
    const found = await store.find({ filter, now, limit: entitiesPage, ...(after === undefined ? {} : { after }) });
    for (const stored of found) {
      const pause = services.yieldToEventLoop();
      if (pause) await pause;
      yield stored.entity();
    }
    count += found.length;
    if (count > bound.most) throw new Problem('TooManyResults', bound.refusal);
    after = found.at(-1)?.cursor;
    if (found.length < entitiesPage) return;
  }
}

/** Which numbers. */
export interface ValuePlan {
  /** The IRIs that may stand for the attribute. */
  readonly attributeIris: readonly string[];
  readonly reduction: Reduction;
  readonly period: Interval;
  /** The number that a value counts as. Undefined: it does not count. */
  readonly numberOf: (value: Json) => number | undefined;
}

/** An increase begins at the last reading before the period, which is at most this much older. */
const readBeforeMicros = 26 * 3_600_000_000;

/** The number of each entity that has one in the period. Throws TooManyResults when one of them has too many values. */
export async function* valuesOf(
  ids: readonly string[],
  plan: ValuePlan,
  place: ReadingPlace,
): AsyncGenerator<{ readonly id: string; readonly value: number }> {
  for await (const { id, attrs } of historiesOf(ids, plan, place)) {
    const instances = plan.attributeIris.map((iri) => attrs[iri]).find((found) => found !== undefined) ?? [];
    const readings = instances.flatMap((instance) => readingsOf(instance, plan));
    const value = reduce(readings, plan.reduction, plan.period);
    if (value !== undefined) yield { id, value };
  }
}

function readingsOf(
  { value, observedAt, modifiedAt, deletedAt }: HistoricInstance,
  { numberOf }: ValuePlan,
): readonly Reading[] {
  const number = deletedAt === undefined ? numberOf(value) : undefined;
  return number === undefined ? [] : [{ at: microsOfInstant(observedAt ?? modifiedAt), value: number }];
}

async function* historiesOf(
  ids: readonly string[],
  { attributeIris, reduction, period: { from, to } }: ValuePlan,
  { store, now, services }: ReadingPlace,
): AsyncGenerator<EntityHistory> {
  const isIncrease = reduction === 'increase';
  const temporal = {
    timerel: 'between',
    timeAt: isIncrease ? from - readBeforeMicros : from,
    // An increase ends with a reading at the end of the period.
    endTimeAt: isIncrease ? to + 1 : to,
    timeproperty: 'any',
  } as const;
  const plan = { now, temporal, attrs: attributeIris, datasetIds: ['@none'], limit: historiesPage };
  const limitInstances = services.limits.instancesMax;
  for (let start = 0; start < ids.length; start += historiesPage) {
    let left = ids.slice(start, start + historiesPage);
    while (left.length > 0) {
      const found = await store.history({ ...plan, filter: { selectors: [{ ids: left }] }, limitInstances });
      const whole = found.filter(({ truncated }) => !truncated);
      if (whole.length === 0 && found.length > 0) throw tooManyInstances(limitInstances);
      yield* whole;
      const read = new Set(whole.map(({ id }) => id));
      left = whole.length === found.length ? [] : left.filter((id) => !read.has(id));
    }
  }
}

/** The value of the default instance of an attribute, else of the first one. */
export function valueIn({ attrs }: Pick<Entity, 'attrs'>, iris: readonly string[]): Json | undefined {
  const instances = iris.map((iri) => attrs[iri]).find((found) => found !== undefined);
  return (instances?.find(({ datasetId }) => datasetId === undefined) ?? instances?.[0])?.value;
}

/** A number counts as itself. */
export const asNumber = (value: Json): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;
