/** Collects the rolled-up content of a series: summaries of its numbers, and the instances that are not numbers. */
import { hourMicros, type Micros } from './instant.ts';
import type { CutTest } from './rollup.ts';
import { beginningOf, type NumericSummary, summarizeHours, summaryOf } from './numeric-summary.ts';

/** Either summaries of numbers, each within a single hour or a single day, or an instance that is not a number. */
export type Rolled<Row> = { readonly time: Micros } & (
  | { readonly summaries: readonly NumericSummary[] }
  | { readonly row: Row }
);

/** The collected content. All times are ascending. */
export interface Found<Row> {
  readonly all: readonly Rolled<Row>[];
  /** The number of summaries and instances. */
  weight(): number;
  put(summary: NumericSummary): void;
  putRow(time: Micros, row: Row): void;
  /** Later summaries are not added to the current group. */
  endRun(): void;
}

/** An empty collection. */
export function createFound<Row>(): Found<Row> {
  const all: Rolled<Row>[] = [];
  let run: NumericSummary[] | undefined;
  let weight = 0;
  return {
    all,
    weight: () => weight,
    put(summary) {
      weight += 1;
      if (run) run.push(summary);
      else {
        run = [summary];
        all.push({ time: summary.first, summaries: run });
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

interface HourCollector<Row> {
  addNumber(at: Micros, number: number): void;
  addOther(at: Micros, row: Row): void;
  /** Signals that no more numbers or rows follow in the hour of the last row. */
  endHour(): void;
}

/**
 * Summarizes the numbers of each hour, unless the hour contains other instances: such an instance can count as a number too, and its
 * position is between the others. Nor does it summarize an hour in which a period begins. All times are ascending.
 */
export function createHourCollector<Row>(found: Found<Row>, isCut: CutTest = () => false): HourCollector<Row> {
  let end = -Infinity;
  let numbers: NumericSummary[] = [];
  let isMixed = false;
  const endHour = (): void => {
    const isSingle = isMixed || (numbers.length > 1 && isCut({ from: end - hourMicros, to: end }));
    for (const summary of isSingle ? numbers : summarizeHours(numbers)) found.put(summary);
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
      numbers.push(summaryOf(number, at));
    },
    addOther(at, row) {
      begin(at);
      isMixed = true;
      found.putRow(at, row);
    },
  };
}
