/** Simulates one street light: its state, power and energy, and the days on which it is broken. */
import type { JsonObject } from '../../core/model/json.ts';
import { hourMs, type EpochMs } from './calendar.ts';
import { drift, round } from './chance.ts';
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
} from './entity.ts';
import { faultsBetween } from './faults.ts';
import { type LampModel, lampModelId } from './lamps.ts';
import { nightState, type Programme } from './night.ts';
import { type Area, addressOf, type Position } from './places.ts';
import type { Register } from './register.ts';

/** What all lights of a cabinet share. */
export interface Cabinet {
  readonly environment: SimulationEnvironment;
  readonly area: Area;
  readonly programme: Programme;
  /** Burning hours according to the programme (`createBurningHours`). */
  readonly burning: Register;
  /** The id of the cabinet. */
  readonly cabinet: string;
}

/** The place of a light. */
export interface LampPost {
  readonly street: string;
  readonly key: string;
  readonly index: number;
  readonly position: Position;
  readonly group: string;
  readonly model: LampModel;
}

export interface Light {
  readonly entity: SimulatedEntity;
  /** The power in watts. */
  readonly watts: (at: EpochMs) => number;
  /** The energy in kilowatt hours since the registers began. Never decreases. */
  readonly energyKwh: (at: EpochMs) => number;
}

/** The lights were installed before the registers began. */
const registersBegin = Date.UTC(2024, 0, 1);

export function createLight(feed: Cabinet, post: LampPost): Light {
  const { environment, programme, burning } = feed;
  const name = `${post.key}-${numbered(post.index + 1, 2)}`;
  const isDead = (at: EpochMs): boolean => environment.faultAt('deadLamp', name, at) !== undefined;
  const watts = (at: EpochMs): number => (isDead(at) ? 0 : post.model.watts * nightState(programme, at).level);
  const darkHours = createDarkHours(feed, name);
  const energyKwh = (at: EpochMs): number => (post.model.watts * (burning.total(at) - darkHours(at))) / 1000;
  const entity: SimulatedEntity = {
    id: idOf('Streetlight', name),
    type: 'Streetlight',
    family: 'streetlighting',
    fixed: fixedOf(feed, post),
    readings: (at) => ({
      ...switching(programme, isDead(at), at),
      ...drawn(environment, { name, watts: watts(at) }, at),
      lifetimePowerConsumption: measured(round(energyKwh(at), 2), at, 'KWH'),
    }),
    everyS: 60,
    historyEveryS: 900,
    // It reports when its state changes, and once an hour.
    state: (at) => `${nightState(programme, at).powerState}/${isDead(at)}/${Math.floor(at / hourMs)}`,
  };
  return { entity, watts, energyKwh };
}

/** The hours at full brightness, up to a moment, that a lamp missed because it was broken. */
function createDarkHours({ environment: { chance }, burning }: Cabinet, name: string): (at: EpochMs) => number {
  // Every reading needs the totals at the ends of faults. The cache avoids summing over days again.
  const ends = new Map<EpochMs, number>();
  const totalAtEnd = (end: EpochMs): number => {
    const total = ends.get(end) ?? burning.total(end);
    ends.set(end, total);
    return total;
  };
  return (at) =>
    faultsBetween(chance, { kind: 'deadLamp', name }, [registersBegin, at])
      .map(({ since, until }) => (until <= at ? totalAtEnd(until) : burning.total(at)) - totalAtEnd(since))
      .reduce((sum, hours) => sum + hours, 0);
}

function fixedOf(feed: Cabinet, { street, key, index, position, group, model }: LampPost): JsonObject {
  return {
    name: property(`${street}, svetilka ${index + 1}`),
    location: point(position),
    address: property(addressOf(feed.area, street)),
    areaServed: property(feed.area.name),
    locationCategory: property(model.heightM < 2 ? 'pedestrianPath' : 'road'),
    controllingMethod: property('group'),
    lanternHeight: property(model.heightM, 'MTR'),
    streetPoleNum: property(`${key}-${numbered(index + 1, 2)}`.toUpperCase()),
    powerRating: property(model.watts, 'WTT'),
    dateServiceStarted: property(timeText(Date.UTC(2022, 9, 18))),
    refStreetlightGroup: relationship(group),
    refStreetlightModel: relationship(lampModelId(model)),
    refStreetlightControlCabinet: relationship(feed.cabinet),
  };
}

function switching(programme: Programme, isDead: boolean, at: EpochMs): JsonObject {
  const { level, powerState, switchedOn, switchedOff } = nightState(programme, at);
  return {
    status: measured(isDead ? 'defectiveLamp' : 'ok', at),
    powerState: measured(isDead ? 'off' : powerState, at),
    illuminanceLevel: measured(isDead ? 0 : level, at, 'C62'),
    dateLastSwitchingOn: measured(timeText(secondOf(switchedOn)), at),
    dateLastSwitchingOff: measured(timeText(secondOf(switchedOff)), at),
  };
}

export const secondOf = (at: EpochMs): EpochMs => Math.floor(at / 1000) * 1000;

function drawn(
  { chance }: SimulationEnvironment,
  { name, watts }: { readonly name: string; readonly watts: number },
  at: EpochMs,
): JsonObject {
  const voltage = 231 + 2 * drift(chance, `${name}/mains`, at / (hourMs / 2));
  const powerFactor = 0.96;
  return {
    powerConsumption: measured(round(watts, 1), at, 'WTT'),
    voltage: measured(round(voltage, 1), at, 'VLT'),
    current: measured(round(watts / (voltage * powerFactor), 3), at, 'AMP'),
  };
}
