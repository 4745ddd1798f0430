/** Computes air quality in Kranj: smoke in winter inversions, exhaust gas at rush hours, ozone on hot afternoons. */
import { hourMs, localTime, type EpochMs } from './calendar.ts';
import { clamp, drift } from './chance.ts';
import type { SimulationEnvironment } from './entity.ts';
import type { Fault } from './faults.ts';
import { bump, heatingDemand, traffic } from './profile.ts';

/** Micrograms per cubic metre, except `co` in milligrams. */
export interface Air {
  readonly pm10: number;
  readonly pm25: number;
  readonly no2: number;
  readonly o3: number;
  readonly so2: number;
  readonly co: number;
}

/** How close a site is to roads and chimneys: 0 to about 1.5. */
export interface Exposure {
  readonly roads: number;
  readonly chimneys: number;
}

export function airAt(
  { chance, climate }: SimulationEnvironment,
  name: string,
  { roads, chimneys }: Exposure,
): (at: EpochMs) => Air {
  return (at) => {
    const weather = climate.weatherAt(at);
    const { hour } = localTime(at);
    const cars = roads * traffic(at);
    const smoke = (chimneys * heatingDemand(climate, at) * (0.5 + bump(hour, 20, 3) + 0.5 * bump(hour, 7, 2))) / 15;
    // Calm air in an inversion keeps emissions; wind and rain remove them.
    const held = (0.45 + 2.2 * weather.inversion) / (0.6 + 0.3 * weather.windSpeed + 0.5 * weather.precipitation);
    const wander = 1 + 0.12 * drift(chance, `${name}/air`, at / hourMs);
    const pm10 = clamp((7 + held * (9 * cars + 16 * smoke)) * wander, 2, 300);
    const no2 = clamp((5 + held * 30 * cars) * wander, 1, 250);
    return {
      pm10,
      pm25: pm10 * clamp(0.55 + 0.2 * smoke, 0.5, 0.85),
      no2,
      o3: clamp(38 + 0.075 * weather.irradiance + 1.1 * Math.max(0, weather.temperature - 12) - 0.7 * no2, 2, 260),
      so2: clamp((1 + held * 1.6 * smoke) * wander, 0.3, 60),
      co: clamp((0.15 + held * (0.12 * cars + 0.22 * smoke)) * wander, 0.08, 8),
    };
  };
}

const pollutants = ['pm10', 'pm25', 'no2', 'o3', 'so2', 'co'] as const;

/** The air as a faulty sensor measures it: one pollutant has several times its real value. */
export function spiked(air: Air, { strength }: Fault): Air {
  const pollutant = pollutants[Math.floor(strength * pollutants.length)] ?? 'pm10';
  return { ...air, [pollutant]: air[pollutant] * (3 + 4 * strength) };
}

/** Upper limits of the first four bands of the European air quality index, by pollutant. */
const bands = {
  pm10: [20, 40, 50, 100],
  pm25: [10, 20, 25, 50],
  no2: [40, 90, 120, 230],
  o3: [50, 100, 130, 240],
} as const;

const levels = ['good', 'fair', 'moderate', 'poor', 'veryPoor'] as const;

/** The band of the worst pollutant, from 1 (good) to 5, and its name. */
export function airQuality(air: Air): { readonly index: number; readonly level: string } {
  const worst = Math.max(
    ...(['pm10', 'pm25', 'no2', 'o3'] as const).map((key) => bands[key].filter((limit) => air[key] > limit).length),
  );
  return { index: worst + 1, level: levels[worst] ?? 'veryPoor' };
}
