/** Sorts entities into the domains of a city, and says how each is doing. */
import { numberIn, type Reading, readingOf, textIn, type Thing } from './entity.ts';
import { textsOf } from './json.ts';
import { shortName } from './names.ts';

export const domains = ['parking', 'mobility', 'energy', 'water', 'lighting', 'environment', 'alert', 'other'] as const;
export type Domain = (typeof domains)[number];

const byType: readonly (readonly [RegExp, Domain])[] = [
  [/Alert(?!Summary)|Anomaly|request/i, 'alert'],
  [/Parking/, 'parking'],
  [/Streetlight/, 'lighting'],
  [/Water(Consumption|Observed|Quality|Meter)/, 'water'],
  [/AirQuality|Noise|Weather|Environment|Indoor/, 'environment'],
  [/Metering|Energy|Photovoltaic|ThreePhase|Consumption|Building/, 'energy'],
  [/Vehicle|Bike|Traffic|Road|Transport|Station|Trip|Gtfs/i, 'mobility'],
];

export function domainOf(thing: Thing): Domain {
  const type = shortName(thing.types[0] ?? '');
  if (type === 'Device' && /vodomer|water/i.test(thing.id)) return 'water';
  return byType.find(([pattern]) => pattern.test(type))?.[1] ?? 'other';
}

/** How an entity is doing: four steps from good to bad; `idle` is at rest; `none` says nothing about it. */
export const levels = ['good', 'fair', 'poor', 'bad', 'idle', 'none'] as const;
export type Level = (typeof levels)[number];

/** Steps of a number: below the first bound it is good, above the last one bad. */
const levelByStep = (value: number, [fair, poor, bad]: Steps): Level =>
  value < fair ? 'good' : value < poor ? 'fair' : value < bad ? 'poor' : 'bad';

interface Measure {
  readonly type: RegExp;
  /** The attribute that people look at first. */
  readonly attribute: string;
  /** The bounds from which it is fair, poor and bad. */
  readonly steps?: Steps;
  /** For numbers that are judged in another way. */
  readonly level?: (value: number) => Level;
}

export type Steps = readonly [fair: number, poor: number, bad: number];

/** The bounds of air quality follow the European Air Quality Index, those of noise the guidelines of the WHO for roads by day. */
const measures: readonly Measure[] = [
  { type: /^O(n|ff)StreetParking$/, attribute: 'occupancy', steps: [0.6, 0.8, 0.95] },
  { type: /^ParkingGroup$/, attribute: 'availableSpotNumber', level: (value) => (value > 0 ? 'good' : 'bad') },
  { type: /^AirQualityObserved$/, attribute: 'airQualityIndex', steps: [2, 3, 4] },
  { type: /^NoiseLevelObserved$/, attribute: 'LAeq', steps: [53, 63, 70] },
  { type: /^IndoorEnvironmentObserved$/, attribute: 'co2', steps: [1000, 1500, 2000] },
  { type: /^WeatherObserved$/, attribute: 'temperature' },
  { type: /^SmartMeteringObservation$/, attribute: 'power' },
  { type: /^SmartMeteringObservation$/, attribute: 'totalVolume' },
  { type: /^WaterConsumptionObserved$/, attribute: 'waterConsumption' },
  { type: /^Device$/, attribute: 'batteryLevel', level: (value) => (value < 0.2 ? 'poor' : 'good') },
  { type: /^StreetlightControlCabinet$/, attribute: 'totalActivePower' },
];

/** States that an attribute names with a word. */
const words = new Map<string, Level>(
  Object.entries({
    free: 'good',
    occupied: 'poor',
    closed: 'idle',
    ok: 'good',
    on: 'good',
    off: 'idle',
    defectiveLamp: 'bad',
    columnIssue: 'bad',
    brokenLantern: 'bad',
    low: 'fair',
    medium: 'fair',
    high: 'poor',
    critical: 'bad',
  } as const),
);

const alarms = ['alarmInProgress', 'alarmStopsLeaks', 'alarmTamper'];

const hasAlarm = (thing: Thing): boolean => alarms.some((name) => (numberIn(thing, name) ?? 0) > 0);

/** True for an alert or a report that needs nobody any more. */
export const isOver = (thing: Thing): boolean =>
  /closed|resolved|solved/i.test(textIn(thing, 'status', 'en') ?? textIn(thing, 'alertState', 'en') ?? '');

const isBroken = (thing: Thing): boolean =>
  textsOf(readingOf(thing, 'status')?.value).some((word) => words.get(word) === 'bad');

/** The attribute that people look at first; the status of what is broken. */
export function headlineOf(thing: Thing): Reading | undefined {
  if (isBroken(thing)) return readingOf(thing, 'status');
  const type = shortName(thing.types[0] ?? '');
  for (const measure of measures) {
    const reading = measure.type.test(type) ? readingOf(thing, measure.attribute) : undefined;
    if (reading) return reading;
  }
  return readingOf(thing, 'powerState') ?? readingOf(thing, 'status') ?? readingOf(thing, 'severity');
}

/** The number by which entities of a type are judged, and its bounds; undefined when there is none. */
export function stepsOf(thing: Thing): { readonly reading: Reading; readonly steps: Steps } | undefined {
  const type = shortName(thing.types[0] ?? '');
  for (const { type: pattern, attribute, steps } of measures) {
    const reading = steps && pattern.test(type) ? readingOf(thing, attribute) : undefined;
    if (steps && reading) return { reading, steps };
  }
  return undefined;
}

export function levelOf(thing: Thing): Level {
  if (domainOf(thing) === 'alert' && isOver(thing)) return 'idle';
  return hasAlarm(thing) || isBroken(thing) ? 'bad' : (measuredLevel(thing) ?? levelByWord(thing));
}

function levelByWord(thing: Thing): Level {
  const [status = ''] = textsOf(readingOf(thing, 'status')?.value);
  const word = textIn(thing, 'powerState', 'en') ?? textIn(thing, 'severity', 'en') ?? status;
  return words.get(word) ?? 'none';
}

/** How good the number is that people look at first; undefined when the type has no such number. */
function measuredLevel(thing: Thing): Level | undefined {
  const type = shortName(thing.types[0] ?? '');
  for (const { type: pattern, attribute, steps, level } of measures) {
    const value = pattern.test(type) ? numberIn(thing, attribute) : undefined;
    if (value !== undefined && steps) return levelByStep(value, steps);
    if (value !== undefined && level) return level(value);
  }
  // A water meter without an alarm is well.
  return type === 'WaterConsumptionObserved' ? 'good' : undefined;
}
