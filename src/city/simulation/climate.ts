/** Computes the weather over Kranj as a function of time: seasons, fronts, days and nights, and winter inversions. */
import { dayMs, hourMs, localTime, type EpochMs } from './calendar.ts';
import { bell, type Chance, clamp, drift } from './chance.ts';
import { sunElevation } from './sun.ts';

/** Weather at 385 m above the sea. */
export interface Weather {
  /** Degrees Celsius. */
  readonly temperature: number;
  /** 0 to 1. */
  readonly humidity: number;
  /** Metres per second. */
  readonly windSpeed: number;
  readonly gustSpeed: number;
  /** Degrees; the direction from which the wind blows. */
  readonly windDirection: number;
  /** Millimetres per hour. */
  readonly precipitation: number;
  /** 0 to 1. */
  readonly cloudCover: number;
  /** Hectopascals at the station. */
  readonly pressure: number;
  /** Watts per square metre on a horizontal surface. */
  readonly irradiance: number;
  /** The strength of the inversion, which traps smoke under warm air: 0 to 1. */
  readonly inversion: number;
}

export interface Climate {
  readonly weatherAt: (at: EpochMs) => Weather;
  /** Mean temperature of the 24 hours around a moment. It determines heating. */
  readonly meanTemperature: (at: EpochMs) => number;
}

export function createClimate(chance: Chance): Climate {
  const sky = skyOf(chance);
  return { weatherAt: (at) => weatherOf(chance, sky, at), meanTemperature: sky.meanTemperature };
}

interface Sky {
  readonly meanTemperature: (at: EpochMs) => number;
  readonly cloudCover: (at: EpochMs) => number;
  readonly pressureAnomaly: (at: EpochMs) => number;
}

function skyOf(chance: Chance): Sky {
  const pressureAnomaly = (at: EpochMs): number => drift(chance, 'pressure', at / (3 * dayMs));
  return {
    pressureAnomaly,
    meanTemperature: (at) => {
      const season = 10 + 10.8 * Math.cos((2 * Math.PI * (localTime(at).dayOfYear - 200)) / 365.25);
      return season + 3.2 * drift(chance, 'warmth', at / (4 * dayMs)) + 1.2 * drift(chance, 'front', at / dayMs);
    },
    cloudCover: (at) => {
      const passing =
        0.3 * drift(chance, 'cloud', at / (1.5 * dayMs)) + 0.15 * drift(chance, 'shower', at / (5 * hourMs));
      return clamp(0.52 - 0.18 * pressureAnomaly(at) + passing, 0, 1);
    },
  };
}

function weatherOf(chance: Chance, sky: Sky, at: EpochMs): Weather {
  const { hour, dayOfYear } = localTime(at);
  const winter = (1 + Math.cos((2 * Math.PI * (dayOfYear - 15)) / 365.25)) / 2;
  const cloudCover = sky.cloudCover(at);
  const warmthOfDay = Math.cos((2 * Math.PI * (hour - 15)) / 24);
  const swing = (1.5 + 4.5 * (1 - cloudCover)) * (1 - 0.5 * winter) * warmthOfDay;
  const windSpeed = clamp(1.3 + 0.7 * drift(chance, 'wind', at / (3 * hourMs)) + 0.4 * warmthOfDay, 0.1, 15);
  const calm = clamp(1.6 - windSpeed / 1.5, 0, 1);
  return {
    temperature: sky.meanTemperature(at) + swing + 0.15 * drift(chance, 'breath', at / (10 * 60_000)),
    humidity: clamp(
      0.7 + 0.2 * cloudCover + 0.08 * winter - 0.022 * swing + 0.03 * drift(chance, 'damp', at / (2 * hourMs)),
      0.22,
      1,
    ),
    windSpeed,
    gustSpeed: windSpeed * (1.5 + 0.25 * Math.abs(drift(chance, 'gust', at / (10 * 60_000)))),
    windDirection: (((315 + 80 * drift(chance, 'direction', at / (4 * hourMs))) % 360) + 360) % 360,
    precipitation: rainAt(chance, cloudCover, at),
    cloudCover,
    pressure: 971 + 8 * sky.pressureAnomaly(at) + 0.4 * Math.sin((2 * Math.PI * hour) / 12),
    irradiance: Math.max(0, Math.sin((sunElevation(at) * Math.PI) / 180)) * 1020 * (1 - 0.75 * cloudCover ** 2),
    inversion: clamp(
      winter * (0.75 + 0.3 * sky.pressureAnomaly(at)) * (0.4 + 0.6 * calm) * (1 - 0.35 * warmthOfDay),
      0,
      1,
    ),
  };
}

/** Rain falls in quarters of an hour, and only from thick clouds. Not all thick clouds bring rain. */
function rainAt(chance: Chance, cloudCover: number, at: EpochMs): number {
  if (cloudCover < 0.72 || drift(chance, 'rain', at / (4 * hourMs)) < -0.2) return 0;
  return Math.max(0, (cloudCover - 0.72) * 9 * (1 + 0.6 * bell(chance, 'downpour', Math.floor(at / (15 * 60_000)))));
}
