/** Street lights, their groups, cabinets and models in the simulated Kranj. */
import type { JsonObject } from '../../core/model/json.ts';
import { dayMs, hourMs, type Moment } from './calendar.ts';
import { between, type Chance, drift, pick, round } from './chance.ts';
import {
  idOf,
  line,
  measured,
  numbered,
  point,
  property,
  relationship,
  type SimulatedEntity,
  type Surroundings,
  text,
  timeText,
  upTo,
} from './entity.ts';
import { faultsBetween } from './faults.ts';
import { lampModels, type LampModel, modelEntity } from './lamps.ts';
import { createBurningHours, nightState, type Programme, programmes } from './night.ts';
import { addressOf, type Area, areas, moved, spotIn } from './places.ts';
import type { Register } from './register.ts';

/** Cabinets by area, each with the streets of its groups. */
const cabinets: readonly (readonly [area: Area, programme: Programme, streets: readonly string[]])[] = [
  [areas.oldTown, programmes.allNight, ['Glavni trg', 'Prešernova ulica', 'Tavčarjeva ulica']],
  [areas.centre, programmes.reduced, ['Slovenski trg', 'Koroška cesta', 'Bleiweisova cesta']],
  [areas.planina, programmes.reduced, ['Ulica Gorenjskega odreda', 'Ulica Tuga Vidmarja']],
  [areas.zlatoPolje, programmes.reduced, ['Kidričeva cesta', 'Ulica 31. divizije']],
  [areas.mlaka, programmes.deep, ['Mlaška cesta', 'Zagrajškova ulica']],
];

/** Twelve groups: the first eight have one light more than the others, 128 lights in all. */
const lightsOf = (groupIndex: number): number => (groupIndex < 8 ? 11 : 10);

const spacingM = 28;

/** Lights were there before the registers begin. */
const serviceStarted = Date.UTC(2022, 9, 18);
const registersBegin = Date.UTC(2024, 0, 1);

export function createStreetlighting(around: Surroundings): readonly SimulatedEntity[] {
  const hours = new Map<Programme, Register>();
  let groupIndex = 0;
  const equipment = cabinets.flatMap(([area, programme, streets], index) => {
    const burning = hours.get(programme) ?? createBurningHours(programme);
    hours.set(programme, burning);
    const feed: Feed = { around, area, programme, burning, cabinet: idOf('StreetlightControlCabinet', `pr-${numbered(index + 1)}`), number: index + 1 };
    const groups = streets.map((street) => createGroup(feed, street, groupIndex++));
    return [cabinet(feed, groups), ...groups.flatMap(({ entities }) => entities)];
  });
  return [...lampModels.map(modelEntity), ...equipment];
}

/** What everything behind one cabinet shares. */
interface Feed {
  readonly around: Surroundings;
  readonly area: Area;
  readonly programme: Programme;
  readonly burning: Register;
  readonly cabinet: string;
  readonly number: number;
}

interface Light {
  readonly entity: SimulatedEntity;
  /** Watts drawn now, and kilowatt hours used since service started. */
  readonly watts: (at: Moment) => number;
  readonly energyKwh: (at: Moment) => number;
}

interface Group {
  readonly id: string;
  readonly entities: readonly SimulatedEntity[];
  readonly lights: readonly Light[];
}

/** Reports when something changes, and once an hour. */
const hourOf = (at: Moment): number => Math.floor(at / hourMs);

const slug = (street: string): string =>
  street.toLowerCase().normalize('NFD').replaceAll(/[\u0300-\u036f.]/g, '').replaceAll(' ', '-');

function createGroup(feed: Feed, street: string, groupIndex: number): Group {
  const key = slug(street);
  const id = idOf('StreetlightGroup', key);
  const start = spotIn(feed.area, feed.around.chance, `luci/${key}`).position;
  const bearing = 2 * Math.PI * feed.around.chance(`luci/${key}/bearing`);
  const positions = upTo(lightsOf(groupIndex)).map((index) =>
    moved(start, { eastM: index * spacingM * Math.sin(bearing), northM: index * spacingM * Math.cos(bearing) }),
  );
  const model = modelFor(feed, key);
  const lights = positions.map((position, index) => light(feed, { street, key, group: id, model, position, index }));
  const { programme } = feed;
  const group: SimulatedEntity = {
    id,
    type: 'StreetlightGroup',
    family: 'streetlighting',
    fixed: {
      name: property(street),
      location: line(positions),
      areaServed: property(feed.area.name),
      switchingMode: property(programme.dimmed ? ['night-ON', 'night-LOW', 'day-OFF'] : ['night-ON', 'day-OFF']),
      activeProgramId: property(programme.id),
      circuitId: property(`KR-C-${numbered(groupIndex + 1)}`),
      refStreetlight: relationship(lights.map(({ entity }) => entity.id)),
      refStreetlightControlCabinet: relationship(feed.cabinet),
    },
    readings: (at) => groupReadings(programme, at),
    everyS: 60,
    historyEveryS: 900,
    state: (at) => `${nightState(programme, at).powerState}/${hourOf(at)}`,
  };
  return { id, lights, entities: [group, ...lights.map(({ entity }) => entity)] };
}
