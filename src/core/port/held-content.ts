/** Bounds the memory that the result of a lazy plan takes. */

/**
 * Bytes of content that the result of one lazy plan holds at most, beside large entities, of which it holds none. An answer keeps its
 * result for as long as the client takes to read it.
 */
const heldMax = 2 ** 20;

/** What is parsed takes this many times the bytes of its text. */
const parsedTimes = 4;

/** About how many bytes a text takes in memory, and what was parsed from it, if it was. */
export const bytesHeld = (text: string, isParsed: boolean): number => text.length * (isParsed ? 1 + parsedTimes : 1);

/** Returns a function that counts what a result holds. True: there is room for this many bytes more. */
export function createHeldContent(): (bytes: number) => boolean {
  let held = 0;
  return (bytes) => {
    held += bytes;
    return held <= heldMax;
  };
}
