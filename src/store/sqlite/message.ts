/** The messages between the threads. Documents cross as JSON text: a string is copied, an object would be cloned member by member. */
import type { MessagePort } from 'node:worker_threads';
import type { Instant, Micros } from '../../core/model/instant.ts';
import type { Instance } from '../../core/model/attribute.ts';
import type { PastInstance, Position } from '../../core/port/store.ts';
import type { Failure } from './failure.ts';

/** A job of the writer on a tenant's file. */
export type Job =
  /** Creates the file if need be. Returns the newest position. */
  | { readonly op: 'open' }
  /** Closes the file after all earlier jobs for it. Returns 1. */
  | { readonly op: 'close' }
  /** Each of `writes` is the text of a list of `Write`. Returns the text of a list of `Outcome`. */
  | { readonly op: 'apply'; readonly at: Instant; readonly writes: readonly string[] }
  /** Each of `series` is the text of a list of `PastSeries`. Returns their number. */
  | { readonly op: 'record'; readonly at: Instant; readonly series: readonly string[] }
  /** `revision` is the text of a `Revision`. Returns the text of a `Revised`. */
  | { readonly op: 'revise'; readonly at: Instant; readonly revision: string }
  /** Does a part of the work. Returns the text of what `sweepSome` returns. */
  | { readonly op: 'sweep'; readonly now: Instant; readonly limit: number }
  /** Does a part of the work. Returns the number of removed records. */
  | {
      readonly op: 'prune';
      readonly before: Micros;
      readonly records: number;
      readonly bytes: number;
      readonly limit: number;
    }
  /** Does a part of the work; `slice` is the text of a `RetentionSlice`. Returns the text of a `Forgotten`. */
  | { readonly op: 'forget'; readonly slice: string; readonly limit: number }
  /** Looks through a part of the file; `slice` is the text of a `SubjectSlice`. Returns the text of a `SubjectFindings`. */
  | { readonly op: 'subject'; readonly slice: string }
  /** Writes all or none. Returns their number. */
  | { readonly op: 'put'; readonly collection: string; readonly documents: readonly DocumentRow[] }
  /**
   * Writes `after`, or removes the document, if the stored one is `before`. Both are texts of documents; undefined: no document.
   * Returns 1, or 0.
   */
  | {
      readonly op: 'replace';
      readonly collection: string;
      readonly key: string;
      readonly before: string | undefined;
      readonly after: string | undefined;
    }
  /** Returns the number of removed documents: 0 or 1. */
  | { readonly op: 'drop'; readonly collection: string; readonly key: string }
  /** Requests an index over the values of an attribute (expanded name). Returns 1. */
  | { readonly op: 'index'; readonly name: string };

/** A document of a collection. */
export interface DocumentRow {
  readonly key: string;
  readonly doc: string;
}

/** Past instances of one attribute of one entity. What they share crosses once. */
export type PastSeries = Omit<PastInstance, 'instance'> & { readonly instances: readonly Instance[] };

/** The maximum of instances per series in a message: one step of the writer. */
const seriesMax = 500;

/** Groups consecutive instances of the same series. Keeps the order. */
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
  /** Identifies a request, and the thread that sent it. */
  readonly seq: number;
  /** The tenant's file. */
  readonly path: string;
  /** The number of writes that it counts for. */
  readonly weight: number;
  readonly job: Job;
}

/** How a request ended: done and durable, or not done at all. */
export type Reply =
  | { readonly seq: number; readonly answer: Answer }
  | { readonly seq: number; readonly failure: Failure };

/** `client`: the number of a thread (`clientOf`) whose requests come by this port from now on. */
export type ToWriter = readonly Request[] | 'close' | { readonly client: number; readonly port: MessagePort };

export type FromWriter =
  | { readonly kind: 'done'; readonly path: string; readonly position: Position; readonly replies: readonly Reply[] }
  /** A failure outside any request. */
  | { readonly kind: 'failed'; readonly where: string; readonly message: string }
  /** Everything is written and all files are closed. */
  | { readonly kind: 'closed' };
