/**
 * Tests a complete use case of ngsijs by NGSI v2, unchanged, in Node and in Chromium: the page has another origin than the broker.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestBroker, type TestBroker } from '../scenario/scenario.ts';
import { runInNode, runInPage } from './ngsijs-runner.ts';

interface Found {
  readonly results: readonly Readonly<Record<string, unknown>>[];
  readonly count: number;
}

interface Told {
  readonly data: readonly { readonly power: unknown }[];
  readonly attrsformat: string;
}

/** What is used here of ngsijs, which has no types. */
interface Connection {
  readonly ngsi_proxy: { close(): Promise<void> };
  readonly v2: {
    createEntity(entity: object, options: object): Promise<unknown>;
    getEntity(options: object): Promise<{ readonly entity: unknown }>;
    listEntities(options: object): Promise<Found>;
    appendEntityAttributes(changes: object, options: object): Promise<unknown>;
    updateEntityAttributes(changes: object, options: object): Promise<unknown>;
    replaceEntityAttributes(changes: object, options: object): Promise<unknown>;
    getEntityAttribute(options: object): Promise<{ readonly attribute: unknown }>;
    replaceEntityAttribute(changes: object, options: object): Promise<unknown>;
    getEntityAttributeValue(options: object): Promise<{ readonly value: unknown }>;
    replaceEntityAttributeValue(options: object): Promise<unknown>;
    deleteEntityAttribute(options: object): Promise<unknown>;
    batchUpdate(changes: object, options: object): Promise<unknown>;
    batchQuery(query: object, options: object): Promise<Found>;
    listTypes(options: object): Promise<Found>;
    getType(options: object): Promise<{ readonly type: unknown }>;
    createSubscription(subscription: object, options: object): Promise<{ subscription: { id: string } }>;
    updateSubscription(changes: object, options: object): Promise<unknown>;
    listSubscriptions(options: object): Promise<Found>;
    deleteSubscription(options: object): Promise<unknown>;
    createRegistration(registration: object, options: object): Promise<{ registration: { id: string } }>;
    getRegistration(options: object): Promise<{ readonly registration: { readonly status: unknown } }>;
    updateRegistration(changes: object, options: object): Promise<unknown>;
    listRegistrations(options: object): Promise<Found>;
    deleteRegistration(options: object): Promise<unknown>;
    deleteEntity(options: object): Promise<unknown>;
  };
}

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker([
    ...['--store', 'memory', '--ngsi-proxy', '--notify-allow-private', '--cors-origin', '*'],
  ]);
});
afterAll(() => broker.stop());

/** Connects, writes, queries, pages, subscribes and is told, registers, and deletes; answers what came at each step. */
async function carryOut({ v2 }: Connection, service: string): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  const here = { service, servicepath: '/street' };
  const id = 'Lamp1';
  const power = { type: 'Number', value: 70 };
  for (const number of [1, 2, 3]) await v2.createEntity({ id: `Lamp${number}`, type: 'Lamp', power }, here);
  seen.push(await v2.createEntity({ id, type: 'Lamp' }, here).catch((error: unknown) => (error as Error).name));
  seen.push((await v2.getEntity({ ...here, id, keyValues: true })).entity);
  const page = await v2.listEntities({ ...here, type: 'Lamp', limit: 2, offset: 1, count: true, keyValues: true });
  seen.push([page.results.map((one) => one['id']), page.count]);
  const told = new Promise((resolve) => {
    const callback = (payload: Told | null): void => {
      if (payload) resolve([payload.attrsformat, payload.data[0]?.power]);
    };
    const subscription = { subject: { entities: [{ id }] }, notification: { attrsFormat: 'keyValues', callback } };
    void v2.createSubscription(subscription, here).then(async (made) => {
      await v2.updateSubscription({ id: made.subscription.id, description: 'a lamp' }, here);
      await v2.updateEntityAttributes({ id, power: { value: 90 } }, here);
    });
  });
  seen.push(await told);
  await v2.appendEntityAttributes({ id, height: { value: 4 } }, here);
  await v2.replaceEntityAttribute({ value: 5 }, { ...here, id, attribute: 'height' });
  seen.push((await v2.getEntityAttribute({ ...here, id, attribute: 'height' })).attribute);
  await v2.replaceEntityAttributeValue({ ...here, id, attribute: 'height', value: { top: 6 } });
  seen.push((await v2.getEntityAttributeValue({ ...here, id, attribute: 'height' })).value);
  seen.push((await v2.listEntities({ ...here, type: 'Lamp', q: 'height.top==6', keyValues: true })).results);
  await v2.deleteEntityAttribute({ ...here, id, attribute: 'height' });
  await v2.replaceEntityAttributes({ id, power: { value: 91 } }, here);
  await v2.batchUpdate({ actionType: 'append', entities: [{ id: 'Lamp4', type: 'Lamp', power }] }, here);
  const query = { entities: [{ idPattern: '4$', type: 'Lamp' }] };
  seen.push((await v2.batchQuery(query, { ...here, keyValues: true, count: true })).results);
  seen.push((await v2.listTypes(here)).results);
  seen.push((await v2.getType({ ...here, type: 'Lamp', id: 'Lamp' })).type);
  const kept = await v2.listSubscriptions({ ...here, count: true });
  seen.push([kept.count, kept.results[0]?.['description']]);
  await v2.deleteSubscription({ ...here, id: kept.results[0]?.['id'] });
  const dataProvided = { entities: [{ id, type: 'Lamp' }], attrs: ['switch'] };
  const provider = { http: { url: 'http://agent.example:4041' } };
  const { registration } = await v2.createRegistration({ dataProvided, provider }, here);
  await v2.updateRegistration({ id: registration.id, status: 'inactive' }, here);
  seen.push((await v2.getRegistration({ ...here, id: registration.id })).registration.status);
  seen.push((await v2.listRegistrations({ ...here, count: true })).count);
  await v2.deleteRegistration({ ...here, id: registration.id });
  for (const number of [1, 2, 3, 4]) await v2.deleteEntity({ ...here, id: `Lamp${number}` });
  seen.push((await v2.listEntities({ ...here, type: 'Lamp' })).results);
  return seen;
}

const lamp = { id: 'Lamp1', type: 'Lamp' };
const typed = { attrs: { power: { types: ['Number'] } }, count: 4 };
const expected = [
  'AlreadyExists',
  { ...lamp, power: 70 },
  [['Lamp2', 'Lamp3'], 3],
  ['keyValues', 90],
  { type: 'Number', value: 5, metadata: {} },
  { top: 6 },
  [{ ...lamp, power: 90, height: { top: 6 } }],
  [{ id: 'Lamp4', type: 'Lamp', power: 70 }],
  [{ type: 'Lamp', ...typed }],
  typed,
  [1, 'a lamp'],
  'inactive',
  1,
  [],
];

test('ngsijs by NGSI v2 in Node', async () => {
  expect(await runInNode(broker.url, carryOut)).toEqual(expected);
});

test('ngsijs by NGSI v2 in a page of another origin', async () => {
  expect(await runInPage(broker.url, carryOut)).toEqual(expected);
}, 60_000);
