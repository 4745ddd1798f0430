/** Defines a first set of indicators for energy, water, air, mobility, lighting and waste, which the data of the simulated city serve. */
import type { JsonObject } from '../../core/model/json.ts';
import { idOf, property, text } from './entity.ts';

interface Described {
  readonly key: string;
  readonly name: readonly [sl: string, en: string];
  readonly theme: string;
  readonly inputs: JsonObject;
  readonly constants?: JsonObject;
  readonly formula: string;
  readonly unit: string;
  readonly target: number;
  readonly direction: 'up' | 'down';
  /** The number in ISO 37120 with its edition. Absent: the standard has none. */
  readonly standardNumber?: string;
  readonly isLive?: true;
}

const air = (attribute: string): JsonObject => ({ value: { type: 'AirQualityObserved', attribute } });

const described: readonly Described[] = [
  {
    key: 'electricity-per-meter',
    name: ['Električna energija na odjemno mesto', 'Electricity per meter and day'],
    theme: 'energy',
    inputs: {
      used: {
        type: 'SmartMeteringObservation',
        q: 'meterType=="Electricity"',
        attribute: 'totalConsumption',
        valueInPeriod: 'increase',
      },
    },
    formula: 'used',
    unit: 'KWH',
    target: 10,
    direction: 'down',
  },
  {
    key: 'water-per-resident',
    name: ['Poraba vode na prebivalca in dan', 'Household water per resident and day'],
    theme: 'water',
    inputs: { used: { type: 'WaterConsumptionObserved', attribute: 'waterConsumption', valueInPeriod: 'increase' } },
    constants: { residentsPerMeter: 2.6 },
    formula: '1000 * used / residentsPerMeter',
    unit: 'LTR',
    target: 110,
    direction: 'down',
    standardNumber: 'ISO 37120:2018 23.3',
  },
  {
    key: 'pm10',
    name: ['Delci PM10, dnevno povprečje', 'PM10, daily mean'],
    theme: 'air',
    inputs: air('pm10'),
    formula: 'value',
    unit: 'GQ',
    target: 45,
    direction: 'down',
    standardNumber: 'ISO 37120:2018 8.2',
    isLive: true,
  },
  {
    key: 'no2',
    name: ['Dušikov dioksid, dnevno povprečje', 'Nitrogen dioxide, daily mean'],
    theme: 'air',
    inputs: air('no2'),
    formula: 'value',
    unit: 'GQ',
    target: 25,
    direction: 'down',
    standardNumber: 'ISO 37120:2018 8.5',
    isLive: true,
  },
  {
    key: 'parking-occupancy',
    name: ['Zasedenost parkirišč', 'Occupancy of car parks'],
    theme: 'mobility',
    inputs: {
      occupied: { type: 'OffStreetParking', attribute: 'occupiedSpotNumber', combine: 'sum' },
      free: { type: 'OffStreetParking', attribute: 'availableSpotNumber', combine: 'sum' },
    },
    formula: '100 * occupied / (occupied + free)',
    unit: 'P1',
    target: 85,
    direction: 'down',
    isLive: true,
  },
  {
    key: 'lamps-in-order',
    name: ['Delujoče svetilke', 'Street lights in order'],
    theme: 'lighting',
    inputs: { inOrder: { type: 'Streetlight', attribute: 'status', equals: 'ok', valueInPeriod: 'last' } },
    formula: '100 * inOrder',
    unit: 'P1',
    target: 98,
    direction: 'up',
    isLive: true,
  },
  {
    key: 'waste-containers',
    name: ['Polnost zabojnikov', 'Filling of waste containers'],
    theme: 'waste',
    inputs: { level: { type: 'WasteContainer', attribute: 'fillingLevel', valueInPeriod: 'last' } },
    formula: '100 * level',
    unit: 'P1',
    target: 75,
    direction: 'down',
    isLive: true,
  },
];

export const indicatorEntities: readonly (JsonObject & { readonly id: string })[] = described.map((one) => ({
  id: idOf('Indicator', one.key),
  type: 'Indicator',
  name: text(...one.name),
  theme: property(one.theme),
  inputs: property(one.inputs),
  ...(one.constants ? { constants: property(one.constants) } : undefined),
  calculationFormula: property(one.formula),
  period: property('P1D'),
  timeZone: property('Europe/Ljubljana'),
  delay: property('PT10M'),
  isLive: property(one.isLive ?? false),
  unit: property(one.unit),
  targetValue: property(one.target),
  direction: property(one.direction),
  ...(one.standardNumber === undefined ? undefined : { standardNumber: property(one.standardNumber) }),
}));
