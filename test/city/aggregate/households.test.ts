/**
 * Tests depersonalised aggregates on a listening broker: meters of households in Mlaka and around, an AggregateJob that an administrator
 * approves, results in a public tenant, and the privacy report.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { periodAt } from '../../../src/city/definition/periods.ts';
import { createCity } from '../../../src/city/simulation/city.ts';
import { dayMs } from '../../../src/city/simulation/calendar.ts';
import type { SimulatedEntity } from '../../../src/city/simulation/entity.ts';
import { calendarPeriods } from '../../../src/core/language/periods.ts';
import { instantOf } from '../../../src/core/model/instant.ts';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { startTestBroker, type TestBroker } from '../../scenario/scenario.ts';

const days = 3;
/** The midnights of Kranj at which the last days began, the oldest first, and the last of which is not over. */
const periods = calendarPeriods({ months: 0, days: 1, micros: 0 }, 'Europe/Ljubljana');
const midnights = Array.from(
  { length: days + 1 },
  (_, day) => periodAt(periods, (Date.now() - (days - day) * dayMs) * 1000).from / 1000,
);
const [start = 0] = midnights;
const context = ['metering', 'aggregate'].map(
  (family) => `https://smart-data-models.mlaka.si/${family}/context.jsonld`,
);
const meters = createCity('households', 120).entities.filter(({ id }) => id.includes('gospodinjstvo'));

const jobId = 'urn:ngsi-ld:AggregateJob:water';
const property = (value: unknown) => ({ type: 'Property', value });
const job = {
  id: jobId,
  type: 'AggregateJob',
  sourceType: property('WaterConsumptionObserved'),
  sourceQuery: property('household'),
  aggregatedAttribute: property('waterConsumption'),
  valueInPeriod: property('increase'),
  groupBy: property(['areaServed', 'buildingType']),
  period: property('P1D'),
  timeZone: property('Europe/Ljubljana'),
  startAt: property({ '@type': 'DateTime', '@value': new Date(start).toISOString() }),
  measures: property(['count', 'total', 'average', 'lowest', 'highest']),
  minimumGroupSize: property(10),
  targetTenant: property('public'),
  unit: property('MTQ'),
  '@context': context,
};

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker(['--models', 'reject,AggregateJob=off']);
  await write(
    'entityOperations/create',
    meters.map((meter) => ({ ...entity(meter, start), ...onlyReading(meter, start) })),
  );
  for (let day = 1; day <= days; day += 1)
    await write(
      'entityOperations/update',
      meters.map((meter) => onlyReading(meter, start + day * dayMs)),
    );
}, 60_000);
afterAll(() => broker.stop());

const entity = ({ id, type, fixed }: SimulatedEntity, at: number): JsonObject => ({ id, type, ...fixed, at });
const onlyReading = ({ id, type, readings }: SimulatedEntity, at: number): JsonObject => {
  const { waterConsumption = null } = readings(at);
  return { id, type, waterConsumption, '@context': context };
};

async function send(method: string, path: string, { body, tenant }: { body?: unknown; tenant?: string } = {}) {
  const link = `<${context[1] ?? ''}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`;
  const answer = await fetch(`${broker.url}/ngsi-ld/v1/${path}`, {
    method,
    headers: {
      ...(tenant === undefined ? {} : { 'NGSILD-Tenant': tenant }),
      ...(body === undefined
        ? { 'Content-Type': 'application/json', Link: link }
        : { 'Content-Type': 'application/ld+json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
}

async function write(path: string, entities: readonly JsonObject[]): Promise<void> {
  for (let from = 0; from < entities.length; from += 120) {
    const { status, body } = await send('POST', path, {
      body: entities.slice(from, from + 120).map(({ at: _at, ...one }) => one),
    });
    if (status >= 207) throw new Error(JSON.stringify(body).slice(0, 500));
  }
}

/** What the meters say of a day themselves. */
const trueSum = (chosen: readonly SimulatedEntity[], day: number): number =>
  chosen.reduce((sum, { readings }) => {
    const [before, after] = [day, day + 1].map(
      (one) => readings(midnights[one] ?? 0)['waterConsumption'] as JsonObject,
    );
    return sum + Number(after?.['value']) - Number(before?.['value']);
  }, 0);

describe('an aggregate job', () => {
  test('does nothing before an administrator has approved it', async () => {
    expect(await send('POST', 'entities', { body: job })).toMatchObject({ status: 201 });
    expect(await send('POST', `aggregates/${jobId}/run`)).toMatchObject({ status: 404 });
    expect(await send('GET', 'aggregates')).toEqual({ status: 200, body: [] });
    expect(await send('POST', 'aggregates/urn:x:none/approve')).toMatchObject({
      status: 404,
      body: { detail: 'There is no AggregateJob urn:x:none.' },
    });
  });

  test('publishes every day that is over, once', async () => {
    expect(await send('POST', `aggregates/${jobId}/approve`)).toMatchObject({ status: 200, body: { id: jobId } });
    const ran = await send('POST', `aggregates/${jobId}/run`);
    expect(ran).toMatchObject({ status: 200, body: { lastRun: { result: 'done' } } });
    const releases = (ran.body as { lastRun: { releases: number } }).lastRun.releases;
    expect(releases).toBe(days);
    const history = await send(
      'GET',
      `temporal/entities/urn:ngsi-ld:AggregateObserved:water:all?attrs=total&options=temporalValues`,
      { tenant: 'public' },
    );
    const { values } = (history.body as { total: { values: readonly (readonly [number, string])[] } }).total;
    for (let day = 0; day < days; day += 1) {
      expect(values[day]?.[1]).toBe(instantOf((midnights[day] ?? 0) * 1000));
      expect(values[day]?.[0]).toBeCloseTo(Number(trueSum(meters, day).toPrecision(3)), 1);
    }
    expect(await send('POST', `aggregates/${jobId}/run`)).toEqual(ran);
    expect(await send('GET', `aggregates/${jobId}`)).toEqual(ran);
  });

  test('publishes groups with at least ten households, by area and kind of building', async () => {
    const { body } = await send('GET', 'entities?type=AggregateObserved&options=keyValues&limit=100', {
      tenant: 'public',
    });
    const results = body as readonly { areaServed?: string; buildingType?: string; count: number }[];
    expect(results.length).toBeGreaterThan(3);
    expect(results.every(({ count }) => count >= 10)).toBe(true);
    expect(results).toContainEqual(
      expect.objectContaining({
        areaServed: 'Mlaka pri Kranju',
        buildingType: 'house',
        count: countOf('Mlaka pri Kranju', 'house'),
      }),
    );
  });

  test('tells in its report what was published, and why something was not', async () => {
    const { body } = await send('GET', `aggregates/${jobId}/report?limit=1000`);
    const first = (body as readonly JsonObject[]).at(-1);
    expect(first).toMatchObject({ from: instantOf(start * 1000), waiting: 0, imputed: 0, moved: 0 });
    const totals = first?.['totals'] as readonly JsonObject[];
    expect(totals).toContainEqual({
      groups: ['Mlaka pri Kranju', null],
      subjects: expect.any(Number),
      withheld: 'rest',
    });
    expect(JSON.stringify(body)).not.toContain('gospodinjstvo');
  });

  test('gives numbers to an indicator in another tenant', async () => {
    const id = 'urn:ngsi-ld:Indicator:litres';
    const all = { type: 'AggregateObserved', tenant: 'public', id: 'urn:ngsi-ld:AggregateObserved:water:all' };
    const [total, count] = ['total', 'count'].map((attribute) => ({ ...all, attribute, valueInPeriod: 'last' }));
    const indicator = {
      id,
      type: 'Indicator',
      inputs: property({ total, count }),
      calculationFormula: property('1000 * total / count'),
      startAt: job.startAt,
      '@context': 'https://smart-data-models.mlaka.si/indicator/context.jsonld',
    };
    expect(await send('POST', 'entities', { body: indicator })).toMatchObject({ status: 201 });
    await send('POST', `indicators/${id}/approve`);
    expect(await send('POST', `indicators/${id}/run`)).toMatchObject({ body: { lastRun: { releases: days } } });
    const { body } = await send('GET', 'entities/urn:ngsi-ld:KeyPerformanceIndicator:litres?options=keyValues');
    const value = (body as JsonObject)['https://smartdatamodels.org/dataModel.KeyPerformanceIndicator/kpiValue'];
    const litres = (1000 * trueSum(meters, days - 1)) / meters.length;
    expect(Math.abs(Number(value) - litres)).toBeLessThan(0.01 * litres);
  });

  test('forgets the pseudonym of a household that is erased', async () => {
    const path = `access/subjects/${meters[0]?.id ?? ''}`;
    expect(await send('GET', path)).toMatchObject({ body: { found: { entity: 1, document: 1 } } });
    expect(await send('DELETE', path)).toMatchObject({ body: { found: { document: 1 }, left: { document: 0 } } });
  });

  test('that was changed after its approval stops', async () => {
    expect(
      await send('PATCH', `entities/${jobId}/attrs`, { body: { minimumGroupSize: property(3), '@context': context } }),
    ).toMatchObject({ status: 204 });
    expect(await send('POST', `aggregates/${jobId}/run`)).toMatchObject({
      body: { lastRun: { result: 'failed', problem: expect.stringContaining('needs another approval') } },
    });
  });

  test.each([
    ['sourceType', undefined, 'must be given'],
    ['period', 'P', 'must be a duration'],
    ['timeZone', 'Mars', 'no time zone Mars'],
    ['minimumGroupSize', 1, 'a whole number from 3'],
    ['measures', ['variance'], 'a list of count, total'],
    ['dominanceRule', { n: 1 }, 'the numbers n, percent and p'],
    ['groupBy', ['a', 'b', 'c', 'd', 'e'], 'at most 4'],
    ['areas', [{ name: 'x' }], 'geometry'],
    ['sourceQuery', 'a==', 'q'],
    ['targetTenant', 'a b', 'visible characters'],
  ])('with a wrong %s is refused by name', async (name, value, detail) => {
    const id = `urn:ngsi-ld:Job:${name}`;
    const { [name as 'period']: _own, ...others } = job;
    const wrong = { ...others, id, ...(value === undefined ? {} : { [name]: property(value) }) };
    await send('POST', 'entities', { body: wrong });
    expect(await send('POST', `aggregates/${id}/approve`)).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining(detail) },
    });
  });
});

const countOf = (area: string, building: string): number =>
  meters.filter(
    ({ fixed }) =>
      (fixed['areaServed'] as JsonObject)['value'] === area &&
      (fixed['buildingType'] as JsonObject)['value'] === building,
  ).length;
