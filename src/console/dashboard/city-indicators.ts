/** Reads the indicators that the broker computes by formula for each period (docs/indicators.md). */
import type { Domain, Level } from '../data/domains.ts';
import { apiPath, call } from '../data/api.ts';
import { numberIn, type Reading, readingOf, textIn, type Thing } from '../data/entity.ts';
import { listOf, memberOf, textOf } from '../data/json.ts';
import { everything, type Shown } from '../data/selection.ts';
import type { SparkPoint } from './sparkline.tsx';

export interface CityIndicator {
  readonly id: string;
  readonly title: string;
  readonly domain: Domain;
  readonly reading: Reading;
  readonly value: number;
  readonly target: number | undefined;
  /** True: more is better. Undefined: the indicator does not say. */
  readonly isMoreBetter: boolean | undefined;
  /** Milliseconds. */
  readonly from: number;
  readonly to: number;
  /** The share of entities that had a value. */
  readonly coverage: number | undefined;
  readonly standard: string | undefined;
}

const domainOfTheme = new Map<string, Domain>(
  Object.entries({
    energy: 'energy',
    water: 'water',
    air: 'environment',
    noise: 'environment',
    waste: 'environment',
    mobility: 'mobility',
    parking: 'parking',
    lighting: 'lighting',
  } as const),
);

const domainOf = (thing: Thing): Domain => domainOfTheme.get(textIn(thing, 'theme', 'en') ?? '') ?? 'other';

function indicatorOf({ thing, title }: Shown): CityIndicator | undefined {
  const reading = readingOf(thing, 'kpiValue');
  if (typeof reading?.value !== 'number') return undefined;
  const period = readingOf(thing, 'calculationPeriod')?.value;
  const direction = textIn(thing, 'direction', 'en');
  return {
    id: thing.id,
    title,
    domain: domainOf(thing),
    reading,
    value: reading.value,
    target: numberIn(thing, 'targetValue'),
    isMoreBetter: direction === undefined ? undefined : direction === 'up',
    from: Date.parse(textOf(period, 'from') ?? reading.observedAt ?? ''),
    to: Date.parse(textOf(period, 'to') ?? ''),
    coverage: numberIn(thing, 'coverage'),
    standard: textIn(thing, 'standardNumber', 'en'),
  };
}

/** The indicators with a value, of some domains or all. */
export const cityIndicators = (domains?: readonly Domain[]): readonly CityIndicator[] =>
  everything.value
    .filter(({ type }) => type === 'KeyPerformanceIndicator')
    .flatMap((item) => indicatorOf(item) ?? [])
    .filter(({ domain }) => domains?.includes(domain) ?? true);

export const isReached = ({ value, target, isMoreBetter }: CityIndicator): boolean | undefined =>
  target === undefined || isMoreBetter === undefined ? undefined : isMoreBetter ? value >= target : value <= target;

export function levelOfCityIndicator(indicator: CityIndicator): Level {
  const reached = isReached(indicator);
  return reached === undefined ? 'none' : reached ? 'good' : 'bad';
}

/** How many periods a trend shows. */
const periodsMax = 30;

/** The values of the last periods, oldest first. */
export async function readPeriods({ id, reading }: CityIndicator): Promise<readonly SparkPoint[]> {
  const path = apiPath(`/temporal/entities/${encodeURIComponent(id)}`, {
    attrs: reading.name,
    format: 'temporalValues',
    lastN: periodsMax,
  });
  const pairs = listOf(memberOf(memberOf(await call(path), reading.name), 'values'));
  return pairs
    .map((pair) => listOf(pair))
    .flatMap(([value, at]) => (typeof value === 'number' ? [{ at: Date.parse(String(at)) / 1000, value }] : []))
    .sort((a, b) => a.at - b.at);
}

/** How the value of the last period differs from that of the period before. */
export function changeOf(periods: readonly SparkPoint[], isMoreBetter: boolean | undefined) {
  const last = periods.at(-1);
  const before = periods.at(-2);
  if (!last || !before) return undefined;
  const by = last.value - before.value;
  return { by, isBetter: by === 0 || isMoreBetter === undefined ? undefined : by > 0 === isMoreBetter };
}
