/** Those who wait for answers of the writer's thread, and how many of them there may be. */
import type { Answer } from '../message.ts';

/** Above this, jobs are refused: the disk cannot keep up. */
export interface WriterLimits {
  readonly pendingWrites: number;
  /** Of documents, counted in UTF-16 units. */
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

export interface WaitingRoom {
  /**
   * Always true for a file for which nobody is in it, so that what is larger than the limits is not refused for ever; and,
   * where others have filled it, for a file that has taken up to a hundredth of the limits, so that no tenant keeps others out.
   */
  hasRoomFor(size: Size): boolean;
  add(seq: number, one: Waiting): void;
  take(seq: number): Waiting | undefined;
  takeAll(): readonly Waiting[];
}

/** The part of the limits that a file has to itself. */
const ownPart = 0.01;

interface Sum {
  weight: number;
  bytes: number;
}

export function createWaitingRoom({ pendingWrites, pendingBytes }: WriterLimits): WaitingRoom {
  const room = new Map<number, Waiting>();
  const all: Sum = { weight: 0, bytes: 0 };
  const byFile = new Map<string, Sum>();
  const fits = (sum: Sum, { weight, bytes }: Size, part: number): boolean =>
    sum.weight + weight <= pendingWrites * part && sum.bytes + bytes <= pendingBytes * part;
  return {
    hasRoomFor(size) {
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
