/** Tests stored subscriptions with MQTT endpoints, from the API to the MQTT broker. */
import { afterEach, expect, test } from '@jest/globals';
import { eventually, startTestBroker, stopTestBrokers } from '../deliver/test-broker.ts';
import { type AedesBroker, startAedes, stopAedes } from './aedes-broker.ts';

afterEach(async () => {
  await stopTestBrokers();
  await stopAedes();
});

const endpointOf = ({ port }: AedesBroker, more: object = {}) => ({
  uri: `mqtt://127.0.0.1:${port}/boats/all`,
  notifierInfo: [
    { key: 'MQTT-Version', value: 'mqtt3.1.1' },
    { key: 'MQTT-QoS', value: '1' },
  ],
  ...more,
});
const payloads = ({ published }: AedesBroker) =>
  published.map(({ payload }) => JSON.parse(payload) as { metadata: object; body: { data: { draft: object }[] } });

test('a change is published once, with what would be headers as metadata', async () => {
  const [testBroker, broker] = [await startTestBroker(), await startAedes()];
  const endpoint = endpointOf(broker, { receiverInfo: [{ key: 'X-Key', value: 'value' }] });
  const id = await testBroker.subscribe(endpoint.uri, {}, { endpoint });
  await testBroker.sail(7, 2);
  const account = await eventually(
    () => testBroker.notification(id),
    ({ status }) => status !== undefined,
  );
  expect(account).toMatchObject({ status: 'ok', timesSent: 1 });
  expect(broker.published).toMatchObject([{ topic: 'boats/all', qos: 1 }]);
  expect(payloads(broker)).toEqual([
    {
      metadata: {
        'Content-Type': 'application/json',
        Link: expect.stringMatching(
          /^<https:\S+>; rel="http:\/\/www.w3.org\/ns\/json-ld#context"; type="application\/ld\+json"$/,
        ),
        'X-Key': 'value',
      },
      body: {
        id: expect.any(String),
        type: 'Notification',
        subscriptionId: id,
        notifiedAt: expect.any(String),
        data: [{ id: 'urn:ngsi-ld:Boat:7', type: 'Boat', draft: { type: 'Property', value: 2 } }],
      },
    },
  ]);
});

test('in JSON-LD the @context is in the data, and the tenant in the metadata', async () => {
  const [testBroker, broker] = [await startTestBroker(), await startAedes()];
  const tenant = { 'NGSILD-Tenant': 'kranj' };
  const endpoint = endpointOf(broker, { accept: 'application/ld+json' });
  const body = { type: 'Subscription', entities: [{ type: 'Boat' }], notification: { endpoint } };
  await testBroker.send('POST /subscriptions', body, tenant);
  await testBroker.send('POST /entities', { id: 'urn:ngsi-ld:Boat:1', type: 'Boat', draft: 1 }, tenant);
  await broker.until(() => broker.published.length === 1);
  expect(payloads(broker)).toMatchObject([{ body: { data: [{ '@context': expect.anything() }] } }]);
  expect(payloads(broker)[0]?.metadata).toEqual({ 'Content-Type': 'application/ld+json', ...tenant });
});

test('what happens while the MQTT broker is away is published afterwards, in order', async () => {
  const [testBroker, broker] = [await startTestBroker(), await startAedes()];
  const id = await testBroker.subscribe('', {}, { endpoint: endpointOf(broker) });
  await testBroker.sail(1, 1);
  await broker.until(() => broker.published.length === 1);
  await broker.down();
  for (const draft of [2, 3, 4]) await testBroker.sail(1, draft);
  await eventually(
    () => testBroker.notification(id),
    ({ timesFailed = 0 }) => timesFailed > 0,
  );
  await broker.up();
  await broker.until(() => broker.published.length === 4);
  expect(payloads(broker).map(({ body }) => body.data[0]?.draft)).toMatchObject(
    [1, 2, 3, 4].map((value) => ({ value })),
  );
});
