/** Tests the watch of a tenant on stores: alerts, marks, devices, restarts, and what it must leave alone. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { createNumericAttributes } from '../../../src/city/models/model-bounds.ts';
import { summaryPlan } from '../../../src/city/watch/summary.ts';
import { openTenantWatch, type TenantWatch } from '../../../src/city/watch/tenant-watch.ts';
import type { Fragment, Fragments } from '../../../src/core/model/attribute.ts';
import type { Entity } from '../../../src/core/model/entity.ts';
import { instantOf, microsOfInstant } from '../../../src/core/model/instant.ts';
import type { Json } from '../../../src/core/model/json.ts';
import type { Observation } from '../../../src/core/port/observe.ts';
import type { Store, Stores } from '../../../src/core/port/store.ts';
import { watchedSeriesCollection } from '../../../src/core/port/watch.ts';
import { createMemoryStores } from '../../../src/store/memory/stores.ts';
import { createSqliteStores } from '../../../src/store/sqlite/stores.ts';
import { eventually } from '../../edge/deliver/test-broker.ts';

const start = microsOfInstant('2026-03-02T08:00:00Z');
const minute = 60_000_000;
const iri = (name: string): string => `https://uri.etsi.org/ngsi-ld/default-context/${name}`;
const status = 'https://uri.etsi.org/ngsi-ld/status';
const models = createNumericAttributes(new URL('../../../smart-data-models/', import.meta.url).pathname);

const property = (value: Json, more: Partial<Fragment> = {}): readonly Fragment[] => [
  { kind: 'Property', value, ...more },
];

/** A tenant with a clock that the test sets. */
class Town {
  now = start;
  readonly observed: Observation[] = [];
  watch: TenantWatch | undefined;
  readonly #store: Store;
  constructor(store: Store) {
    this.#store = store;
  }

  async write(id: string, type: string, attrs: Fragments, mode: 'update' | 'replace' = 'update'): Promise<void> {
    const mutation = { op: 'upsert', id, mode, entity: { types: [iri(type)], attrs } } as const;
    const [outcome] = await this.#store.apply([{ mutation }], instantOf(this.now));
    expect(outcome?.status).not.toBe('refused');
  }

  rule(values: Readonly<Record<string, Json>>, id = 'urn:ngsi-ld:WatchRule:1'): Promise<void> {
    const attrs = Object.fromEntries(Object.entries(values).map(([name, value]) => [iri(name), property(value)]));
    return this.write(id, 'WatchRule', attrs);
  }

  /** A value of the meter, a minute after the one before. */
  async measure(value: number, more: Fragments = {}, type = 'Meter'): Promise<void> {
    this.now += minute;
    const level = property(value, { observedAt: instantOf(this.now) });
    await this.write('urn:ngsi-ld:Meter:1', type, { [iri('level')]: level, ...more });
  }

  async open(seriesMax = 100): Promise<void> {
    this.watch = await openTenantWatch({
      tenant: '',
      store: this.#store,
      clock: { now: () => instantOf(this.now) },
      observe: (observation) => this.observed.push(observation),
      yieldToEventLoop: () => undefined,
      models,
      seriesMax,
      leaseTerm: () => ({ part: 0, term: 0 }),
    });
  }

  async entity(id = 'urn:ngsi-ld:Meter:1'): Promise<Entity | undefined> {
    return (await this.#store.get(id, instantOf(this.now)))?.entity();
  }

  /** The alerts as `rule status`, when there are as many as wanted. */
  async alerts(isWanted: (all: readonly string[]) => boolean): Promise<readonly string[]> {
    return eventually(
      async () => (await this.alertEntities()).map(({ attrs }) => `${text(attrs, 'ruleName')} ${text(attrs, status)}`),
      isWanted,
    );
  }

  async alertEntities(): Promise<readonly Entity[]> {
    const types = { op: 'type', type: iri('Alert') } as const;
    const found = await this.#store.find({ filter: { selectors: [{ types }] }, limit: 50, now: instantOf(this.now) });
    return found.map((one) => one.entity());
  }

  /** The mark of the meter's value. */
  async mark(): Promise<Json | undefined> {
    const [level] = (await this.entity())?.attrs[iri('level')] ?? [];
    return level?.attrs?.[iri('quality')]?.[0]?.value;
  }
}

const text = (attrs: Entity['attrs'], name: string): string => String((attrs[name] ?? attrs[iri(name)])?.[0]?.value);

const directory = mkdtempSync(join(tmpdir(), 'mlaka-watch-'));
const stores: Readonly<Record<string, Stores>> = {
  memory: createMemoryStores(),
  sqlite: createSqliteStores({ directory, yieldToEventLoop: () => undefined }),
};
const towns: Town[] = [];
afterEach(async () => {
  for (const town of towns) await town.watch?.stop();
});
afterAll(async () => {
  for (const one of Object.values(stores)) await one.close();
  rmSync(directory, { recursive: true });
});

/** A new tenant. */
async function townOf(kind: string): Promise<{ readonly town: Town; readonly store: Store }> {
  const store = await stores[kind]?.open(`town${towns.length}`, true);
  if (!store) throw new Error(`There is no store ${kind}.`);
  const town = new Town(store);
  towns.push(town);
  return { town, store };
}

const isLength =
  (length: number) =>
  (all: readonly string[]): boolean =>
    all.length === length;
const isStatus =
  (wanted: string) =>
  (all: readonly string[]): boolean =>
    all.includes(wanted);

describe.each(['memory', 'sqlite'])('the watch of a tenant (%s)', (kind) => {
  test('opens one alert for a fault, gives each faulty value a mark, and ends both', async () => {
    const { town, store } = await townOf(kind);
    await town.rule({ watchedType: 'Meter', maximum: 10, checks: 'range' });
    await town.open();
    for (const value of [5, 50, 51, 52]) await town.measure(value);
    expect(await town.alerts(isLength(1))).toEqual(['range open']);
    await eventually(
      () => town.mark(),
      (mark) => mark === 'suspect',
    );
    // Values that were replaced before they were marked have their marks in the history.
    const temporal = { timeproperty: 'observedAt' } as const;
    const plan = { filter: {}, temporal, limit: 10, limitInstances: 100, now: instantOf(town.now) };
    const marks = await eventually(
      async () => {
        const history = (await store.history(plan)).find(({ id }) => id === 'urn:ngsi-ld:Meter:1');
        return (history?.attrs[iri('level')] ?? []).map(({ value, attrs }) => [
          value,
          attrs?.[iri('quality')]?.[0]?.value,
        ]);
      },
      (all) => all.length === 4 && all.slice(1).every(([, mark]) => mark === 'suspect'),
    );
    expect(marks[0]).toEqual([5, undefined]);
    for (const value of [6, 7, 8]) await town.measure(value);
    expect(await town.alerts(isStatus('range closed'))).toEqual(['range closed']);
    expect(await town.mark()).toBeUndefined();
    const [alert] = await town.alertEntities();
    expect(['observedValue', 'faultyValues', 'alertSource'].map((name) => text(alert?.attrs ?? {}, name))).toEqual([
      '52',
      '3',
      'urn:ngsi-ld:Meter:1',
    ]);
  });

  test('checks values that came in one go with the rule about them, and leaves other types alone', async () => {
    const { town, store } = await townOf(kind);
    await town.rule({ watchedType: 'Elsewhere' });
    await town.open();
    const rule = {
      types: [iri('WatchRule')],
      attrs: { [iri('watchedType')]: property('Meter'), [iri('maximum')]: property(10) },
    };
    const entities = [
      { id: 'urn:ngsi-ld:Other:1', types: [iri('Other')], attrs: { [iri('level')]: property(50) } },
      { id: 'urn:ngsi-ld:WatchRule:2', ...rule },
      { id: 'urn:ngsi-ld:Meter:1', types: [iri('Meter')], attrs: { [iri('level')]: property(50) } },
      { id: 'urn:ngsi-ld:WatchRule:3', ...rule },
      { id: 'urn:ngsi-ld:Meter:2', types: [iri('Meter')], attrs: { [iri('level')]: property(51) } },
    ];
    const writes = entities.map(({ id, ...entity }) => ({ mutation: { op: 'create', id, entity } }) as const);
    await store.apply(writes, instantOf(town.now));
    await town.alerts(isLength(2));
    const sources = (await town.alertEntities()).map(({ attrs }) => text(attrs, 'alertSource'));
    expect(sources.toSorted()).toEqual(['urn:ngsi-ld:Meter:1', 'urn:ngsi-ld:Meter:2']);
  });

  test('takes the mark from a value that is good, where a patch left it there, and does not react to its own writes', async () => {
    const { town, store } = await townOf(kind);
    await town.rule({ watchedType: 'Meter', maximum: 10 });
    await town.open();
    await town.measure(50);
    await eventually(
      () => town.mark(),
      (mark) => mark === 'suspect',
    );
    town.now += minute;
    const level = [{ value: 5, observedAt: instantOf(town.now) }];
    const fragment = { attrs: { [iri('level')]: level } };
    await store.apply([{ mutation: { op: 'merge', id: 'urn:ngsi-ld:Meter:1', fragment } }], instantOf(town.now));
    await eventually(
      () => town.mark(),
      (mark) => mark === undefined,
    );
    await town.watch?.stop();
    const writes = (await store.log.read(0, 100)).map(({ id, event }) => `${id.split(':')[2] ?? ''} ${event}`);
    expect(writes).toEqual([
      'WatchRule created',
      'Meter created',
      'Alert created',
      'Meter updated',
      'Meter updated',
      'Meter updated',
    ]);
  });

  test('goes on after a restart: an open alert is neither repeated nor forgotten, and what an operator wrote stays', async () => {
    const { town, store } = await townOf(kind);
    await town.rule({ watchedType: 'Meter', maximum: 10 });
    await town.open();
    await town.measure(50);
    await town.alerts(isLength(1));
    const [alert] = await town.alertEntities();
    const attrs = { [status]: property('acknowledged'), [iri('acknowledgedBy')]: property('Ana') };
    await store.apply([{ mutation: { op: 'merge', id: alert?.id ?? '', fragment: { attrs } } }], instantOf(town.now));
    await town.watch?.stop();
    await town.measure(60);
    await town.open();
    await town.measure(70);
    await eventually(
      () => town.mark(),
      (mark) => mark === 'suspect',
    );
    expect(await town.alerts(isLength(1))).toEqual(['range acknowledged']);
    for (const value of [1, 2, 3]) await town.measure(value);
    expect(await town.alerts(isStatus('range closed'))).toEqual(['range closed']);
    expect(text((await town.alertEntities())[0]?.attrs ?? {}, 'acknowledgedBy')).toBe('Ana');
  });

  test('reads changes again after a crash, and makes nothing twice', async () => {
    const { town, store } = await townOf(kind);
    await town.rule({ watchedType: 'Meter', maximum: 10 });
    await town.open();
    for (const value of [50, 5, 6, 7]) await town.measure(value);
    await town.alerts(isStatus('range closed'));
    await town.watch?.stop();
    // As if the position of the last pages had not been stored.
    await store.collection('watch').put('position', { position: 0 });
    await town.open();
    await town.measure(8);
    await eventually(
      () => store.collection('watch').get('position'),
      (kept) => JSON.stringify(kept) !== '{"position":0}',
    );
    await town.watch?.stop();
    expect(await town.alerts(isLength(1))).toEqual(['range closed']);
    expect(await town.mark()).toBeUndefined();
  });

  test('finds silence, of a series from before a restart too, and marks the last value as stale', async () => {
    const { town, store } = await townOf(kind);
    await town.rule({ watchedType: 'Meter', interval: 'PT1M', checks: ['silence'] });
    await town.open();
    await town.measure(5);
    await eventually(async () => {
      await town.watch?.look();
      return store.collection(watchedSeriesCollection).keys();
    }, isLength(1));
    await town.watch?.look();
    expect(await town.alertEntities()).toEqual([]);
    await town.watch?.stop();
    await town.open();
    town.now += 4 * minute;
    await town.watch?.look();
    expect(await town.alerts(isLength(1))).toEqual(['silence open']);
    expect(await town.mark()).toBe('stale');
    await town.measure(6);
    expect(await town.alerts(isStatus('silence closed'))).toEqual(['silence closed']);
  });

  test('tells the state of the device that measures', async () => {
    const { town, store } = await townOf(kind);
    await town.rule({ watchedType: 'Meter', maximum: 10, flatPeriod: 'PT1M' });
    await town.write('urn:ngsi-ld:Device:1', 'Device', { [iri('deviceState')]: property('ok') });
    await town.open();
    await town.write('urn:ngsi-ld:Pump:9', 'Pump', { [iri('flow')]: property(1) });
    const devices = ['urn:ngsi-ld:Pump:9', 'urn:ngsi-ld:Device:1'];
    const refDevice = [{ kind: 'Relationship', value: devices }] as const;
    const stateOf = async (): Promise<string> =>
      text((await town.entity('urn:ngsi-ld:Device:1'))?.attrs ?? {}, 'deviceState');
    await town.measure(50, { [iri('refDevice')]: refDevice });
    await eventually(stateOf, (state) => state === 'faulty');
    expect(Object.keys((await town.entity('urn:ngsi-ld:Pump:9'))?.attrs ?? {})).toEqual([iri('flow')]);
    for (const value of [1, 2, 3]) await town.measure(value);
    expect(await eventually(stateOf, (state) => state === 'ok')).toBe('ok');
    // Two faults at once end together with the entity.
    for (const value of [50, 50]) await town.measure(value);
    await town.alerts((all) => all.includes('flatLine open') && all.includes('range open'));
    expect(await stateOf()).toBe('faulty');
    // After a restart too, the device is faulty until the last fault has ended.
    await town.watch?.stop();
    await town.open();
    await town.measure(5);
    await town.alerts((all) => all.includes('flatLine closed') && all.includes('range open'));
    expect(await stateOf()).toBe('faulty');
    await store.apply([{ mutation: { op: 'delete', id: 'urn:ngsi-ld:Meter:1' } }], instantOf(town.now));
    expect(await eventually(stateOf, (state) => state === 'ok')).toBe('ok');
  });

  test('ends the alerts of what is deleted, or not watched any more, and forgets it', async () => {
    const { town, store } = await townOf(kind);
    await town.rule({ watchedType: 'Meter', watchedAttribute: 'level', maximum: 10 });
    await town.rule({ watchedType: 'Pump', maximum: 10 }, 'urn:ngsi-ld:WatchRule:2');
    await town.open();
    await town.measure(50);
    await town.write('urn:ngsi-ld:Pump:1', 'Pump', { [iri('flow')]: property(99) });
    await town.alerts(isLength(2));
    const remove = (id: string) => store.apply([{ mutation: { op: 'delete', id } }], instantOf(town.now));
    await remove('urn:ngsi-ld:Meter:1');
    expect(await town.alerts(isStatus('range closed'))).toEqual(['range closed', 'range open']);
    await remove('urn:ngsi-ld:WatchRule:2');
    await town.alerts((all) => all.every((one) => one === 'range closed'));
    await remove('urn:ngsi-ld:WatchRule:1');
    await eventually(
      () => Promise.resolve(town.watch?.isOn()),
      (isOn) => isOn === false,
    );
    await town.watch?.stop();
    expect(await store.collection(watchedSeriesCollection).keys()).toEqual([]);
    expect(await store.collection('watch').get('position')).toBeUndefined();
    await town.open();
    expect(town.watch).toBeUndefined();
  });
});

test('a summary counts the faults of the day before, and is made once', async () => {
  const { town, store } = await townOf('sqlite');
  const plan = summaryPlan({ now: () => instantOf(town.now) });
  expect(await plan.work(store, '')).toBeUndefined();
  await town.rule({ watchedType: 'Meter', maximum: 10, minimum: 0 });
  await town.open();
  for (const value of [50, 5, 6, 7, 8, -1]) await town.measure(value);
  const isDone = (all: readonly string[]): boolean => isLength(2)(all) && isStatus('range closed')(all);
  await town.alerts(isDone);
  await town.watch?.stop();
  town.now += 24 * 60 * minute;
  for (let time = 0; time < 2; time += 1)
    expect(await plan.work(store, '')).toBe('2 faults began, 1 ended, 1 are open');
  const summary = await town.entity('urn:ngsi-ld:AlertSummary:watch:2026-03-02');
  const value = (name: string): Json | undefined => summary?.attrs[iri(name)]?.[0]?.value;
  expect(['openedNumber', 'closedNumber', 'openNumber', 'openedByRule', 'validTo'].map(value)).toEqual([
    2,
    1,
    1,
    { range: 2 },
    '2026-03-03T00:00:00Z',
  ]);
  expect(value('openAlerts')).toEqual([expect.stringMatching(/^urn:ngsi-ld:Alert:watch:.{16}:range:/)]);
});

test('a maximum can come from another attribute, and bounds from the data model in its unit; alerts are not watched', async () => {
  const { town, store } = await townOf('memory');
  await town.rule({ watchedType: '*', checks: 'range' });
  await town.open();
  const park = (id: number, attrs: Fragments): Promise<void> =>
    town.write(`urn:ngsi-ld:OffStreetParking:${id}`, 'OffStreetParking', attrs);
  await park(1, { [iri('totalSpotNumber')]: property(100), [iri('availableSpotNumber')]: property(101) });
  await park(2, { [iri('totalSpotNumber')]: property(100), [iri('availableSpotNumber')]: property(100) });
  await park(3, { [iri('availableSpotNumber')]: property(-1) });
  const temperature = property(-400, { unitCode: 'FAH' });
  await town.write('urn:ngsi-ld:WeatherObserved:1', 'WeatherObserved', { [iri('temperature')]: temperature });
  await town.write('urn:ngsi-ld:Unmodelled:1', 'Unmodelled', { [iri('temperature')]: property(-400) });
  await town.alerts(isLength(2));
  await park(4, { [iri('availableSpotNumber')]: property(-1) });
  await town.alerts(isLength(3));
  await town.watch?.stop();
  const series = await store.collection(watchedSeriesCollection).keys();
  expect(series.filter((key) => key.startsWith('urn:ngsi-ld:Alert:'))).toEqual([]);
  expect((await town.alertEntities()).map(({ attrs }) => text(attrs, 'alertSource')).sort()).toEqual([
    'urn:ngsi-ld:OffStreetParking:1',
    'urn:ngsi-ld:OffStreetParking:3',
    'urn:ngsi-ld:OffStreetParking:4',
  ]);
});

test('a rule for all types leaves alone what the broker computes; one that names the type watches it', async () => {
  const { town, store } = await townOf('memory');
  const kpi = 'urn:ngsi-ld:KeyPerformanceIndicator:1';
  const at = { observedAt: instantOf(start) };
  const compute = async (value: number): Promise<void> => {
    const values = { targetValue: property(5, at), kpiValue: property(value, at), coverage: property(1, at) };
    const attrs = Object.fromEntries(Object.entries(values).map(([name, fragments]) => [iri(name), fragments]));
    await town.write(kpi, 'KeyPerformanceIndicator', attrs);
    await town.write('urn:ngsi-ld:AggregateObserved:1', 'AggregateObserved', { [iri('total')]: property(value, at) });
    await town.write('urn:ngsi-ld:AggregateJob:1', 'AggregateJob', { [iri('minimumGroupSize')]: property(5) });
  };
  await town.rule({ watchedType: '*' });
  await town.open();
  await compute(1);
  await compute(2);
  await town.write('urn:ngsi-ld:WeatherObserved:1', 'WeatherObserved', { [iri('relativeHumidity')]: property(7, at) });
  await town.alerts(isLength(1));
  await town.rule({ watchedType: 'KeyPerformanceIndicator', maximum: 2, checks: 'range' }, 'urn:ngsi-ld:WatchRule:2');
  await compute(3);
  await town.alerts(isLength(3));
  await town.watch?.stop();
  const watched = (await store.collection(watchedSeriesCollection).keys()).map((key) => key.split(' ', 1)[0]);
  expect([...new Set(watched)].sort()).toEqual([kpi, 'urn:ngsi-ld:WeatherObserved:1']);
});

test('a rule that cannot be used is reported, and the others apply; a series too many waits for one that is idle', async () => {
  const { town } = await townOf('memory');
  await town.rule({ watchedType: 'Meter', flatPeriod: 'often' }, 'urn:ngsi-ld:WatchRule:bad');
  await town.rule({ watchedType: 'Meter', maximum: 10 });
  await town.open(1);
  await town.measure(50);
  await town.write('urn:ngsi-ld:Meter:2', 'Meter', { [iri('level')]: property(99) });
  await town.alerts(isLength(1));
  await eventually(
    () => Promise.resolve(town.observed.length),
    (count) => count === 2,
  );
  expect(town.observed).toMatchObject([
    {
      where: 'watch: rule',
      about: 'urn:ngsi-ld:WatchRule:bad',
      cause: { message: expect.stringContaining('flatPeriod') },
    },
    { where: 'watch', cause: { message: expect.stringContaining('More than 1 series') } },
  ]);
  // After a day without a value, the series gives way, and its alert is closed.
  town.now += 25 * 60 * minute;
  await town.write('urn:ngsi-ld:Meter:3', 'Meter', { [iri('level')]: property(98) });
  expect(await town.alerts(isLength(2))).toEqual(['range closed', 'range open']);
});
