/** Collects the changes of a transaction to the history, and writes them. */
import { type HistoryEntry, scopeSeries } from '../../../core/model/history.ts';
import type { Micros } from '../../../core/model/instant.ts';
import { dayOf } from '../../../core/model/rollup.ts';
import type { Row } from '../own-text.ts';
import type { BucketDocument, OpenBucket, SeriesDocument } from '../schema.ts';
import type { Subject } from '../subject-document.ts';
import {
  allKeys,
  bucketAfter,
  bucketAt,
  bucketOf,
  type BucketOperation,
  type Buckets,
  fillBuckets,
  isObserved,
  isUnobserved,
  rewriting,
  rowsIn,
  type SeriesKey,
} from './bucket.ts';
import { newestDay, type RollupOperation, type Rollups, touching } from './rollup-documents.ts';

export interface HistoryWriter {
  /** `numberOf` returns a number for each entry that no earlier entry has. Returns the subject with all its series. */
  add(subject: Subject, entries: readonly HistoryEntry[], numberOf: () => number): Subject;
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
}

export function createHistoryWriter(place: HistoryTarget): HistoryWriter {
  const pending = createPending();
  return {
    add(subject, entries, numberOf) {
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
  const notes: RollupOperation[] = [];
  for (const one of all) {
    const { writes, open, touched } = await writesOf(one, place);
    const key = keyOf(one);
    operations.push(...writes);
    if (one.isCleared) notes.push({ deleteMany: { filter: { _id: allKeys(key) } } });
    notes.push(...touching(key, touched, place.turn));
    const ofSubject = written.get(one.subject) ?? [];
    ofSubject.push({ ...one.series, open });
    written.set(one.subject, ofSubject);
  }
  if (operations.length > 0) await place.history.bulkWrite(operations, options(place));
  if (notes.length > 0) await place.rollups.bulkWrite(notes, options(place));
  return written;
}

const options = ({ session }: Buckets) => (session ? { session } : {});

const keyOf = ({ subject, series }: Pending): SeriesKey => ({ s: subject, n: series.n });

interface Writes {
  readonly writes: readonly BucketOperation[];
  readonly open: SeriesDocument['open'];
}

async function writesOf(pending: Pending, buckets: Buckets): Promise<Writes & { readonly touched: readonly number[] }> {
  const { series, isCleared, rows } = pending;
  const open = isCleared ? null : series.open;
  const isAppended = open !== 'unknown' && isInOrder(open, rows);
  const { touched, newest } = series.name === scopeSeries ? { touched: [] } : noted(open, rows, isAppended);
  const written = await writeRows(pending, { open, isAppended, buckets });
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
}

async function writeRows(pending: Pending, { open, isAppended, buckets }: Placing): Promise<Writes> {
  const { isCleared, rows } = pending;
  const key = keyOf(pending);
  const cleared: readonly BucketOperation[] = isCleared ? [{ deleteMany: { filter: { _id: allKeys(key) } } }] : [];
  if (rows.length === 0) return { writes: cleared, open };
  if (open !== 'unknown' && isAppended) {
    const appended = append(key, open, rows);
    return { writes: [...cleared, ...appended.writes], open: appended.open };
  }
  // The writes remove the old instances first, so they must not be read.
  if (isCleared) return { writes: [...cleared, ...rewriting(key, undefined, merged([], rows))], open: 'unknown' };
  return insert({ key, open, rows }, buckets);
}

/** True when each row comes after all before it, and none replaces another. */
function isInOrder(open: OpenBucket | null, rows: readonly Row[]): boolean {
  let last = open?.last ?? -Infinity;
  for (const row of rows) {
    const [at, , { instanceId }] = row;
    if (at < last || (at === last && isObserved(row)) || instanceId !== undefined) return false;
    last = at;
  }
  return true;
}

/** Appends without a read: by far the most common write. */
function append(key: SeriesKey, open: OpenBucket | null, rows: readonly Row[]): Writes {
  const lots = fillBuckets(open, rows);
  const writes = lots.map((bucket): BucketOperation => {
    if (bucket.open.from !== open?.from) return { insertOne: { document: bucketOf(key, bucket) } };
    return {
      updateOne: {
        filter: { _id: { ...key, from: open.from } },
        update: { $push: { rows: { $each: [...bucket.texts] } } },
      },
    };
  });
  return { writes, open: lots.at(-1)?.open ?? open };
}

interface Insertion {
  readonly key: SeriesKey;
  readonly open: SeriesDocument['open'];
  readonly rows: readonly Row[];
}

/** Rewrites each affected bucket with all rows that belong to it. The open bucket stays open if it is not affected. */
async function insert({ key, open, rows }: Insertion, buckets: Buckets): Promise<Writes> {
  // The sort is stable: rows at the same place stay in order.
  let left = rows.toSorted(([a], [b]) => a - b);
  const writes: BucketOperation[] = [];
  for (;;) {
    const { bucket, end } = await bucketFor(key, left[0]?.[0] ?? 0, buckets);
    const all = merged(
      bucket ? rowsIn(bucket) : [],
      left.filter(([at]) => at < end),
    );
    writes.push(...rewriting(key, bucket, all));
    left = left.filter(([at]) => at >= end);
    const last = end === Infinity ? fillBuckets(null, all).at(-1) : undefined;
    if (left.length === 0) return { writes, open: last?.open ?? open };
  }
}

/** The bucket for an instance at a place, if any, and the start of the next bucket. */
async function bucketFor(
  key: SeriesKey,
  at: Micros,
  buckets: Buckets,
): Promise<{ readonly bucket: BucketDocument | undefined; readonly end: Micros }> {
  const bucket = (await bucketAt(buckets, key, at)) ?? (await bucketAfter(buckets, key, at));
  const next = bucket && (await bucketAfter(buckets, key, Math.max(at, bucket._id.from)));
  return { bucket: bucket ?? undefined, end: next?._id.from ?? Infinity };
}

/** Observed rows replace rows observed at the same time. Others come after those at the same place. */
function merged(before: readonly Row[], rows: readonly Row[]): readonly Row[] {
  const all = [...before];
  for (const row of rows) {
    const end = all.findLastIndex(([at]) => at <= row[0]) + 1;
    const same = isObserved(row) ? observedAmong(all, row[0], end) : undefined;
    if (same === undefined) all.splice(end, 0, row);
    else all[same] = inPlaceOf(all[same], row);
  }
  return all;
}

/** The index of the row observed at a time. Rows before `end` are at that time or earlier. */
function observedAmong(rows: readonly Row[], moment: Micros, end: number): number | undefined {
  for (let index = end - 1; index >= 0; index -= 1) {
    const row = rows[index];
    if (row?.[0] !== moment) return undefined;
    if (isObserved(row)) return index;
  }
  return undefined;
}

/** A replacement takes the id of the old instance, unless it has its own. */
function inPlaceOf(before: Row | undefined, [at, number, instance]: Row): Row {
  if (!before || instance.instanceId !== undefined) return [at, number, instance];
  const [, own, { instanceId }] = before;
  return [at, own, { ...instance, ...(instanceId === undefined ? undefined : { instanceId }) }];
}
