/** Simulates car parks, street parking, groups of spaces and single spaces with sensors in Kranj. */
import type { JsonObject } from '../../core/model/json.ts';
import type { EpochMs } from './calendar.ts';
import { pick, round } from './chance.ts';
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
  text,
  timeText,
  upTo,
} from './entity.ts';
import { isTaken, shareTaken } from './occupancy.ts';
import { addressOf, moved, type Position, spotIn } from './places.ts';
import { type CarPark, carParks, type StreetParking, streetParkings } from './sites.ts';

/** The number of sites per sort that have a group of spaces with sensors. The first two groups have one more space. */
const groupsPerSort = 7;
const spotsPerGroup = 7;

/** The part of a site that its group needs. */
interface Site {
  readonly key: string;
  readonly id: string;
  readonly name: string;
  readonly spots: number;
  readonly position: Position;
  readonly isOnStreet: boolean;
  readonly share: (at: EpochMs) => number;
}

/** Spaces with sensors, and the number of occupied ones. */
interface Group {
  readonly entities: readonly SimulatedEntity[];
  readonly id: string;
  readonly spots: number;
  readonly taken: (at: EpochMs) => number;
}

export function createParking(environment: SimulationEnvironment): readonly SimulatedEntity[] {
  return [
    ...carParks.flatMap((park, index) => {
      const share = shareTaken(environment, park.key, park.clientele);
      const id = idOf('OffStreetParking', park.key);
      const site: Site = { ...park, id, name: park.sl, isOnStreet: false, share };
      const group =
        index < groupsPerSort ? createGroup(environment, site, spotsPerGroup + (index === 0 ? 1 : 0)) : undefined;
      return [carPark(park, site, group), ...(group?.entities ?? [])];
    }),
    ...streetParkings.flatMap((street, index) => {
      const share = shareTaken(environment, street.key, street.clientele);
      const { position } = spotIn(street.area, environment.chance, street.key);
      const site: Site = {
        ...street,
        id: idOf('OnStreetParking', street.key),
        name: street.street,
        position,
        isOnStreet: true,
        share,
      };
      const group =
        index < groupsPerSort ? createGroup(environment, site, spotsPerGroup + (index === 0 ? 1 : 0)) : undefined;
      return [streetParking(environment, street, { site, group }), ...(group?.entities ?? [])];
    }),
  ];
}

/** The number of occupied spaces of a site. Spaces with sensors are counted one by one; for the others the share is applied. */
function occupiedOf(site: Site, group: Group | undefined): (at: EpochMs) => number {
  const { spots: sensed = 0, taken = () => 0 } = group ?? {};
  return (at) => taken(at) + Math.round((site.spots - sensed) * site.share(at));
}

const occupancyReadings = (spots: number, occupied: number, at: EpochMs): JsonObject => ({
  availableSpotNumber: measured(spots - occupied, at),
  occupiedSpotNumber: measured(occupied, at),
  occupancy: measured(round(occupied / spots, 3), at, 'C62'),
});

const sited = { family: 'parking', everyS: 60, historyEveryS: 900 } as const;

function carPark(park: CarPark, site: Site, group: Group | undefined): SimulatedEntity {
  const occupiedAt = occupiedOf(site, group);
  const kind = park.isGarage ? 'parkingGarage' : 'parkingLot';
  return {
    ...sited,
    id: site.id,
    type: 'OffStreetParking',
    fixed: {
      name: text(park.sl, park.en),
      category: property([
        kind,
        'public',
        park.isFree ? 'free' : 'feeCharged',
        ...(park.isFree ? [] : ['barrierAccess']),
      ]),
      layout: property(park.isGarage ? ['multiStorey', 'covered'] : ['surface', 'openSpace']),
      location: point(park.position),
      address: property(addressOf(park.area, park.sl)),
      areaServed: property(park.area.name),
      allowedVehicleType: property(['car', 'van']),
      totalSpotNumber: property(park.spots),
      occupancyDetectionType: property(group ? ['balancing', 'singleSpaceDetection'] : ['balancing']),
      openingHours: property('Mo-Su 00:00-24:00'),
      ...price(park),
      ...(park.isGarage ? { maximumAllowedHeight: property(2.1, 'MTR') } : undefined),
      ...(group ? { refParkingGroup: relationship(group.id) } : undefined),
    },
    readings: (at) => {
      const occupied = occupiedAt(at);
      const status = ['open', statusOf(occupied / park.spots)];
      return { ...occupancyReadings(park.spots, occupied, at), status: measured(status, at) };
    },
  };
}

const price = ({ isFree }: CarPark): JsonObject =>
  isFree
    ? { chargeType: property('free') }
    : {
        chargeType: property(['firstIntervalPrice', 'additionalIntervalPrice']),
        priceRatePerMinute: property(0.01),
        priceCurrency: property('EUR'),
      };

function statusOf(share: number): string {
  if (share >= 0.99) return 'full';
  return share > 0.9 ? 'almostFull' : 'spacesAvailable';
}

const rules: Record<StreetParking['rule'], JsonObject> = {
  blueZone: {
    category: property(['blueZone', 'shortTerm', 'public']),
    chargeType: property('temporaryFee'),
    requiredPermit: property('blueZonePermit'),
    permitActiveHours: property({ blueZonePermit: 'Mo-Fr 07:00-17:00; Sa 07:00-12:00' }),
    maximumParkingDuration: property('PT2H'),
  },
  residents: {
    category: property(['forResidents', 'onlyWithPermit']),
    chargeType: property('annualPayment'),
    requiredPermit: property('residentPermit'),
  },
  free: {
    category: property(['free', 'public']),
    chargeType: property('free'),
    requiredPermit: property('noPermitNeeded'),
  },
};

interface Place {
  readonly site: Site;
  readonly group: Group | undefined;
}

function streetParking(
  { chance }: SimulationEnvironment,
  street: StreetParking,
  { site, group }: Place,
): SimulatedEntity {
  const bearing = 2 * Math.PI * chance(`${street.key}/bearing`);
  const lengthM = street.spots * 5.5;
  const occupiedAt = occupiedOf(site, group);
  const end = moved(site.position, { eastM: lengthM * Math.sin(bearing), northM: lengthM * Math.cos(bearing) });
  return {
    ...sited,
    id: site.id,
    type: 'OnStreetParking',
    fixed: {
      name: property(street.street),
      location: line([site.position, end]),
      address: property(addressOf(street.area, street.street)),
      areaServed: property(street.area.name),
      allowedVehicleType: property('car'),
      parkingMode: property(
        pick(chance, `${street.key}/mode`, ['parallelParking', 'perpendicularParking', 'echelonParking']),
      ),
      areBordersMarked: property(street.rule !== 'free'),
      totalSpotNumber: property(street.spots),
      averageSpotLength: property(5.5, 'MTR'),
      averageSpotWidth: property(2.1, 'MTR'),
      ...rules[street.rule],
      ...(group ? { refParkingGroup: relationship(group.id) } : undefined),
    },
    readings: (at) => occupancyReadings(street.spots, occupiedAt(at), at),
  };
}

/** The purposes of groups in car parks. */
const purposes = [
  { category: 'onlyDisabled', permit: 'disabledPermit', sl: 'Mesta za invalide', en: 'Spaces for disabled people' },
  { category: 'onlyElectricalCharging', permit: 'noPermitNeeded', sl: 'Mesta za polnjenje', en: 'Charging spaces' },
  { category: 'particularConditionsSpaces', permit: 'noPermitNeeded', sl: 'Mesta za družine', en: 'Family spaces' },
] as const;

function createGroup(environment: SimulationEnvironment, site: Site, count: number): Group {
  const id = idOf('ParkingGroup', site.key);
  const purpose = pick(environment.chance, `${site.key}/purpose`, purposes);
  const sensors = upTo(count).map((index) => sensor(environment, site, index));
  const taken = (at: EpochMs): number => sensors.filter((one) => one.isTaken(at)).length;
  const group: SimulatedEntity = {
    ...sited,
    id,
    type: 'ParkingGroup',
    fixed: {
      name: property(`${site.name}: mesta s senzorji`),
      description: site.isOnStreet ? text('Mesta ob cesti', 'Spaces along the street') : text(purpose.sl, purpose.en),
      category: property(
        site.isOnStreet ? ['onStreet', 'adjacentSpaces'] : ['offStreet', 'adjacentSpaces', purpose.category],
      ),
      ...(site.isOnStreet ? undefined : { requiredPermit: property(purpose.permit) }),
      location: point(site.position),
      allowedVehicleType: property('car'),
      totalSpotNumber: property(count),
      occupancyDetectionType: property('singleSpaceDetection'),
      refParkingSite: relationship(site.id),
      refParkingSpot: relationship(sensors.map(({ entity }) => entity.id)),
    },
    readings: (at) => ({ availableSpotNumber: measured(count - taken(at), at) }),
  };
  return { id, taken, spots: count, entities: [group, ...sensors.map(({ entity }) => entity)] };
}

interface Sensor {
  readonly entity: SimulatedEntity;
  readonly isTaken: (at: EpochMs) => boolean;
}

/** One space. It reports when a car arrives or leaves. */
function sensor(environment: SimulationEnvironment, site: Site, index: number): Sensor {
  const name = `${site.key}-${numbered(index + 1)}`;
  const taken = isTaken(environment, name, site.share);
  const status = (at: EpochMs): string => (taken(at) ? 'occupied' : 'free');
  const size = site.isOnStreet ? { width: 2.1, length: 5.5, stepM: 5.5 } : { width: 2.5, length: 5, stepM: 2.5 };
  const entity: SimulatedEntity = {
    id: idOf('ParkingSpot', name),
    type: 'ParkingSpot',
    family: 'parking',
    fixed: {
      name: property(`${site.name} ${index + 1}`),
      category: property(site.isOnStreet ? 'onStreet' : 'offStreet'),
      location: point(moved(site.position, { eastM: size.stepM * index, northM: 3 })),
      width: property(size.width, 'MTR'),
      length: property(size.length, 'MTR'),
      refParkingSite: relationship(site.id),
      refParkingGroup: relationship(idOf('ParkingGroup', site.key)),
    },
    readings: (at) => ({ status: measured(status(at), at), timeInstant: measured(timeText(at), at) }),
    everyS: 10,
    historyEveryS: 900,
    state: status,
    isSilent: (at) => environment.faultAt('silence', name, at) !== undefined,
  };
  return { entity, isTaken: taken };
}
