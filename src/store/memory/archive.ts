/** Everything that ever was: for each entity its series of instances, each at its place in time. */
import type { Change } from '../../core/model/change.ts';
import { type HistoricInstance, type HistoryEntry, historyOf, pastEntry } from '../../core/model/history.ts';
import type { Instant, Micros } from '../../core/model/instant.ts';
import type { PastInstance, Revision } from '../../core/port/store.ts';

/** Which series of an entity. */
export interface Place {
  readonly name: string;
  readonly datasetId?: string | undefined;
}

/** The instances of one attribute and dataset, ascending by place in time; those at the same place as they were written. */
export interface Series extends Place {
  readonly number: number;
  readonly entries: Entry[];
}
export interface Entry {
  readonly at: Micros;
  readonly isObserved: boolean;
  readonly instance: HistoricInstance;
}

/** An entity that is or was there. */
export interface Subject {
  readonly id: string;
  /** As last known. */
  readonly types: readonly string[];
  readonly series: ReadonlyMap<string, Series>;
}

export interface Archive {
  /** In the order in which they were first heard of. */
  subjects(): readonly Subject[];
  add(change: Change): void;
  record(past: PastInstance, at: Instant): void;
  /** Drops whole series. */
  forget(id: string, places: readonly Place[]): void;
  /** False when there is nothing that it could be done to. */
  revise(revision: Revision, at: Instant): boolean;
}

/** The name of a series among those of its entity. */
export const placeKey = ({ name, datasetId }: Place): string => JSON.stringify([name, datasetId]);

/** An empty archive. */
export function createArchive(): Archive {
  const subjects = new Map<string, { id: string; types: readonly string[]; series: Map<string, Series> }>();
  let lastNumber = 0;

  const seriesOf = (all: Map<string, Series>, place: Place): Series => {
    const key = placeKey(place);
    const known = all.get(key);
    if (known) return known;
    const series: Series = { ...place, number: (lastNumber += 1), entries: [] };
    all.set(key, series);
    return series;
  };

  const addAll = (id: string, types: readonly string[], entries: readonly HistoryEntry[]): void => {
    const series = subjects.get(id)?.series ?? new Map<string, Series>();
    subjects.set(id, { id, types, series });
    for (const entry of entries) {
      insert(seriesOf(series, { name: entry.name, datasetId: entry.instance.datasetId }), entry);
    }
  };

  return {
    subjects: () => [...subjects.values()],
    add: (change) => addAll(change.id, change.entity.types, historyOf(change)),
    record: ({ id, types, name, instance }, at) =>
      addAll(id, subjects.get(id)?.types ?? types, [pastEntry(name, instance, { at, ownerCreatedAt: at })]),
    forget: (id, places) => {
      for (const place of places) subjects.get(id)?.series.delete(placeKey(place));
    },
    revise(revision, at) {
      const series = subjects.get(revision.id)?.series;
      if (!series || series.size === 0) return false;
      if (revision.op !== 'deleteHistory') return reviseSeries(series, revision, at);
      series.clear();
      return true;
    },
  };
}

function reviseSeries(all: Map<string, Series>, revision: Exclude<Revision, { op: 'deleteHistory' }>, at: Instant): boolean {
  const ofName = [...all.values()].filter(({ name }) => name === revision.name);
  if (revision.op === 'deleteSeries') {
    const { which } = revision;
    const chosen = ofName.filter(({ datasetId }) => which === 'all' || datasetId === which.datasetId);
    for (const series of chosen) all.delete(placeKey(series));
    return chosen.length > 0;
  }
  const series = ofName.find(({ entries }) => entries.some(({ instance }) => instance.instanceId === revision.instanceId));
  const index = series?.entries.findIndex(({ instance }) => instance.instanceId === revision.instanceId) ?? -1;
  const [removed] = series?.entries.splice(index, 1) ?? [];
  if (!series || !removed) return false;
  if (revision.op === 'deleteInstance') {
    if (series.entries.length === 0) all.delete(placeKey(series));
    return true;
  }
  const { instanceId, createdAt, datasetId } = removed.instance;
  const { datasetId: _, ...given } = revision.instance;
  const entry = pastEntry(revision.name, { ...given, ...(datasetId === undefined ? undefined : { datasetId }), createdAt }, { at, ownerCreatedAt: createdAt });
  insert(series, { ...entry, instance: { ...entry.instance, instanceId } });
  return true;
}

/** Puts an entry at its place; an observed one takes the place and the id of the one observed at the same time. */
function insert({ number, entries }: Series, { at, isObserved, instance }: HistoryEntry): void {
  const end = entries.findLastIndex((entry) => entry.at <= at) + 1;
  let start = end;
  while (entries[start - 1]?.at === at) start -= 1;
  const sameTime = entries.slice(start, end);
  const replaced = isObserved ? sameTime.findIndex((entry) => entry.isObserved) : -1;
  const n = replaced === -1 ? sameTime.length : replaced;
  const instanceId = instance.instanceId ?? `urn:ngsi-ld:Instance:${number}-${at}-${n}`;
  entries.splice(start + n, replaced === -1 ? 0 : 1, { at, isObserved, instance: { ...instance, instanceId } });
}
