/** Tests the demo against a broker that rejects entities that violate data models: the city is created, has a history, and is updated. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { demo } from '../../../src/app/command/demo.ts';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import { contextOf, run, type TestBroker, startTestBroker } from './test-broker.ts';

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker();
});
afterAll(() => broker.stop());

const weather =
  '/temporal/entities/urn:ngsi-ld:WeatherObserved:kranj:center?attrs=temperature&timerel=after&timeAt=2020-01-01T00:00:00Z&lastN=1000';

/** Their times, the oldest first. */
async function temperatures(): Promise<readonly string[]> {
  const entity = (await broker.get(weather, contextOf('environment'))) as unknown as Record<string, Json>;
  return [entity['temperature'] ?? []]
    .flat()
    .map((one) => String((one as JsonObject)['observedAt']))
    .reverse();
}

/** Runs the demo until something is so, then stops it. */
async function runUntil(args: readonly string[], isSo: () => Promise<boolean>): Promise<string> {
  const stopping = new AbortController();
  const running = run(demo, ['--url', broker.url, ...args], stopping.signal);
  const ended = running.then(() => true);
  while (!(await isSo().catch(() => false))) {
    if (await Promise.race([ended, new Promise<boolean>((done) => setTimeout(done, 100, false))])) break;
  }
  stopping.abort();
  return (await running).out;
}

const timeOf = async (): Promise<number> => Date.parse((await temperatures()).at(-1) ?? '');

describe('mlaka demo', () => {
  test('the city moves in with two hours of history, lives on, and goes on where it stood still', async () => {
    const before = Date.now();
    const out = await runUntil(
      ['--history', '2', '--speed', '600'],
      async () => (await timeOf()) > Date.now() + 60_000,
    );
    expect(out).toContain('500 entities of Kranj have moved in.');
    expect(out).toContain('The city stands still; what it reported stays.');
    const told = await temperatures();
    expect(told.some((time) => Date.parse(time) < before - 3_600_000)).toBe(true);
    expect(new Set(told).size).toBe(told.length);
    const counts = new Map<string, number>();
    for (const family of ['metering', 'parking', 'streetlighting', 'environment']) {
      const found = await broker.get(`/entities?type=*&idPattern=:kranj:&limit=1000`, contextOf(family));
      counts.set(family, found.length);
    }
    // With the descriptions of its data, a catalogue, a publisher and six datasets, and with seven indicators.
    expect([...counts.values()]).toEqual([515, 515, 515, 515]);
    const latest = await timeOf();
    const on = await runUntil(['--history', '2', '--speed', '600'], async () => (await timeOf()) > latest + 600_000);
    expect(on).toContain('500 entities of Kranj have moved in.');
    const again = await temperatures();
    expect(again.slice(0, told.length)).toEqual(told);
  }, 60_000);

  test('without a broker it says so', async () => {
    await expect(run(demo, ['--url', 'http://127.0.0.1:9'])).rejects.toThrow(
      /No broker can be reached at http:\/\/127.0.0.1:9/,
    );
  }, 20_000);

  test('numbers that are none are refused', async () => {
    await expect(run(demo, ['--speed', 'fast'])).rejects.toThrow(/--speed must be a whole number/);
  });
});
