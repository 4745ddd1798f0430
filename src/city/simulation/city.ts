/** Simulates Kranj: 500 entities of four families, and their reports in a time range. */
import type { JsonObject } from '../../core/model/json.ts';
import type { EpochMs } from './calendar.ts';
import { createChance } from './chance.ts';
import { createClimate } from './climate.ts';
import type { SimulatedEntity, SimulationEnvironment } from './entity.ts';
import { createEnvironment } from './environment.ts';
import { createFaults } from './faults.ts';
import { createHouseholds, createMeters } from './metering.ts';
import { createParking } from './parking.ts';
import { createStreetlighting } from './streetlighting.ts';

export interface City {
  /** Always the same entities in the same order. An entity may precede the entities that it refers to. */
  readonly entities: readonly SimulatedEntity[];
}

/** A report of one entity: the attributes that were measured at a moment. */
export interface Update {
  readonly at: EpochMs;
  readonly id: string;
  readonly attrs: JsonObject;
  readonly entity: SimulatedEntity;
}

/**
 * Creates the city of a seed: 500 entities, and the water meters of this many households. The same seed always yields the same city,
 * regardless of earlier calls.
 */
export function createCity(seed: number | string, households = 0): City {
  const chance = createChance(seed);
  const environment: SimulationEnvironment = { chance, climate: createClimate(chance), faultAt: createFaults(chance) };
  return {
    entities: [
      ...createMeters(environment),
      ...createParking(environment),
      ...createStreetlighting(environment),
      ...createEnvironment(environment),
      ...createHouseholds(environment, households),
    ],
  };
}

/** The entity at a moment, in the normalized representation. Its terms are those of its family's @context. */
export const entityAt = ({ id, type, fixed, readings }: SimulatedEntity, at: EpochMs): JsonObject => ({
  id,
  type,
  ...fixed,
  ...readings(at),
});

/**
 * The live reports in a time range (end exclusive), in order of time. Entities with equal intervals report at different seconds, as real
 * sensors do.
 */
export const updatesBetween = (city: City, from: EpochMs, to: EpochMs): readonly Update[] =>
  reports(city, [from, to], (entity) => {
    const everyMs = entity.everyS * 1000;
    return { everyMs, offsetMs: (phaseOf(entity.id) * 1000) % everyMs };
  });

/** The reports of recorded history in a time range (end exclusive), at the multiples of `historyEveryS` of each entity. */
export const historyBetween = (city: City, from: EpochMs, to: EpochMs): readonly Update[] =>
  reports(city, [from, to], ({ historyEveryS }) => ({ everyMs: historyEveryS * 1000, offsetMs: 0 }));

/** An entity reports at `offsetMs` after each multiple of `everyMs`. */
interface Rhythm {
  readonly everyMs: number;
  readonly offsetMs: number;
}

type Span = readonly [from: EpochMs, to: EpochMs];

function reports({ entities }: City, span: Span, rhythmOf: (entity: SimulatedEntity) => Rhythm): readonly Update[] {
  const due = entities.flatMap((entity) => momentsOf(entity, span, rhythmOf(entity)).map((at) => ({ at, entity })));
  // The sort is stable, so entities with reports at the same moment keep the order of the city.
  due.sort((a, b) => a.at - b.at);
  return due.map(({ at, entity }) => ({ at, id: entity.id, attrs: entity.readings(at), entity }));
}

/** The moments in a time range at which an entity reports. */
function momentsOf(
  { state, isSilent }: SimulatedEntity,
  [from, to]: Span,
  { everyMs, offsetMs }: Rhythm,
): readonly EpochMs[] {
  const moments: EpochMs[] = [];
  for (let at = Math.ceil((from - offsetMs) / everyMs) * everyMs + offsetMs; at < to; at += everyMs) {
    const isNews = state === undefined || state(at) !== state(at - everyMs);
    if (isNews && !isSilent?.(at)) moments.push(at);
  }
  return moments;
}

/** A second of the day, from a hash of the id: always the same for an entity, and mostly different for two entities. */
function phaseOf(id: string): number {
  let sum = 0;
  for (let index = 0; index < id.length; index += 1) sum = (sum * 31 + id.charCodeAt(index)) % 86_399;
  return sum;
}
