/** Computes the indicators of the city from the live entities. */
import type { Domain, Level } from '../data/domains.ts';
import { numberIn, type Reading, readingOf, textIn, type Thing } from '../data/entity.ts';
import { textsOf } from '../data/json.ts';
import { everything } from '../data/selection.ts';
import type { Word } from '../words/words.ts';

/** Where the trend of an indicator comes from: the mean or the sum of one attribute over all entities of a type. */
export interface TrendSource {
  readonly type: string;
  readonly attribute: string;
  readonly combine: 'mean' | 'sum';
}

export interface Indicator {
  readonly key: Word;
  readonly domain: Domain;
  readonly value: number;
  /** A share is shown as percent. */
  readonly isShare: boolean;
  readonly unit: string;
  readonly target?: { readonly at: number; readonly isMet: boolean; readonly sign: '≤' | '≥' };
  readonly trend?: TrendSource;
}

const ofType = (pattern: RegExp): readonly Thing[] =>
  everything.value.filter(({ type }) => pattern.test(type)).map(({ thing }) => thing);

const numbers = (things: readonly Thing[], name: string): readonly number[] =>
  things.flatMap((thing) => numberIn(thing, name) ?? []);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : sum(values) / values.length;

const shareOf = (things: readonly Thing[], isSo: (thing: Thing) => boolean): number | undefined =>
  things.length === 0 ? undefined : things.filter(isSo).length / things.length;

const atMost = (value: number, at: number) => ({ at, isMet: value <= at, sign: '≤' as const });
const atLeast = (value: number, at: number) => ({ at, isMet: value >= at, sign: '≥' as const });

const isDefective = (thing: Thing): boolean =>
  textsOf(readingOf(thing, 'status')?.value).some((word) => /defective|broken|issue/i.test(word));

const hasAlarm = (thing: Thing): boolean =>
  ['alarmInProgress', 'alarmStopsLeaks'].some((name) => (numberIn(thing, name) ?? 0) > 0);

type Draft = Omit<Indicator, 'value' | 'target' | 'isShare' | 'unit'> & {
  readonly unit?: string;
  readonly isShare?: boolean;
  readonly value: number | undefined;
  readonly target?: (value: number) => NonNullable<Indicator['target']>;
};

function parking(): readonly Draft[] {
  const sites = ofType(/^O(n|ff)StreetParking$/);
  const free = sum(numbers(sites, 'availableSpotNumber'));
  const total = sum(numbers(sites, 'totalSpotNumber'));
  const trend = (attribute: string, combine: 'mean' | 'sum'): TrendSource => ({
    type: 'OffStreetParking',
    attribute,
    combine,
  });
  return [
    {
      key: 'kpi.freeSpaces',
      domain: 'parking',
      value: sites.length === 0 ? undefined : free,
      trend: trend('availableSpotNumber', 'sum'),
    },
    {
      key: 'kpi.occupancy',
      domain: 'parking',
      value: total === 0 ? undefined : 1 - free / total,
      isShare: true,
      target: (value) => atMost(value, 0.85),
      trend: trend('occupancy', 'mean'),
    },
  ];
}

function lighting(): readonly Draft[] {
  const lamps = ofType(/^Streetlight$/);
  const cabinets = ofType(/^StreetlightControlCabinet$/);
  const isOn = (thing: Thing): boolean => textIn(thing, 'powerState', 'en') === 'on';
  const power = numbers(cabinets, 'totalActivePower');
  return [
    {
      key: 'kpi.lamps',
      domain: 'lighting',
      value: shareOf(lamps, (lamp) => !isDefective(lamp)),
      isShare: true,
      target: (value) => atLeast(value, 0.98),
    },
    { key: 'kpi.lampsOn', domain: 'lighting', value: shareOf(lamps, isOn), isShare: true },
    {
      key: 'kpi.lightPower',
      domain: 'lighting',
      value: power.length === 0 ? undefined : sum(power),
      unit: 'kW',
      trend: { type: 'StreetlightControlCabinet', attribute: 'totalActivePower', combine: 'sum' },
    },
  ];
}

/** The targets of air follow the air quality guidelines of the WHO for a day, those of classrooms its advice on ventilation. */
function environment(): readonly Draft[] {
  const of = (type: string, attribute: string) => ({
    value: mean(numbers(ofType(new RegExp(`^${type}$`)), attribute)),
    trend: { type, attribute, combine: 'mean' as const },
    domain: 'environment' as const,
  });
  return [
    { key: 'kpi.pm10', unit: 'µg/m³', target: (value) => atMost(value, 45), ...of('AirQualityObserved', 'pm10') },
    { key: 'kpi.no2', unit: 'µg/m³', target: (value) => atMost(value, 25), ...of('AirQualityObserved', 'no2') },
    { key: 'kpi.temperature', unit: '°C', ...of('WeatherObserved', 'temperature') },
    { key: 'kpi.noise', unit: 'dB', target: (value) => atMost(value, 63), ...of('NoiseLevelObserved', 'LAeq') },
    {
      key: 'kpi.classrooms',
      unit: 'ppm',
      target: (value) => atMost(value, 1000),
      ...of('IndoorEnvironmentObserved', 'co2'),
    },
  ];
}

function energyAndWater(): readonly Draft[] {
  const power = numbers(ofType(/^SmartMeteringObservation$/), 'power');
  const meters = ofType(/^WaterConsumptionObserved$/);
  const devices = ofType(/^Device$/);
  return [
    {
      key: 'kpi.power',
      domain: 'energy',
      value: power.length === 0 ? undefined : sum(power),
      unit: 'kW',
      trend: { type: 'SmartMeteringObservation', attribute: 'power', combine: 'sum' },
    },
    {
      key: 'kpi.leaks',
      domain: 'water',
      value: meters.length === 0 ? undefined : meters.filter(hasAlarm).length,
      target: (value) => atMost(value, 0),
    },
    { key: 'kpi.water', domain: 'water', value: shareOf(meters, (meter) => !hasAlarm(meter)), isShare: true },
    {
      key: 'kpi.batteries',
      domain: 'water',
      value: shareOf(devices, (device) => (numberIn(device, 'batteryLevel') ?? 1) > 0.2),
      isShare: true,
      target: (value) => atLeast(value, 0.95),
    },
  ];
}

/** The indicators for which there are data. */
export function indicators(): readonly Indicator[] {
  return [...parking(), ...energyAndWater(), ...lighting(), ...environment()].flatMap(
    ({ value, target, unit = '', isShare = false, ...rest }) =>
      value === undefined
        ? []
        : [{ ...rest, value, unit, isShare, ...(target ? { target: target(value) } : undefined) }],
  );
}

export const levelOfIndicator = ({ target }: Indicator): Level => (target ? (target.isMet ? 'good' : 'bad') : 'none');

/** The names of type and attribute as the broker stores them, from an entity that has both. */
export function storedNames({
  type,
  attribute,
}: TrendSource): { readonly type: string; readonly reading: Reading } | undefined {
  for (const { type: short, thing } of everything.value) {
    const reading = short === type ? readingOf(thing, attribute) : undefined;
    if (reading) return { type: thing.types[0] ?? type, reading };
  }
  return undefined;
}
