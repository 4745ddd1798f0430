/** Simulates meters for electricity, gas, heat and water in homes and public buildings, and the radio modules of water meters. */
import type { JsonObject } from '../../core/model/json.ts';
import { dayMs, hourMs, localTime, type EpochMs } from './calendar.ts';
import { bell, between, type Chance, clamp, drift, pick, round } from './chance.ts';
import {
  idOf,
  measured,
  numbered,
  point,
  property,
  relationship,
  type SimulatedEntity,
  type SimulationEnvironment,
  timeText,
  upTo,
} from './entity.ts';
import { type Area, areas, spotIn } from './places.ts';
import { heatingDemand, householdActivity } from './profile.ts';
import { createRegister, noonOf } from './register.ts';
import { waterReadings } from './water.ts';

const homes: readonly Area[] = [
  areas.mlaka,
  areas.zlatoPolje,
  areas.planina,
  areas.strazisce,
  areas.kokrica,
  areas.primskovo,
];

/** The number of meters per medium. `device` is the number of radio modules: the first water meters have one each. */
const counts = { electricity: 45, gas: 30, heat: 25, water: 50, device: 30 };

export function createMeters(environment: SimulationEnvironment): readonly SimulatedEntity[] {
  return [
    ...upTo(counts.electricity).map((index) => smartMeter(environment, electricity, index)),
    ...upTo(counts.gas).map((index) => smartMeter(environment, gas, index)),
    ...upTo(counts.heat).map((index) => smartMeter(environment, heat, index)),
    ...upTo(counts.water).map((index) => waterMeter(environment, index)),
    ...upTo(counts.device).map((index) => radioModule(environment, index)),
  ];
}

/** A medium, with the name of its meters and their readings. */
interface Medium {
  readonly key: string;
  readonly title: string;
  readonly meterType: string;
  readonly everyS: number;
  readonly historyEveryS: number;
  readonly readingsOf: (environment: SimulationEnvironment, name: string) => (at: EpochMs) => JsonObject;
}

/** The area of the meter with this index. The meters of a medium are distributed evenly over the areas. */
const areaOf = (index: number): Area => homes[index % homes.length] ?? areas.mlaka;

function common({ chance, faultAt }: SimulationEnvironment, name: string, area: Area) {
  const { address, position } = spotIn(area, chance, name);
  return {
    place: {
      location: point(position),
      address: property(address),
      areaServed: property(area.name),
      dataProvider: property('Pametna Mlaka'),
    },
    isSilent: (at: EpochMs) => faultAt('silence', name, at) !== undefined,
  };
}

function smartMeter(environment: SimulationEnvironment, medium: Medium, index: number): SimulatedEntity {
  const area = areaOf(index);
  const name = `${medium.key}-${area.key}-${numbered(index + 1)}`;
  const { place, isSilent } = common(environment, name, area);
  return {
    id: idOf('SmartMeteringObservation', name),
    type: 'SmartMeteringObservation',
    family: 'metering',
    fixed: {
      name: property(`${medium.title} ${area.name} ${index + 1}`),
      meterType: property(medium.meterType),
      ...place,
    },
    readings: medium.readingsOf(environment, name),
    everyS: medium.everyS,
    historyEveryS: medium.historyEveryS,
    isSilent,
  };
}

/** The factor by which a day's consumption varies per home and day; never negative. */
const varied = (chance: Chance, name: string, day: number): number => Math.max(0.2, 1 + 0.2 * bell(chance, name, day));

const electricity: Medium = {
  key: 'elektrika',
  title: 'Števec električne energije',
  meterType: 'Electricity',
  everyS: 60,
  historyEveryS: 900,
  readingsOf({ chance, climate }, name) {
    const dailyKwh = between(chance, `${name}/size`, [5, 15]);
    // Every fourth home has a solar plant with its own meter. It affects the power but not the registers.
    const solarKwp = chance(`${name}/solar`) < 0.25 ? between(chance, `${name}/plant`, [4, 11]) : 0;
    const start = between(chance, `${name}/start`, [800, 24_000]);
    const tariffs = createTariffs(chance, name, dailyKwh);
    return (at) => {
      const peak = round(0.6 * start + tariffs.peak.total(at), 1);
      const offPeak = round(0.4 * start + tariffs.offPeak.total(at), 1);
      const used =
        (tariffs.peak.rate(at) + tariffs.offPeak.rate(at)) * (1 + 0.25 * drift(chance, `${name}/load`, at / 240_000));
      const made = solarKwp * 0.8 * (climate.weatherAt(at).irradiance / 1000);
      return {
        totalConsumption: measured(round(peak + offPeak, 1), at, 'KWH'),
        peakConsumption: measured(peak, at, 'KWH'),
        offPeakConsumption: measured(offPeak, at, 'KWH'),
        power: measured(round(Math.max(0.03, used) - made, 2), at, 'KWT'),
        powerFactor: measured(round(0.96 + 0.01 * drift(chance, `${name}/phase`, at / hourMs), 2), at, 'C62'),
      };
    };
  },
};

/**
 * The registers of the two tariffs: `peak` for the high tariff (working days, 6 to 22 o'clock), `offPeak` for the low tariff. `isDear` is
 * true in the hours of the high tariff, on any day.
 */
function createTariffs(chance: Chance, name: string, dailyKwh: number) {
  const isWorkday = (day: number): boolean => localTime(noonOf(day)).isWorkday;
  const isDear = (at: EpochMs): boolean => {
    const { hour } = localTime(at);
    return hour >= 6 && hour < 22;
  };
  const season = (day: number): number =>
    1 + 0.15 * Math.cos((2 * Math.PI * (localTime(noonOf(day)).dayOfYear - 15)) / 365.25);
  const daily = (day: number): number => dailyKwh * season(day) * varied(chance, name, day);
  const weight = (at: EpochMs): number => 0.25 + householdActivity(localTime(at));
  return {
    peak: createRegister({
      dailyTotal: (day) => (isWorkday(day) ? 0.72 * daily(day) : 0),
      weightAt: (at) => (isDear(at) ? weight(at) : 0),
    }),
    offPeak: createRegister({
      dailyTotal: (day) => (isWorkday(day) ? 0.28 : 1) * daily(day),
      weightAt: (at) => (localTime(at).isWorkday && isDear(at) ? 0 : weight(at)),
    }),
  };
}

const gas: Medium = {
  key: 'plin',
  title: 'Plinomer',
  meterType: 'Gas',
  everyS: 300,
  historyEveryS: 3600,
  readingsOf({ chance, climate }, name) {
    const perDegree = between(chance, `${name}/size`, [0.35, 0.9]);
    const start = between(chance, `${name}/start`, [300, 9000]);
    const register = createRegister({
      dailyTotal: (day) => (0.4 + perDegree * heatingDemand(climate, noonOf(day))) * varied(chance, name, day),
      weightAt: (at) => 0.3 + 0.8 * householdActivity(localTime(at)),
    });
    return (at) => ({
      totalConsumption: measured(round(start + register.total(at), 2), at, 'MTQ'),
      flowRate: measured(round(register.rate(at), 3), at, 'MQH'),
    });
  },
};

/** The heat in kilowatt hours that a cubic metre of water releases per degree. */
const kwhPerCubicMetreDegree = 1.163;

const heat: Medium = {
  key: 'toplota',
  title: 'Toplotna postaja',
  meterType: 'Heat',
  everyS: 300,
  historyEveryS: 3600,
  readingsOf({ chance, climate }, name) {
    const kwhPerDegree = between(chance, `${name}/size`, [6, 28]);
    const start = between(chance, `${name}/start`, [4000, 90_000]);
    // The difference between the temperatures of flow and return.
    const spread = between(chance, `${name}/spread`, [18, 28]);
    const register = createRegister({
      dailyTotal: (day) => kwhPerDegree * (1.5 + heatingDemand(climate, noonOf(day))) * varied(chance, name, day),
      weightAt: (at) => 0.5 + 0.6 * householdActivity(localTime(at)),
    });
    return (at) => {
      const energy = start + register.total(at);
      const power = register.rate(at);
      const flowTemperature = clamp(
        48 + 1.3 * heatingDemand(climate, at) + drift(chance, `${name}/flow`, at / hourMs),
        45,
        90,
      );
      return {
        totalConsumption: measured(round(energy, 1), at, 'KWH'),
        totalVolume: measured(round(energy / (kwhPerCubicMetreDegree * spread), 2), at, 'MTQ'),
        power: measured(round(power, 2), at, 'KWT'),
        flowRate: measured(round(power / (kwhPerCubicMetreDegree * spread), 3), at, 'MQH'),
        flowTemperature: measured(round(flowTemperature, 1), at, 'CEL'),
        returnTemperature: measured(round(flowTemperature - spread, 1), at, 'CEL'),
      };
    };
  },
};

const moduleId = (index: number): string => idOf('Device', `vodomer-${numbered(index + 1)}`);

function waterMeter(environment: SimulationEnvironment, index: number): SimulatedEntity {
  const area = areaOf(index);
  const meter = meterNamed(environment, `vodomer-${area.key}-${numbered(index + 1)}`, area);
  const refDevice = index < counts.device ? { refDevice: relationship(moduleId(index)) } : undefined;
  return { ...meter, fixed: { name: property(`Vodomer ${area.name} ${index + 1}`), ...meter.fixed, ...refDevice } };
}

function meterNamed(environment: SimulationEnvironment, name: string, area: Area): SimulatedEntity {
  const { place, isSilent } = common(environment, name, area);
  return {
    id: idOf('WaterConsumptionObserved', name),
    type: 'WaterConsumptionObserved',
    family: 'metering',
    fixed: { waterType: property('serviceWater'), ...place },
    readings: waterReadings(environment, name),
    everyS: 300,
    historyEveryS: 3600,
    isSilent,
  };
}

/** The kinds of buildings that households live in, from frequent to rare. */
const buildingTypes = [
  ...upTo(9).map(() => 'house'),
  ...upTo(6).map(() => 'flat'),
  ...upTo(4).map(() => 'rowHouse'),
  'farm',
];

/** Water meters of households, of which the first ones are in Mlaka and every second one after that. */
export const createHouseholds = (environment: SimulationEnvironment, count: number): readonly SimulatedEntity[] =>
  upTo(count).map((index) => {
    const area = index % 2 === 0 ? areas.mlaka : areaOf(Math.floor(index / 2));
    const name = `gospodinjstvo-${area.key}-${numbered(index + 1)}`;
    const meter = meterNamed(environment, name, area);
    return {
      ...meter,
      fixed: {
        ...meter.fixed,
        name: property(`Vodomer gospodinjstva ${index + 1}`),
        buildingType: property(pick(environment.chance, `${name}/building`, buildingTypes)),
        household: property(`gospodinjstvo-${numbered(index + 1)}`),
      },
    };
  });

/** The radio module of a water meter. It does not report while its meter does not. */
function radioModule(environment: SimulationEnvironment, index: number): SimulatedEntity {
  const { chance } = environment;
  const area = areaOf(index);
  const name = `vodomer-${area.key}-${numbered(index + 1)}`;
  const { place, isSilent } = common(environment, name, area);
  const installed =
    Date.UTC(2024, 0, 15) + Math.floor(between(chance, `${name}/installed`, [0, 300])) * dayMs + 8 * hourMs;
  // The mean signal strength in dBm.
  const reach = between(chance, `${name}/reach`, [-112, -78]);
  return {
    id: moduleId(index),
    type: 'Device',
    family: 'metering',
    fixed: {
      name: property(`Radijski modul vodomera ${index + 1}`),
      deviceCategory: property(['meter']),
      controlledProperty: property(['waterConsumption', 'waterFlow']),
      supportedProtocol: property(['lora']),
      serialNumber: property(`KR-2024-${numbered(index + 1, 4)}`),
      firmwareVersion: property(chance(`${name}/firmware`) < 0.8 ? '2.3.1' : '2.2.0'),
      dateInstalled: property(timeText(installed)),
      controlledAsset: relationship(idOf('WaterConsumptionObserved', name)),
      ...place,
    },
    readings: (at) => ({
      batteryLevel: measured(round(clamp(1 - (at - installed) / (11 * 365 * dayMs), 0, 1), 3), at, 'C62'),
      rssi: measured(round(reach + 3 * drift(chance, `${name}/rssi`, at / hourMs), 0), at, 'DBM'),
      deviceState: measured('ok', at),
      dateLastValueReported: measured(timeText(at), at),
    }),
    everyS: 900,
    historyEveryS: 6 * 3600,
    isSilent,
  };
}
