/** Work that is done by one broker at a time, of all those on a persistence: divided into parts, each of which one of them has. */

/**
 * What has become of a part. While it is being left, it is still this broker's, until the listener's promise is done. One that could
 * not be relied on for a while, and was nobody else's meanwhile, is gained again in the same term.
 */
export type PartitionEvent = 'gained' | 'leaving' | 'lost';

/** A part for the time that one broker has it: the next one to take it has a greater `term`. */
export interface LeaseTerm {
  readonly part: number;
  readonly term: number;
}

export interface Partitions {
  readonly count: number;
  /** True while the part is this broker's, and nobody else's. */
  holds(part: number): boolean;
  /** For writes that are to be carried out only while the part is this broker's (`Shelf.putFenced`); undefined: it is not. */
  leaseTerm(part: number): LeaseTerm | undefined;
  /**
   * Calls back when a part has become this broker's, when it is about to be left to another, and when it was lost to another
   * because this broker was not able to say that it is alive. Returns the function that stops it.
   */
  follow(listener: (part: number, event: PartitionEvent) => Promise<void>): () => void;
  /**
   * Calls back as soon as a tenure has ended, or can be relied on no longer, without waiting for what is being told of its part:
   * work under way under a tenure that `tenure` does not answer any more is to be given up. Returns the function that stops it.
   */
  onLapse(listener: () => void): () => void;
}

/** The parts of a broker that is alone: one, which is its own. */
export const allPartitions: Partitions = {
  count: 1,
  holds: () => true,
  leaseTerm: (part) => ({ part, term: 0 }),
  follow: () => () => undefined,
  onLapse: () => () => undefined,
};

/** The part to which something belongs, by its name: the same for every broker (FNV-1a). */
export function partitionOf(name: string, count: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index += 1) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  return (hash >>> 0) % count;
}
