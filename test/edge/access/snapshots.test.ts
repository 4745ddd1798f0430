/** Tests that snapshots hold and show only what is granted, and that the broker deletes those that have ended. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import { isObject } from '../../../src/core/model/json.ts';
import { snapshotCollection } from '../../../src/core/operation/snapshot/document.ts';
import { findSnapshot, tidySnapshots } from '../../../src/core/operation/snapshot/keeping.ts';
import { createSnapshotRuns } from '../../../src/core/operation/snapshot/runs.ts';
import type { Store } from '../../../src/core/port/store.ts';
import { administrator, startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
const [ana, bo, id] = ['key:ana', 'key:bo', 'urn:ngsi-ld:Snapshot:1'];
const within = { 'NGSILD-Snapshot': id };

const give = async (members: JsonObject): Promise<void> => {
  expect((await server.send('POST /access/grants', { as: administrator, body: members })).status).toBe(201);
};
const make = async (as: string): Promise<number> => {
  const snapshotQueries = [{ type: 'Query', entities: [{ type: 'Lamp' }, { type: 'Meter' }] }];
  return (await server.send('POST /snapshots', { as, body: { id, type: 'Snapshot', snapshotQueries } })).status;
};
const prepared = async (): Promise<void> => {
  for (;;) {
    const { body } = await server.send(`GET /snapshots/${id}`, { as: administrator });
    if (isObject(body) && body['snapshotStatus'] !== 'preparing') return;
  }
};
const idsFor = async (as: string): Promise<unknown> => {
  const { status, body } = await server.send('GET /entities?type=*', { as, headers: within });
  return Array.isArray(body) ? body.map((one: { id: string }) => one.id) : status;
};

beforeEach(async () => {
  server = await startTestServer();
  for (const [entity, type] of [
    ['urn:x:1', 'Lamp'],
    ['urn:x:2', 'Meter'],
  ] as const)
    await server.send('POST /entities', { as: administrator, body: { id: entity, type, a: 1 } });
});
afterEach(() => server.stop());

describe('a snapshot', () => {
  test('has what its creator may read, and shows each caller what that one may read', async () => {
    await give({ to: ana, operations: ['read'], types: ['Lamp'] });
    await give({ to: ana, operations: ['write'] });
    await give({ to: bo, operations: ['read'], types: ['Meter'] });
    expect(await make(ana)).toBe(201);
    await prepared();
    expect(await idsFor(administrator)).toEqual(['urn:x:1']);
    expect(await idsFor(ana)).toEqual(['urn:x:1']);
    expect(await idsFor(bo)).toEqual([]);
    expect(await idsFor('key:nobody')).toBe(403);
  });

  test('is made by whoever may write everything, and changed by its creator and administrators', async () => {
    await give({ to: ana, operations: ['read', 'write'] });
    await give({ to: bo, operations: ['read', 'write'], types: ['Lamp'] });
    expect(await make(bo)).toBe(403);
    expect(await make(ana)).toBe(201);
    await prepared();
    expect((await server.send(`GET /snapshots/${id}`, { as: bo })).status).toBe(404);
    expect((await server.send(`DELETE /snapshots/${id}`, { as: bo })).status).toBe(404);
    expect((await server.send('DELETE /snapshots?q=snapshotPriority==5', { as: bo })).status).toBe(404);
    const body = { snapshotPriority: 9 };
    expect((await server.send(`PATCH /snapshots/${id}`, { as: ana, body })).status).toBe(200);
    expect((await server.send(`PATCH /snapshots/${id}`, { as: administrator, body })).status).toBe(200);
    const { status } = await server.send('PATCH /entities/urn:x:1/attrs', { as: bo, body: { a: 2 }, headers: within });
    expect(status).toBe(204);
    expect((await server.send(`POST /snapshots/${id}/clone`, { as: bo, body: {} })).status).toBe(403);
    expect((await server.send(`DELETE /snapshots/${id}`, { as: ana })).status).toBe(204);
  });
});

describe('a subscription in a snapshot', () => {
  const subscription = 'urn:ngsi-ld:Subscription:1';
  const body = {
    id: subscription,
    type: 'Subscription',
    entities: [{ type: 'Lamp' }],
    notification: { endpoint: { uri: 'http://127.0.0.1:1' } },
  };

  test('needs the right to subscribe, and is changed by its owner', async () => {
    await give({ to: ana, operations: ['subscribe'] });
    await give({ to: bo, operations: ['read', 'write'] });
    expect(await make(administrator)).toBe(201);
    await prepared();
    const sent = async (what: string, as: string): Promise<number> =>
      (await server.send(what, { as, headers: within, ...(what.startsWith('POST') ? { body } : {}) })).status;
    expect(await sent('POST /subscriptions', bo)).toBe(403);
    expect(await sent('POST /subscriptions', ana)).toBe(201);
    await give({ to: bo, operations: ['subscribe'] });
    const path = `/subscriptions/${subscription}`;
    expect([await sent(`GET ${path}`, bo), await sent(`DELETE ${path}`, bo)]).toEqual([404, 404]);
    expect([await sent(`GET ${path}`, ana), await sent(`DELETE ${path}`, ana)]).toEqual([200, 204]);
  });

  test('is not made while the snapshot is being prepared, because the copies are no changes', async () => {
    expect(await make(administrator)).toBe(201);
    await prepared();
    const store = await server.services.stores.open('', false);
    const snapshots = store?.collection(snapshotCollection);
    const document = await snapshots?.get(id);
    if (!snapshots || !isObject(document)) throw new Error('There is no snapshot.');
    await snapshots.put(id, { ...document, status: 'preparing', aliveAt: new Date().toISOString() });
    const { status } = await server.send('POST /subscriptions', { as: administrator, body, headers: within });
    expect(status).toBe(409);
  });
});

describe('a clone', () => {
  test('is made by whoever may see the snapshot, because it has its queries', async () => {
    await give({ to: ana, operations: ['read'], types: ['Lamp'] });
    await give({ to: ana, operations: ['write'] });
    await give({ to: bo, operations: ['read', 'write'] });
    expect(await make(administrator)).toBe(201);
    await prepared();
    const cloned = async (as: string) => (await server.send(`POST /snapshots/${id}/clone`, { as, body: {} })).status;
    expect([await cloned(ana), await cloned(bo), await cloned(administrator)]).toEqual([404, 201, 201]);
    expect((await server.send(`GET /snapshots/${id}`, { as: ana })).status).toBe(404);
  });
});

describe('the snapshots of a tenant', () => {
  const hour = 3_600_000;
  const later = (hours: number): string => new Date(Date.now() + hours * hour).toISOString();

  const change = async (next: (document: JsonObject) => JsonObject): Promise<Store> => {
    const store = await server.services.stores.open('', false);
    const document: Json | undefined = await store?.collection(snapshotCollection).get(id);
    if (!store || !isObject(document)) throw new Error('There is no snapshot.');
    await store.collection(snapshotCollection).put(id, next(document));
    return store;
  };

  test('end with their lifetime, and leave no store behind', async () => {
    expect(await make(administrator)).toBe(201);
    await prepared();
    expect(await server.services.stores.tenants()).toHaveLength(2);
    const store = await change((document) => document);
    expect(await tidySnapshots(store, later(1), server.services)).toBe(0);
    expect(await tidySnapshots(store, later(25), server.services)).toBe(1);
    expect(await server.services.stores.tenants()).toEqual(['']);
    expect(await store.collection(snapshotCollection).keys()).toEqual([]);
  });

  test('are not there once they have ended, and their ids can be used again', async () => {
    expect(await make(administrator)).toBe(201);
    await prepared();
    await change((document) => ({ ...document, expiresAt: later(-1) }));
    expect((await server.send(`GET /snapshots/${id}`, { as: administrator })).status).toBe(404);
    expect(await idsFor(administrator)).toBe(404);
    expect(await make(administrator)).toBe(201);
    await prepared();
    expect(await idsFor(administrator)).toEqual(['urn:x:1', 'urn:x:2']);
  });

  test('have not failed while they wait for their turn, however long that takes', async () => {
    let end = (): void => undefined;
    const before = new Promise<void>((resolve) => {
      end = resolve;
    });
    server.services.snapshots.begin('another', { fill: () => before, beat: () => Promise.resolve(true) });
    expect(await make(administrator)).toBe(201);
    const store = await change((document) => ({ ...document, aliveAt: later(-1) }));
    const { body } = await server.send(`GET /snapshots/${id}`, { as: administrator });
    expect(body).toMatchObject({ snapshotStatus: 'preparing' });
    await server.services.snapshots.beat();
    // Another broker does not know that it waits here.
    const others = createSnapshotRuns({ observe: () => undefined });
    const seen = await findSnapshot(id, { store, now: later(0), services: { ...server.services, snapshots: others } });
    expect(seen.status).toBe('preparing');
    end();
    await prepared();
    expect(await idsFor(administrator)).toEqual(['urn:x:1', 'urn:x:2']);
  });

  test('do not wait any more when they were deleted, here or by another broker', async () => {
    let end = (): void => undefined;
    const before = new Promise<void>((resolve) => {
      end = resolve;
    });
    const snapshots = createSnapshotRuns({ observe: () => undefined });
    snapshots.begin('another', { fill: () => before, beat: () => Promise.resolve(true) });
    const filled: string[] = [];
    for (const name of ['here', 'there', 'kept'])
      snapshots.begin(name, {
        fill: () => Promise.resolve(void filled.push(name)),
        beat: () => Promise.resolve(name === 'kept'),
      });
    snapshots.forget('here');
    await snapshots.beat();
    expect(['another', 'here', 'there', 'kept'].map(snapshots.isFilling)).toEqual([true, false, false, true]);
    end();
    await snapshots.stop();
    expect(filled).toEqual([]);
  });

  test('are not made while a thousand of them wait', () => {
    const snapshots = createSnapshotRuns({ observe: () => undefined });
    const never = { fill: () => new Promise<void>(() => undefined), beat: () => Promise.resolve(true) };
    for (let n = 0; n <= 1000; n += 1) snapshots.begin(`${n}`, never);
    expect(snapshots.requireRoom).toThrow('1000 snapshots wait to be filled');
    snapshots.forget('1000');
    expect(snapshots.requireRoom).not.toThrow();
  });

  test('have failed when the broker that filled them was stopped', async () => {
    expect(await make(administrator)).toBe(201);
    await prepared();
    await change((document) => ({ ...document, status: 'preparing', aliveAt: later(-1) }));
    const { body } = await server.send(`GET /snapshots/${id}`, { as: administrator });
    expect(body).toMatchObject({ snapshotStatus: 'failure', snapshotQueriesDetails: [{ resultStatus: 'failure' }] });
  });
});
