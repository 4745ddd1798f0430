/** Tests that a batch of histories has the same effect as its elements sent one by one. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { runs, timeoutMs } from './fuzz.ts';
import { startTestBroker, type TestBroker } from '../scenario/scenario.ts';

const instance = fc
  .record({
    hour: fc.integer({ min: 0, max: 5 }),
    value: fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constantFrom('on', true)),
    dataset: fc.constantFrom(undefined, 'urn:ngsi-ld:Dataset:1'),
  })
  .map(({ hour, value, dataset }) => ({
    type: 'Property',
    value,
    observedAt: `2026-03-01T0${hour}:00:00Z`,
    ...(dataset === undefined ? undefined : { datasetId: dataset }),
  }));
const instances = fc.oneof(instance, fc.array(instance, { minLength: 1, maxLength: 3 }));
const element = fc
  .record(
    {
      id: fc.constantFrom('urn:ngsi-ld:Sensor:1', 'urn:ngsi-ld:Sensor:2'),
      type: fc.constantFrom('Sensor', 'Meter'),
      level: instances,
      state: instances,
    },
    { requiredKeys: ['id', 'type'] },
  )
  .filter(({ level, state }) => level !== undefined || state !== undefined);

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker(['--models', 'off']);
});
afterAll(() => broker.stop());

async function post(tenant: string, path: string, body: unknown): Promise<void> {
  const headers = { 'Content-Type': 'application/json', 'NGSILD-Tenant': tenant };
  const url = `${broker.url}/ngsi-ld/v1/temporal/${path}`;
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (![201, 204].includes(answer.status)) throw new Error(`${answer.status}: ${await answer.text()}`);
}

/** Everything that a tenant holds of the sensors, present and past, apart from times of writing. */
async function contents(tenant: string): Promise<Record<'present' | 'past', Readonly<Record<string, unknown>>>> {
  const get = async (path: string): Promise<unknown[]> => {
    const answer = await fetch(`${broker.url}/ngsi-ld/v1${path}`, { headers: { 'NGSILD-Tenant': tenant } });
    return (await answer.json()) as unknown[];
  };
  const byId = (documents: unknown[]): Readonly<Record<string, unknown>> =>
    Object.fromEntries(
      (documents as { id: string; type: string | string[] }[]).map((one) => [
        one.id,
        { ...one, type: [one.type].flat().sort() },
      ]),
    );
  return {
    present: byId(await get('/entities?type=Sensor,Meter')),
    past: byId(await get('/temporal/entities?type=Sensor,Meter&format=temporalValues')),
  };
}

describe('a batch of histories', () => {
  test(
    'is its elements, one after the other',
    async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(element, { minLength: 1, maxLength: 6 }),
          fc.array(element, { maxLength: 6 }),
          async (first, second) => {
            run += 1;
            const [whole, parts] = [`whole${run}`, `parts${run}`];
            for (const batch of [first, second]) {
              if (batch.length > 0) await post(whole, 'entityOperations/upsert', batch);
              for (const one of batch) await post(parts, 'entities', one);
            }
            const { present, past } = await contents(whole);
            expect({ present, past }).toEqual(await contents(parts));
            expect(Object.keys(past).sort()).toEqual([...new Set([...first, ...second].map(({ id }) => id))].sort());
            // What is read as series of values can be written back as such.
            await post(`copy${run}`, 'entityOperations/upsert?format=temporalValues', Object.values(past));
            expect((await contents(`copy${run}`)).past).toEqual(past);
          },
        ),
        runs(20),
      );
    },
    3 * timeoutMs,
  );
});
