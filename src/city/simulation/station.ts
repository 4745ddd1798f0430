/** Simulates a station of the environment: a place with sensors, a fault that repeats values, and a fault that stops the reports. */
import type { JsonObject } from '../../core/model/json.ts';
import type { EpochMs } from './calendar.ts';
import { idOf, point, property, type SimulatedEntity, type SimulationEnvironment } from './entity.ts';
import { type Area, spotIn } from './places.ts';

/** A station: its place, its fixed attributes, and its measurements without faults. */
export interface Station {
  readonly type: string;
  readonly key: string;
  readonly area: Area;
  readonly fixed: JsonObject;
  /** The readings of one moment with the timestamp of another. A stuck sensor repeats earlier measurements. */
  readonly measure: (of: EpochMs, at: EpochMs) => JsonObject;
  readonly everyS: number;
  readonly historyEveryS: number;
}

export function createStation(
  environment: SimulationEnvironment,
  { type, key, area, fixed, measure, everyS, historyEveryS }: Station,
): SimulatedEntity {
  const id = idOf(type, key);
  const { address, position } = spotIn(area, environment.chance, id);
  return {
    id,
    type,
    family: 'environment',
    fixed: { location: point(position), address: property(address), areaServed: property(area.name), ...fixed },
    readings: (at) => measure(environment.faultAt('flatLine', id, at)?.since ?? at, at),
    everyS,
    historyEveryS,
    isSilent: (at) => environment.faultAt('silence', id, at) !== undefined,
  };
}
