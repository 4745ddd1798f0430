/** Reads the history of one attribute: its values, or means, lowest and highest values of periods. */
import { apiPath, call } from './api.ts';
import { isObject, listOf, memberOf, textOf } from './json.ts';

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
  /** Absent: the instance without a dataset. */
  readonly datasetId: string | undefined;
  readonly range: Range;
}

export function historyPath({ id, name, range }: Omit<SeriesOf, 'datasetId'>): string {
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
  const attribute = await readInstance(of);
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

/** The instance of the attribute with its history; undefined when it has none. */
async function readInstance(of: SeriesOf): Promise<unknown> {
  const instances = listOf(memberOf(await call(historyPath(of)), of.name));
  return instances.find((instance) => textOf(instance, 'datasetId') === of.datasetId);
}

export interface State {
  readonly value: unknown;
  readonly at: string;
}

/** Where each kind of attribute has its values (clause 4.5.9), and the member that each value is wrapped in, where it is. */
const valueLists = [
  ['values'],
  ['objects'],
  ['languageMaps', 'languageMap'],
  ['vocabs', 'vocab'],
  ['jsons', 'json'],
  ['valueLists'],
  ['objectLists'],
] as const;

/** The values of an attribute over the last day, newest first, for values that are no numbers. */
export async function readStates(of: Omit<SeriesOf, 'range'>): Promise<readonly State[]> {
  const attribute = await readInstance({ ...of, range: 'P1D' });
  return valueLists
    .flatMap(([list, member]) =>
      listOf(memberOf(attribute, list)).map((pair) => {
        const [value, at] = listOf(pair);
        return { value: member === undefined ? value : memberOf(value, member), at: String(at) };
      }),
    )
    .reverse();
}
