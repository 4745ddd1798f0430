/** Tests MQTT readings that arrive late, twice, or after their entity was deleted. */
import { afterEach, expect, test } from '@jest/globals';
import { eventually, stopTestBrokers } from '../../deliver/test-broker.ts';
import { startAedes, stopAedes } from '../aedes-broker.ts';
import { counter, type IngestingBroker, closeDevices, openDevice, startIngestingBroker } from './ingesting-broker.ts';

afterEach(async () => {
  await closeDevices();
  await stopTestBrokers();
  await stopAedes();
});

const hour = (at: number): string => `2026-01-01T${String(at).padStart(2, '0')}:00:00Z`;
const map = {
  type: 'Counter',
  id: 'urn:ngsi-ld:Counter:{id}',
  observedAt: { column: 't', pattern: 'iso' },
  attributes: {
    n: { column: 'n', as: 'number' },
    name: { column: 'name', fixed: true },
    location: { longitude: 'lon', latitude: 'lat', fixed: true },
  },
};

/** Publishes messages, and waits until each is settled. */
async function start(topics: readonly object[]) {
  const broker = await startAedes();
  const ingesting = await startIngestingBroker(broker.port, { version: 'mqtt3.1.1', deadLetters: 'dead', topics });
  await ingesting.connected();
  const device = await openDevice(broker.port);
  let said = 0;
  const say = async (topic: string, ...payloads: readonly unknown[]): Promise<void> => {
    for (const payload of payloads) await device.publishAsync(topic, JSON.stringify(payload), { qos: 1 });
    said += payloads.length;
    const settled = (): Promise<number> => ingesting.metric('mlaka_ingest_messages_total');
    await eventually(settled, (now) => now === said);
  };
  const dead = (): number => broker.published.filter(({ topic }) => topic === 'dead').length;
  return { ingesting, say, dead };
}

async function get(ingesting: IngestingBroker, path: string): Promise<Record<string, unknown>> {
  return (await (await fetch(`${ingesting.url}/ngsi-ld/v1/${path}`)).json()) as Record<string, unknown>;
}
const history = async (ingesting: IngestingBroker): Promise<unknown> =>
  (await get(ingesting, `temporal/entities/${counter(1)}?attrs=n&options=temporalValues`))['n'];

test('the newest reading is the present one, and all are in the history', async () => {
  const topics = [
    { ...map, topic: 'one/{id}' },
    { ...map, topic: 'list/{id}', each: 'readings' },
    { topic: 'own/{id}', payload: 'ngsi-ld' },
    { topic: 'merge/{id}', payload: 'ngsi-ld', write: 'merge' },
  ];
  const { ingesting, say, dead } = await start(topics);
  const fragment = (value: number, at: number): object => ({
    id: counter(1),
    type: 'Counter',
    n: { value, observedAt: hour(at) },
  });
  await say('one/1', { n: 10, t: hour(10) }, { n: 8, t: hour(8) });
  await say('list/1', { readings: [12, 11, 9].map((at) => ({ n: at, t: hour(at) })) });
  await say('own/1', fragment(7, 7), [fragment(14, 14), fragment(13, 13)]);
  await say('merge/1', fragment(6, 6), fragment(15, 15));
  expect(await get(ingesting, `entities/${counter(1)}`)).toMatchObject({ n: { value: 15, observedAt: hour(15) } });
  const all = [6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map((at) => [at, hour(at)]);
  expect(await history(ingesting)).toEqual({ type: 'Property', values: all });
  expect(dead()).toBe(0);
});

test('what is fixed comes with whichever message has it, also after the entity or the attribute has gone', async () => {
  const { ingesting, say } = await start([{ ...map, topic: 'm/{id}' }]);
  const place = { name: 'Huje', lon: '14.35', lat: '46.24' };
  const shown = async (): Promise<Record<string, unknown>> =>
    get(ingesting, `entities/${counter(1)}?format=simplified`);
  const drop = (path: string): Promise<Response> => fetch(`${ingesting.url}/ngsi-ld/v1/${path}`, { method: 'DELETE' });
  await say('m/1', { n: 1, t: hour(1) }, { n: 2, t: hour(2), ...place }, { n: 3, t: hour(3), ...place });
  expect(await shown()).toMatchObject({ n: 3, name: 'Huje', location: { coordinates: [14.35, 46.24] } });
  const named = await get(ingesting, `temporal/entities/${counter(1)}?attrs=name&timeproperty=modifiedAt`);
  expect(named['name']).not.toHaveLength(2);
  await drop(`entities/${counter(1)}/attrs/name`);
  await say('m/1', { n: 4, t: hour(4), ...place });
  expect(await shown()).toMatchObject({ n: 4, name: 'Huje' });
  await drop(`entities/${counter(1)}`);
  await say('m/1', { n: 5, t: hour(5), ...place });
  expect(await shown()).toMatchObject({ n: 5, name: 'Huje', location: { coordinates: [14.35, 46.24] } });
  // A message may hold nothing else, and something new.
  await say('m/1', { name: 'Zlato polje', t: hour(6) });
  expect(await shown()).toMatchObject({ n: 5, name: 'Zlato polje' });
});

test('a list that is not there is no fault of what another map has written', async () => {
  const topics = [
    { topic: 'two/{id}', type: 'Counter', id: 'urn:ngsi-ld:Counter:{id}', attributes: { battery: { column: 'o.b' } } },
    { ...map, topic: 'two/{id}', each: 'o.history', id: 'urn:ngsi-ld:Counter:{id}:history' },
  ];
  const { ingesting, say, dead } = await start(topics);
  await say('two/1', { o: { b: 3.1 } }, { o: { history: [{ n: 2, t: hour(2) }] } });
  expect(await ingesting.value(counter(1), 'battery')).toBe('3.1');
  expect(await ingesting.value(counter('1:history'))).toBe(2);
  expect([dead(), await ingesting.metric('mlaka_ingest_messages_total', 'taken')]).toEqual([0, 2]);
});
