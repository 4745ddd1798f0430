/** What the history of an entity is asked for: whether it is one of those a plan finds, what of it is hidden, how much fits. */
import type { Entity } from '../model/entity.ts';
import { presentAt } from '../model/expiry.ts';
import { type EntityHistory, type HistoricInstance, weightOf } from '../model/history.ts';
import { type Instant, type Micros, microsOfInstant } from '../model/instant.ts';
import { type Filter, withoutAttrs } from './filter.ts';
import { compileFilter } from './matches/matches.ts';

/** Which series of an entity. */
export interface SeriesName {
  readonly name: string;
  readonly datasetId?: string | undefined;
}

/** An entity that has a history: as last known, and as it is stored, expired or not, when it is there. */
export interface Remembered {
  readonly id: string;
  readonly types: readonly string[];
  readonly entity?: Entity | undefined;
}

/** An instance with the time by which a plan selects it. */
export interface Timed {
  readonly name: string;
  readonly time: Micros;
  readonly instance: HistoricInstance;
}

/** The test of those who have a history, but for what the filter asks of their instances (`hasAsked`). */
export function compileRemembered(filter: Filter, now: Instant): (remembered: Remembered) => boolean {
  const ofEntity = withoutAttrs(filter);
  const matchesPresent = compileFilter(ofEntity);
  const matchesGone = compileGone(ofEntity);
  return ({ id, types, entity }) => {
    const present = entity && presentAt(entity, now);
    return present ? matchesPresent(present) : matchesGone({ id, types, createdAt: '', attrs: {} });
  };
}

/** An entity that is gone has no attributes, values and scopes that could be what a filter asks for. */
function compileGone(filter: Filter): (gone: Entity) => boolean {
  if (asksForContent(filter)) return () => false;
  const { selectors, also = [], anyOf } = filter;
  const isSelected = compileFilter(selectors ? { selectors } : {});
  const all = [isSelected, ...also.map(compileGone)];
  const some = anyOf?.map(compileGone);
  return (gone) => all.every((holds) => holds(gone)) && (some?.some((holds) => holds(gone)) ?? true);
}

const asksForContent = ({ attrs, q, geo, scopeQ }: Filter): boolean =>
  [attrs, q, geo, scopeQ].some((part) => part !== undefined);

/** True when one of the attributes and datasets that the filter names is among the instances (clause 5.7.4). */
export function hasAsked(selected: readonly Timed[], { attrs, datasetIds }: Filter): boolean {
  const isMeant = attrs && seriesTest({ attrs, datasetIds });
  return !isMeant || selected.some(({ name, instance }) => isMeant({ name, datasetId: instance.datasetId }));
}

/** The test of series that are of some attributes (expanded names) and datasets, where these are given; `@none` is the default instance. */
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

/** The attribute instances of an entity whose own expiry has come: their history is gone with them (clause 4.22). */
export function expiredSeries(entity: Entity | undefined, now: Instant): readonly SeriesName[] {
  const moment = microsOfInstant(now);
  return Object.entries(entity?.attrs ?? {}).flatMap(([name, instances]) =>
    instances
      .filter(({ expiresAt }) => expiresAt !== undefined && microsOfInstant(expiresAt) <= moment)
      .map(({ datasetId }) => ({ name, datasetId })),
  );
}

/** Sorting is stable: of the same time, those that happened first come first. */
export const byTime = (a: Timed, b: Timed): number => a.time - b.time;

/** The same, where one instance that stands for many numbers is one for each tally: so that others find their places between them. */
export const splitSummaries = <T extends Omit<Timed, 'name'>>(all: readonly T[]): readonly T[] =>
  all.flatMap((one) => {
    const { instance } = one;
    return (
      instance.tallies?.map((tally) => ({
        ...one,
        time: tally.first,
        instance: { ...instance, tallies: [tally] },
      })) ?? [one]
    );
  });

export interface Collector {
  readonly found: readonly EntityHistory[];
  isFull(): boolean;
  /** How many instances there is room for. */
  left(): number;
  add(remembered: Remembered, selected: readonly Timed[]): void;
}

/** Collects histories until there are as many entities or instances as a plan wants. */
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

/** The history of these instances. Datasets of one attribute are mixed, ascending in time. */
function historyFrom({ id, types }: Remembered, selected: readonly Timed[]): Omit<EntityHistory, 'truncated'> {
  const byName = Map.groupBy(selected, ({ name }) => name);
  const attrs = [...byName].map(
    ([name, timed]) => [name, timed.toSorted(byTime).map(({ instance }) => instance)] as const,
  );
  return { id, types, attrs: Object.fromEntries(attrs) };
}
