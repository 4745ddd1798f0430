/** Executes history plans: finds the entities and selects their instances. */
import { type Filter, withoutAttrs } from '../../../core/language/filter.ts';
import {
  compileHistoryTest,
  createCollector,
  expiredSeries,
  type EntityWithHistory,
  type Timed,
} from '../../../core/language/history-selection.ts';
import { type EntityHistory, weightOf } from '../../../core/model/history.ts';
import type { YieldToEventLoop } from '../../../core/port/clock.ts';
import type { HistoryPlan } from '../../../core/port/store.ts';
import type { Series } from '../history-rows.ts';
import { type NameReader, noName } from '../names.ts';
import { entityIn } from '../own-text.ts';
import { createTimeBudget, type TimeBudget } from '../search/time-budget.ts';
import type { SeriesReader } from './series-reader.ts';
import type { Subject, Subjects } from '../search/subject-pages.ts';

interface Sources {
  readonly subjects: Subjects;
  readonly series: SeriesReader;
  readonly names: NameReader;
  readonly yieldToEventLoop: YieldToEventLoop;
}

/** Subjects per page. */
const pageSize = 50;

export type HistoryReader = (plan: HistoryPlan) => Promise<readonly EntityHistory[]>;

export function createHistoryReader({ subjects, series, names, yieldToEventLoop }: Sources): HistoryReader {
  return async (plan) => {
    const budget = createTimeBudget(yieldToEventLoop);
    const filter = withoutAttrs(plan.filter);
    const isAskedFor = compileHistoryTest(plan.filter, plan.now);
    const select = createSelect(plan, { series, names, budget });
    const pager = await subjects(filter, { budget, wanted: plan.limit + (plan.offset ?? 0) });
    const collector = createCollector(plan);
    for (let last = Number.NEGATIVE_INFINITY; ; ) {
      const page = pager(last, pageSize);
      for (const subject of page) {
        const pause = budget();
        if (pause) await pause;
        if (collector.isFull()) return collector.found;
        const known = knownIn(subject);
        if (known && isAskedFor(known)) collector.add(known, await select(known, collector.left()));
        last = subject.subject;
      }
      if (page.length === 0) return collector.found;
    }
  };
}

/** An entity that may have a history. */
interface Known extends EntityWithHistory {
  readonly subject: number;
}

function knownIn(subject: Subject): Known | undefined {
  if (!('doc' in subject)) return subject;
  const doc = subject.doc();
  if (doc === undefined) return undefined;
  const entity = entityIn(doc);
  return { subject: subject.subject, id: entity.id, types: entity.types, entity };
}

/** Selects the instances of an entity that a plan asks for. Returns up to `left` + 1, so that the caller knows whether there are more. */
function createSelect(
  plan: HistoryPlan,
  { series, names, budget }: Pick<Sources, 'series' | 'names'> & { readonly budget: TimeBudget },
): (known: Known, left: number) => Promise<readonly Timed[]> {
  const { temporal, rollup, attrs, filter, now, limitEach = Infinity, onRead } = plan;
  const attrNums = attrs && [...new Set(attrs.flatMap((name) => names.numOf(name) ?? []))];
  const datasets = plan.datasetIds && new Set(plan.datasetIds);
  const datasetOf = ({ dataset }: Series): string => (dataset === noName ? '@none' : names.textOf(dataset));
  return async ({ subject, entity }, left) => {
    const hidden = new Set(expiredSeries(entity, now).map((place) => placeKey(place.name, place.datasetId)));
    const selected: Timed[] = [];
    let room = left + 1;
    let isAsked = !filter.attrs;
    for (const one of series.seriesOf(subject, { names: attrNums, rollup })) {
      const [name, dataset] = [names.textOf(one.name), datasetOf(one)];
      if (datasets?.has(dataset) === false || hidden.has(placeKey(name, dataset))) continue;
      // When there is no room for more, read one anyway: the result depends on whether it is of a requested attribute.
      const most = Math.max(1, Math.min(room, limitEach));
      const timed = await series.read(one, { temporal, rollup, most, budget, onRead });
      if (timed.length > 0) isAsked ||= isOfAttrs(filter, name, dataset);
      for (const { time, instance } of timed) selected.push({ name, time, instance });
      room -= weightOf(timed.map(({ instance }) => instance));
    }
    return isAsked ? selected : [];
  };
}

const isOfAttrs = ({ attrs, datasetIds }: Filter, name: string, dataset: string): boolean =>
  (attrs?.includes(name) ?? true) && (datasetIds?.includes(dataset) ?? true);

const placeKey = (name: string, dataset = '@none'): string => `${dataset} ${name}`;
