/** Tests delivery over HTTP with real sockets: the content of notifications, their order, and failures of receivers. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { type Received, startReceiver, stopReceivers, valueOf } from './receiver.ts';
import { eventually, startTestBroker, stopTestBrokers } from './test-broker.ts';

jest.setTimeout(30_000);
afterEach(async () => {
  await stopTestBrokers();
  await stopReceivers();
});

const drafts = (received: readonly Received[], boat?: number): unknown[] =>
  received
    .filter(({ body }) => boat === undefined || body.data[0]?.['id'] === `urn:ngsi-ld:Boat:${boat}`)
    .map((one) => valueOf(one, 'draft'));
const count = (least: number) => (received: readonly Received[]) => received.length >= least;
const numbers = (most: number): number[] => Array.from({ length: most }, (_, index) => index + 1);

describe('a notification', () => {
  test('is the standard, with the @context in a Link header', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver()];
    const id = await broker.subscribe(receiver.url);
    await broker.sail(7, 2);
    const [one] = await receiver.until(count(1));
    expect(one?.headers).toMatchObject({
      'content-type': 'application/json',
      link: '<https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"',
    });
    expect(one?.headers).not.toHaveProperty('ngsild-tenant');
    expect(one?.body).toEqual({
      id: expect.stringMatching(/^urn:ngsi-ld:Notification:/),
      type: 'Notification',
      subscriptionId: id,
      notifiedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      data: [{ id: 'urn:ngsi-ld:Boat:7', type: 'Boat', draft: { type: 'Property', value: 2 } }],
    });
  });

  test('carries receiverInfo and the tenant as headers', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver()];
    const tenant = { 'NGSILD-Tenant': 'kranj' };
    const endpoint = { uri: receiver.url, receiverInfo: [{ key: 'Authorization', value: 'Bearer Č' }] };
    await broker.send(
      'POST /subscriptions',
      { type: 'Subscription', entities: [{ type: 'Boat' }], notification: { endpoint } },
      tenant,
    );
    await broker.send('POST /entities', { id: 'urn:ngsi-ld:Boat:1', type: 'Boat', draft: 1 }, tenant);
    await broker.sail(2, 2);
    const [one] = await receiver.until(count(1));
    expect(one?.headers).toMatchObject({
      'ngsild-tenant': 'kranj',
      authorization: Buffer.from('Bearer Č').toString('latin1'),
    });
    expect(one?.body.data).toMatchObject([{ id: 'urn:ngsi-ld:Boat:1' }]);
  });

  test('in JSON-LD holds the @context, in each entity too, and no Link header goes with it', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver()];
    await broker.subscribe(receiver.url, {}, { endpoint: { uri: receiver.url, accept: 'application/ld+json' } });
    await broker.sail(7, 2);
    const [one] = await receiver.until(count(1));
    expect(one?.headers).toMatchObject({ 'content-type': 'application/ld+json' });
    expect(one?.headers).not.toHaveProperty('link');
    expect(one?.body.data[0]).toHaveProperty(
      '@context',
      'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld',
    );
    expect(one?.body).toHaveProperty('@context', one?.body.data[0]?.['@context']);
  });

  test.each([
    ['holds the @context', [], true],
    [
      'leaves the @context to a Link header, as the receiver prefers it',
      [{ key: 'Prefer', value: 'body=json' }],
      false,
    ],
  ])('in GeoJSON %s', async (_, receiverInfo, isInBody) => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver()];
    await broker.subscribe(
      receiver.url,
      {},
      { endpoint: { uri: receiver.url, accept: 'application/geo+json', receiverInfo } },
    );
    const location = { type: 'GeoProperty', value: { type: 'Point', coordinates: [14.3553, 46.2389] } };
    await broker.send('POST /entities', { id: 'urn:ngsi-ld:Boat:1', type: 'Boat', location, draft: 3 });
    const [one] = await receiver.until(count(1));
    expect(one?.headers['content-type']).toBe('application/geo+json');
    expect(one?.headers['link'] === undefined).toBe(isInBody);
    expect(one?.body.data).toEqual({
      type: 'FeatureCollection',
      features: [
        {
          id: 'urn:ngsi-ld:Boat:1',
          type: 'Feature',
          geometry: location.value,
          properties: { type: 'Boat', location, draft: { type: 'Property', value: 3 } },
        },
      ],
      ...(isInBody ? { '@context': expect.any(String) } : {}),
    });
  });

  test('has the names of the jsonldContext', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver()];
    const location = (await broker.send('POST /jsonldContexts', {
      '@context': { Ladja: 'https://uri.etsi.org/ngsi-ld/default-context/Boat' },
    })) as string;
    const jsonldContext = new URL(location, broker.url).href;
    await broker.subscribe(receiver.url, { jsonldContext });
    await broker.sail(7, 2);
    const [one] = await receiver.until(count(1));
    expect(one?.headers['link']).toContain(`<${jsonldContext}>`);
    expect(one?.body.data[0]).toMatchObject({ type: 'Ladja' });
  });

  test('holds the entities that relationships lead to, when joined', async () => {
    const [broker, receiver, flat] = [await startTestBroker(), await startReceiver(), await startReceiver()];
    await broker.send('POST /entities', { id: 'urn:ngsi-ld:Quay:1', type: 'Quay', name: 'North' });
    await broker.subscribe(receiver.url, {}, { join: 'inline' });
    await broker.subscribe(flat.url, {}, { join: 'flat', format: 'simplified' });
    await broker.send('POST /entities', {
      id: 'urn:ngsi-ld:Boat:1',
      type: 'Boat',
      mooredAt: { type: 'Relationship', object: 'urn:ngsi-ld:Quay:1' },
    });
    const [one] = await receiver.until(count(1));
    expect(one?.body.data).toMatchObject([
      { mooredAt: { object: 'urn:ngsi-ld:Quay:1', entity: { name: { value: 'North' } } } },
    ]);
    const [other] = await flat.until(count(1));
    expect(other?.body.data).toEqual([
      { id: 'urn:ngsi-ld:Boat:1', type: 'Boat', mooredAt: 'urn:ngsi-ld:Quay:1' },
      { id: 'urn:ngsi-ld:Quay:1', type: 'Quay', name: 'North' },
    ]);
  });

  test('tells previous values and deletions', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver()];
    await broker.sail(7, 2);
    const triggers = { notificationTrigger: ['entityUpdated', 'entityDeleted'] };
    await broker.subscribe(receiver.url, triggers, { showChanges: true });
    await broker.sail(7, 3);
    await broker.send('DELETE /entities/urn:ngsi-ld:Boat:7/attrs/draft');
    await broker.send('DELETE /entities/urn:ngsi-ld:Boat:7');
    const received = await receiver.until(count(3));
    const head = { id: 'urn:ngsi-ld:Boat:7', type: 'Boat' };
    expect(received.map(({ body }) => body.data[0])).toEqual([
      { ...head, draft: { type: 'Property', value: 3, previousValue: 2 } },
      { ...head, draft: { type: 'Property', value: 'urn:ngsi-ld:null', previousValue: 3 } },
      { ...head, deletedAt: expect.any(String) },
    ]);
  });

  test('goes to those whose query leads through a relationship', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver()];
    await broker.subscribe(receiver.url, { q: 'mooredAt{Quay:depth}>5;draft>1|mooredAt{owner{name}}=="Port"' });
    const entities = [
      { id: 'urn:ngsi-ld:Quay:deep', type: 'Quay', depth: 9 },
      {
        id: 'urn:ngsi-ld:Quay:flat',
        type: 'Quay',
        depth: 2,
        owner: { type: 'Relationship', object: 'urn:ngsi-ld:Owner:1' },
      },
      { id: 'urn:ngsi-ld:Pier:deep', type: 'Pier', depth: 9 },
      { id: 'urn:ngsi-ld:Owner:1', type: 'Owner', name: 'Port' },
    ];
    for (const entity of entities) await broker.send('POST /entities', entity);
    const moored = (id: string, object: string, draft: number) => ({
      id: `urn:ngsi-ld:Boat:${id}`,
      type: 'Boat',
      draft,
      mooredAt: { type: 'Relationship', object: `urn:ngsi-ld:${object}` },
    });
    for (const boat of [
      moored('a', 'Pier:deep', 2),
      moored('b', 'Quay:deep', 1),
      moored('c', 'Quay:deep', 2),
      moored('d', 'Quay:none', 2),
      moored('e', 'Quay:flat', 0),
    ])
      await broker.send('POST /entities', boat);
    const received = await receiver.until(count(2));
    expect(received.map(({ body }) => body.data[0]?.['id'])).toEqual(['urn:ngsi-ld:Boat:c', 'urn:ngsi-ld:Boat:e']);
  });
});

test('notifications of one change to two subscriptions have different ids, be their own ids alike or not', async () => {
  const [broker, receiver] = [await startTestBroker(), await startReceiver()];
  for (const id of [
    'urn:a:1',
    'urn:b:1',
    'urn:ngsi-ld:Subscription:1',
    'urn:ngsi-ld:Subscription:urn:a:1',
    'http://a.example/x?y#1',
  ])
    await broker.subscribe(receiver.url, { id });
  await broker.sail(1, 1);
  const received = await receiver.until(count(5));
  expect(new Set(received.map(({ body }) => body.id)).size).toBe(5);
  for (const { body } of received) expect(body.id).toMatch(/^urn:ngsi-ld:Notification:[^#?]+$/);
});

test('a receiver of an older version is told in its words, also what was and is gone', async () => {
  const [broker, receiver] = [await startTestBroker(), await startReceiver()];
  const old = { ngsildConformance: '1.3', notificationTrigger: ['attributeCreated', 'entityUpdated', 'entityDeleted'] };
  await broker.subscribe(receiver.url, old, { showChanges: true });
  const boat = (vocab: string) => ({
    ...{ id: 'urn:ngsi-ld:Boat:1', type: 'Boat', scope: '/port' },
    state: { type: 'VocabProperty', vocab },
    name: { type: 'LanguageProperty', languageMap: { sl: 'Burja' } },
  });
  await broker.send('POST /entities', boat('moored'));
  await broker.send('PUT /entities/urn:ngsi-ld:Boat:1', boat('away'));
  await broker.send('DELETE /entities/urn:ngsi-ld:Boat:1');
  const [created, updated, deleted] = (await receiver.until(count(3))).map(({ body }) => body.data[0]);
  expect(created).toEqual({
    ...{ id: 'urn:ngsi-ld:Boat:1', type: 'Boat' },
    state: { type: 'Property', value: 'moored' },
    name: { type: 'Property', value: { sl: 'Burja' } },
  });
  expect(updated).toMatchObject({ state: { type: 'Property', value: 'away', previousValue: 'moored' } });
  expect(deleted).toMatchObject({ state: { type: 'Property', value: 'urn:ngsi-ld:null', previousValue: 'away' } });
});

describe('the account', () => {
  test('tells of successes and failures', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver()];
    const id = await broker.subscribe(receiver.url);
    expect(await broker.notification(id)).toEqual({ endpoint: { uri: receiver.url } });
    await broker.sail(1, 1);
    const well = await eventually(
      () => broker.notification(id),
      ({ lastSuccess }) => lastSuccess !== undefined,
    );
    expect(well).toMatchObject({ timesSent: 1, timesFailed: 0, status: 'ok', lastNotification: expect.any(String) });
    expect(well).not.toHaveProperty('lastFailure');
    receiver.manner = () => 400;
    await broker.sail(1, 2);
    const ill = await eventually(
      () => broker.notification(id),
      ({ lastFailure }) => lastFailure !== undefined,
    );
    expect(ill).toMatchObject({ timesSent: 2, timesFailed: 1, status: 'failed', lastSuccess: well.lastSuccess });
  });

  test('counts an attempt when it begins', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver('hang')];
    const id = await broker.subscribe(receiver.url);
    await broker.sail(1, 1);
    await receiver.until(count(1));
    const statistics = await broker.notification(id);
    expect(statistics).toMatchObject({ timesSent: 1, timesFailed: 0 });
    expect(statistics).not.toHaveProperty('status');
    receiver.release(200);
  });
});

describe('a receiver that', () => {
  test('is down gets everything in order when it is up again', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver()];
    await broker.subscribe(receiver.url);
    await receiver.down();
    for (const draft of numbers(300)) await broker.sail(draft % 3, draft);
    await receiver.up();
    const received = await receiver.until(count(300));
    for (const boat of [0, 1, 2])
      expect(drafts(received, boat)).toEqual(numbers(300).filter((draft) => draft % 3 === boat));
    expect(new Set(received.map(({ body }) => body.id)).size).toBe(300);
  });

  test('answers 500 gets the same notification again, before the next of that entity, while others go on', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver()];
    let failures = 0;
    receiver.manner = (one) => (valueOf(one, 'draft') === 1 && (failures += 1) < 3 ? 500 : 200);
    await broker.subscribe(receiver.url);
    await broker.sail(1, 1);
    await receiver.until(count(1));
    await broker.sail(1, 2);
    await broker.sail(2, 7);
    const received = await receiver.until(count(5));
    expect(drafts(received, 1)).toEqual([1, 1, 1, 2]);
    expect(received.findIndex((one) => valueOf(one, 'draft') === 7)).toBeLessThan(4);
    const repeats = received.filter((one) => valueOf(one, 'draft') === 1).map(({ body }) => body.id);
    expect(new Set(repeats).size).toBe(1);
  });

  test('always answers 500 to one notification gets it so many times, then those behind it', async () => {
    const [broker, receiver] = [await startTestBroker(['--notify-attempts', '2']), await startReceiver()];
    receiver.manner = (one) => (valueOf(one, 'draft') === 1 ? 500 : 200);
    await broker.subscribe(receiver.url);
    await broker.sail(1, 1);
    await broker.sail(1, 2);
    expect(drafts(await receiver.until(count(3)))).toEqual([1, 1, 2]);
  });

  test('answers 400 does not get it again', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver()];
    receiver.manner = (one) => (valueOf(one, 'draft') === 1 ? 400 : 200);
    await broker.subscribe(receiver.url);
    await broker.sail(1, 1);
    await broker.sail(1, 2);
    expect(drafts(await receiver.until(count(2)))).toEqual([1, 2]);
  });

  test('breaks the connection, or says that it is not available, gets it again', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver()];
    const manners = ['reset', 503] as const;
    let turn = 0;
    receiver.manner = () => manners[turn++] ?? 200;
    await broker.subscribe(receiver.url);
    await broker.sail(1, 1);
    await broker.sail(1, 2);
    expect(drafts(await receiver.until(count(4)))).toEqual([1, 1, 1, 2]);
  });

  test('hangs at one notification forever gets those of other entities', async () => {
    const [broker, receiver] = [
      await startTestBroker(['--notify-timeout-ms', '50', '--notify-attempts', '2']),
      await startReceiver(),
    ];
    receiver.manner = (one) =>
      one.body.data[0]?.['id'] === 'urn:ngsi-ld:Boat:1' && valueOf(one, 'draft') === 1 ? 'hang' : 200;
    await broker.subscribe(receiver.url);
    await broker.sail(2, 1);
    await receiver.until(count(1));
    await broker.sail(1, 1);
    await broker.sail(1, 2);
    // It is given up after two attempts at which the receiver took others.
    for (let tried = 0; !drafts(receiver.received, 1).includes(2); tried += 1) {
      await receiver.until((all) => drafts(all, 1).length > tried);
      await broker.sail(2, tried + 2);
      await receiver.until((all) => drafts(all, 2).includes(tried + 2));
    }
    expect(drafts(receiver.received, 1).filter((draft) => draft === 1).length).toBeGreaterThanOrEqual(2);
  });

  test('hangs or is down keeps nobody waiting', async () => {
    const broker = await startTestBroker(['--notify-concurrency', '4']);
    const [well, ill, gone] = [await startReceiver(), await startReceiver('hang'), await startReceiver()];
    await gone.down();
    await broker.subscribe(well.url);
    await broker.sail(1, 1);
    await well.until(count(1));
    for (const path of numbers(20)) {
      await broker.subscribe(`${ill.url}/${path}`);
      await broker.subscribe(`${gone.url}/${path}`);
    }
    for (const draft of numbers(50)) await broker.sail(2, draft);
    expect(drafts(await well.until(count(51)), 2)).toEqual(numbers(50));
    expect(ill.openMost()).toBeLessThanOrEqual(2);
  });

  test('takes its time is not asked for more than a few at a time', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver()];
    await broker.subscribe(receiver.url);
    for (const boat of numbers(30)) await broker.sail(boat, 0);
    await receiver.until(count(30));
    receiver.manner = () => 'hang';
    const timer = setInterval(() => receiver.release(200), 5);
    for (const boat of numbers(100)) await broker.sail(boat, 1);
    const received = await receiver.until(count(130));
    clearInterval(timer);
    expect(receiver.openMost()).toBeLessThanOrEqual(16);
    expect(new Set(received.map(({ body }) => body.id)).size).toBe(130);
  });

  test('is left alone for the cooldown', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver()];
    receiver.manner = (one) => (valueOf(one, 'draft') === 1 ? 400 : 200);
    await broker.subscribe(receiver.url, {}, { endpoint: { uri: receiver.url, cooldown: 400 } });
    await broker.sail(1, 1);
    await receiver.until(count(1));
    await broker.sail(2, 2);
    const [first, second] = await receiver.until(count(2));
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(390);
  });

  test('must answer within the timeout of its endpoint', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver('hang')];
    const id = await broker.subscribe(receiver.url, {}, { endpoint: { uri: receiver.url, timeout: 30 } });
    await broker.sail(1, 1);
    await eventually(
      () => broker.notification(id),
      ({ status }) => status === 'failed',
    );
    receiver.manner = () => 200;
    expect(drafts(await receiver.until(count(2)))).toEqual([1, 1]);
  });
});

test('a subscription in a snapshot goes on after a restart, and ends with the snapshot, even if the receiver hangs', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-snapshot-'));
  const [broker, receiver] = [await startTestBroker([], folder), await startReceiver(400)];
  const tenant = { 'NGSILD-Tenant': 'kranj' };
  const [id, name] = ['urn:ngsi-ld:Boat:1', 'urn:ngsi-ld:Snapshot:1'];
  const within = { ...tenant, 'NGSILD-Snapshot': name };
  await broker.send('POST /entities', { id, type: 'Boat', draft: 1 }, tenant);
  const snapshotQueries = [{ type: 'Query', entities: [{ type: 'Boat' }] }];
  await broker.send('POST /snapshots', { id: name, type: 'Snapshot', snapshotQueries }, tenant);
  await eventually(
    () => broker.send(`GET /snapshots/${name}`, undefined, tenant) as Promise<{ snapshotStatus: string }>,
    ({ snapshotStatus }) => snapshotStatus === 'success',
  );
  const notification = { endpoint: { uri: receiver.url } };
  const subscription = 'urn:ngsi-ld:Subscription:1';
  const body = { id: subscription, type: 'Subscription', entities: [{ type: 'Boat' }], notification };
  await broker.send('POST /subscriptions', body, within);
  await broker.send(`PATCH /entities/${id}/attrs`, { draft: 2 }, within);
  const letters = `/subscriptions/${subscription}/deadLetters`;
  await eventually(
    () => broker.send(`GET ${letters}`, undefined, within) as Promise<readonly unknown[]>,
    ({ length }) => length === 1,
  );
  await broker.stop();

  const next = await startTestBroker([], folder);
  receiver.manner = () => 200;
  await next.send(`POST ${letters}/replay`, undefined, within);
  await receiver.until(count(2));
  await next.send(`PATCH /entities/${id}/attrs`, { draft: 3 }, within);
  await receiver.until(count(3));
  expect(receiver.received.map((one) => valueOf(one, 'draft'))).toEqual([2, 2, 3]);
  for (const { headers } of receiver.received)
    expect(headers).toMatchObject({ 'ngsild-tenant': 'kranj', 'ngsild-snapshot': name });

  receiver.manner = () => 'hang';
  await next.send(`PATCH /entities/${id}/attrs`, { draft: 4 }, within);
  await receiver.until(count(4));
  await next.send(`DELETE /snapshots/${name}`, undefined, tenant);
  receiver.release(500);
  expect(readdirSync(folder).filter((file) => file.includes('snapshot'))).toEqual([]);
  await expect(next.send(`GET /subscriptions/${subscription}`, undefined, within)).rejects.toThrow('404');
  await next.stop();
  rmSync(folder, { recursive: true });
});
