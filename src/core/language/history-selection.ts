/** Selects histories for a query: tests entities against the plan's filter, hides expired series, and applies limits. */
import type { Entity } from '../model/entity.ts';
import { presentAt } from '../model/expiry.ts';
import { type EntityHistory, type HistoricInstance, weightOf } from '../model/history.ts';
import { type Instant, type Micros, microsOfInstant } from '../model/instant.ts';
import { type Filter, withoutAttrs } from './filter.ts';
import { compileFilter } from './matches/matches.ts';

/** Identifies a series of an entity. */
export interface SeriesName {
  readonly name: string;
  readonly datasetId?: string | undefined;
}

/** An entity with a history. `types` are its last known types. `entity` is the stored entity if it exists, expired or not. */
export interface EntityWithHistory {
  readonly id: string;
  readonly types: readonly string[];
  readonly entity?: Entity | undefined;
}

/** An instance and the time by which a plan selects it. */
export interface Timed {
  readonly name: string;
  readonly time: Micros;
  readonly instance: HistoricInstance;
}

/** Compiles the test of entities with a history. It does not test the filter's conditions on instances (`hasAsked`). */
export function compileHistoryTest(filter: Filter, now: Instant): (remembered: EntityWithHistory) => boolean {
  const ofEntity = withoutAttrs(filter);
  const matchesPresent = compileFilter(ofEntity);
  const matchesGone = compileForDeleted(ofEntity);
  return ({ id, types, entity }) => {
    const present = entity && presentAt(entity, now);
    return present ? matchesPresent(present) : matchesGone({ id, types, createdAt: '', attrs: {} });
  };
}

/** A deleted entity has no attributes, values and scopes, so it does not match conditions on them. */
function compileForDeleted(filter: Filter): (gone: Entity) => boolean {
  if (needsContent(filter)) return () => false;
  const { selectors, also = [], anyOf } = filter;
  const isSelected = compileFilter(selectors ? { selectors } : {});
  const all = [isSelected, ...also.map(compileForDeleted)];
  const some = anyOf?.map(compileForDeleted);
  return (gone) => all.every((holds) => holds(gone)) && (some?.some((holds) => holds(gone)) ?? true);
}

const needsContent = ({ attrs, q, geo, scopeQ, owner }: Filter): boolean =>
  [attrs, q, geo, scopeQ, owner].some((part) => part !== undefined);

/** True when an instance belongs to one of the attributes and datasets that the filter names (clause 5.7.4). */
export function hasRequestedSeries(selected: readonly Timed[], { attrs, datasetIds }: Filter): boolean {
  const isMeant = attrs && seriesTest({ attrs, datasetIds });
  return !isMeant || selected.some(({ name, instance }) => isMeant({ name, datasetId: instance.datasetId }));
}

/** Like `hasRequestedSeries`, for a history. */
export const hasSeries = (history: EntityHistory['attrs'], filter: Filter): boolean =>
  hasRequestedSeries(
    Object.entries(history).flatMap(([name, instances]) => instances.map((instance) => ({ name, time: 0, instance }))),
    filter,
  );

/** The test of series by attributes (expanded names) and datasets, where these are given; `@none` is the default instance. */
export function seriesTest({
  attrs,
  datasetIds,
}: {
  readonly attrs?: readonly string[] | undefined;
  readonly datasetIds?: readonly string[] | undefined;
}): (place: SeriesName) => boolean {
  const [names, datasets] = [attrs && new Set(attrs), datasetIds && new Set(datasetIds)];
  return ({ name, datasetId = '@none' }) => (names?.has(name) ?? true) && (datasets?.has(datasetId) ?? true);
}

/** The expired attribute instances of an entity. Their history is deleted with them (clause 4.22). */
export function expiredSeries(entity: Entity | undefined, now: Instant): readonly SeriesName[] {
  const moment = microsOfInstant(now);
  return Object.entries(entity?.attrs ?? {}).flatMap(([name, instances]) =>
    instances
      .filter(({ expiresAt }) => expiresAt !== undefined && microsOfInstant(expiresAt) <= moment)
      .map(({ datasetId }) => ({ name, datasetId })),
  );
}

/** Sorting is stable: entries with equal times keep their order. */
export const byTime = (a: Timed, b: Timed): number => a.time - b.time;

/** Splits an instance with several summaries into one instance per summary, so that other instances can be sorted between them. */
export const splitSummaries = <T extends Omit<Timed, 'name'>>(all: readonly T[]): readonly T[] =>
  all.flatMap((one) => {
    const { instance } = one;
    return (
      instance.summaries?.map((summary) => ({
        ...one,
        time: summary.first,
        instance: { ...instance, summaries: [summary] },
      })) ?? [one]
    );
  });

export interface Collector {
  readonly found: readonly EntityHistory[];
  isFull(): boolean;
  /** The number of instances that still fit. */
  left(): number;
  add(remembered: EntityWithHistory, selected: readonly Timed[]): void;
}

/** Collects histories up to the plan's limit of entities or instances. */
export function createCollector({
  limit,
  offset = 0,
  limitInstances,
}: {
  readonly limit: number;
  readonly offset?: number;
  readonly limitInstances: number;
}): Collector {
  const found: EntityHistory[] = [];
  let [toSkip, left] = [offset, limitInstances];
  return {
    found,
    isFull: () => found.length >= limit || left < 0,
    left: () => left,
    add(remembered, selected) {
      if (selected.length === 0) return;
      if (toSkip > 0) {
        toSkip -= 1;
        return;
      }
      const rest = left - weightOf(selected.map(({ instance }) => instance));
      found.push({ ...historyFrom(remembered, selected.slice(0, left)), truncated: rest < 0 });
      left = rest;
    },
  };
}

/** The history with these instances, ascending in time. The datasets of an attribute are in a single list. */
function historyFrom({ id, types }: EntityWithHistory, selected: readonly Timed[]): Omit<EntityHistory, 'truncated'> {
  const byName = Map.groupBy(selected, ({ name }) => name);
  const attrs = [...byName].map(
    ([name, timed]) => [name, timed.toSorted(byTime).map(({ instance }) => instance)] as const,
  );
  return { id, types, attrs: Object.fromEntries(attrs) };
}
