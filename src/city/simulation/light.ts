/** One street light: what it shows, draws and has used, and the days on which it stays dark. */
import type { JsonObject } from '../../core/model/json.ts';
import { hourMs, type Moment } from './calendar.ts';
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

/** What everything behind one cabinet shares. */
export interface Cabinet {
  readonly environment: SimulationEnvironment;
  readonly area: Area;
  readonly programme: Programme;
  /** Hours of full light that the programme makes. */
  readonly burning: Register;
  /** Id of the cabinet. */
  readonly cabinet: string;
}

/** Where a light stands among others. */
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
  /** Watts drawn now. */
  readonly watts: (at: Moment) => number;
  /** Kilowatt hours used since registers began. Never falls. */
  readonly energyKwh: (at: Moment) => number;
}

/** Lights were there before the registers began. */
const registersBegin = Date.UTC(2024, 0, 1);

export function createLight(feed: Cabinet, post: LampPost): Light {
  const { environment, programme, burning } = feed;
  const name = `${post.key}-${numbered(post.index + 1, 2)}`;
  const isDead = (at: Moment): boolean => environment.faultAt('deadLamp', name, at) !== undefined;
  const watts = (at: Moment): number => (isDead(at) ? 0 : post.model.watts * nightState(programme, at).level);
  const darkHours = createDarkHours(feed, name);
  const energyKwh = (at: Moment): number => (post.model.watts * (burning.total(at) - darkHours(at))) / 1000;
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
    // It reports when something changes, and once an hour.
    state: (at) => `${nightState(programme, at).powerState}/${isDead(at)}/${Math.floor(at / hourMs)}`,
  };
  return { entity, watts, energyKwh };
}

/** Hours of full light that a lamp missed because it was dead, up to a moment. */
function createDarkHours({ environment: { chance }, burning }: Cabinet, name: string): (at: Moment) => number {
  // Sums at the ends of faults are asked for again with every reading: looking them up spares days of sums.
  const ends = new Map<Moment, number>();
  const totalAtEnd = (end: Moment): number => {
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

function switching(programme: Programme, isDead: boolean, at: Moment): JsonObject {
  const { level, powerState, switchedOn, switchedOff } = nightState(programme, at);
  return {
    status: measured(isDead ? 'defectiveLamp' : 'ok', at),
    powerState: measured(isDead ? 'off' : powerState, at),
    illuminanceLevel: measured(isDead ? 0 : level, at, 'C62'),
    dateLastSwitchingOn: measured(timeText(secondOf(switchedOn)), at),
    dateLastSwitchingOff: measured(timeText(secondOf(switchedOff)), at),
  };
}

export const secondOf = (at: Moment): Moment => Math.floor(at / 1000) * 1000;

function drawn(
  { chance }: SimulationEnvironment,
  { name, watts }: { readonly name: string; readonly watts: number },
  at: Moment,
): JsonObject {
  const voltage = 231 + 2 * drift(chance, `${name}/mains`, at / (hourMs / 2));
  const powerFactor = 0.96;
  return {
    powerConsumption: measured(round(watts, 1), at, 'WTT'),
    voltage: measured(round(voltage, 1), at, 'VLT'),
    current: measured(round(watts / (voltage * powerFactor), 3), at, 'AMP'),
  };
}
