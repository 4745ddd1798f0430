/** Tests MQTT 3.1.1 ingestion, from an MQTT broker in this process to the API. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { eventually, stopTestBrokers } from '../../deliver/test-broker.ts';
import { startAedes, stopAedes } from '../aedes-broker.ts';
import { counter, counters, closeDevices, openDevice, startIngestingBroker } from './ingesting-broker.ts';

afterEach(async () => {
  await closeDevices();
  await stopTestBrokers();
  await stopAedes();
});

const old = { version: 'mqtt3.1.1' };
const upTo = <T>(ask: () => Promise<T>, wanted: T): Promise<T> => eventually(ask, (answer) => answer === wanted);

test.each([0, 1, 2])('a message becomes an entity, QoS %d', async (qos) => {
  const broker = await startAedes();
  const ingesting = await startIngestingBroker(broker.port, { ...old, qos });
  await ingesting.connected();
  const device = await openDevice(broker.port);
  await device.publishAsync('m/1', '{"n":7}', { qos: qos as 0 | 1 | 2 });
  await upTo(() => ingesting.value(counter(1)), 7);
  await upTo(() => ingesting.metric('mlaka_ingest_messages_total', 'taken'), 1);
  await upTo(() => ingesting.metric('mlaka_ingest_entities_total'), 1);
});

test('credentials come from the environment', async () => {
  const logins: string[] = [];
  const broker = await startAedes({
    authenticate: ({ id }, user, password, done) => {
      logins.push(`${id} ${user ?? ''} ${password?.toString() ?? ''}`);
      done(null, true);
    },
  });
  process.env['TEST_MQTT_USER'] = 'ana';
  process.env['TEST_MQTT_PASSWORD'] = 'p@ss';
  const ingesting = await startIngestingBroker(broker.port, {
    ...old,
    userFrom: 'TEST_MQTT_USER',
    passwordFrom: 'TEST_MQTT_PASSWORD',
  });
  await ingesting.connected();
  expect(logins).toEqual(['mlaka-plan ana p@ss']);
});

test('what is of no use is counted, does not stop what follows, and goes where it can be looked at', async () => {
  const broker = await startAedes();
  const ingesting = await startIngestingBroker(broker.port, { ...old, deadLetters: 'dead' });
  await ingesting.connected();
  const device = await openDevice(broker.port);
  const payloads = ['{"n":1}', '{"n":', '{}', Buffer.from([0xff]), '{"n":"x"}', '', '[{"n":3},{"n":null}]', '{"n":4}'];
  for (const payload of payloads) await device.publishAsync('m/1', payload, { qos: 1 });
  await upTo(() => ingesting.value(counter(1)), 4);
  const count = (label: string): Promise<number> => ingesting.metric('mlaka_ingest_messages_total', label);
  await upTo(() => count('taken'), 2);
  await upTo(() => count('rejected'), 5);
  expect([await count('taken'), await count('skipped'), await count('rejected')]).toEqual([2, 1, 5]);
  await broker.until(() => broker.published.filter(({ topic }) => topic === 'dead').length === 5);
  const dead = broker.published.filter(({ topic }) => topic === 'dead');
  expect(dead.map(({ payload }) => JSON.parse(payload) as object)).toEqual(
    [
      ['it is "{\\"n\\":", which is no JSON', { payload: '{"n":' }],
      ['there is no value for n', { payload: '{}' }],
      ['it is no text in UTF-8', { payloadBase64: '/w==' }],
      ['n is "x", which is no number', { payload: '{"n":"x"}' }],
      ['there is no value for n', { payload: '[{"n":3},{"n":null}]' }],
    ].map(([reason, payload]) => ({ topic: 'm/1', arrivedAt: expect.any(String), reason, ...(payload as object) })),
  );
});

test('what the API refuses is rejected with its reason, and nothing else is', async () => {
  const broker = await startAedes();
  const entities = { topic: 'e', payload: 'ngsi-ld' };
  const ingesting = await startIngestingBroker(broker.port, { ...old, deadLetters: 'dead', topics: [entities] });
  await ingesting.connected();
  const device = await openDevice(broker.port);
  const elements = [
    { id: counter(1), type: 'Counter', n: 1 },
    { id: 'no URI', type: 'Counter', n: 1 },
    { id: counter(2), n: 1 },
    { id: counter(3), type: 'Counter', n: { type: 'Colour', value: 1 } },
    { id: counter(1), type: 'Counter', n: 2 },
  ];
  for (const element of elements) device.publish('e', JSON.stringify(element), { qos: 1 });
  await broker.until(() => broker.published.filter(({ topic }) => topic === 'dead').length === 3);
  await upTo(() => ingesting.value(counter(1)), 2);
  const dead = broker.published.filter(({ topic }) => topic === 'dead');
  expect(dead.map(({ payload }) => JSON.parse(payload) as unknown)).toEqual([
    expect.objectContaining({ payload: JSON.stringify(elements[1]), reason: expect.stringContaining('no URI') }),
    expect.objectContaining({ payload: JSON.stringify(elements[2]), reason: expect.stringContaining('type') }),
    expect.objectContaining({ payload: JSON.stringify(elements[3]), reason: expect.stringContaining('Colour') }),
  ]);
});

test('a fragment is merged into an entity that is there, in its tenant', async () => {
  const broker = await startAedes();
  const topics = [
    { topic: 'e', payload: 'ngsi-ld' },
    { topic: 'e/{id}', payload: 'ngsi-ld', write: 'merge', id: 'urn:ngsi-ld:Counter:{id}' },
  ];
  const ingesting = await startIngestingBroker(broker.port, { ...old, topics, tenant: 'kranj' });
  await ingesting.connected();
  const device = await openDevice(broker.port);
  const say = (topic: string, body: object): Promise<unknown> =>
    device.publishAsync(topic, JSON.stringify(body), { qos: 1 });
  await say('e/1', { n: 0 });
  await say('e', [{ id: counter(1), type: 'Counter', n: 1, m: { value: { a: 1, b: 2 } } }]);
  await say('e/1', { n: 'urn:ngsi-ld:null', m: { value: { a: 3 } } });
  await upTo(() => ingesting.metric('mlaka_ingest_messages_total'), 3);
  const url = `${ingesting.url}/ngsi-ld/v1/entities/${counter(1)}?options=keyValues`;
  const answer = await fetch(url, { headers: { 'NGSILD-Tenant': 'kranj' } });
  expect(await answer.json()).toMatchObject({ id: counter(1), m: { a: 3, b: 2 } });
  expect(await ingesting.value(counter(1))).toBeUndefined();
  expect(await ingesting.metric('mlaka_ingest_messages_total', 'rejected')).toBe(1);
});

test('messages of a topic are written in their order, all of them, and each is history', async () => {
  const broker = await startAedes();
  const timed = { ...counters, observedAt: { column: 't', pattern: 'epoch-s' } };
  const ingesting = await startIngestingBroker(broker.port, { ...old, topics: [timed] });
  await ingesting.connected();
  const device = await openDevice(broker.port);
  const last = 400;
  for (let n = 1; n <= last; n += 1)
    device.publish(`m/${n % 3}`, JSON.stringify({ n, t: 1_770_000_000 + n }), { qos: 1 });
  await upTo(() => ingesting.metric('mlaka_ingest_messages_total', 'taken'), last);
  expect([
    await ingesting.value(counter(1)),
    await ingesting.value(counter(2)),
    await ingesting.value(counter(0)),
  ]).toEqual([400, 398, 399]);
  const history = (await ingesting.send(
    `GET /temporal/entities/${counter(1)}?timerel=after&timeAt=2026-01-01T00:00:00Z&options=temporalValues`,
  )) as { n: { values: [number, string][] } };
  const numbers = history.n.values.map(([value]) => value).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: 134 }, (_, index) => 1 + 3 * index));
});

test.each([1, 2])('what comes while the MQTT broker is away and back is there at last, QoS %d', async (qos) => {
  const broker = await startAedes();
  const ingesting = await startIngestingBroker(broker.port, { ...old, qos });
  await ingesting.connected();
  const device = await openDevice(broker.port);
  const publish = (n: number): Promise<unknown> =>
    device.publishAsync(`m/${n}`, JSON.stringify({ n }), { qos: qos as 1 | 2 });
  const sent = Array.from({ length: 50 }, (_, index) => publish(index));
  await broker.until(() => broker.published.length > 20);
  await broker.down();
  for (let n = 50; n < 100; n += 1) sent.push(publish(n));
  await ingesting.connected(false);
  await broker.up();
  await Promise.all(sent);
  await ingesting.connected();
  await upTo(() => ingesting.count(), 100);
});

test('a session that is kept gets what came while the broker was away', async () => {
  const broker = await startAedes();
  const first = await startIngestingBroker(broker.port, old);
  await first.connected();
  await first.stop();
  const device = await openDevice(broker.port);
  await device.publishAsync('m/1', '{"n":1}', { qos: 1 });
  const second = await startIngestingBroker(broker.port, old);
  await upTo(() => second.value(counter(1)), 1);
});

test('an MQTT broker that refuses a topic, or says nothing, or nonsense, is asked again', async () => {
  let refusals = 0;
  const strict = await startAedes({
    authorizeSubscribe: (_client, subscription, done) => {
      refusals += 1;
      done(null, refusals === 1 ? null : subscription);
    },
  });
  const ingesting = await startIngestingBroker(strict.port, old);
  await ingesting.connected();
  expect(refusals).toBe(2);

  let visits = 0;
  const server = createServer((socket) => {
    visits += 1;
    socket.on('error', () => undefined).write(visits === 1 ? 'HTTP/1.1 400 Bad Request\r\n\r\n' : '');
    if (visits === 2) socket.destroy();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const other = await startIngestingBroker((server.address() as AddressInfo).port, old);
  await eventually(
    () => Promise.resolve(visits),
    (count) => count >= 3,
  );
  expect(await other.metric('mlaka_ingest_connected')).toBe(0);
  await other.stop();
  server.close();
});

test('a broker that is stopped at its work takes its leave, and has it all when it comes back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-ingest-'));
  const broker = await startAedes();
  const first = await startIngestingBroker(broker.port, old, folder);
  await first.connected();
  const device = await openDevice(broker.port);
  const sent = Array.from({ length: 500 }, (_, n) => device.publishAsync(`m/${n}`, JSON.stringify({ n }), { qos: 1 }));
  await eventually(
    () => first.metric('mlaka_ingest_messages_total'),
    (count) => count > 0,
  );
  await first.stop();
  await broker.until(() => !broker.present.has('mlaka-plan'));
  await Promise.all(sent);
  const second = await startIngestingBroker(broker.port, old, folder);
  await upTo(() => second.count(), 500);
  await second.stop();
  rmSync(folder, { recursive: true });
});
