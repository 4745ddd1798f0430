/** Tests indicators on a listening broker: the first set on data of the simulated city, live and for past days, and its refusals. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { periodAt } from '../../../src/city/definition/periods.ts';
import { dayMs, hourMs } from '../../../src/city/simulation/calendar.ts';
import { createCity, entityAt } from '../../../src/city/simulation/city.ts';
import { indicatorEntities } from '../../../src/city/simulation/indicators.ts';
import { calendarPeriods } from '../../../src/core/language/periods.ts';
import { instantOf } from '../../../src/core/model/instant.ts';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { startTestBroker, type TestBroker } from '../../scenario/scenario.ts';

const contextOf = (family: string): string => `https://smart-data-models.mlaka.si/${family}/context.jsonld`;
const periods = calendarPeriods({ months: 0, days: 1, micros: 0 }, 'Europe/Ljubljana');
/** The begin of yesterday, and of today, in Kranj. */
const [yesterday, today] = [Date.now() - dayMs, Date.now()].map((at) => periodAt(periods, at * 1000).from / 1000);

const city = createCity('indicators');
/** Few entities of each type that an indicator reads. */
const types = [
  'SmartMeteringObservation',
  'WaterConsumptionObserved',
  'AirQualityObserved',
  'OffStreetParking',
  'Streetlight',
];
const entities = types.flatMap((type) => city.entities.filter((one) => one.type === type).slice(0, 3));
const bin = (fillingLevel: number) => ({
  id: 'urn:ngsi-ld:WasteContainer:1',
  type: 'WasteContainer',
  location: { type: 'Point', coordinates: [14.35, 46.24] },
  fillingLevel: { type: 'Property', value: fillingLevel, observedAt: instantOf(((yesterday ?? 0) + hourMs) * 1000) },
  '@context': contextOf('waste'),
});

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker(['--models', 'reject,Indicator=off']);
  for (const at of [yesterday ?? 0, (yesterday ?? 0) + 8 * hourMs, (yesterday ?? 0) + 16 * hourMs, today ?? 0]) {
    const reports = entities.map((one) => ({ ...entityAt(one, at), '@context': contextOf(one.family) }));
    await send('POST', 'entityOperations/upsert?options=update', [...reports, bin(0.6)]);
  }
  await send(
    'POST',
    'entityOperations/create',
    indicatorEntities.map((one) => ({ ...one, startAt: moment(yesterday ?? 0), '@context': contextOf('indicator') })),
  );
}, 60_000);
afterAll(() => broker.stop());

const moment = (at: number) => ({ type: 'Property', value: { '@type': 'DateTime', '@value': instantOf(at * 1000) } });

async function send(method: string, path: string, body?: unknown) {
  const link = `<${contextOf('indicator')}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`;
  const isRead = body === undefined;
  const answer = await fetch(`${broker.url}/ngsi-ld/v1/${path}`, {
    method,
    headers: isRead ? { 'Content-Type': 'application/json', Link: link } : { 'Content-Type': 'application/ld+json' },
    ...(isRead ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const json: unknown = text === '' ? undefined : JSON.parse(text);
  if (answer.status === 207) throw new Error(text.slice(0, 500));
  return { status: answer.status, body: json as JsonObject };
}

const kpi = async (key: string): Promise<JsonObject> =>
  (await send('GET', `entities/urn:ngsi-ld:KeyPerformanceIndicator:${key}?options=keyValues`)).body;

/** The values of an indicator by the begin of their days. */
async function valuesOf(key: string): Promise<readonly (readonly [number, string])[]> {
  const path = `temporal/entities/urn:ngsi-ld:KeyPerformanceIndicator:${key}?attrs=kpiValue&options=temporalValues`;
  const { body } = await send('GET', path);
  return (body['kpiValue'] as unknown as { values: readonly (readonly [number, string])[] }).values;
}

const meanOf = (type: string, attribute: string, at: readonly number[]): number => {
  const means = entities
    .filter((one) => one.type === type)
    .map((one) => {
      const values = at.map((moment) => Number((one.readings(moment)[attribute] as JsonObject)['value']));
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    });
  return means.reduce((sum, value) => sum + value, 0) / means.length;
};

const ofYesterday = [0, 8, 16].map((hour) => (yesterday ?? 0) + hour * hourMs);

describe('an indicator', () => {
  test('is computed for each day that is over, after its approval', async () => {
    expect(await send('POST', `indicators/${indicatorEntities[0]?.id ?? ''}/run`)).toMatchObject({ status: 404 });
    for (const { id } of indicatorEntities) {
      expect(await send('POST', `indicators/${id}/approve`)).toMatchObject({ status: 200, body: { id } });
      const ran = await send('POST', `indicators/${id}/run`);
      expect(ran).toMatchObject({ status: 200, body: { lastRun: { result: 'done', releases: 1 } } });
    }
    expect(await kpi('pm10')).toMatchObject({
      type: 'KeyPerformanceIndicator',
      name: { languageMap: { sl: 'Delci PM10, dnevno povprečje' } },
      standardNumber: 'ISO 37120:2018 8.2',
      targetValue: 45,
      direction: 'down',
      calculationFormula: 'value',
      coverage: 1,
    });
    const [[value, at] = []] = await valuesOf('pm10');
    expect(at).toBe(instantOf((yesterday ?? 0) * 1000));
    expect(value).toBeCloseTo(meanOf('AirQualityObserved', 'pm10', ofYesterday), 6);
  });

  test.each([
    ['electricity-per-meter', 0.5, 60],
    ['water-per-resident', 10, 700],
    ['no2', 1, 200],
    ['parking-occupancy', 1, 100],
    ['lamps-in-order', 0, 100],
    ['waste-containers', 60, 60],
  ])('of the first set, %s, is between %d and %d', async (key, least, most) => {
    const value = (await valuesOf(key))[0]?.[0] ?? NaN;
    expect(value).toBeGreaterThanOrEqual(least);
    expect(value).toBeLessThanOrEqual(most);
  });

  test('that is live follows the data of the running day', async () => {
    const before = await valuesOf('pm10');
    expect(before[1]?.[1]).toBe(instantOf((today ?? 0) * 1000));
    const [station] = entities.filter(({ type }) => type === 'AirQualityObserved');
    const pm10 = {
      type: 'Property',
      value: 400,
      unitCode: 'GQ',
      observedAt: instantOf((today ?? 0) * 1000 + 1_000_000),
    };
    expect(
      await send('PATCH', `entities/${station?.id ?? ''}/attrs`, { pm10, '@context': contextOf('environment') }),
    ).toMatchObject({ status: 204 });
    expect(await send('POST', 'indicators/urn:ngsi-ld:Indicator:kranj:pm10/run')).toMatchObject({
      body: { lastRun: { result: 'done' } },
    });
    const after = await valuesOf('pm10');
    expect(after).toHaveLength(2);
    expect(after[1]?.[0]).toBeGreaterThan((before[1]?.[0] ?? 0) + 20);
    expect(after[0]).toEqual(before[0]);
  });

  test('is computed again for a past day with late values, and the present value stays', async () => {
    const [before, running] = [await valuesOf('waste-containers'), await kpi('waste-containers')];
    await send('POST', 'temporal/entities', {
      id: 'urn:ngsi-ld:WasteContainer:1',
      type: 'WasteContainer',
      fillingLevel: [{ type: 'Property', value: 0.9, observedAt: instantOf(((yesterday ?? 0) + 5 * hourMs) * 1000) }],
      '@context': contextOf('waste'),
    });
    const id = 'urn:ngsi-ld:Indicator:kranj:waste-containers';
    const [from, to] = [yesterday ?? 0, today ?? 0].map((at) => instantOf(at * 1000));
    expect(await send('POST', `indicators/${id}/repeat?from=${from ?? ''}&to=${to ?? ''}`)).toMatchObject({
      status: 200,
      body: { periods: 1 },
    });
    expect(before[0]?.[0]).toBe(60);
    expect((await valuesOf('waste-containers'))[0]?.[0]).toBe(90);
    expect((await kpi('waste-containers'))['calculationPeriod']).toEqual(running['calculationPeriod']);
  });

  test('without values has a coverage and no value', async () => {
    const id = 'urn:ngsi-ld:Indicator:none';
    const inputs = { type: 'Property', value: { x: { type: 'WasteContainer', attribute: 'temperature' } } };
    const formula = { type: 'Property', value: 'x' };
    const body = { id, type: 'Indicator', inputs, calculationFormula: formula, startAt: moment(yesterday ?? 0) };
    await send('POST', 'entities', { ...body, '@context': contextOf('indicator') });
    await send('POST', `indicators/${id}/approve`);
    await send('POST', `indicators/${id}/run`);
    expect(await kpi('none')).toMatchObject({ coverage: 0 });
    expect(await kpi('none')).not.toHaveProperty('kpiValue');
  });

  test.each([
    ['inputs', {}, 'an object of 1 to 20 inputs'],
    ['inputs', { x: { type: 'A' } }, 'inputs.x.attribute'],
    ['inputs', { x: { type: 'A', attribute: 'a', combine: 'median' } }, 'inputs.x.combine'],
    ['inputs', { x: { type: 'A', attribute: 'a', filter: 'b' } }, 'inputs.x.filter'],
    ['inputs', { x: { type: 'A', attribute: 'a', tenant: 'a b' } }, 'visible characters'],
    ['calculationFormula', '1 +', 'an expression'],
    ['constants', { a: 'b' }, 'an object of numbers'],
    ['minimumCoverage', 2, 'a number from 0 to 1'],
  ])('with a wrong %s %j is refused by name', async (name, value, detail) => {
    const id = `urn:ngsi-ld:Indicator:wrong-${encodeURIComponent(JSON.stringify(value))}`;
    const [pm10] = indicatorEntities.filter((one) => one.id.endsWith('pm10'));
    const body = { ...pm10, id, [name]: { type: 'Property', value }, '@context': contextOf('indicator') };
    await send('POST', 'entities', body);
    expect(await send('POST', `indicators/${encodeURIComponent(id)}/approve`)).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining(detail) },
    });
  });

  test.each([
    ['', 'from must be given'],
    ['?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'before to'],
    ['?from=x&to=2026-01-01T00:00:00Z', 'must be a time'],
    ['?from=2000-01-01T00:00:00Z&to=2026-01-01T00:00:00Z', 'more than 1000 periods'],
  ])('is not repeated for %s', async (query, detail) => {
    const answer = await send('POST', `indicators/urn:ngsi-ld:Indicator:kranj:pm10/repeat${query}`);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.body['detail']).toContain(detail);
  });
});
