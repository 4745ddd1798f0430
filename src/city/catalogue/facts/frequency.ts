/** How much time the words of the table of frequencies promise between two updates. */
import { conceptOf, tableOf } from '../vocabulary.ts';

const [minute, hour, day] = [60, 3600, 86_400];

/** In seconds. Words without a fixed time, such as IRREG, are absent. */
const seconds: Readonly<Record<string, number>> = {
  UPDATE_CONT: minute,
  CONT: minute,
  '1MIN': minute,
  '5MIN': 5 * minute,
  '10MIN': 10 * minute,
  '15MIN': 15 * minute,
  '30MIN': 30 * minute,
  HOURLY: hour,
  BIHOURLY: 2 * hour,
  TRIHOURLY: 3 * hour,
  '12HRS': 12 * hour,
  DAILY_2: 12 * hour,
  DAILY: day,
  WEEKLY_3: (7 * day) / 3,
  WEEKLY_2: (7 * day) / 2,
  WEEKLY: 7 * day,
  BIWEEKLY: 14 * day,
  MONTHLY_3: 10 * day,
  MONTHLY_2: 15 * day,
  MONTHLY: 31 * day,
  BIMONTHLY: 62 * day,
  QUARTERLY: 92 * day,
  ANNUAL_3: 122 * day,
  ANNUAL_2: 183 * day,
  ANNUAL: 366 * day,
};

/** The time between two updates that the attribute `accrualPeriodicity` promises, in seconds. Undefined: none. */
export function promisedSeconds(word: string | undefined): number | undefined {
  const iri = word === undefined ? undefined : conceptOf('frequency', word);
  return iri === undefined ? undefined : seconds[iri.slice(tableOf('frequency').length)];
}
