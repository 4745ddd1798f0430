/** Answers history plans: which entities, and which of their instances. */
import { type Filter, withoutAttrs } from '../../../core/language/filter.ts';
import { compileFilter } from '../../../core/language/matches/matches.ts';
import type { Entity } from '../../../core/model/entity.ts';
import { presentAt } from '../../../core/model/expiry.ts';
import type { EntityHistory, HistoricInstance } from '../../../core/model/history.ts';
import { type Instant, microsOfInstant } from '../../../core/model/instant.ts';
import type { Breathe } from '../../../core/port/clock.ts';
import type { HistoryPlan } from '../../../core/port/store.ts';
import type { Series } from '../history-rows.ts';
import { type NameReader, noName } from '../names.ts';
import { entityIn } from '../own-text.ts';
import { createPace, type Pace } from '../search/pace.ts';
import type { SeriesReader, Timed } from './series-reader.ts';
import type { Subject, Subjects } from '../search/subject-pages.ts';

interface Sources {
  readonly subjects: Subjects;
  readonly series: SeriesReader;
  readonly names: NameReader;
  readonly breathe: Breathe;
}

/** Subjects that are looked at at once. */
const pageSize = 50;

export type HistoryReader = (plan: HistoryPlan) => Promise<readonly EntityHistory[]>;

export function createHistoryReader({ subjects, series, names, breathe }: Sources): HistoryReader {
  return async (plan) => {
    const pace = createPace(breathe);
    const filter = withoutAttrs(plan.filter);
    const know = compileKnowledge(filter, plan.now);
    const select = createSelect(plan, { series, names, pace });
    const pager = await subjects(filter, { pace, wanted: plan.limit + (plan.offset ?? 0) });
    const collector = createCollector(plan);
    for (let last = Number.NEGATIVE_INFINITY; ; ) {
      const page = pager(last, pageSize);
      for (const subject of page) {
        const pause = pace();
        if (pause) await pause;
        if (collector.isFull()) return collector.found;
        const known = know(subject);
        if (known) collector.add(known, await select(known, collector.left()));
        last = subject.subject;
      }
      if (page.length === 0) return collector.found;
    }
  };
}

/** An entity, present or gone, that is what the filter asks for. */
interface Known {
  readonly subject: number;
  readonly id: string;
  readonly types: readonly string[];
  /** As it lies in the file, expired or not. */
  readonly entity?: Entity;
}

/** Reads a subject; undefined when it is not what the filter asks for. */
function compileKnowledge(filter: Filter, now: Instant): (subject: Subject) => Known | undefined {
  const matches = compileFilter(filter);
  const matchesGone = compileGone(filter);
  return (subject) => {
    if (!('row' in subject)) return matchesGone(subject) ? subject : undefined;
    const entity = entityIn(subject.row.doc);
    const present = presentAt(entity, now);
    const isWanted = present ? matches(present) : matchesGone(entity);
    return isWanted ? { subject: subject.subject, id: entity.id, types: entity.types, entity } : undefined;
  };
}

/** An entity that is gone has no attributes, values and scopes that could be what a filter asks for. */
function compileGone(filter: Filter): (gone: Pick<Known, 'id' | 'types'>) => boolean {
  const { selectors, also = [], anyOf } = filter;
  if (filter.attrs || filter.q || filter.geo || filter.scopeQ) return () => false;
  const matches = compileFilter(selectors ? { selectors } : {});
  const all = also.map(compileGone);
  const some = anyOf?.map(compileGone);
  return (gone) =>
    matches({ id: gone.id, types: gone.types, createdAt: '', attrs: {} }) &&
    all.every((one) => one(gone)) &&
    (some?.some((one) => one(gone)) ?? true);
}

/** An instance and the attribute it is of. */
interface Selected extends Timed {
  readonly name: string;
}

/** Selects the instances of an entity that a plan asks for: one more than `left` at most, so that it is known whether there are more. */
function createSelect(
  plan: HistoryPlan,
  { series, names, pace }: Pick<Sources, 'series' | 'names'> & { readonly pace: Pace },
): (known: Known, left: number) => Promise<readonly Selected[]> {
  const { temporal, attrs, filter, now } = plan;
  const attrNums = attrs?.flatMap((name) => names.numOf(name) ?? []);
  const datasets = plan.datasetIds && new Set(plan.datasetIds);
  const datasetOf = ({ dataset }: Series): string => (dataset === noName ? '@none' : names.textOf(dataset));
  return async ({ subject, entity }, left) => {
    const hidden = expiredPlaces(entity, now);
    const selected: Selected[] = [];
    let isAsked = !filter.attrs;
    for (const one of series.seriesOf(subject, attrNums && [...new Set(attrNums)])) {
      const [name, dataset] = [names.textOf(one.name), datasetOf(one)];
      if (datasets?.has(dataset) === false || hidden.has(placeKey(name, dataset))) continue;
      // Even when there is no room for more, it must be known whether an attribute that is asked for is among them.
      const most = Math.max(1, left + 1 - selected.length);
      const timed = await series.read(one, { temporal, most, pace });
      if (timed.length > 0) isAsked ||= isOfAttrs(filter, name, dataset);
      for (const { time, instance } of timed) selected.push({ name, time, instance });
    }
    return isAsked ? selected : [];
  };
}

const isOfAttrs = ({ attrs, datasetIds }: Filter, name: string, dataset: string): boolean =>
  (attrs?.includes(name) ?? true) && (datasetIds?.includes(dataset) ?? true);

const placeKey = (name: string, dataset: string): string => `${dataset} ${name}`;

/** The series of attribute instances whose own expiry has come: they are gone with them (clause 4.22). */
function expiredPlaces(entity: Entity | undefined, now: Instant): ReadonlySet<string> {
  const moment = microsOfInstant(now);
  const places = Object.entries(entity?.attrs ?? {}).flatMap(([name, instances]) =>
    instances
      .filter(({ expiresAt }) => expiresAt !== undefined && microsOfInstant(expiresAt) <= moment)
      .map(({ datasetId }) => placeKey(name, datasetId ?? '@none')),
  );
  return new Set(places);
}

interface Collector {
  readonly found: readonly EntityHistory[];
  isFull(): boolean;
  /** How many instances there is room for. */
  left(): number;
  add(known: Known, selected: readonly Selected[]): void;
}

function createCollector({ limit, offset = 0, limitInstances }: HistoryPlan): Collector {
  const found: EntityHistory[] = [];
  let [toSkip, left] = [offset, limitInstances];
  return {
    found,
    isFull: () => found.length >= limit || left < 0,
    left: () => left,
    add(known, selected) {
      if (selected.length === 0) return;
      if (toSkip > 0) {
        toSkip -= 1;
        return;
      }
      found.push(historyFrom(known, selected, left));
      left -= selected.length;
    },
  };
}

/** Datasets of one attribute are mixed, ascending in time; of the same time, the default instance comes first. */
function historyFrom({ id, types }: Known, selected: readonly Selected[], limit: number): EntityHistory {
  const attrs: Record<string, readonly HistoricInstance[]> = {};
  for (const [name, timed] of Map.groupBy(selected.slice(0, limit), (one) => one.name)) {
    attrs[name] = timed.sort((a, b) => a.time - b.time).map(({ instance }) => instance);
  }
  return { id, types, attrs, truncated: selected.length > limit };
}
