/** Collects what a transaction adds to series and takes out of them, and writes it. */
import type { HistoryEntry } from '../../../core/model/history.ts';
import type { Micros } from '../../../core/model/instant.ts';
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
  rewriting,
  rowsIn,
  type SeriesKey,
} from './bucket.ts';

export interface HistoryWriter {
  /** `number` tells what is added now from all that was added before. Answers the subject with all its series. */
  add(subject: Subject, entries: readonly HistoryEntry[], number: number): Subject;
  /** Removes whole series. */
  forget(subject: Subject, isMeant: (series: SeriesDocument) => boolean): void;
  /** Writes what was collected. Answers, by subject, the series of which another bucket is open now. */
  flush(): Promise<ReadonlyMap<number, readonly SeriesDocument[]>>;
}

/** What is collected for one series. */
interface Pending {
  readonly subject: number;
  readonly series: SeriesDocument;
  /** All that was there before is to go. */
  isCleared: boolean;
  rows: Row[];
}

export function createHistoryWriter(buckets: Buckets): HistoryWriter {
  const pending = new Map<string, Pending>();
  const pendingOf = ({ subject }: Subject, series: SeriesDocument): Pending => {
    const key = `${subject}/${series.n}`;
    const known = pending.get(key) ?? { subject, series, isCleared: false, rows: [] };
    pending.set(key, known);
    return known;
  };
  const addOne = (subject: Subject, { name, at, instance }: HistoryEntry, number: number): Subject => {
    const dataset = instance.datasetId;
    const known = subject.series.find((one) => one.name === name && one.dataset === dataset);
    const n = subject.series.length;
    const series = known ?? { name, ...(dataset === undefined ? undefined : { dataset }), n, open: null };
    pendingOf(subject, series).rows.push([at, number, instance]);
    return known ? subject : { ...subject, series: [...subject.series, series] };
  };
  return {
    add: (subject, entries, number) => entries.reduce((before, entry) => addOne(before, entry, number), subject),
    forget(subject, isMeant) {
      for (const series of subject.series.filter(isMeant)) {
        const one = pendingOf(subject, series);
        one.isCleared = true;
        one.rows = [];
      }
    },
    async flush() {
      const all = [...pending.values()];
      pending.clear();
      return writeAll(all, buckets);
    },
  };
}

async function writeAll(all: readonly Pending[], buckets: Buckets): ReturnType<HistoryWriter['flush']> {
  const written = new Map<number, SeriesDocument[]>();
  const operations: BucketOperation[] = [];
  for (const one of all) {
    const { writes, open } = await writesOf(one, buckets);
    operations.push(...writes);
    const ofSubject = written.get(one.subject) ?? [];
    ofSubject.push({ ...one.series, open });
    written.set(one.subject, ofSubject);
  }
  if (operations.length > 0) await buckets.history.bulkWrite(operations, options(buckets));
  return written;
}

const options = ({ session }: Buckets) => (session ? { session } : {});

interface Writes {
  readonly writes: readonly BucketOperation[];
  readonly open: SeriesDocument['open'];
}

async function writesOf({ subject, series, isCleared, rows }: Pending, buckets: Buckets): Promise<Writes> {
  const key = { s: subject, n: series.n };
  const cleared: readonly BucketOperation[] = isCleared ? [{ deleteMany: { filter: { _id: allKeys(key) } } }] : [];
  const open = isCleared ? null : series.open;
  if (open !== 'unknown' && isInOrder(open, rows)) {
    const appended = append(key, open, rows);
    return { writes: [...cleared, ...appended.writes], open: appended.open };
  }
  // What goes has gone by the time of the writes, so that it must not be read for them.
  if (isCleared) return { writes: [...cleared, ...rewriting(key, undefined, merged([], rows))], open: 'unknown' };
  return insert(key, rows, buckets);
}

const isObserved = ([, , { observedAt }]: Row): boolean => observedAt !== undefined;

/** True when every row comes behind all before it, and none takes the place of another. */
function isInOrder(open: OpenBucket | null, rows: readonly Row[]): boolean {
  let last = open?.last ?? -Infinity;
  for (const row of rows) {
    const [at, , { instanceId }] = row;
    if (at < last || (at === last && isObserved(row)) || instanceId !== undefined) return false;
    last = at;
  }
  return true;
}

/** Without a look at what is there: by far the most common write. */
function append(key: SeriesKey, open: OpenBucket | null, rows: readonly Row[]): Writes {
  const lots = fillBuckets(open, rows);
  const writes = lots.map((lot): BucketOperation => {
    if (lot.open.from !== open?.from) return { insertOne: { document: bucketOf(key, lot) } };
    return {
      updateOne: {
        filter: { _id: { ...key, from: open.from } },
        update: { $push: { rows: { $each: [...lot.texts] } } },
      },
    };
  });
  return { writes, open: lots.at(-1)?.open ?? open };
}

/** Bucket by bucket, each with all rows that belong into it. */
async function insert(key: SeriesKey, rows: readonly Row[], buckets: Buckets): Promise<Writes> {
  // Sorting is stable: of the same place, those that came first come first.
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
    if (left.length === 0) return { writes, open: last?.open ?? 'unknown' };
  }
}

/** The bucket into which an instance at a place belongs, if there is any, and where the next one begins. */
async function bucketFor(
  key: SeriesKey,
  at: Micros,
  buckets: Buckets,
): Promise<{ readonly bucket: BucketDocument | undefined; readonly end: Micros }> {
  const bucket = (await bucketAt(buckets, key, at)) ?? (await bucketAfter(buckets, key, at));
  const next = bucket && (await bucketAfter(buckets, key, Math.max(at, bucket._id.from)));
  return { bucket: bucket ?? undefined, end: next?._id.from ?? Infinity };
}

/** Observed rows take the place of one that was observed at the same time; others come behind those of the same place. */
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

/** The index of the row that was observed at a moment; rows before `end` are of that moment or earlier. */
function observedAmong(rows: readonly Row[], moment: Micros, end: number): number | undefined {
  for (let index = end - 1; index >= 0; index -= 1) {
    const row = rows[index];
    if (row?.[0] !== moment) return undefined;
    if (isObserved(row)) return index;
  }
  return undefined;
}

/** Whatever takes the place of an instance takes its id too, unless it has one of its own. */
function inPlaceOf(before: Row | undefined, [at, number, instance]: Row): Row {
  if (!before || instance.instanceId !== undefined) return [at, number, instance];
  const [, own, { instanceId }] = before;
  return [at, own, { ...instance, ...(instanceId === undefined ? undefined : { instanceId }) }];
}
