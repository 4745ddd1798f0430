/** Reads the trend of an indicator: one value per hour of the last day, over all entities of a type. */
import { apiPath, call } from '../data/api.ts';
import { listOf, memberOf } from '../data/json.ts';
import { storedNames, type TrendSource } from './kpi.ts';
import type { SparkPoint } from './sparkline.tsx';

const hourMs = 3_600_000;

export async function readTrend(source: TrendSource): Promise<readonly SparkPoint[]> {
  const names = storedNames(source);
  if (!names) return [];
  const end = Math.floor(Date.now() / hourMs + 1) * hourMs;
  const path = apiPath('/temporal/entities', {
    type: names.type,
    attrs: names.reading.name,
    format: 'aggregatedValues',
    aggrMethods: 'avg',
    aggrPeriodDuration: 'PT1H',
    timerel: 'between',
    timeAt: new Date(end - 24 * hourMs).toISOString(),
    endTimeAt: new Date(end).toISOString(),
    limit: 100,
  });
  return combined(
    listOf(await call(path)).map((entity) => memberOf(entity, names.reading.name)),
    source.combine,
  );
}

function combined(attributes: readonly unknown[], combine: 'mean' | 'sum'): readonly SparkPoint[] {
  const byTime = new Map<string, number[]>();
  for (const attribute of attributes)
    for (const [value, at] of listOf(memberOf(attribute, 'avg')).map(listOf))
      if (typeof value === 'number') byTime.set(String(at), [...(byTime.get(String(at)) ?? []), value]);
  return [...byTime]
    .map(([at, values]) => {
      const sum = values.reduce((total, value) => total + value, 0);
      return { at: Date.parse(at) / 1000, value: combine === 'sum' ? sum : sum / values.length };
    })
    .sort((a, b) => a.at - b.at);
}
