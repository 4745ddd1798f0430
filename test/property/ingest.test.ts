/** Tests MQTT ingestion with arbitrary topics and payloads: each message is processed, and none causes an internal error. */
import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { eventually, stopTestBrokers } from '../edge/deliver/test-broker.ts';
import { startAedes, stopAedes } from '../edge/mqtt/aedes-broker.ts';
import { closeDevices, openDevice, startIngestingBroker } from '../edge/mqtt/ingest/ingesting-broker.ts';
import { near, nearJson, runs, timeoutMs } from './fuzz.ts';
import { concise, lamp, moment } from './samples.ts';

afterEach(async () => {
  await closeDevices();
  await stopTestBrokers();
  await stopAedes();
});

const map = {
  type: 'T',
  id: 'urn:t:{id}',
  observedAt: { column: 't', pattern: 'iso' },
  decimal: ',',
  attributes: {
    n: { column: 'n', as: 'number', times: 'o.PM2.5', decimals: 2 },
    sum: { column: 'n', as: 'number', runningSum: true },
    whole: { column: 'm.0', as: 'integer' },
    text: { column: 'text', language: 'sl' },
    any: { column: 'm', as: 'json' },
    rel: { kind: 'Relationship', column: 'rel' },
    name: { column: 'name', fixed: true },
    location: { longitude: 'lon', latitude: 'lat', fixed: true },
  },
};
const topics = [
  { ...map, topic: 'map/{id}' },
  { ...map, topic: 'map/{id}', id: 'urn:t:{name}', observedAt: { column: '$arrival', pattern: 'iso' } },
  { ...map, topic: 'each/{id#}', each: 'm' },
  { ...map, topic: 'text/+/{id}', payload: 'text', attributes: { n: { column: '$payload' } } },
  { topic: 'ld/{id}', payload: 'ngsi-ld', type: 'T', id: 'urn:t:{id}' },
  { topic: 'merge/{id}', payload: 'ngsi-ld', write: 'merge', id: 'urn:t:{id}' },
];
const row = {
  n: 1.5,
  o: { 'PM2.5': 7 },
  m: [1, { n: 2, t: moment }],
  text: 'Huje',
  rel: 'urn:t:2',
  name: 'a',
  lon: 14.3,
  lat: 46.2,
  t: moment,
};
const late = { ...row, n: '1.234,5', t: '2026-01-01T24:00:00Z' };
const documents = [
  row,
  late,
  [row, late],
  { m: [row, { n: 1 }] },
  lamp,
  concise,
  [lamp, concise],
  7,
  '\u22127,5',
  moment,
];

/** Whether some filter has it: `{name}` is one level, `{name#}` all that follow. */
const isMatched = (to: string): boolean =>
  to.startsWith('each/') || (!to.startsWith('none/') && to.split('/').length === (to.startsWith('text/') ? 3 : 2));

/**
 * aedes 1.2.0 closes the connection of whoever publishes a topic of more than 100 levels, and that of whoever has a kept
 * session when it has a message for it whose topic is empty where the filter has `+` (mosquitto.test.ts has such topics).
 */
const isCarried = (to: string): boolean =>
  to.split('/').length <= 100 && !(isMatched(to) && to.endsWith('/') && !to.startsWith('each/'));

const topic = fc
  .tuple(fc.constantFrom('map/', 'each/', 'text/x/', 'ld/', 'merge/', 'none/'), near(['1', '2', 'a/b', 'a b', 'č', '']))
  .map(([first, rest]) => `${first}${rest.replaceAll(/[+#\0]/g, '')}`.slice(0, 200).toWellFormed())
  .filter(isCarried);
const payload = fc.oneof(
  { weight: 8, arbitrary: nearJson(documents).map((json) => Buffer.from(JSON.stringify(json))) },
  { weight: 4, arbitrary: near(documents.map((json) => JSON.stringify(json))).map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array().map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.nat({ max: 20_000 }).map((depth) => Buffer.from('['.repeat(depth))) },
);

test(
  'every message is taken, skipped or rejected with a reason, and what is there can be read',
  async () => {
    const mqtt = await startAedes();
    const ingesting = await startIngestingBroker(mqtt.port, { version: 'mqtt3.1.1', deadLetters: 'dead', topics });
    await ingesting.connected();
    const device = await openDevice(mqtt.port);
    const messages = fc.sample(fc.tuple(topic, payload), runs(400).numRuns);
    for (const [to, bytes] of messages) await device.publishAsync(to, bytes, { qos: 1 });
    const heard = messages.filter(([to]) => isMatched(to)).length;
    const settled = (label = ''): Promise<number> => ingesting.metric('mlaka_ingest_messages_total', label);
    await eventually(settled, (count) => count >= heard);
    expect(await settled()).toBe(heard);
    expect(mqtt.clients.filter((id) => id === 'mlaka-plan')).toHaveLength(1);
    const letters = mqtt.published.filter((one) => one.topic === 'dead');
    expect(letters).toHaveLength(await settled('rejected'));
    const reasons = letters.map((one) => (JSON.parse(one.payload) as { readonly reason: string }).reason);
    expect(reasons.filter((reason) => reason === '' || reason === 'the broker fails with it')).toEqual([]);
    expect(await settled('taken')).toBeGreaterThan(0);
    expect(await readAll(ingesting.url)).toBeGreaterThan(0);
  },
  timeoutMs * 2,
);

/** Reads all entities, page by page; answers how many there are. */
async function readAll(url: string): Promise<number> {
  let read = 0;
  for (;;) {
    const answer = await fetch(`${url}/ngsi-ld/v1/entities?type=*&limit=1000&offset=${read}`);
    expect(answer.status).toBe(200);
    const page: unknown = await answer.json();
    if (!Array.isArray(page) || page.length === 0) return read;
    read += page.length;
  }
}
