/** Collects what the watch has to write after a page of the log, and writes it. */
import type { Entity } from '../../core/model/entity.ts';
import type { Write } from '../../core/language/write.ts';
import type { Instant } from '../../core/model/instant.ts';
import { isStrings, stringsOf } from '../../core/model/json.ts';
import type { PastInstance, Store } from '../../core/port/store.ts';
import { closeAlert, continueAlert, deviceStateWrite, openAlert } from './alert.ts';
import type { FaultEvent } from './detect/faults.ts';
import { type Marked, markedInstance, markWrite } from './mark.ts';
import type { SeriesMap, WatchedSeries } from './series-map.ts';
import { iriOf, irisOf, localName, vocabularyOf } from './vocabulary.ts';

export interface PendingWrites {
  /** Opens, continues or closes the alert of a fault. `entity`: the one that the series belongs to. */
  addEvent(one: WatchedSeries, event: FaultEvent, entity: Entity | undefined): void;
  addWrite(write: Write): void;
  /** Gives a value its mark, or takes the mark from it. */
  addMark(key: string, marked: Marked): void;
  /** After a restart: counts the open faults of a series for its devices again, and writes nothing. */
  restoreDevices(one: WatchedSeries, entity: Entity): void;
  /** Ends a series: closes its alerts and forgets it. */
  drop(one: WatchedSeries): void;
  /** The keys of the series that have ended since the last flush. */
  dropped(): readonly string[];
  /** Writes everything. Throws what the store throws; what was to be written is then kept for the next call. */
  flush(): Promise<void>;
}

export interface PendingWritesOptions {
  readonly store: Pick<Store, 'apply' | 'record'>;
  readonly map: SeriesMap;
  readonly now: () => Instant;
}

export function createPendingWrites(options: PendingWritesOptions): PendingWrites {
  const { map, now } = options;
  const devices = createDevices();
  const waiting: Waiting = { writes: [], marks: new Map(), late: [] };
  const gone = new Set<string>();
  const addEvent: PendingWrites['addEvent'] = (one, event, entity) => {
    waiting.writes.push(...alertWrites(one, event, { entity, now: now() }));
    if (event.kind !== 'continued') waiting.writes.push(...devices.count(one, event.kind, entity));
  };
  return {
    addEvent,
    addWrite: (write) => void waiting.writes.push(write),
    addMark(key, marked) {
      const before = waiting.marks.get(key);
      if (before) waiting.late.push(before);
      waiting.marks.set(key, marked);
    },
    restoreDevices(one, entity) {
      for (const _fault of one.series.faults?.keys() ?? []) devices.count(one, 'opened', entity);
    },
    drop(one) {
      for (const fault of one.series.faults?.values() ?? []) addEvent(one, { kind: 'closed', fault }, undefined);
      devices.forget(one);
      map.delete(one.key);
      gone.add(one.key);
    },
    dropped() {
      const keys = [...gone];
      gone.clear();
      return keys;
    },
    flush: () => write(waiting, options),
  };
}

/** What waits to be written. `late`: marks of values that a newer value has replaced. */
interface Waiting {
  writes: Write[];
  marks: Map<string, Marked>;
  late: Marked[];
}

/** The alert tells of the faulty values 2, 4, 8 and so on, so that a long fault costs little. */
function alertWrites(
  { place, watched: { rule } }: WatchedSeries,
  { kind, fault }: FaultEvent,
  at: { readonly entity: Entity | undefined; readonly now: Instant },
): readonly Write[] {
  const source = { place, rule };
  switch (kind) {
    case 'opened':
      return [{ mutation: openAlert(source, fault, at) }];
    case 'continued':
      return Number.isInteger(Math.log2(fault.count)) ? [{ mutation: continueAlert(source, fault) }] : [];
    case 'closed':
      return [{ mutation: closeAlert(source, fault, at.now) }];
  }
}

async function write(waiting: Waiting, { store, now }: PendingWritesOptions): Promise<void> {
  const { writes, late } = waiting;
  const marked = [...waiting.marks.values()];
  if (writes.length + marked.length + late.length === 0) return;
  const at = now();
  const outcomes = await store.apply([...writes, ...marked.map(markWrite)], at);
  const missed = marked.filter((_, index) => outcomes[writes.length + index]?.status === 'refused');
  waiting.writes = [];
  waiting.marks = new Map();
  waiting.late = [];
  const past = [...late, ...missed].flatMap(pastOf);
  if (past.length > 0) await store.record(past, at);
}

/** A value that was replaced before it was marked keeps its place in the history, and gets the mark there. */
function pastOf(marked: Marked): readonly PastInstance[] {
  const { entity, attribute, instance, findings } = marked;
  if (findings.length === 0 || instance.observedAt === undefined) return [];
  return [{ id: entity.id, types: entity.types, name: attribute, instance: markedInstance(marked) }];
}

/** Counts the faults of devices, whose state changes with the first fault and after the last one. */
function createDevices(): {
  count(one: WatchedSeries, kind: 'opened' | 'closed', entity: Entity | undefined): readonly Write[];
  /** Forgets the devices of a series whose faults have all been closed. */
  forget(one: WatchedSeries): void;
} {
  const faults = new Map<string, number>();
  const ofSeries = new Map<string, readonly string[]>();
  return {
    count(one, kind, entity) {
      const iri = iriOf('deviceState', vocabularyOf(one.place.attribute));
      const ids = entity ? devicesOf(one, entity) : (ofSeries.get(one.key) ?? []);
      if (kind === 'opened' && ids.length > 0) ofSeries.set(one.key, ids);
      // A series can have several faults, and closes them one after the other.
      else if (!one.series.faults) ofSeries.delete(one.key);
      return ids.flatMap((id) => {
        const before = faults.get(id) ?? 0;
        const after = Math.max(0, before + (kind === 'opened' ? 1 : -1));
        if (after === 0) faults.delete(id);
        else faults.set(id, after);
        const isChanged = kind === 'opened' ? before === 0 : after === 0;
        return isChanged ? [deviceStateWrite(id, iri, kind === 'opened')] : [];
      });
    },
    forget: (one) => void ofSeries.delete(one.key),
  };
}

/** The devices that a series comes from: the entity itself, or those that it refers to. */
function devicesOf({ place }: WatchedSeries, { attrs }: Entity): readonly string[] {
  if (place.types.some((type) => irisOf('Device').includes(type))) return [place.id];
  const name = Object.keys(attrs).find((iri) => localName(iri) === 'refDevice');
  const reference = name === undefined ? undefined : attrs[name]?.[0];
  if (reference?.kind !== 'Relationship') return [];
  const { value } = reference;
  return typeof value === 'string' || isStrings(value) ? stringsOf(value) : [];
}
