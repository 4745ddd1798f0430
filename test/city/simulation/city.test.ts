/** Tests the simulated Kranj: 500 entities that are valid at any moment, and identical for the same seed. */
import { describe, expect, test } from '@jest/globals';
import { knownContexts } from '../../../src/city/models/bundled-contexts.ts';
import { readModelIndex } from '../../../src/city/models/model-index.ts';
import { readModelModes } from '../../../src/city/models/model-modes.ts';
import { createModels } from '../../../src/city/models/models.ts';
import { createCity, entityAt, historyBetween, updatesBetween } from '../../../src/city/simulation/city.ts';
import { createContexts } from '../../../src/core/jsonld/resolve.ts';
import { isObject, type Json, type JsonObject } from '../../../src/core/model/json.ts';
import { readEntity, readFragment } from '../../../src/core/model/read/entity.ts';

const directory = new URL('../../../smart-data-models/', import.meta.url).pathname;
const index = readModelIndex(directory);
const contexts = createContexts({ load: (url) => Promise.reject(new Error(url)), known: knownContexts(directory) });
const models = createModels({ directory, modes: readModelModes('reject') });
const urlOf = (family: string): string => index.families.find(({ name }) => name === family)?.context.url ?? '';

const simulatedTypes = [
  'environment/AirQualityObserved',
  'environment/IndoorEnvironmentObserved',
  'environment/NoiseLevelObserved',
  'environment/WeatherObserved',
  'metering/Device',
  'metering/SmartMeteringObservation',
  'metering/WaterConsumptionObserved',
  'parking/OffStreetParking',
  'parking/OnStreetParking',
  'parking/ParkingGroup',
  'parking/ParkingSpot',
  'streetlighting/Streetlight',
  'streetlighting/StreetlightControlCabinet',
  'streetlighting/StreetlightGroup',
  'streetlighting/StreetlightModel',
];

const city = createCity(7);
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Moments of all seasons and hours, some of them in the hours around a change of clocks and a turn of the year. */
const moments: readonly number[] = [
  ...Array.from(
    { length: 40 },
    (_, turn) => Date.UTC(2025, 0, 1) + turn * 11 * dayMs + turn * 1.7 * hourMs + turn * 977,
  ),
  Date.UTC(2026, 2, 29, 0, 59, 59),
  Date.UTC(2026, 2, 29, 1),
  Date.UTC(2026, 9, 25, 1),
  Date.UTC(2025, 11, 31, 23),
  Date.UTC(2024, 0, 1),
  Date.UTC(2023, 5, 1, 12),
];

const valueOf = (entity: JsonObject, name: string): Json | undefined => {
  const attribute = entity[name];
  return isObject(attribute) ? attribute['value'] : undefined;
};

describe('the simulated city', () => {
  test('it has 500 entities with ids of their own, of fifteen types that have a model', () => {
    expect(new Set(city.entities.map(({ id }) => id)).size).toBe(500);
    const modelled = index.families.flatMap((family) => family.types.map(({ name }) => `${family.name}/${name}`));
    const simulated = new Set(city.entities.map(({ family, type }) => `${family}/${type}`));
    expect(modelled).toEqual(expect.arrayContaining([...simulated]));
    expect([...simulated].sort()).toEqual(simulatedTypes);
  });

  test('every entity is as its model wants it, at any moment', async () => {
    const violations: unknown[] = [];
    for (const at of moments) {
      for (const one of city.entities) {
        const document = entityAt(one, at);
        const whole = readEntity(document, await contexts.resolve(urlOf(one.family)));
        for (const violation of models.check(whole, true).refused) {
          violations.push({ id: one.id, at: new Date(at).toISOString(), ...violation });
        }
      }
    }
    expect(violations).toEqual([]);
  }, 60_000);

  test('every attribute is one that the model names, so that none goes unchecked', async () => {
    const ruled = new Map(index.families.map((family) => [family.name, contexts.resolve(family.context.url)]));
    const unknown = new Set<string>();
    for (const one of city.entities) {
      const context = await ruled.get(one.family);
      const whole = readEntity(entityAt(one, Date.UTC(2026, 0, 10, 8)), context as never);
      for (const name of Object.keys(whole.attrs))
        if (name.includes('default-context')) unknown.add(`${one.type} ${name}`);
    }
    expect([...unknown]).toEqual([]);
  });

  test('relationships point to entities that are there', () => {
    const ids = new Set(city.entities.map(({ id }) => id));
    const targets = city.entities.flatMap(({ fixed }) =>
      Object.values(fixed).flatMap((attribute) => (isObject(attribute) ? [attribute['object'] ?? []].flat() : [])),
    );
    expect(targets.length).toBeGreaterThan(400);
    expect(targets.filter((target) => !ids.has(target as string))).toEqual([]);
  });

  test('the same seed gives the same bytes, whatever was asked before; another seed gives others', () => {
    const again = createCity(7);
    const some = moments.filter((_, turn) => turn % 3 === 0);
    const late = some.map((at) => again.entities.map((entity) => entityAt(entity, at)));
    const early = [...some].reverse().map((at) => city.entities.map((entity) => entityAt(entity, at)));
    expect(JSON.stringify(late.reverse())).toBe(JSON.stringify(early));
    const other = createCity(8);
    expect(JSON.stringify(other.entities.map((entity) => entityAt(entity, moments[3] ?? 0)))).not.toBe(
      JSON.stringify(city.entities.map((entity) => entityAt(entity, moments[3] ?? 0))),
    );
  });

  test('registers never fall', () => {
    const registers = [
      'totalConsumption',
      'peakConsumption',
      'offPeakConsumption',
      'totalVolume',
      'waterConsumption',
      'lifetimePowerConsumption',
      'energyConsumed',
    ];
    const falls: string[] = [];
    let compared = 0;
    const last = new Map<string, number>();
    const sample = city.entities.filter(
      ({ family }, turn) => turn % 5 === 0 && (family === 'metering' || family === 'streetlighting'),
    );
    for (let at = Date.UTC(2025, 9, 24); at < Date.UTC(2025, 9, 29); at += 75 * 60_000) {
      const read = sample.flatMap(({ id, readings }) =>
        Object.entries(readings(at)).map(([name, one]) => ({
          key: `${id} ${name}`,
          name,
          value: isObject(one) ? one['value'] : undefined,
        })),
      );
      for (const { key, name, value } of read) {
        if (!registers.includes(name) || typeof value !== 'number') continue;
        const before = last.get(key) ?? value;
        compared += last.has(key) ? 1 : 0;
        if (value < before) falls.push(`${key} ${before} ${value} ${new Date(at).toISOString()}`);
        last.set(key, value);
      }
    }
    expect(falls).toEqual([]);
    expect(compared).toBeGreaterThan(5000);
  }, 60_000);

  test('no more spaces are taken than there are, and sensors agree with their group', () => {
    for (const at of moments) {
      const documents = new Map(city.entities.map((entity) => [entity.id, entityAt(entity, at)]));
      for (const broker of documents.values()) {
        const total = valueOf(broker, 'totalSpotNumber');
        const free = valueOf(broker, 'availableSpotNumber');
        const taken = valueOf(broker, 'occupiedSpotNumber');
        if (typeof total === 'number' && typeof taken === 'number') expect(taken + (free as number)).toBe(total);
        const spots = isObject(broker['refParkingSpot']) ? (broker['refParkingSpot']['object'] as string[]) : [];
        const freeSpots = spots.filter((spot) => valueOf(documents.get(spot) ?? {}, 'status') === 'free').length;
        if (spots.length > 0) expect({ id: broker['id'], free }).toEqual({ id: broker['id'], free: freeSpots });
      }
    }
  });

  test('the day is told from the night, a workday from a Sunday, winter from summer', () => {
    const find = (id: string): (typeof city.entities)[number] =>
      city.entities.find((entity) => entity.id === `urn:ngsi-ld:${id}`) as never;
    const lamp = find('StreetlightGroup:kranj:glavni-trg');
    expect(valueOf(lamp.readings(Date.UTC(2026, 5, 10, 11)), 'powerState')).toBe('off');
    expect(valueOf(lamp.readings(Date.UTC(2026, 5, 10, 21)), 'powerState')).toBe('on');
    const dimmed = find('StreetlightGroup:kranj:mlaska-cesta');
    expect(valueOf(dimmed.readings(Date.UTC(2026, 5, 10, 1)), 'powerState')).toBe('low');
    const heat = city.entities.filter(({ id }) => id.includes('toplota'));
    const powerAt = (at: number): number =>
      heat.reduce((sum, entity) => sum + Number(valueOf(entity.readings(at), 'power')), 0);
    expect(powerAt(Date.UTC(2026, 0, 14, 18))).toBeGreaterThan(3 * powerAt(Date.UTC(2025, 6, 14, 18)));
    const huje = find('OffStreetParking:kranj:huje');
    const takenAt = (at: number): number => Number(valueOf(huje.readings(at), 'occupancy'));
    expect(takenAt(Date.UTC(2026, 2, 4, 9))).toBeGreaterThan(takenAt(Date.UTC(2026, 2, 8, 9)) + 0.3);
    const room = city.entities.find(({ type }) => type === 'IndoorEnvironmentObserved') as never as typeof huje;
    expect(valueOf(room.readings(Date.UTC(2026, 2, 4, 8, 30)), 'co2')).toBeGreaterThan(800);
    expect(valueOf(room.readings(Date.UTC(2026, 2, 8, 9)), 'peopleCount')).toBe(0);
  });
});

describe('what the city reports', () => {
  const from = Date.UTC(2026, 2, 2, 6, 0, 7);
  const to = from + 20 * 60_000;

  test('live updates come in order of time, and spans that follow each other give what the whole gives', () => {
    const whole = updatesBetween(city, from, to);
    expect(whole.length).toBeGreaterThan(2000);
    expect(whole.every(({ at }, position) => at >= from && at < to && at >= (whole[position - 1]?.at ?? 0))).toBe(true);
    const middle = from + 345_678;
    const parts = [...updatesBetween(city, from, middle), ...updatesBetween(city, middle, to)];
    expect(JSON.stringify(parts)).toBe(JSON.stringify(whole));
  });

  test('at any second only a part of the city reports', () => {
    const perSecond = new Map<number, number>();
    for (const { at } of updatesBetween(city, from, to)) perSecond.set(at, (perSecond.get(at) ?? 0) + 1);
    expect(Math.max(...perSecond.values())).toBeLessThan(60);
  });

  test('history has its readings at full quarters, and spaces only when a car came or went', () => {
    const history = historyBetween(city, from, from + 6 * hourMs);
    expect(history.length).toBeGreaterThan(2000);
    expect(history.every(({ at }) => at % 900_000 === 0)).toBe(true);
    const statuses = new Map<string, Json | undefined>();
    for (const { id, attrs, entity } of history) {
      if (entity.type !== 'ParkingSpot') continue;
      expect(valueOf(attrs, 'status')).not.toBe(statuses.get(id));
      statuses.set(id, valueOf(attrs, 'status'));
    }
    expect(statuses.size).toBeGreaterThan(50);
  });

  test('a reading is a part of the entity that its model accepts', async () => {
    for (const { attrs, id, entity } of historyBetween(city, from, from + 1_000_000)) {
      const context = await contexts.resolve(urlOf(entity.family));
      const fragment = readFragment(attrs, context, { id, nulls: 'none' as never });
      const whole = readEntity(entityAt(entity, from), context);
      expect({
        id,
        violations: models.check({ id, types: whole.types, attrs: fragment.attrs }, false).refused,
      }).toEqual({
        id,
        violations: [],
      });
    }
  });
});

describe('what goes wrong in the city', () => {
  const span: readonly number[] = Array.from({ length: 40 * 8 }, (_, turn) => Date.UTC(2026, 0, 1) + turn * 3 * hourMs);

  test('some meters leak: the alarm is on and water runs at night', () => {
    const meters = city.entities.filter(({ type }) => type === 'WaterConsumptionObserved');
    const alarms = meters.flatMap(({ readings }) =>
      span.map((at) => readings(at)).filter((one) => valueOf(one, 'alarmInProgress') === 1),
    );
    expect(alarms.length).toBeGreaterThan(30);
    expect(alarms.every((one) => Number(valueOf(one, 'minFlow')) >= 15)).toBe(true);
    expect(new Set(alarms.map((one) => valueOf(one, 'alarmFlowPersistence')))).toEqual(
      new Set(['In progress impacting persistence']),
    );
  });

  test('some lamps are dead: they draw nothing while others burn', () => {
    const lamps = city.entities.filter(({ type }) => type === 'Streetlight');
    const dead = lamps.flatMap(({ readings }) =>
      span
        .filter((_, turn) => turn % 12 === 0)
        .map((at) => readings(at))
        .filter((one) => valueOf(one, 'status') === 'defectiveLamp'),
    );
    expect(dead.length).toBeGreaterThan(20);
    expect(dead.every((one) => valueOf(one, 'powerConsumption') === 0 && valueOf(one, 'powerState') === 'off')).toBe(
      true,
    );
  });

  test('some are silent for hours, and some sensors repeat themselves', () => {
    const silent = city.entities.filter(
      ({ isSilent, type }) => type !== 'StreetlightModel' && span.some((at) => isSilent?.(at)),
    );
    expect(silent.length).toBeGreaterThan(20);
    const quiet = silent[0];
    const since = span.find((at) => quiet?.isSilent?.(at)) ?? 0;
    let until = since;
    while (quiet?.isSilent?.(until)) until += 60_000;
    until -= 60_000;
    expect(updatesBetween(city, since, until).some(({ id }) => id === quiet?.id)).toBe(false);
    const weather = city.entities.filter(({ type }) => type === 'WeatherObserved');
    const repeats = weather.flatMap(({ readings }) =>
      span.filter(
        (at) =>
          valueOf(readings(at), 'temperature') === valueOf(readings(at - hourMs), 'temperature') &&
          valueOf(readings(at), 'windDirection') === valueOf(readings(at - hourMs), 'windDirection'),
      ),
    );
    expect(repeats.length).toBeGreaterThan(3);
  });
});
