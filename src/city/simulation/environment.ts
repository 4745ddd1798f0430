/** Simulates air quality, noise, weather and classrooms in Kranj. */
import type { JsonObject } from '../../core/model/json.ts';
import { airAt, airQuality, type Exposure, spiked } from './air.ts';
import { minuteMs, type EpochMs } from './calendar.ts';
import { bell, between, clamp, round } from './chance.ts';
import {
  idOf,
  measured,
  property,
  relationship,
  type SimulatedEntity,
  type SimulationEnvironment,
  text,
  timeText,
} from './entity.ts';
import { type Area, addressOf, areas } from './places.ts';
import { traffic } from './profile.ts';
import { createClassrooms } from './school.ts';
import { createStation } from './station.ts';
import { weatherReadings } from './weather-station.ts';

export function createEnvironment(environment: SimulationEnvironment): readonly SimulatedEntity[] {
  return [
    ...weatherSites.map((site) => weatherStation(environment, site)),
    ...airSites.map((site) => airStation(environment, site)),
    ...noiseSites.map((site) => noiseMeter(environment, site)),
    ...createClassrooms(environment),
  ];
}

interface WeatherSite {
  readonly key: string;
  readonly area: Area;
  /** Height in metres above Kranj, which lies at 385 m. */
  readonly aboveM: number;
}

const weatherSites: readonly WeatherSite[] = [
  { key: 'center', area: areas.centre, aboveM: 0 },
  { key: 'mlaka', area: areas.mlaka, aboveM: 35 },
  { key: 'strazisce', area: areas.strazisce, aboveM: 5 },
  { key: 'kokrica', area: areas.kokrica, aboveM: 25 },
];

const weatherStation = (environment: SimulationEnvironment, { key, area, aboveM }: WeatherSite): SimulatedEntity =>
  createStation(environment, {
    type: 'WeatherObserved',
    key,
    area,
    fixed: { name: text(`Vremenska postaja ${area.name}`, `Weather station ${area.name}`) },
    measure: weatherReadings(environment, key, aboveM),
    everyS: 60,
    historyEveryS: 1800,
  });

interface AirSite extends Exposure {
  readonly key: string;
  readonly area: Area;
}

const airSites: readonly AirSite[] = [
  { key: 'center', area: areas.centre, roads: 1.2, chimneys: 0.7 },
  { key: 'staro-mestno-jedro', area: areas.oldTown, roads: 0.5, chimneys: 0.9 },
  { key: 'zlato-polje', area: areas.zlatoPolje, roads: 1, chimneys: 0.6 },
  { key: 'planina', area: areas.planina, roads: 0.9, chimneys: 0.4 },
  { key: 'primskovo', area: areas.primskovo, roads: 1.4, chimneys: 0.8 },
  { key: 'strazisce', area: areas.strazisce, roads: 0.8, chimneys: 1.3 },
  { key: 'circe', area: areas.circe, roads: 0.6, chimneys: 1 },
  { key: 'kokrica', area: areas.kokrica, roads: 0.7, chimneys: 1.2 },
  { key: 'mlaka', area: areas.mlaka, roads: 0.3, chimneys: 1.2 },
];

function airStation(environment: SimulationEnvironment, { key, area, ...exposure }: AirSite): SimulatedEntity {
  const air = airAt(environment, key, exposure);
  const measure = (of: EpochMs, at: EpochMs): JsonObject => {
    const fault = environment.faultAt('spike', key, of);
    const now = fault ? spiked(air(of), fault) : air(of);
    const { index, level } = airQuality(now);
    return {
      pm10: measured(round(now.pm10, 1), at, 'GQ'),
      pm25: measured(round(now.pm25, 1), at, 'GQ'),
      no2: measured(round(now.no2, 1), at, 'GQ'),
      o3: measured(round(now.o3, 1), at, 'GQ'),
      so2: measured(round(now.so2, 1), at, 'GQ'),
      co: measured(round(now.co, 2), at, 'GP'),
      airQualityIndex: measured(index, at),
      airQualityLevel: measured(level, at),
    };
  };
  const nearest = weatherSites.find((site) => site.area === area) ?? weatherSites[0];
  const fixed = {
    name: text(`Kakovost zraka ${area.name}`, `Air quality ${area.name}`),
    typeofLocation: property('outdoor'),
    ...(nearest ? { refWeatherObserved: relationship(idOf('WeatherObserved', nearest.key)) } : undefined),
  };
  return createStation(environment, {
    type: 'AirQualityObserved',
    key,
    area,
    fixed,
    measure,
    everyS: 60,
    historyEveryS: 3600,
  });
}

interface NoiseSite {
  readonly key: string;
  readonly street: string;
  readonly area: Area;
  /** The sound level at night, and what the densest traffic adds, in decibels. */
  readonly quietDb: number;
  readonly trafficDb: number;
}

const noise = (
  key: string,
  street: string,
  [area, quietDb, trafficDb]: readonly [Area, number, number],
): NoiseSite => ({
  key,
  street,
  area,
  quietDb,
  trafficDb,
});

const noiseSites: readonly NoiseSite[] = [
  noise('bleiweisova-cesta', 'Bleiweisova cesta', [areas.centre, 43, 27]),
  noise('koroska-cesta', 'Koroška cesta', [areas.centre, 42, 26]),
  noise('kidriceva-cesta', 'Kidričeva cesta', [areas.zlatoPolje, 42, 25]),
  noise('jezerska-cesta', 'Jezerska cesta', [areas.primskovo, 44, 27]),
  noise('glavni-trg', 'Glavni trg', [areas.oldTown, 38, 18]),
  noise('likozarjeva-ulica', 'Likozarjeva ulica', [areas.planina, 40, 22]),
  noise('skofjeloska-cesta', 'Škofjeloška cesta', [areas.strazisce, 41, 24]),
  noise('mlaska-cesta', 'Mlaška cesta', [areas.mlaka, 35, 20]),
];

const periodMs = 15 * minuteMs;

function noiseMeter(
  environment: SimulationEnvironment,
  { key, street, area, quietDb, trafficDb }: NoiseSite,
): SimulatedEntity {
  const { chance, climate, faultAt } = environment;
  const measure = (of: EpochMs, at: EpochMs): JsonObject => {
    const loudness = trafficDb * Math.sqrt(traffic(of)) + 1.5 * bell(chance, key, Math.floor(of / minuteMs));
    const rain = Math.min(6, 2.5 * climate.weatherAt(of).precipitation);
    const spike = faultAt('spike', key, of);
    const level = clamp(quietDb + loudness + rain + (spike ? 12 + 18 * spike.strength : 0), 25, 120);
    const above = 8 + 9 * chance(`${key}/loudest`, Math.floor(of / periodMs));
    return {
      LAeq: measured(round(level, 1), at, '2N'),
      LAmax: measured(round(level + above, 1), at, '2N'),
      LAS: measured(round(level - 1 + bell(chance, `${key}/slow`, Math.floor(of / 1000)), 1), at, '2N'),
      dateObservedFrom: measured(timeText(at - periodMs), at),
      dateObservedTo: measured(timeText(at), at),
    };
  };
  const fixed = {
    name: property(`Hrup ${street}`),
    address: property(addressOf(area, street)),
    sonometerClass: property('1'),
    distanceAverage: property(round(between(chance, `${key}/distance`, [5, 25]), 0), 'MTR'),
  };
  return createStation(environment, {
    type: 'NoiseLevelObserved',
    key,
    area,
    fixed,
    measure,
    everyS: 60,
    historyEveryS: 900,
  });
}
