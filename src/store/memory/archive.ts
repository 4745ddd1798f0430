/** The history in memory: for each entity its series of instances, ordered by time. */
import type { SeriesName } from '../../core/language/history-selection.ts';
import type { Change } from '../../core/model/change.ts';
import {
  type HistoricInstance,
  type HistoryEntry,
  historyOf,
  pastEntry,
  replacementOf,
} from '../../core/model/history.ts';
import { dayMicros, type Instant, type Micros } from '../../core/model/instant.ts';
import type { Bounds } from '../../core/language/retention.ts';
import { beginningOf, type NumericSummary, summarizeHours, summaryOf } from '../../core/model/numeric-summary.ts';
import type { PastInstance, Revised, Revision } from '../../core/port/store.ts';

/** The instances of one attribute and dataset, ascending by time; instances at the same time in the order of writing. */
export interface Series extends SeriesName {
  readonly entries: Entry[];
  /** Hourly rollups of the days whose instances were deleted. */
  readonly rollups: readonly NumericSummary[];
}
interface Entry {
  readonly at: Micros;
  readonly isObserved: boolean;
  readonly instance: HistoricInstance;
}

/** An entity that exists or existed. */
export interface Subject {
  readonly id: string;
  /** The last known types. */
  readonly types: readonly string[];
  readonly series: ReadonlyMap<string, Series>;
}

export interface Archive {
  /** In the order of their first appearance. */
  subjects(): readonly Subject[];
  add(change: Change): void;
  record(past: PastInstance, at: Instant): void;
  /** Deletes what is before the bounds in a series. Keeps rollups between the bounds. */
  truncate(id: string, place: SeriesName, bounds: Bounds): void;
  /** Deletes whole series. */
  forget(id: string, places: readonly SeriesName[]): void;
  revise(revision: Revision, at: Instant): Revised;
  /** Replaces each instance by what `change` returns. Undefined: it goes. */
  rewrite(id: string, change: (instance: HistoricInstance) => HistoricInstance | undefined): void;
  /** Deletes an entity that is not there any more, with its history. */
  remove(id: string): void;
}

/** The key of a series within its entity. */
export const placeKey = ({ name, datasetId }: SeriesName): string => JSON.stringify([name, datasetId]);

/** An empty archive. */
export function createArchive(): Archive {
  const subjects = new Map<string, { id: string; types: readonly string[]; series: Map<string, Series> }>();
  let lastNumber = 0;

  /** Inserts an entry at its time, with a unique number: ids of moved or deleted instances are not reused. */
  const insert = (all: Map<string, Series>, { name, at, isObserved, instance }: HistoryEntry): void => {
    const { datasetId } = instance;
    const key = placeKey({ name, datasetId });
    const series = all.get(key) ?? { name, datasetId, entries: [], rollups: [] };
    all.set(key, series);
    const { start, replaced } = placeOf(series, { at, isObserved });
    const instanceId =
      instance.instanceId ?? replaced?.instance.instanceId ?? `urn:ngsi-ld:Instance:${at}-${(lastNumber += 1)}`;
    series.entries.splice(start, replaced ? 1 : 0, { at, isObserved, instance: { ...instance, instanceId } });
  };

  const addAll = (id: string, types: readonly string[], entries: readonly HistoryEntry[]): void => {
    const series = subjects.get(id)?.series ?? new Map<string, Series>();
    subjects.set(id, { id, types, series });
    for (const entry of entries) insert(series, entry);
  };

  return {
    subjects: () => [...subjects.values()],
    add: (change) => addAll(change.id, change.entity.types, historyOf(change)),
    record: ({ id, types, name, instance }, at) =>
      addAll(id, subjects.get(id)?.types ?? types, [pastEntry(name, instance, { at, ownerCreatedAt: at })]),
    truncate: (id, place, bounds) => truncate(subjects.get(id)?.series, placeKey(place), bounds),
    forget: (id, places) => places.forEach((place) => subjects.get(id)?.series.delete(placeKey(place))),
    rewrite: (id, change) => rewrite(subjects.get(id)?.series ?? new Map<string, Series>(), change),
    remove: (id) => void subjects.delete(id),
    revise(revision, at) {
      const all = subjects.get(revision.id)?.series ?? new Map<string, Series>();
      if (revision.op !== 'replaceInstance') return takeOut(all, revision) ? 'done' : 'absent';
      const before = entryMeant(all, revision);
      const entry = before && replacementOf(before.instance, revision, at);
      if (typeof entry !== 'object') return entry ?? 'absent';
      takeOut(all, revision);
      insert(all, entry);
      return 'done';
    },
  };
}

function rewrite(all: Map<string, Series>, change: (instance: HistoricInstance) => HistoricInstance | undefined): void {
  for (const [key, series] of [...all]) {
    const entries = series.entries.flatMap((entry) => {
      const instance = change(entry.instance);
      return instance ? [{ ...entry, instance }] : [];
    });
    put(all, key, { ...series, entries });
  }
}

function truncate(all: Map<string, Series> | undefined, key: string, bounds: Bounds): void {
  const series = all?.get(key);
  if (!all || !series) return;
  const days = rolledDays(series);
  const going = series.entries.filter(({ at }) => at < bounds.instances && !days.has(dayOf(at)));
  put(all, key, {
    ...series,
    entries: series.entries.filter(({ at }) => at >= bounds.instances),
    // Instances of the same day are deleted together.
    rollups: [
      ...series.rollups.filter(({ first }) => dayOf(first) >= dayOf(bounds.rollups)),
      ...summarizeHours(going.flatMap(numberIn)).filter(({ first }) => first >= bounds.rollups),
    ].sort((a, b) => a.first - b.first),
  });
}

const dayOf = (at: Micros): Micros => beginningOf(at, dayMicros);

/** The starts of the days of which only rollups are left. */
export const rolledDays = ({ rollups }: Series): ReadonlySet<number> =>
  new Set(rollups.map(({ first }) => dayOf(first)));

const numberIn = ({ at, isObserved, instance: { kind, value } }: Entry): readonly NumericSummary[] =>
  isObserved && kind === 'Property' && typeof value === 'number' ? [summaryOf(value, at)] : [];

/** Removes a series that is empty. */
function put(all: Map<string, Series>, key: string, series: Series): void {
  if (series.entries.length + series.rollups.length > 0) all.set(key, series);
  else all.delete(key);
}

/** Removes the target of a revision from an entity's series; false when there is none. */
function takeOut(all: Map<string, Series>, revision: Revision): boolean {
  const found = [...all].filter(([, series]) => isOf(series, revision));
  const removed = found.flatMap(([key, { entries, ...series }]) => {
    const isMeant = meaning(revision);
    const { rollups = series.rollups } = 'instanceId' in revision ? {} : { rollups: [] };
    put(all, key, { ...series, rollups, entries: entries.filter((entry) => !isMeant(entry)) });
    return entries.filter(isMeant);
  });
  return removed.length > 0 || (found.length > 0 && !('instanceId' in revision));
}

/** The entry that is the target of a revision of one instance. */
const entryMeant = (all: ReadonlyMap<string, Series>, revision: Revision): Entry | undefined =>
  [...all.values()].filter((one) => isOf(one, revision)).flatMap(({ entries }) => entries.filter(meaning(revision)))[0];

/** True for a series that is a target of a revision. */
function isOf({ name, datasetId }: SeriesName, revision: Revision): boolean {
  if (revision.op === 'deleteHistory') return true;
  if (name !== revision.name) return false;
  return revision.op !== 'deleteSeries' || revision.which === 'all' || revision.which.datasetId === datasetId;
}

/** The predicate for target entries in such a series. */
const meaning =
  (revision: Revision): ((entry: Entry) => boolean) =>
  ({ instance }) =>
    !('instanceId' in revision) || instance.instanceId === revision.instanceId;

/** Where an entry belongs: an observed one replaces another observed at the same time. Others come after those at the same time. */
function placeOf(
  { entries }: Series,
  { at, isObserved }: Pick<Entry, 'at' | 'isObserved'>,
): { readonly start: number; readonly replaced?: Entry } {
  const end = entries.findLastIndex((entry) => entry.at <= at) + 1;
  for (let start = end - 1; isObserved && entries[start]?.at === at; start -= 1) {
    const replaced = entries[start];
    if (replaced?.isObserved) return { start, replaced };
  }
  return { start: end };
}
