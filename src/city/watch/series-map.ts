/** Holds the series of a tenant that are watched, up to a number, and finds those near another one. */
import { hourMicros, type Micros } from '../../core/model/instant.ts';
import { createSeries, type Series } from './detect/series.ts';
import type { Watched } from './rule-set.ts';
import type { SeriesPlace } from './series-json.ts';

/** A series that is watched. */
export interface WatchedSeries {
  readonly key: string;
  place: SeriesPlace;
  readonly series: Series;
  watched: Watched;
  /** Not stored yet, or learnt more since. */
  isChanged: boolean;
}

export interface SeriesMap {
  /** `now`: a value has come for it. */
  get(key: string, now?: Micros): WatchedSeries | undefined;
  /** Adds a series. Undefined: there are as many as may be, and values of all of them have come lately. */
  add(
    place: SeriesPlace,
    watched: Watched,
    from: { readonly now: Micros; readonly series?: Series },
  ): WatchedSeries | undefined;
  delete(key: string): void;
  all(): IterableIterator<WatchedSeries>;
  /** The median deviation of the neighbours that have a value of the last two hours. Undefined: fewer than three have one. */
  deviationAround(one: WatchedSeries, at: Micros): number | undefined;
  /** Sets the place or the rule of a series. */
  change(one: WatchedSeries, changes: Partial<Pick<WatchedSeries, 'place' | 'watched'>>): void;
}

export const seriesKey = ({ id, attribute, datasetId }: Omit<SeriesPlace, 'types'>): string =>
  datasetId === undefined ? `${id} ${attribute}` : `${id} ${attribute} ${datasetId}`;

export interface SeriesMapOptions {
  /** Most series. */
  readonly seriesMax: number;
  /** Called with a series that gives way to another one. */
  readonly onDropped: (one: WatchedSeries) => void;
}

/** A series of which nothing has come for so long may give way to a new one. */
const idleMicros = 24 * hourMicros;

export function createSeriesMap(options: SeriesMapOptions): SeriesMap {
  // A series that gets a value after an hour moves to the end, so the first one has been idle for longest, about.
  const byKey = new Map<string, WatchedSeries>();
  const grid = createGrid();
  const remove = (key: string): void => {
    const one = byKey.get(key);
    if (one) grid.delete(one);
    byKey.delete(key);
  };
  return {
    get(key, now) {
      const one = byKey.get(key);
      // The order need not be exact.
      if (!one || now === undefined || now - one.series.arrivedAt < hourMicros) return one;
      byKey.delete(key);
      byKey.set(key, one);
      return one;
    },
    add(place, watched, { now, series = createSeries() }) {
      if (byKey.size >= options.seriesMax) {
        const eldest = eldestIdle(byKey, now);
        if (!eldest) return undefined;
        remove(eldest.key);
        options.onDropped(eldest);
      }
      const one: WatchedSeries = { key: seriesKey(place), place, series, watched, isChanged: true };
      byKey.set(one.key, one);
      grid.add(one);
      return one;
    },
    delete: remove,
    all: () => byKey.values(),
    deviationAround: (one, at) => medianDeviation(grid.near(one), at),
    change(one, changes) {
      grid.delete(one);
      Object.assign(one, changes);
      grid.add(one);
    },
  };
}

/** The series that has been idle for longest, if it may give way. */
function eldestIdle(byKey: ReadonlyMap<string, WatchedSeries>, now: Micros): WatchedSeries | undefined {
  const [eldest] = byKey.values();
  return eldest && !(now - eldest.series.arrivedAt < idleMicros) ? eldest : undefined;
}

interface Grid {
  add(one: WatchedSeries): void;
  delete(one: WatchedSeries): void;
  /** At most `nearMax` series of the same attribute within the distance of the rule. */
  near(one: WatchedSeries): readonly WatchedSeries[];
}

/** So many neighbours are asked at most: the cost of a value is bounded. */
const nearMax = 8;

const metresPerDegree = 111_195;

/** Cells are as wide as the distance of the rule, so that neighbours are in a cell or in those around it. */
function createGrid(): Grid {
  const cells = new Map<string, Set<WatchedSeries>>();
  const keys = new Map<WatchedSeries, string>();
  return {
    add(one) {
      const cell = cellOf(one);
      if (!cell) return;
      const key = keyOf(one, cell);
      const members = cells.get(key) ?? new Set<WatchedSeries>();
      members.add(one);
      cells.set(key, members);
      keys.set(one, key);
    },
    delete(one) {
      const key = keys.get(one);
      if (key === undefined) return;
      keys.delete(one);
      const members = cells.get(key);
      members?.delete(one);
      if (members?.size === 0) cells.delete(key);
    },
    near(one) {
      const cell = cellOf(one);
      if (!cell) return [];
      const found: WatchedSeries[] = [];
      for (let number = 0; number < 9; number += 1) {
        const around = [cell[0] + (number % 3) - 1, cell[1] + Math.floor(number / 3) - 1] as const;
        for (const other of cells.get(keyOf(one, around)) ?? []) {
          if (other !== one && isNear(one, other)) found.push(other);
          if (found.length === nearMax) return found;
        }
      }
      return found;
    },
  };
}

type Cell = readonly [number, number];

function cellOf({ place, watched }: WatchedSeries): Cell | undefined {
  const { point } = place;
  const metres = watched.limits.neighbourMetres;
  if (!point || metres === undefined) return undefined;
  const [x, y] = metresOf(point);
  return [Math.floor(x / metres), Math.floor(y / metres)];
}

const keyOf = ({ place, watched }: WatchedSeries, [x, y]: Cell): string =>
  `${place.attribute} ${watched.rule.id} ${x} ${y}`;

const metresOf = ([longitude, latitude]: readonly [number, number]): readonly [number, number] => [
  longitude * metresPerDegree * Math.cos((latitude * Math.PI) / 180),
  latitude * metresPerDegree,
];

function isNear({ place, watched }: WatchedSeries, { place: other }: WatchedSeries): boolean {
  const metres = watched.limits.neighbourMetres;
  if (!place.point || !other.point || metres === undefined) return false;
  const [from, to] = [metresOf(place.point), metresOf(other.point)];
  return Math.hypot(from[0] - to[0], from[1] - to[1]) <= metres;
}

const [nearMin, freshMicros] = [3, 2 * hourMicros];

function medianDeviation(near: readonly WatchedSeries[], at: Micros): number | undefined {
  const deviations = near
    .filter(({ series }) => at - series.at <= freshMicros && !Number.isNaN(series.deviation))
    .map(({ series }) => series.deviation)
    .sort((a, b) => a - b);
  return deviations.length < nearMin ? undefined : deviations[deviations.length >> 1];
}
