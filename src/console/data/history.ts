/** Reads the history of one attribute: its values, or means, lowest and highest values of periods. */
import { apiPath, call } from './api.ts';
import { isObject, listOf, memberOf } from './json.ts';

export const ranges = ['PT6H', 'P1D', 'P7D', 'P30D', 'P365D'] as const;
export type Range = (typeof ranges)[number];

const hours: Readonly<Record<Range, number>> = { PT6H: 6, P1D: 24, P7D: 168, P30D: 720, P365D: 8760 };
/** The period of the means of a range; ranges without one show each value. */
const periods: Readonly<Partial<Record<Range, string>>> = { P7D: 'PT1H', P30D: 'PT4H', P365D: 'P1D' };

const msPerHour = 3_600_000;

export interface Series {
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  /** The lowest and highest value of each period, where the values are means. */
  readonly bounds?: { readonly low: readonly (number | null)[]; readonly high: readonly (number | null)[] };
}

interface SeriesOf {
  readonly id: string;
  readonly name: string;
  readonly range: Range;
}

export function historyPath({ id, name, range }: SeriesOf): string {
  const period = periods[range];
  const end = new Date(Date.now() + msPerHour);
  const begin = new Date(Date.now() - hours[range] * msPerHour);
  if (period !== undefined) begin.setUTCHours(0, 0, 0, 0);
  return apiPath(`/temporal/entities/${encodeURIComponent(id)}`, {
    attrs: name,
    timerel: 'between',
    timeAt: begin.toISOString(),
    endTimeAt: end.toISOString(),
    timeproperty: 'any',
    ...(period === undefined
      ? { format: 'temporalValues' }
      : { format: 'aggregatedValues', aggrMethods: 'avg,min,max', aggrPeriodDuration: period }),
  });
}

export async function readSeries(of: SeriesOf): Promise<Series> {
  const attribute = listOf(memberOf(await call(historyPath(of)), of.name))[0];
  if (!isObject(attribute)) return { times: [], values: [] };
  if (periods[of.range] === undefined) return seriesOf(attribute['values']);
  const mean = seriesOf(attribute['avg']);
  return { ...mean, bounds: { low: seriesOf(attribute['min']).values, high: seriesOf(attribute['max']).values } };
}

/** Pairs of value and time, in the order of time. */
function seriesOf(pairs: unknown): Series {
  const points = listOf(pairs)
    .map((pair) => listOf(pair))
    .map(([value, at]) => ({ at: Date.parse(String(at)) / 1000, value: numberFrom(value) }))
    .filter(({ at }) => !Number.isNaN(at))
    .sort((a, b) => a.at - b.at);
  return { times: points.map(({ at }) => at), values: points.map(({ value }) => value) };
}

const numberFrom = (value: unknown): number | null =>
  typeof value === 'number' ? value : typeof value === 'boolean' ? Number(value) : null;

/** The states of an attribute over time, newest first, for values that are no numbers. */
export async function readStates(of: SeriesOf): Promise<readonly (readonly [text: string, at: string])[]> {
  const attribute = listOf(memberOf(await call(historyPath({ ...of, range: 'P1D' })), of.name))[0];
  return listOf(memberOf(attribute, 'values') ?? memberOf(attribute, 'vocabs'))
    .map((pair) => listOf(pair))
    .map(([value, at]) => [listOf(value).map(String).join(', '), String(at)] as const)
    .reverse();
}
