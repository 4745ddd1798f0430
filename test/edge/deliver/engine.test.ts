/** Tests the delivery engine with a fake messenger: which records of the log it processes, and that it reports every loss. */
import { afterEach, expect, test } from '@jest/globals';
import { createClock } from '../../../src/app/process.ts';
import type { SubscriptionDocument } from '../../../src/core/model/subscription.ts';
import { subscriptionJson } from '../../../src/core/model/subscription.ts';
import type { Delivery, Message, Messenger } from '../../../src/core/port/messenger.ts';
import type { Observation } from '../../../src/core/port/observe.ts';
import type { Log, Store } from '../../../src/core/port/store.ts';
import { createDeliveryEngine, type DeliveryEngine } from '../../../src/edge/deliver/engine.ts';
import type { DeliveryServices } from '../../../src/edge/deliver/environment.ts';
import { createMemoryStores } from '../../../src/store/memory/stores.ts';
import { createTestServices } from '../../test-services.ts';
import { eventually } from './test-broker.ts';

interface Bench {
  readonly store: Store;
  readonly engine: DeliveryEngine;
  readonly observed: readonly Observation[];
  /** The entities of what was sent, by id. */
  readonly sent: string[];
  /** What becomes of attempts from now on. */
  retry: Delivery;
  /** How many of the next readings of the log find nothing. */
  readonly lag: { reads: number };
}

const open: DeliveryEngine[] = [];
afterEach(async () => {
  for (const engine of open.splice(0)) await engine.stop();
});

const now = '2026-03-01T08:00:00Z';

/** An engine that sends to `boat:` URIs. */
async function openBench(): Promise<Bench> {
  const observed: Observation[] = [];
  const observe = (observation: Observation): unknown => observed.push(observation);
  const clock = createClock();
  const stores = createMemoryStores({ yieldToEventLoop: () => undefined });
  const store = await stores.open('', true);
  if (!store) throw new Error('there is no store');
  const lag = { reads: 0 };
  const read: Log['read'] = (after, limit) => {
    lag.reads -= 1;
    return lag.reads >= 0 ? Promise.resolve([]) : store.log.read(after, limit);
  };
  const services: DeliveryServices = createTestServices({
    stores: { ...stores, open: () => Promise.resolve({ ...store, log: { ...store.log, read } }) },
    ...{ clock, observe },
  });
  const messenger: Messenger = {
    schemes: ['boat'],
    objection: () => undefined,
    send(message: Message) {
      const { data } = JSON.parse(message.body) as { data: readonly { id: string }[] };
      if (bench.retry.kind === 'taken') bench.sent.push(...data.map(({ id }) => id));
      return { done: Promise.resolve(bench.retry), abandon: () => undefined };
    },
    close: () => Promise.resolve(),
  };
  const engine = createDeliveryEngine({ messenger, services, concurrency: 8, attemptsMax: 3, deadLettersMax: 10 });
  const bench: Bench = { store, engine, observed, sent: [], retry: { kind: 'taken' }, lag };
  open.push(engine);
  return bench;
}

const documentOf = (members: object = {}): SubscriptionDocument => ({
  id: 'urn:ngsi-ld:Subscription:1',
  members: {
    type: 'Subscription',
    entities: [{ type: 'https://boats.example/Boat' }],
    notification: { endpoint: { uri: 'boat:7' } },
    ...members,
  },
  queryContext: 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld',
  context: 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld',
  createdAt: now,
  modifiedAt: now,
  since: 0,
});
const put = ({ store }: Bench, document: SubscriptionDocument): Promise<void> =>
  store.collection('subscriptions').put(document.id, subscriptionJson(document));

async function launch({ store }: Bench, ...names: readonly number[]): Promise<void> {
  const attrs = { 'https://boats.example/draft': [{ kind: 'Property', value: 1 }] } as const;
  const writes = names.map((name) => {
    const entity = { id: `urn:boat:${name}`, types: ['https://boats.example/Boat'], attrs };
    return { mutation: { op: 'create', id: entity.id, entity } } as const;
  });
  await store.apply(writes, now);
}

test('another messenger carries to its own kind of endpoint, and to no other', async () => {
  const bench = await openBench();
  await expect(bench.engine.subscriptions.check('', documentOf())).resolves.toBeUndefined();
  const http = documentOf({ notification: { endpoint: { uri: 'http://receiver.example/' } } });
  await expect(bench.engine.subscriptions.check('', http)).rejects.toMatchObject({ type: 'OperationNotSupported' });
});

test('what is in the log before the start is delivered, from where the subscription was made on', async () => {
  const bench = await openBench();
  await launch(bench, 1, 2);
  await put(bench, { ...documentOf(), since: 1 });
  await launch(bench, 3);
  await bench.engine.start();
  await launch(bench, 4);
  await eventually(
    () => Promise.resolve(bench.sent),
    ({ length }) => length === 3,
  );
  expect(bench.sent).toEqual(['urn:boat:2', 'urn:boat:3', 'urn:boat:4']);
});

test('what was pruned from the log before it was delivered is told to be lost', async () => {
  const bench = await openBench();
  await put(bench, documentOf());
  await launch(bench, 1, 2, 3);
  await bench.store.log.prune({ before: '2000-01-01T00:00:00Z', records: 1 });
  await bench.engine.start();
  await eventually(
    () => Promise.resolve(bench.sent),
    ({ length }) => length === 1,
  );
  expect(bench.sent).toEqual(['urn:boat:3']);
  expect(bench.observed).toContainEqual(
    expect.objectContaining({ kind: 'notificationLost', subscription: 'urn:ngsi-ld:Subscription:1' }),
  );
});

test('what a store knows of before it can be read is waited for, and not passed over', async () => {
  const bench = await openBench();
  await put(bench, documentOf());
  await launch(bench, 1, 2, 3);
  // As right after an election: the position is known, and the primary does not show the records yet.
  bench.lag.reads = 1;
  await bench.engine.start();
  await eventually(
    () => Promise.resolve(bench.sent),
    ({ length }) => length === 3,
  );
  expect(bench.lag.reads).toBeLessThan(0);
});

test('a subscription that cannot be read is told of, and keeps nobody else from being notified', async () => {
  const bench = await openBench();
  await bench.store.collection('subscriptions').put('urn:ngsi-ld:Subscription:0', { broken: true });
  await put(bench, documentOf());
  await bench.engine.start();
  await launch(bench, 1);
  await eventually(
    () => Promise.resolve(bench.sent),
    ({ length }) => length === 1,
  );
  expect(bench.observed).toContainEqual(
    expect.objectContaining({ kind: 'failed', where: 'subscription', about: 'urn:ngsi-ld:Subscription:0' }),
  );
});
