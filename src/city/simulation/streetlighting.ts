/** Simulates the street lighting of Kranj: cabinets, the groups that they switch, and the lights of the groups. */
import type { JsonObject } from '../../core/model/json.ts';
import { hourMs, type EpochMs } from './calendar.ts';
import { drift, round } from './chance.ts';
import {
  idOf,
  line,
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
import { lampModelEntity, lampModelFor, lampModels } from './lamps.ts';
import { createLight, type Cabinet, type Light, secondOf } from './light.ts';
import { createBurningHours, nightState, type Programme, programmes } from './night.ts';
import { type Area, areas, moved, spotIn } from './places.ts';
import type { Register } from './register.ts';

/** The cabinets: area, switching programme and streets. */
const cabinets: readonly (readonly [area: Area, programme: Programme, streets: readonly string[]])[] = [
  [areas.oldTown, programmes.allNight, ['Glavni trg', 'Prešernova ulica', 'Tavčarjeva ulica']],
  [areas.centre, programmes.reduced, ['Slovenski trg', 'Koroška cesta', 'Bleiweisova cesta']],
  [areas.planina, programmes.reduced, ['Ulica Gorenjskega odreda', 'Ulica Tuga Vidmarja']],
  [areas.zlatoPolje, programmes.reduced, ['Kidričeva cesta', 'Ulica 31. divizije']],
  [areas.mlaka, programmes.deep, ['Mlaška cesta', 'Zagrajškova ulica']],
];

const spacingM = 28;

export function createStreetlighting(environment: SimulationEnvironment): readonly SimulatedEntity[] {
  const hours = new Map<Programme, Register>();
  const equipment = cabinets.flatMap(([area, programme, streets], index) => {
    const burning = hours.get(programme) ?? createBurningHours(programme);
    hours.set(programme, burning);
    const number = numbered(index + 1);
    const feed: Cabinet = {
      environment,
      area,
      programme,
      burning,
      cabinet: idOf('StreetlightControlCabinet', `pr-${number}`),
    };
    // Eight streets with eleven lights and four with ten make 128 lights.
    const groups = streets.map((street) => createGroup(feed, street, index < 3 ? 11 : 10));
    return [cabinet(feed, number, groups), ...groups.flatMap(({ entities }) => entities)];
  });
  return [...lampModels.map(lampModelEntity), ...equipment];
}

interface Group {
  readonly id: string;
  readonly entities: readonly SimulatedEntity[];
  readonly lights: readonly Light[];
}

/** The form of a street's name in ids. */
const slug = (street: string): string =>
  street
    .toLowerCase()
    .normalize('NFD')
    .replaceAll(/[\u0300-\u036f.]/g, '')
    .replaceAll(' ', '-');

function createGroup(feed: Cabinet, street: string, count: number): Group {
  const { environment, programme, area } = feed;
  const key = slug(street);
  const about = `lights/${key}`;
  const id = idOf('StreetlightGroup', key);
  const start = spotIn(area, environment.chance, about).position;
  const bearing = 2 * Math.PI * environment.chance(`${about}/bearing`);
  const positions = upTo(count).map((index) =>
    moved(start, { eastM: index * spacingM * Math.sin(bearing), northM: index * spacingM * Math.cos(bearing) }),
  );
  const model = lampModelFor(area, environment.chance, about);
  const lights = positions.map((position, index) =>
    createLight(feed, { street, key, index, position, group: id, model }),
  );
  const group: SimulatedEntity = {
    id,
    type: 'StreetlightGroup',
    family: 'streetlighting',
    fixed: {
      name: property(street),
      location: line(positions),
      areaServed: property(area.name),
      switchingMode: property(programme.dimmed ? ['night-ON', 'night-LOW', 'day-OFF'] : ['night-ON', 'day-OFF']),
      activeProgramId: property(programme.id),
      circuitId: property(`KR-${key.toUpperCase()}`),
      refStreetlight: relationship(lights.map(({ entity }) => entity.id)),
      refStreetlightControlCabinet: relationship(feed.cabinet),
    },
    readings: (at) => groupReadings(programme, at),
    everyS: 60,
    historyEveryS: 900,
    state: (at) => `${nightState(programme, at).powerState}/${Math.floor(at / hourMs)}`,
  };
  return { id, lights, entities: [group, ...lights.map(({ entity }) => entity)] };
}

function groupReadings(programme: Programme, at: EpochMs): JsonObject {
  const { level, powerState, switchedOn, switchedOff } = nightState(programme, at);
  return {
    powerState: measured(powerState, at),
    illuminanceLevel: measured(level, at, 'C62'),
    dateLastSwitchingOn: measured(timeText(secondOf(switchedOn)), at),
    dateLastSwitchingOff: measured(timeText(secondOf(switchedOff)), at),
  };
}

function cabinet(feed: Cabinet, number: string, groups: readonly Group[]): SimulatedEntity {
  const { environment, area } = feed;
  const { address, position } = spotIn(area, environment.chance, feed.cabinet);
  return {
    id: feed.cabinet,
    type: 'StreetlightControlCabinet',
    family: 'streetlighting',
    fixed: {
      name: property(`Prižigališče ${number} ${area.name}`),
      location: point(position),
      address: property(address),
      areaServed: property(area.name),
      workingMode: property('automatic'),
      serialNumber: property(`PR-${number}-2022`),
      cupboardMadeOf: property('metal'),
      compliantWith: property(['IP54', 'IK10']),
      maximumPowerAvailable: property(14, 'KWT'),
      dateMeteringStarted: property(timeText(Date.UTC(2024, 0, 1))),
      refStreetlightGroup: relationship(groups.map(({ id }) => id)),
    },
    readings: cabinetReadings(
      feed,
      groups.flatMap(({ lights }) => lights),
    ),
    everyS: 60,
    historyEveryS: 900,
    isSilent: (at) => environment.faultAt('silence', feed.cabinet, at) !== undefined,
  };
}

const phases = ['R', 'S', 'T'] as const;

/** The readings of the cabinet's meter. The lights are distributed over three phases, and there are no losses. */
function cabinetReadings(
  { environment: { chance }, cabinet }: Cabinet,
  lights: readonly Light[],
): (at: EpochMs) => JsonObject {
  const cosPhi = 0.96;
  return (at) => {
    const watts = phases.map((_, turn) =>
      sumOf(
        lights.filter((_light, index) => index % 3 === turn),
        (light) => light.watts(at),
      ),
    );
    const totalKw = sumOf(watts, (one) => one) / 1000;
    const perPhase = phases.flatMap((phase, turn) => {
      const voltage = 231 + 2 * drift(chance, `${cabinet}/mains/${phase}`, at / (hourMs / 2));
      const drawn = watts[turn] ?? 0;
      return [
        [`voltage${phase}`, measured(round(voltage, 1), at, 'VLT')],
        [`intensity${phase}`, measured(round(drawn / (voltage * cosPhi), 2), at, 'AMP')],
        [`activePower${phase}`, measured(round(drawn / 1000, 3), at, 'KWT')],
      ] as const;
    });
    return {
      energyConsumed: measured(
        round(
          sumOf(lights, (light) => light.energyKwh(at)),
          1,
        ),
        at,
        'KWH',
      ),
      totalActivePower: measured(round(totalKw, 3), at, 'KWT'),
      totalReactivePower: measured(round(totalKw * Math.tan(Math.acos(cosPhi)), 3), at, 'KVR'),
      cosPhi: measured(cosPhi, at, 'C62'),
      frequency: measured(round(50 + 0.02 * drift(chance, 'mains', at / 20_000), 2), at, 'HTZ'),
      ...Object.fromEntries(perPhase),
    };
  };
}

const sumOf = <T>(things: readonly T[], amount: (thing: T) => number): number =>
  things.reduce((sum, thing) => sum + amount(thing), 0);
