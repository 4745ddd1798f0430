/** The requests that wait for the writer's thread, and the limits on them. */
import type { Answer } from '../message.ts';

/** Above these limits, jobs are refused: the disk cannot keep up. */
export interface WriterLimits {
  readonly pendingWrites: number;
  /** Bytes of documents, counted in UTF-16 units. */
  readonly pendingBytes: number;
}

interface Waiting {
  /** The file. */
  readonly path: string;
  readonly weight: number;
  readonly bytes: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

export type Size = Pick<Waiting, 'path' | 'weight' | 'bytes'>;

export interface PendingRequests {
  /**
   * Always true for a file without pending jobs, so that a job larger than the limits is possible. Also true for a file that uses up to
   * a hundredth of the limits, when others use up the rest: so no tenant blocks others.
   */
  hasCapacityFor(size: Size): boolean;
  add(seq: number, one: Waiting): void;
  take(seq: number): Waiting | undefined;
  takeAll(): readonly Waiting[];
}

/** The part of the limits that is reserved for each file. */
const ownPart = 0.01;

interface Sum {
  weight: number;
  bytes: number;
}

export function createPendingRequests({ pendingWrites, pendingBytes }: WriterLimits): PendingRequests {
  const room = new Map<number, Waiting>();
  const all: Sum = { weight: 0, bytes: 0 };
  const byFile = new Map<string, Sum>();
  const fits = (sum: Sum, { weight, bytes }: Size, part: number): boolean =>
    sum.weight + weight <= pendingWrites * part && sum.bytes + bytes <= pendingBytes * part;
  return {
    hasCapacityFor(size) {
      const own = byFile.get(size.path);
      return !own || fits(all, size, 1) || fits(own, size, ownPart);
    },
    add(seq, one) {
      const own = byFile.get(one.path) ?? { weight: 0, bytes: 0 };
      byFile.set(one.path, own);
      room.set(seq, one);
      for (const sum of [all, own]) {
        sum.weight += one.weight;
        sum.bytes += one.bytes;
      }
    },
    take(seq) {
      const one = room.get(seq);
      if (!one) return undefined;
      room.delete(seq);
      all.weight -= one.weight;
      all.bytes -= one.bytes;
      release(byFile, one);
      return one;
    },
    takeAll() {
      const waiting = [...room.values()];
      room.clear();
      byFile.clear();
      [all.weight, all.bytes] = [0, 0];
      return waiting;
    },
  };
}

function release(byFile: Map<string, Sum>, { path, weight, bytes }: Waiting): void {
  const own = byFile.get(path);
  if (!own) return;
  own.weight -= weight;
  own.bytes -= bytes;
  if (own.weight <= 0 && own.bytes <= 0) byFile.delete(path);
}
