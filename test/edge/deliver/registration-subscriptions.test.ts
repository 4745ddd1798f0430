/** Tests that subscriptions to registrations are notified: of what matches at once, and of every change, at least once, also after a crash. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Received, type Receiver, startReceiver, stopReceivers } from './receiver.ts';
import { eventually, startTestBroker, stopTestBrokers, type TestBroker } from './test-broker.ts';

afterEach(async () => {
  await stopTestBrokers();
  await stopReceivers();
});

const idOf = (name: string): string => `urn:ngsi-ld:ContextSourceRegistration:${name}`;
const registration = (name: string, members: object = {}) => ({
  id: idOf(name),
  type: 'ContextSourceRegistration',
  information: [{ entities: [{ type: 'Boat' }] }, { entities: [{ type: 'Harbour' }], propertyNames: ['depth'] }],
  endpoint: 'http://source.example',
  ...members,
});
const register = (broker: TestBroker, name: string, members: object = {}) =>
  broker.send('POST /csourceRegistrations', registration(name, members));

const subscribe = async (broker: TestBroker, uri: string, members: object = {}): Promise<string> => {
  const location = (await broker.send('POST /csourceSubscriptions', {
    type: 'Subscription',
    entities: [{ type: 'Boat' }],
    notification: { endpoint: { uri } },
    ...members,
  })) as string;
  expect(location).toMatch(/^\/ngsi-ld\/v1\/csourceSubscriptions\/urn:/);
  return location.slice('/ngsi-ld/v1/csourceSubscriptions/'.length);
};

/** Reason and names of the registrations of each notification. */
const toldIn = (received: readonly Received[]): readonly string[] =>
  received.map(({ body }) => {
    const { triggerReason = '' } = body as { readonly triggerReason?: string };
    const names = body.data.map(({ id }) => String(id).replace(idOf(''), ''));
    return [triggerReason, ...names.sort()].join(' ');
  });

const until = async (receiver: Receiver, count: number): Promise<readonly string[]> =>
  toldIn(await receiver.until((received) => received.length >= count));

describe('a subscription to registrations', () => {
  test('is first notified of those that match already, with the elements that match, and then of each change', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver()];
    await register(broker, 'A', { contextSourceInfo: [{ key: 'Authorization', value: 'secret' }] });
    await register(broker, 'Other', { information: [{ entities: [{ type: 'Train' }] }] });
    const id = await subscribe(broker, receiver.url);
    const [first] = await receiver.until((received) => received.length > 0);
    expect(first?.body).toEqual({
      id: expect.stringMatching(/^urn:ngsi-ld:ContextSourceNotification:/),
      type: 'ContextSourceNotification',
      subscriptionId: id,
      notifiedAt: expect.any(String),
      triggerReason: 'newlyMatching',
      data: [
        {
          ...registration('A'),
          information: [{ entities: [{ type: 'Boat' }] }],
          contextSourceInfo: [{ key: 'Authorization', value: '***' }],
        },
      ],
    });
    expect(first?.headers['link']).toMatch(/json-ld#context/);
    await register(broker, 'B');
    await until(receiver, 2);
    await broker.send(`PATCH /csourceRegistrations/${idOf('B')}`, { description: 'new' });
    await until(receiver, 3);
    await broker.send(`PATCH /csourceRegistrations/${idOf('B')}`, { information: [{ propertyNames: ['wheels'] }] });
    await broker.send(`PATCH /csourceRegistrations/${idOf('Other')}`, { description: 'new' });
    await broker.send(`DELETE /csourceRegistrations/${idOf('A')}`);
    await until(receiver, 5);
    expect(toldIn(receiver.received)).toEqual([
      'newlyMatching A',
      'newlyMatching B',
      'updated B',
      // It is about any entity that has wheels: boats may have some.
      'updated B',
      'noLongerMatching A',
    ]);
    const shown = (await broker.send(`GET /csourceSubscriptions/${id}`)) as object;
    expect(shown).toEqual({
      id,
      type: 'Subscription',
      entities: [{ type: 'Boat' }],
      status: 'active',
      notification: expect.objectContaining({ timesSent: 5, status: 'ok' }),
    });
    expect(shown).not.toHaveProperty('notification.timesFailed');
  });

  test('is notified again of all that match after it was changed, and of nothing while it is paused', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver()];
    await register(broker, 'A');
    const id = await subscribe(broker, receiver.url, { watchedAttributes: ['wheels'] });
    await until(receiver, 1);
    await broker.send(`PATCH /csourceSubscriptions/${id}`, { isActive: false });
    await register(broker, 'B');
    await broker.send(`PATCH /csourceSubscriptions/${id}`, {
      isActive: true,
      entities: [{ type: 'Harbour' }],
      watchedAttributes: ['depth'],
    });
    await until(receiver, 2);
    await broker.send(`DELETE /csourceRegistrations/${idOf('B')}`);
    expect(await until(receiver, 3)).toEqual(['newlyMatching A', 'newlyMatching A B', 'noLongerMatching B']);
    await broker.send(`DELETE /csourceSubscriptions/${id}`);
    expect(await broker.send('GET /csourceSubscriptions?count=true')).toEqual([]);
  });

  test('is notified at intervals of all that match', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver()];
    await register(broker, 'A');
    await register(broker, 'Other', { information: [{ entities: [{ type: 'Train' }] }] });
    await subscribe(broker, receiver.url, { timeInterval: 0.5 });
    expect(await until(receiver, 2)).toEqual(['newlyMatching A', 'newlyMatching A']);
  });

  test('asks for intervals, places and properties of sources', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver()];
    const past = { observationInterval: { startAt: '2020-01-01T00:00:00Z', endAt: '2021-01-01T00:00:00Z' } };
    await register(broker, 'Past', past);
    await register(broker, 'Owned', { owner: 'Kranj' });
    await register(broker, 'Here', { location: { type: 'Point', coordinates: [14, 46] } });
    const temporalQ = { timerel: 'before', timeAt: '2020-06-01T00:00:00Z' };
    const geoQ = { georel: 'near;maxDistance==10', geometry: 'Point', coordinates: [14, 46] };
    for (const [index, members] of [{ temporalQ }, { csf: 'owner=="Kranj"' }, { geoQ }].entries()) {
      await subscribe(broker, receiver.url, members);
      await until(receiver, index + 1);
    }
    expect(toldIn(receiver.received)).toEqual(['newlyMatching Past', 'newlyMatching Owned', 'newlyMatching Here']);
  });

  test('gets every change that happened while its receiver was down or its broker was, and dead letters of what is refused', async () => {
    const receiver = await startReceiver();
    let broker = await startTestBroker([], mkdtempSync(join(tmpdir(), 'mlaka-registrations-')));
    const { folder } = broker;
    const id = await subscribe(broker, receiver.url);
    await receiver.down();
    await register(broker, 'A');
    await broker.send(`PATCH /csourceRegistrations/${idOf('A')}`, { description: 'new' });
    await broker.send(`DELETE /csourceRegistrations/${idOf('A')}`);
    await broker.stop();
    await receiver.up();
    broker = await startTestBroker([], folder);
    const told = await until(receiver, 3);
    expect([...new Set(told)]).toEqual(['newlyMatching A', 'updated A', 'noLongerMatching A']);
    receiver.manner = () => 400;
    await register(broker, 'B');
    const letters = await eventually(
      async () => (await broker.send(`GET /csourceSubscriptions/${id}/deadLetters`)) as readonly { id: string }[],
      (found) => found.length > 0,
    );
    receiver.manner = () => 200;
    await broker.send(`POST /csourceSubscriptions/${id}/deadLetters/replay`);
    await receiver.until((received) => toldIn(received).filter((one) => one === 'newlyMatching B').length > 1);
    expect(letters).toHaveLength(1);
  });
});
