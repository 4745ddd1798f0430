/** Simulates three classrooms in each of three schools in Kranj. */
import type { JsonObject } from '../../core/model/json.ts';
import { dayMs, hourMs, localTime, minuteMs, type EpochMs } from './calendar.ts';
import { between, type Chance, clamp, drift, round } from './chance.ts';
import type { Weather } from './climate.ts';
import {
  measured,
  numbered,
  property,
  type SimulatedEntity,
  type SimulationEnvironment,
  text,
  upTo,
} from './entity.ts';
import { type Area, areas } from './places.ts';
import { createStation } from './station.ts';

const count = 9;

const schoolAreas: readonly Area[] = [areas.zlatoPolje, areas.planina, areas.strazisce];

export const createClassrooms = (environment: SimulationEnvironment): readonly SimulatedEntity[] =>
  upTo(count).map((index) => {
    const area = schoolAreas[index % schoolAreas.length] ?? areas.planina;
    const key = `sola-${area.key}-${numbered(index + 1, 2)}`;
    const size = Math.round(between(environment.chance, `${key}/size`, [17, 28]));
    // The value depends on whether windows are opened between lessons.
    const stuffiness = between(environment.chance, `${key}/stuffiness`, [25, 62]);
    return createStation(environment, {
      type: 'IndoorEnvironmentObserved',
      key,
      area,
      fixed: {
        name: text(`Učilnica ${index + 1}, ${area.name}`, `Classroom ${index + 1}, ${area.name}`),
        sensorPlacement: property('northWall'),
        sensorHeight: property(1.5, 'MTR'),
      },
      measure: (of, at) =>
        roomReadings(environment, { key, people: peopleIn(environment.chance, { key, size }, of), stuffiness }, [
          of,
          at,
        ]),
      everyS: 60,
      historyEveryS: 900,
    });
  });

interface Room {
  readonly key: string;
  readonly people: number;
  readonly stuffiness: number;
}

function roomReadings(
  { chance, climate }: SimulationEnvironment,
  { key, people, stuffiness }: Room,
  [of, at]: readonly [EpochMs, EpochMs],
): JsonObject {
  const weather: Weather = climate.weatherAt(of);
  const warmth =
    20.5 + 0.05 * people + Math.max(0, weather.temperature - 21) * 0.6 + 0.4 * drift(chance, key, of / hourMs);
  const damp = 0.36 + 0.004 * people + 0.03 * drift(chance, `${key}/damp`, of / hourMs);
  const co2 = 430 + stuffiness * people + 40 * drift(chance, `${key}/co2`, of / (20 * minuteMs));
  return {
    temperature: measured(round(clamp(warmth, 16, 34), 1), at, 'CEL'),
    relativeHumidity: measured(round(clamp(damp, 0.2, 0.8), 2), at, 'C62'),
    co2: measured(round(Math.max(415, co2), 0), at, '59'),
    illuminance: measured(round((people > 0 ? 320 : 8) + 0.6 * weather.irradiance, 0), at, 'LUX'),
    peopleCount: measured(people, at),
  };
}

function peopleIn(chance: Chance, { key, size }: { readonly key: string; readonly size: number }, at: EpochMs): number {
  return Math.round(size * lessons(at) * (0.88 + 0.12 * chance(`${key}/present`, Math.floor(at / dayMs))));
}

/** The occupancy of classrooms: zero in July and August, at weekends and on holidays. */
function lessons(at: EpochMs): number {
  const { hour, isWorkday, dayOfYear } = localTime(at);
  const isSummer = dayOfYear > 175 && dayOfYear < 243;
  if (!isWorkday || isSummer || hour < 7.5 || hour > 14.5) return 0;
  const isBreak = hour % 0.9 < 0.1;
  return (isBreak ? 0.4 : 1) * (hour > 13 ? 0.55 : 1);
}
