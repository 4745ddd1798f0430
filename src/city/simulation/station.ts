/** A station of the environment: one place, a fault that makes it repeat itself, another that makes it silent. */
import type { JsonObject } from '../../core/model/json.ts';
import type { Moment } from './calendar.ts';
import { idOf, point, property, type SimulatedEntity, type Surroundings } from './entity.ts';
import { type Area, spotIn } from './places.ts';

/** A station: where it is, what stays the same, and what it measures when it is in order. */
export interface Station {
  readonly type: string;
  readonly key: string;
  readonly area: Area;
  readonly fixed: JsonObject;
  /** The readings as of one moment, stamped with another: a stuck sensor repeats what it measured before. */
  readonly measure: (of: Moment, at: Moment) => JsonObject;
  readonly everyS: number;
  readonly historyEveryS: number;
}

export function createStation(
  around: Surroundings,
  { type, key, area, fixed, measure, everyS, historyEveryS }: Station,
): SimulatedEntity {
  const id = idOf(type, key);
  const { address, position } = spotIn(area, around.chance, id);
  return {
    id,
    type,
    family: 'environment',
    fixed: { location: point(position), address: property(address), areaServed: property(area.name), ...fixed },
    readings: (at) => measure(around.faultAt('flatLine', id, at)?.since ?? at, at),
    everyS,
    historyEveryS,
    isSilent: (at) => around.faultAt('silence', id, at) !== undefined,
  };
}
