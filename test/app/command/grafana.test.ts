/** Tests the example dashboard: the broker answers the queries of its panels, and the selectors convert the answers to data points. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import jsonata from 'jsonata';
import { contextOf, type TestBroker, startTestBroker } from './test-broker.ts';

interface Target {
  readonly root_selector: string;
  readonly url: string;
  readonly url_options: { readonly params: readonly { readonly key: string; readonly value: string }[] };
}
interface Panel {
  readonly targets: readonly Target[];
}

const path = new URL('../../../examples/grafana/air-quality.json', import.meta.url);
const { panels } = JSON.parse(readFileSync(path, 'utf8')) as { readonly panels: readonly Panel[] };
const id = 'urn:ngsi-ld:AirQualityObserved:1';

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker();
  const values = ['00:00', '00:10', '00:20', '01:10'].map((time, index) => [index * 10, `2026-03-01T${time}:00Z`]);
  const response = await fetch(`${broker.url}/ngsi-ld/v1/temporal/entityOperations/upsert?format=temporalValues`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...contextOf('environment') },
    body: JSON.stringify([{ id, type: 'AirQualityObserved', pm10: { type: 'Property', unitCode: 'GQ', values } }]),
  });
  expect(response.status).toBe(201);
});
afterAll(() => broker.stop());

/** What the panel shows between two times, with the variables of the dashboard filled in. */
async function points({ root_selector: selector, url, url_options: { params } }: Target, from: string, to: string) {
  const variables: Record<string, string> = {
    attribute: 'pm10',
    station: id,
    '__from:date:iso': from,
    '__to:date:iso': to,
  };
  const fill = (text: string): string => text.replaceAll(/\$\{(.*?)\}/g, (_, name: string) => variables[name] ?? '');
  const query = new URLSearchParams(params.map(({ key, value }): [string, string] => [key, fill(value)]));
  const answer = await broker.get(`${url.replace('/ngsi-ld/v1', '')}?${query.toString()}`, contextOf('environment'));
  const found: unknown = await jsonata(fill(selector)).evaluate(answer);
  return JSON.parse(JSON.stringify(found)) as unknown;
}

test('panels draw measurements and hourly means, or nothing where there are none', async () => {
  const [measured, means] = panels.map(({ targets: [target] }) => target as Target) as [Target, Target];
  const hours = ['2026-03-01T00:00:00.000Z', '2026-03-01T02:00:00.000Z'] as const;
  expect(await points(measured, ...hours)).toEqual([
    { value: 0, time: '2026-03-01T00:00:00Z' },
    { value: 10, time: '2026-03-01T00:10:00Z' },
    { value: 20, time: '2026-03-01T00:20:00Z' },
    { value: 30, time: '2026-03-01T01:10:00Z' },
  ]);
  expect(await points(means, ...hours)).toEqual([
    { value: 10, time: '2026-03-01T00:00:00Z' },
    { value: 30, time: '2026-03-01T01:00:00Z' },
  ]);
  expect(await points(measured, '2027-03-01T00:00:00.000Z', '2027-03-02T00:00:00.000Z')).toEqual([]);
});
