/** Tests complete use cases of ngsijs, the client of WireCloud, unchanged: in Node, and in a page of another origin in Chromium. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestBroker, type TestBroker } from '../scenario/scenario.ts';
import { runInNode, runInPage } from './ngsijs-runner.ts';

interface Found {
  readonly results: readonly Readonly<Record<string, unknown>>[];
  readonly count: number;
}

interface Told {
  readonly data: readonly { readonly power: unknown }[];
}

/** What is used here of ngsijs, which has no types. */
interface Connection {
  readonly ngsi_proxy: { close(): Promise<void> };
  readonly ld: {
    createEntity(entity: object, options: object): Promise<unknown>;
    getEntity(options: object): Promise<{ readonly entity: unknown }>;
    queryEntities(options: object): Promise<Found>;
    appendEntityAttributes(changes: object, options: object): Promise<unknown>;
    updateEntityAttribute(changes: object, options: object): Promise<unknown>;
    updateEntityAttributes(changes: object, options: object): Promise<unknown>;
    deleteEntityAttribute(options: object): Promise<unknown>;
    createSubscription(subscription: object, options: object): Promise<{ subscription: { id: string } }>;
    updateSubscription(changes: object, options: object): Promise<unknown>;
    listSubscriptions(options: object): Promise<Found>;
    deleteSubscription(options: object): Promise<unknown>;
    queryTemporalEntities(options: object): Promise<Found>;
    listTypes(options: object): Promise<unknown>;
    deleteEntity(options: object): Promise<unknown>;
  };
}

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker([
    ...['--store', 'memory', '--ngsi-proxy', '--notify-allow-private', '--tolerant', '--cors-origin', '*'],
  ]);
});
afterAll(() => broker.stop());

/**
 * Connects, writes, queries, pages, subscribes and is told, reads history, and deletes; answers what came at each step. It is
 * carried out in a page too, so that it names nothing around it.
 */
async function carryOut({ ld }: Connection, tenant: string): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  const id = 'urn:ngsi-ld:Lamp:1';
  const inTenant = { tenant, service: tenant };
  const observedAt = '2026-03-01T08:00:00Z';
  for (const number of [1, 2, 3]) {
    const power = { type: 'Property', value: 70, observedAt };
    await ld.createEntity({ id: `urn:ngsi-ld:Lamp:${number}`, type: 'Lamp', power }, inTenant);
  }
  seen.push((await ld.getEntity({ ...inTenant, id, keyValues: true })).entity);
  const page = await ld.queryEntities({ ...inTenant, type: 'Lamp', limit: 2, offset: 1, count: true });
  seen.push([page.results.map((one) => one['id']), page.count]);
  seen.push((await ld.queryEntities(inTenant)).results.length);
  const told = new Promise((resolve) => {
    const callback = (payload: Told | null): void => {
      if (payload) resolve(payload.data[0]?.power);
    };
    const notification = { format: 'keyValues', endpoint: { accept: 'application/json', callback } };
    const subscription = { type: 'Subscription', entities: [{ id }], notification };
    void ld.createSubscription(subscription, inTenant).then(async (made) => {
      await ld.updateSubscription({ description: 'a lamp' }, { ...inTenant, id: made.subscription.id });
      await ld.updateEntityAttribute(
        { value: 90, observedAt: '2026-03-01T09:00:00Z' },
        { ...inTenant, id, attribute: 'power' },
      );
    });
  });
  seen.push(await told);
  await ld.appendEntityAttributes({ id, height: { type: 'Property', value: 4 } }, inTenant);
  await ld.updateEntityAttributes({ id, height: { type: 'Property', value: 5 } }, inTenant);
  seen.push((await ld.queryEntities({ ...inTenant, type: 'Lamp', q: 'height==5', keyValues: true })).results);
  await ld.deleteEntityAttribute({ ...inTenant, id, attribute: 'height' });
  const time = { timerel: 'after', timeAt: '2026-01-01T00:00:00Z', timeproperty: 'observedAt' };
  const history = await ld.queryTemporalEntities({ ...inTenant, ...time, type: 'Lamp', temporalValues: true });
  seen.push(history.results.filter((one) => one['id'] === id));
  const kept = await ld.listSubscriptions({ ...inTenant, count: true });
  seen.push([kept.count, kept.results[0]?.['description']]);
  await ld.deleteSubscription({ ...inTenant, id: kept.results[0]?.['id'] });
  for (const number of [1, 2, 3]) await ld.deleteEntity({ ...inTenant, id: `urn:ngsi-ld:Lamp:${number}` });
  seen.push((await ld.queryEntities({ ...inTenant, type: 'Lamp' })).results);
  return seen;
}

const lamp = { id: 'urn:ngsi-ld:Lamp:1', type: 'Lamp' };
const expected = [
  { ...lamp, power: 70 },
  [['urn:ngsi-ld:Lamp:2', 'urn:ngsi-ld:Lamp:3'], 3],
  3,
  90,
  [{ ...lamp, power: 90, height: 5 }],
  [
    {
      ...lamp,
      power: {
        type: 'Property',
        values: expect.arrayContaining([
          [70, '2026-03-01T08:00:00Z'],
          [90, '2026-03-01T09:00:00Z'],
        ]),
      },
    },
  ],
  [1, 'a lamp'],
  [],
];

test('ngsijs in Node', async () => {
  expect(await runInNode(broker.url, carryOut)).toEqual(expected);
});

test('ngsijs in a page of another origin', async () => {
  expect(await runInPage(broker.url, carryOut)).toEqual(expected);
}, 60_000);
