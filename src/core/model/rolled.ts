/** What stands for the observed instances of a series: tallies of its numbers, and the instances that are none. */
import { hourMicros, type Micros } from './instant.ts';
import { beginningOf, type NumericSummary, summarizeHours, tallyOf } from './numeric-summary.ts';

/** Either numbers, each tally of a time that is in no two hours, or in no two days; or an instance that is no number. */
export type Rolled<Row> = { readonly time: Micros } & (
  | { readonly tallies: readonly NumericSummary[] }
  | { readonly row: Row }
);

/** What was found so far. Everything comes ascending. */
export interface Found<Row> {
  readonly all: readonly Rolled<Row>[];
  /** How many tallies and instances there are. */
  weight(): number;
  put(tally: NumericSummary): void;
  putRow(time: Micros, row: Row): void;
  /** Tallies that come are not put to those before. */
  endRun(): void;
}

/** Nothing was found yet. */
export function createFound<Row>(): Found<Row> {
  const all: Rolled<Row>[] = [];
  let run: NumericSummary[] | undefined;
  let weight = 0;
  return {
    all,
    weight: () => weight,
    put(tally) {
      weight += 1;
      if (run) run.push(tally);
      else {
        run = [tally];
        all.push({ time: tally.first, tallies: run });
      }
    },
    putRow(time, row) {
      weight += 1;
      run = undefined;
      all.push({ time, row });
    },
    endRun() {
      run = undefined;
    },
  };
}

interface Gathering<Row> {
  addNumber(at: Micros, number: number): void;
  addOther(at: Micros, row: Row): void;
  /** Nothing more is added in the hour of the last row. */
  endHour(): void;
}

/**
 * Puts the numbers of each hour together, unless there is something else in it: that may count as a number as well, and
 * has its place between the others. All come ascending.
 */
export function createGathering<Row>(found: Found<Row>): Gathering<Row> {
  let end = -Infinity;
  let numbers: NumericSummary[] = [];
  let isMixed = false;
  const endHour = (): void => {
    for (const tally of isMixed ? numbers : summarizeHours(numbers)) found.put(tally);
    if (isMixed) found.endRun();
    end = -Infinity;
    isMixed = false;
    numbers = [];
  };
  const begin = (at: Micros): void => {
    if (at < end) return;
    endHour();
    end = beginningOf(at, hourMicros) + hourMicros;
  };
  return {
    endHour,
    addNumber(at, number) {
      begin(at);
      numbers.push(tallyOf(number, at));
    },
    addOther(at, row) {
      begin(at);
      isMixed = true;
      found.putRow(at, row);
    },
  };
}
