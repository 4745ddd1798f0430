/** The form in which rollups lie in the table `rollup`. */
import { Buffer } from 'node:buffer';
import { type Micros } from '../../../core/model/instant.ts';
import { dayMicros, type Tally } from '../../../core/model/tally.ts';

/** The values of the column `state`. */
export const rollupState = { stale: 0, fresh: 1, mixed: 2, kept: 3 } as const;

/** The number of the day that a moment is in. */
export const dayOf = (at: Micros): number => Math.floor(at / dayMicros);

/** Bytes of one tally: eight numbers of 64 bits. */
export const tallyBytes = 64;

export const tallyBlob = (tallies: readonly Tally[]): Buffer =>
  Buffer.from(
    Float64Array.from(
      tallies.flatMap(({ count, sum, squares, spread, least, most, first, last }) => [
        count,
        sum,
        squares,
        spread,
        least,
        most,
        first,
        last,
      ]),
    ).buffer,
  );

/** Reads back what `tallyBlob` made. */
export function talliesIn(blob: Uint8Array): readonly Tally[] {
  // Numbers can be read where their bytes begin at a multiple of eight only: a copy does.
  const numbers = new Float64Array(new Uint8Array(blob).buffer);
  const number = (place: number): number => numbers[place] ?? Number.NaN;
  return Array.from({ length: numbers.length / 8 }, (_, index) => {
    const start = index * 8;
    return {
      count: number(start),
      sum: number(start + 1),
      squares: number(start + 2),
      spread: number(start + 3),
      least: number(start + 4),
      most: number(start + 5),
      first: number(start + 6),
      last: number(start + 7),
    };
  });
}
