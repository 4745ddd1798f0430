/** Tests how delivery depends on the clock: throttling, intervals, expiry, pauses. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { type Received, startReceiver, stopReceivers, valueOf } from './receiver.ts';
import { startTestBroker, stopTestBrokers } from './test-broker.ts';

jest.setTimeout(30_000);
afterEach(async () => {
  await stopTestBrokers();
  await stopReceivers();
});

const drafts = (received: readonly Received[]): unknown[] => received.map((one) => valueOf(one, 'draft'));
const count = (least: number) => (received: readonly Received[]) => received.length >= least;

describe('throttling', () => {
  test('drops what comes too early', async () => {
    const [broker, receiver, witness] = [await startTestBroker(), await startReceiver(), await startReceiver()];
    await broker.subscribe(receiver.url, { throttling: 60 });
    await broker.subscribe(witness.url);
    for (const draft of [1, 2, 3]) await broker.sail(1, draft);
    await witness.until(count(3));
    expect(drafts(await receiver.until(count(1)))).toEqual([1]);
  });

  test('lets through what comes when the time is over', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver()];
    await broker.subscribe(receiver.url, { throttling: 0.3 });
    await broker.sail(1, 1);
    await receiver.until(count(1));
    await broker.sail(1, 2);
    await wait(350);
    await broker.sail(1, 3);
    const received = await receiver.until((all) => drafts(all).includes(3));
    // On a slow machine the second may have come when the time was over, too: the broker's own times tell.
    const times = received.map(({ body }) => Date.parse(body.notifiedAt));
    for (const [n, at] of times.slice(1).entries()) expect(at - (times[n] ?? 0)).toBeGreaterThanOrEqual(300);
  });

  test('sends the newest when a receiver is up again', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver()];
    await receiver.down();
    await broker.subscribe(receiver.url, { throttling: 60 });
    for (let draft = 1; draft <= 250; draft += 1) await broker.sail(1, draft);
    await receiver.up();
    expect(drafts(await receiver.until(count(1)))).toEqual([250]);
  });
});

describe('an interval', () => {
  test('brings all that matches, changed or not, and nothing where nothing does', async () => {
    const [broker, receiver, other] = [await startTestBroker(), await startReceiver(), await startReceiver()];
    await broker.sail(1, 1);
    await broker.sail(2, 9);
    await broker.sail(3, 7);
    const timed = { timeInterval: 0.5 };
    const id = await broker.subscribe(receiver.url, { ...timed, q: 'draft>5' });
    await broker.subscribe(other.url, { ...timed, entities: [{ type: 'Raft' }] });
    const received = await receiver.until(count(3));
    for (const { body } of received) {
      expect(body).toMatchObject({ subscriptionId: id, type: 'Notification' });
      expect(body.data.map((entity) => entity['id'])).toEqual(['urn:ngsi-ld:Boat:2', 'urn:ngsi-ld:Boat:3']);
    }
    expect(new Set(received.map(({ body }) => body.id)).size).toBe(received.length);
    expect(other.received).toEqual([]);
  });

  test('that was due while nobody was there comes at once, and once', async () => {
    const receiver = await startReceiver();
    const before = await startTestBroker([], mkdtempSync(join(tmpdir(), 'mlaka-timing-')));
    await before.sail(1, 1);
    await before.subscribe(receiver.url, { timeInterval: 0.5 });
    await receiver.until(count(1));
    await before.stop();
    await wait(3000);
    const [already, fromMs] = [receiver.received.length, performance.now()];
    const after = await startTestBroker([], before.folder);
    await receiver.until(count(already + 2));
    await after.stop();
    // Six were missed. There are no more than one for them, one for each interval since, and one under way.
    const intervals = (performance.now() - fromMs) / 500;
    expect(receiver.received.length - already).toBeLessThanOrEqual(Math.floor(intervals) + 2);
    rmSync(before.folder, { recursive: true });
  });

  test('does not wait for a receiver that hangs: what was not taken is not sent twice', async () => {
    const [broker, receiver] = [await startTestBroker(), await startReceiver('hang')];
    await broker.sail(1, 1);
    await broker.subscribe(receiver.url, { timeInterval: 0.5 });
    await receiver.until(count(1));
    await wait(1300);
    expect(receiver.received.length).toBe(1);
    receiver.manner = () => 200;
    receiver.release(200);
    await receiver.until(count(3));
  });
});

test('a broker stops while a subscription by the clock looks for its entities, and one that is deleted then leaves nothing behind', async () => {
  const receiver = await startReceiver();
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-timing-'));
  for (let round = 0; round < 4; round += 1) {
    const broker = await startTestBroker([], folder);
    if (round === 0) {
      const boats = Array.from({ length: 4000 }, (_, n) => ({ id: `urn:ngsi-ld:Boat:${n}`, type: 'Boat', draft: n }));
      for (let from = 0; from < 4000; from += 1000)
        await broker.send('POST /entityOperations/create', boats.slice(from, from + 1000));
      await broker.subscribe(receiver.url, { id: 'urn:s:1', timeInterval: 0.5 });
    }
    const [before] = [receiver.received.length];
    await receiver.until(({ length }) => length > before);
    // It now looks for the entities of the next page.
    await wait(3 * round);
    if (round === 3) {
      await broker.send('DELETE /subscriptions/urn:s:1');
      await broker.subscribe(receiver.url, { id: 'urn:s:1', timeInterval: 3600 });
      expect(await broker.notification('urn:s:1')).not.toHaveProperty('timesSent');
    }
    await broker.stop();
  }
  rmSync(folder, { recursive: true });
});

describe('a subscription', () => {
  test('that is paused is told nothing, and when it is active again only what comes then', async () => {
    const [broker, receiver, witness] = [await startTestBroker(), await startReceiver(), await startReceiver()];
    await broker.subscribe(witness.url);
    const id = await broker.subscribe(receiver.url, { isActive: false });
    await broker.sail(1, 1);
    await witness.until(count(1));
    await broker.send(`PATCH /subscriptions/${id}`, { isActive: true });
    await broker.sail(1, 2);
    await receiver.until(count(1));
    await broker.send(`PATCH /subscriptions/${id}`, { isActive: false });
    await broker.sail(1, 3);
    await witness.until(count(3));
    await broker.send(`PATCH /subscriptions/${id}`, { isActive: true });
    await broker.sail(1, 4);
    expect(drafts(await receiver.until(count(2)))).toEqual([2, 4]);
    expect(await broker.notification(id)).toMatchObject({ timesSent: 2 });
  });

  test('that expires is told no more, until it is given a later time', async () => {
    const [broker, receiver, witness] = [await startTestBroker(), await startReceiver(), await startReceiver()];
    await broker.subscribe(witness.url);
    const expiresAt = new Date(Date.now() + 400).toISOString();
    const id = await broker.subscribe(receiver.url, { expiresAt });
    await broker.sail(1, 1);
    await receiver.until(count(1));
    await wait(450);
    await broker.sail(1, 2);
    await witness.until(count(2));
    expect(await broker.send(`GET /subscriptions/${id}`)).toMatchObject({ status: 'expired', expiresAt });
    await broker.send(`PATCH /subscriptions/${id}`, { expiresAt: '2999-01-01T00:00:00Z' });
    await broker.sail(1, 3);
    expect(drafts(await receiver.until(count(2)))).toEqual([1, 3]);
  });

  test('that is deleted is told nothing of what waits', async () => {
    const [broker, receiver, witness] = [await startTestBroker(), await startReceiver(500), await startReceiver()];
    await broker.subscribe(witness.url);
    const id = await broker.subscribe(receiver.url);
    await broker.sail(1, 1);
    await receiver.until(count(1));
    await broker.send(`DELETE /subscriptions/${id}`);
    await broker.sail(1, 2);
    await witness.until(count(2));
    await wait(1100);
    expect(receiver.received.length).toBe(1);
  });

  test('whose endpoint changes is told there what was not delivered', async () => {
    const [broker, old, receiver] = [await startTestBroker(), await startReceiver(), await startReceiver()];
    await old.down();
    const id = await broker.subscribe(old.url);
    for (const draft of [1, 2, 3]) await broker.sail(1, draft);
    await broker.send(`PATCH /subscriptions/${id}`, { notification: { endpoint: { uri: receiver.url } } });
    await broker.sail(1, 4);
    expect(drafts(await receiver.until(count(4)))).toEqual([1, 2, 3, 4]);
  });
});
