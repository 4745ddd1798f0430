/** Collects the changes of a transaction to the history, and writes them. */
import { type HistoryEntry, scopeSeries } from '../../../core/model/history.ts';
import { type Interruptible, type Pause, restIfDue } from '../../../core/model/interruptible.ts';
import { dayOf } from '../../../core/model/rollup.ts';
import { bulkWrite, groupedByKind } from '../bulk-write.ts';
import type { Row } from '../own-text.ts';
import type { BucketDocument, SeriesDocument } from '../schema.ts';
import type { Subject } from '../subject-document.ts';
import { appendRows, isInOrder } from './append-rows.ts';
import {
  allKeys,
  type BucketOperation,
  type Buckets,
  bucketsWith,
  type BucketWrites,
  isObserved,
  isUnobserved,
  type SeriesKey,
} from './bucket.ts';
import { insertIntoEmpty, insertRows } from './insert-rows.ts';
import { newestDay, type RollupOperation, type Rollups, touching } from './rollup-documents.ts';

export interface HistoryWriter {
  /** `numberOf` returns a number for each entry that no earlier entry has. Returns the subject with all its series. */
  add(subject: Subject, entries: readonly HistoryEntry[], numberOf: () => number): Interruptible<Subject>;
  /** Removes whole series. */
  forget(subject: Subject, isMeant: (series: SeriesDocument) => boolean): void;
  /**
   * Called after a change of buckets of a series, with the days of observed instances in them. Marks the days as stale, and the open
   * bucket as unknown. Returns the subject with this series.
   */
  disturb(subject: Subject, n: number, days: readonly number[]): Subject;
  /** Writes the collected changes. Returns, by subject, the series with their new open buckets. */
  flush(): Promise<ReadonlyMap<number, readonly SeriesDocument[]>>;
}

/** The collected changes to one series. */
interface Pending {
  readonly subject: number;
  series: SeriesDocument;
  /** The old instances are to be removed. */
  isCleared: boolean;
  rows: Row[];
  /** Days with stale rollups. */
  touched: readonly number[];
}

/** The collections, and the turn of the tenant's state. */
export interface HistoryTarget extends Buckets {
  readonly rollups: Rollups;
  readonly turn: number;
  readonly pause: Pause;
}

export function createHistoryWriter(place: HistoryTarget): HistoryWriter {
  const pending = createPending();
  return {
    *add(subject, entries, numberOf) {
      const all = [...subject.series];
      const places = new Map(all.map((one, place) => [seriesKey(one.name, one.dataset), place]));
      let isChanged = false;
      for (const { name, at, instance } of entries) {
        const key = seriesKey(name, instance.datasetId);
        const place = places.get(key) ?? all.length;
        const known = all[place];
        const series = seriesWith(known ?? newSeries(name, instance.datasetId, all.length), instance);
        pending.of(subject, series).rows.push([at, numberOf(), instance]);
        places.set(key, place);
        all[place] = series;
        isChanged ||= series !== known;
        yield;
      }
      return isChanged ? { ...subject, series: all } : subject;
    },
    forget(subject, isMeant) {
      for (const series of subject.series.filter(isMeant)) {
        const one = pending.of(subject, series);
        one.isCleared = true;
        one.rows = [];
        one.touched = [];
      }
    },
    disturb(subject, n, days) {
      const changed = { ...subject, series: subject.series.map((one) => (one.n === n ? closed(one) : one)) };
      for (const series of subject.series.filter((one) => one.n === n)) {
        const one = pending.of(changed, closed(series));
        one.touched = [...one.touched, ...days, newestDay(series.open) ?? []].flat();
      }
      return changed;
    },
    flush: () => writeAll(pending.take(), place),
  };
}

const seriesKey = (name: string, dataset: string | undefined): string => JSON.stringify([name, dataset]);

const newSeries = (name: string, dataset: string | undefined, n: number): SeriesDocument => ({
  name,
  ...(dataset === undefined ? undefined : { dataset }),
  n,
  open: null,
  unobserved: false,
});

/** The series after one more instance: marked when that is not observed. */
const seriesWith = (series: SeriesDocument, instance: HistoryEntry['instance']): SeriesDocument =>
  series.unobserved === true || !isUnobserved(instance) ? series : { ...series, unobserved: true };

interface AllPending {
  readonly of: (subject: Subject, series: SeriesDocument) => Pending;
  /** All entries. Clears the list. */
  readonly take: () => readonly Pending[];
}

function createPending(): AllPending {
  const pending = new Map<string, Pending>();
  return {
    of({ subject }, series) {
      const key = `${subject}/${series.n}`;
      const one = pending.get(key) ?? { subject, series, isCleared: false, rows: [], touched: [] };
      one.series = series;
      pending.set(key, one);
      return one;
    },
    take() {
      const all = [...pending.values()];
      pending.clear();
      return all;
    },
  };
}

const closed = (series: SeriesDocument): SeriesDocument => ({ ...series, open: 'unknown' });

async function writeAll(all: readonly Pending[], place: HistoryTarget): ReturnType<HistoryWriter['flush']> {
  const written = new Map<number, SeriesDocument[]>();
  const operations: BucketOperation[] = [];
  const rollupOperations: RollupOperation[] = [];
  for (let start = 0; start < all.length; start += readMax) {
    const some = all.slice(start, start + readMax);
    const opened = await readOpenBuckets(some, place);
    for (const one of some) {
      await restIfDue(place.pause);
      const { writes, open, touched } = await writesOf(one, place, opened.get(one));
      const key = keyOf(one);
      if (one.isCleared) {
        operations.push({ deleteMany: { filter: { _id: allKeys(key) } } });
        rollupOperations.push({ deleteMany: { filter: { _id: allKeys(key) } } });
      }
      operations.push(...writes);
      rollupOperations.push(...touching(key, touched, place.turn));
      const ofSubject = written.get(one.subject) ?? [];
      ofSubject.push({ ...one.series, open });
      written.set(one.subject, ofSubject);
    }
  }
  await bulkWrite(place.history, groupedByKind(operations), options(place));
  await bulkWrite(place.rollups, rollupOperations, options(place));
  return written;
}

/** Series whose open buckets are read together. */
const readMax = 200;

/** The open buckets to rewrite: all rows of the series belong to it, and some come before its newest instance or replace others. */
async function readOpenBuckets(
  all: readonly Pending[],
  place: HistoryTarget,
): Promise<ReadonlyMap<Pending, BucketDocument>> {
  const rewritten = all.flatMap((one) => {
    const { series, isCleared, rows } = one;
    const { open } = series;
    if (isCleared || open === null || open === 'unknown' || isInOrder(open, rows)) return [];
    return rows.every(([at]) => at >= open.from) ? [[seriesText(keyOf(one)), { one, from: open.from }] as const] : [];
  });
  const bySeries = new Map(rewritten);
  const keys = rewritten.map(([, { one, from }]) => ({ ...keyOf(one), from }));
  const found = await bucketsWith(place, keys);
  return new Map(
    found.flatMap((bucket) => {
      const one = bySeries.get(seriesText(bucket._id))?.one;
      return one ? [[one, bucket] as const] : [];
    }),
  );
}

const seriesText = ({ s, n }: SeriesKey): string => `${s}/${n}`;

const options = ({ session }: Buckets) => (session ? { session } : {});

const keyOf = ({ subject, series }: Pending): SeriesKey => ({ s: subject, n: series.n });

/** `bucket`: the open bucket, when it was read before. */
async function writesOf(
  pending: Pending,
  buckets: Buckets,
  bucket: BucketDocument | undefined,
): Promise<BucketWrites & { readonly touched: readonly number[] }> {
  const { series, isCleared, rows } = pending;
  const open = isCleared ? null : series.open;
  const isAppended = open !== 'unknown' && isInOrder(open, rows);
  const { touched, newest } = series.name === scopeSeries ? { touched: [] } : noted(open, rows, isAppended);
  const written = await writeRows(pending, { open, isAppended, buckets, bucket });
  const all = series.name === scopeSeries ? [] : [...pending.touched, ...touched];
  if (newest === undefined || !written.open) return { ...written, touched: all };
  if (written.open === 'unknown') return { ...written, touched: [...all, newest] };
  return { ...written, open: { ...written.open, day: newest }, touched: all };
}

/**
 * The days to mark as stale when rows are added, and the newest day of the series, if known. The newest day needs no mark, because it
 * has no rollups before its first mark. A scope is not a number and has no rollups.
 */
function noted(
  open: SeriesDocument['open'],
  rows: readonly Row[],
  isAppended: boolean,
): { readonly touched: readonly number[]; readonly newest?: number } {
  const before = newestDay(open);
  const all = [before ?? [], ...new Set(rows.filter(isObserved).map(([at]) => dayOf(at)))].flat();
  const newest = all.length > 0 ? all.reduce((one, other) => Math.max(one, other)) : undefined;
  const isKnown = open === null || before !== undefined;
  const touched = isKnown ? all.filter((day) => day !== newest) : all;
  return { touched, ...(newest !== undefined && (isKnown || isAppended) ? { newest } : undefined) };
}

interface Placing {
  readonly open: SeriesDocument['open'];
  /** True when all rows come after the existing ones. */
  readonly isAppended: boolean;
  readonly buckets: Buckets;
  readonly bucket: BucketDocument | undefined;
}

function writeRows(
  pending: Pending,
  { open, isAppended, buckets, bucket }: Placing,
): BucketWrites | Promise<BucketWrites> {
  const { isCleared, rows } = pending;
  const key = keyOf(pending);
  if (rows.length === 0) return { writes: [], open };
  if (open !== 'unknown' && isAppended) return appendRows(key, open, rows);
  // The old instances are removed first, so they must not be read.
  return isCleared ? insertIntoEmpty(key, rows) : insertRows({ key, open, rows, bucket }, buckets);
}
