/** Answers history plans: which entities, and which of their instances. */
import { type Filter, withoutAttrs } from '../../core/language/filter.ts';
import { compileFilter } from '../../core/language/matches/matches.ts';
import { isWithin } from '../../core/language/temporal-query.ts';
import type { Entity } from '../../core/model/entity.ts';
import { presentAt } from '../../core/model/expiry.ts';
import type { EntityHistory, HistoricInstance } from '../../core/model/history.ts';
import { type Instant, type Micros, microsOfInstant } from '../../core/model/instant.ts';
import type { Breathe } from '../../core/port/clock.ts';
import type { HistoryPlan } from '../../core/port/store.ts';
import { type Archive, type Place, placeKey, type Series, type Subject } from './archive.ts';

interface Sources {
  readonly archive: Archive;
  readonly breathe: Breathe;
  /** The entity as it is stored, expired or not. */
  readonly entityOf: (id: string) => Entity | undefined;
}

/** An instance with the time by which the plan selects it. */
interface Timed {
  readonly name: string;
  readonly time: Micros;
  readonly instance: HistoricInstance;
}

/** The histories that a plan asks for, in the order in which their entities were first heard of. */
export async function readHistories(plan: HistoryPlan, sources: Sources): Promise<readonly EntityHistory[]> {
  const { limit, offset = 0, limitInstances } = plan;
  const select = compileSelection(plan, sources);
  const found: EntityHistory[] = [];
  let toSkip = offset;
  let left = limitInstances;
  for (const subject of sources.archive.subjects()) {
    const pause = sources.breathe();
    if (pause) await pause;
    if (found.length >= limit || left < 0) break;
    const selected = select(subject);
    if (selected.length === 0) continue;
    if (toSkip > 0) toSkip -= 1;
    else {
      found.push(historyFrom(subject, selected, left));
      left -= selected.length;
    }
  }
  return found;
}

/** The attribute instances of an entity whose own expiry has come: their history is gone with them (clause 4.22). */
export function expiredPlaces({ attrs }: Entity, now: Instant): readonly Place[] {
  const moment = microsOfInstant(now);
  return Object.entries(attrs).flatMap(([name, instances]) =>
    instances
      .filter(({ expiresAt }) => expiresAt !== undefined && microsOfInstant(expiresAt) <= moment)
      .map(({ datasetId }) => ({ name, datasetId })),
  );
}

/** The instances of an entity that a plan asks for; none when the entity is not like its filter. */
function compileSelection(plan: HistoryPlan, { entityOf }: Sources): (subject: Subject) => readonly Timed[] {
  const filter = withoutAttrs(plan.filter);
  const matchesPresent = compileFilter(filter);
  const matchesGone = compileGone(filter);
  return (subject) => {
    const entity = entityOf(subject.id);
    const present = entity && presentAt(entity, plan.now);
    const { id, types } = subject;
    if (!(present ? matchesPresent(present) : matchesGone({ id, types, createdAt: '', attrs: {} }))) return [];
    const selected = selectInstances(subject, plan, entity ? expiredPlaces(entity, plan.now) : []);
    return hasAsked(selected, plan.filter) ? selected : [];
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

/** True when one of the attributes and datasets that the filter names is among the instances. */
const hasAsked = (selected: readonly Timed[], { attrs, datasetIds }: Filter): boolean =>
  !attrs || selected.some(({ name, instance }) => attrs.includes(name) && isOfDataset(instance, datasetIds));

const isOfDataset = (
  { datasetId = '@none' }: { readonly datasetId?: string | undefined },
  wanted: readonly string[] | undefined,
): boolean => wanted?.includes(datasetId) ?? true;

/** The instances that a plan selects, series by series, each ascending in time. */
function selectInstances({ series }: Subject, plan: HistoryPlan, expired: readonly Place[]): readonly Timed[] {
  const { attrs, datasetIds } = plan;
  const hidden = new Set(expired.map(placeKey));
  return [...series.values()]
    .filter((one) => (attrs?.includes(one.name) ?? true) && isOfDataset(one, datasetIds) && !hidden.has(placeKey(one)))
    .flatMap((one) => selectFrom(one, plan));
}

function selectFrom({ name, entries }: Series, { temporal }: HistoryPlan): readonly Timed[] {
  const { timeproperty, lastN } = temporal;
  const timed = entries.flatMap(({ instance }) => {
    const instant = instance[timeproperty];
    const time = instant === undefined ? undefined : microsOfInstant(instant);
    return time !== undefined && isWithin(temporal, time) ? [{ name, time, instance }] : [];
  });
  const sorted = timed.sort(byTime);
  return lastN === undefined ? sorted : sorted.slice(-lastN);
}

/** Sorting is stable: of the same time, those that happened first come first. */
const byTime = (a: Timed, b: Timed): number => a.time - b.time;

/** The history with at most `limit` of the instances. Datasets of one attribute are mixed, ascending in time. */
function historyFrom({ id, types }: Subject, selected: readonly Timed[], limit: number): EntityHistory {
  const byName = Map.groupBy(selected.slice(0, limit), ({ name }) => name);
  const attrs = [...byName].map(
    ([name, timed]) => [name, timed.toSorted(byTime).map(({ instance }) => instance)] as const,
  );
  return { id, types, attrs: Object.fromEntries(attrs), truncated: selected.length > limit };
}
