/** What the threads say to each other. Documents cross as JSON text: a string is copied, an object is taken apart. */
import type { Instant, Micros } from '../../core/model/instant.ts';
import type { Instance } from '../../core/model/attribute.ts';
import type { PastInstance, Position } from '../../core/port/store.ts';
import type { Failure } from './failure.ts';

/** What the writer is to do in a tenant's file. */
export type Job =
  /** Creates the file if need be. Answers the newest position. */
  | { readonly op: 'open' }
  /** Closes the file, after everything else that has arrived for it. Answers 1. */
  | { readonly op: 'close' }
  /** Each of `writes` is the text of a list of `Write`. Answers the text of a list of `Outcome`. */
  | { readonly op: 'apply'; readonly at: Instant; readonly writes: readonly string[] }
  /** Each of `series` is the text of a list of `PastSeries`. Answers their number. */
  | { readonly op: 'record'; readonly at: Instant; readonly series: readonly string[] }
  /** `revision` is the text of a `Revision`. Answers the text of a `Revised`. */
  | { readonly op: 'revise'; readonly at: Instant; readonly revision: string }
  /** Does a part of the work. Answers the text of what `sweepSome` answers. */
  | { readonly op: 'sweep'; readonly now: Instant; readonly limit: number }
  /** Does a part of the work. Answers how many records went. */
  | {
      readonly op: 'prune';
      readonly before: Micros;
      readonly records: number;
      readonly bytes: number;
      readonly limit: number;
    }
  /** Does a part of the work; `slice` is the text of a `RetentionSlice`. Answers the text of a `Forgotten`. */
  | { readonly op: 'forget'; readonly slice: string; readonly limit: number }
  /** Puts all or none. Answers their number. */
  | { readonly op: 'put'; readonly shelf: string; readonly documents: readonly DocumentRow[] }
  /** Puts `after`, or removes what is there, if that is `before`. Both are texts of documents; undefined: none. Answers 1, or 0. */
  | {
      readonly op: 'replace';
      readonly shelf: string;
      readonly key: string;
      readonly before: string | undefined;
      readonly after: string | undefined;
    }
  /** Answers how many there were: 0 or 1. */
  | { readonly op: 'drop'; readonly shelf: string; readonly key: string }
  /** Wants an index over the values of an attribute (expanded name). Answers 1. */
  | { readonly op: 'index'; readonly name: string };

/** A document on a shelf. */
export interface DocumentRow {
  readonly key: string;
  readonly doc: string;
}

/** Past instances of one attribute of one entity: what they have in common crosses once. */
export type PastSeries = Omit<PastInstance, 'instance'> & { readonly instances: readonly Instance[] };

/** Instances of one series that cross together at most: a step of the writer's. */
const seriesMax = 500;

/** Brings instances of the same series that follow each other together. All stay in their order. */
export function seriesOf(past: readonly PastInstance[]): readonly PastSeries[] {
  const all: (PastSeries & { readonly instances: Instance[] })[] = [];
  let series: (typeof all)[number] | undefined;
  for (const { id, types, name, instance } of past) {
    if (
      !series ||
      series.id !== id ||
      series.name !== name ||
      series.types !== types ||
      series.instances.length >= seriesMax
    ) {
      series = { id, types, name, instances: [] };
      all.push(series);
    }
    series.instances.push(instance);
  }
  return all;
}

export type Answer = string | number;

export interface Request {
  /** Tells the requests of one writer apart. */
  readonly seq: number;
  /** The tenant's file. */
  readonly path: string;
  /** How many writes it counts for. */
  readonly weight: number;
  readonly job: Job;
}

/** How a request ended: done and durable, or not done at all. */
export type Reply =
  | { readonly seq: number; readonly answer: Answer }
  | { readonly seq: number; readonly failure: Failure };

export type ToWriter = readonly Request[] | 'close';

export type FromWriter =
  | { readonly kind: 'done'; readonly path: string; readonly position: Position; readonly replies: readonly Reply[] }
  /** Something failed that no request waits for. */
  | { readonly kind: 'failed'; readonly where: string; readonly message: string }
  /** Everything is written and all files are closed. */
  | { readonly kind: 'closed' };
