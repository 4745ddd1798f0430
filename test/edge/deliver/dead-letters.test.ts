/** Tests dead letters: notifications that exhaust their retries are kept, and can be read, sent again unchanged, and discarded. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { startReceiver, stopReceivers, valueOf } from './receiver.ts';
import { type Api, eventually, type TestBroker, startTestBroker, stopTestBrokers } from './test-broker.ts';

jest.setTimeout(30_000);

const folder = mkdtempSync(join(tmpdir(), 'mlaka-letters-'));
afterEach(async () => {
  await stopTestBrokers();
  await stopReceivers();
  rmSync(folder, { recursive: true, force: true });
});

interface Letter {
  readonly id: string;
  readonly type: string;
  readonly entity: string;
  readonly reason: string;
  readonly attempts: number;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly notification?: { readonly id: string };
}

const list = (api: Api, id: string): Promise<readonly Letter[]> =>
  api.send(`GET /subscriptions/${id}/deadLetters?limit=1000`) as Promise<readonly Letter[]>;
const listed = (api: Api, id: string, count: number): Promise<readonly Letter[]> =>
  eventually(
    () => list(api, id),
    ({ length }) => length === count,
  );

/** A subscription of whose notifications as many were refused. */
async function startRefused(broker: TestBroker, count: number) {
  const receiver = await startReceiver(400);
  const id = await broker.subscribe(
    receiver.url,
    {},
    { endpoint: { uri: receiver.url, receiverInfo: [{ key: 'K', value: 'old' }] } },
  );
  for (let draft = 1; draft <= count; draft += 1) await broker.sail(1, draft);
  return { receiver, id, letters: await listed(broker, id, count) };
}

test('a notification that is refused is kept as it was sent, with how it fared', async () => {
  const broker = await startTestBroker();
  const { receiver, id, letters } = await startRefused(broker, 2);
  expect(letters).toEqual([
    expect.objectContaining({ type: 'DeadLetter', entity: 'urn:ngsi-ld:Boat:1', attempts: 1 }),
    expect.objectContaining({ reason: 'the answer has status 400' }),
  ]);
  const [first] = letters;
  expect(Date.parse(first?.lastAt ?? '')).toBeGreaterThanOrEqual(Date.parse(first?.firstAt ?? ''));
  const letter = (await broker.send(`GET /subscriptions/${id}/deadLetters/${first?.id}`)) as Letter;
  expect(letter).toEqual({
    ...first,
    contentType: 'application/json',
    link: receiver.received[0]?.headers['link'],
    notification: receiver.received[0]?.body,
  });
  // The id of a letter is the end of the id of its notification.
  expect(letter.notification?.id.endsWith(`:${first?.id}`)).toBe(true);
});

test('attempts that are used up are counted', async () => {
  const broker = await startTestBroker(['--notify-attempts', '2']);
  const receiver = await startReceiver(500);
  const id = await broker.subscribe(receiver.url);
  await broker.sail(1, 1);
  const [letter] = await listed(broker, id, 1);
  expect(letter).toMatchObject({ attempts: 2, reason: 'the answer has status 500' });
  expect(receiver.received).toHaveLength(2);
});

test('a letter is sent again as it was, to the endpoint as it is now, and is gone when it is taken', async () => {
  const broker = await startTestBroker();
  const { receiver, id, letters } = await startRefused(broker, 2);
  const [first, second] = letters;
  const replay = `POST /subscriptions/${id}/deadLetters/${second?.id}/replay`;
  await broker.send(replay);
  const [, still] = await eventually(
    () => list(broker, id),
    ([, one]) => one?.attempts === 2,
  );
  expect(still).toEqual({ ...second, attempts: 2, lastAt: still?.lastAt });
  receiver.manner = () => 200;
  const endpoint = { uri: `${receiver.url}/new`, receiverInfo: [{ key: 'K', value: 'new' }] };
  await broker.send(`PATCH /subscriptions/${id}`, { notification: { endpoint } });
  await broker.send(replay);
  expect(await listed(broker, id, 1)).toEqual([first]);
  const sent = receiver.received.at(-1);
  expect(sent).toMatchObject({ path: '/notify/new', body: receiver.received[1]?.body });
  expect(sent?.headers).toMatchObject({ k: 'new', link: receiver.received[1]?.headers['link'] });
});

test('all letters are sent again in the order of their changes, until the receiver is out of reach', async () => {
  const broker = await startTestBroker();
  const { receiver, id } = await startRefused(broker, 5);
  receiver.manner = ({ body }) => (JSON.stringify(body).includes('"value":3') ? 503 : 200);
  await broker.send(`POST /subscriptions/${id}/deadLetters/replay`);
  const left = await eventually(
    () => list(broker, id),
    ([one]) => one?.attempts === 2,
  );
  expect(left).toHaveLength(3);
  expect(receiver.received.slice(5).map((one) => valueOf(one, 'draft'))).toEqual([1, 2, 3]);
});

test('letters are discarded one by one or all at once, and go with their subscription', async () => {
  const broker = await startTestBroker();
  const { id, letters } = await startRefused(broker, 3);
  const path = `/subscriptions/${id}/deadLetters`;
  await broker.send(`DELETE ${path}/${letters[1]?.id}`);
  expect(await list(broker, id)).toEqual([letters[0], letters[2]]);
  await expect(broker.send(`GET ${path}/${letters[1]?.id}`)).rejects.toThrow('404');
  await broker.send(`DELETE ${path}`);
  expect(await list(broker, id)).toEqual([]);
  await broker.sail(1, 7);
  await listed(broker, id, 1);
  await broker.send(`DELETE /subscriptions/${id}`);
  await expect(broker.send(`GET ${path}`)).rejects.toThrow('404');
  await broker.subscribe('http://127.0.0.1:9/', { id });
  expect(await list(broker, id)).toEqual([]);
});

test('a list has pages and a count; there is nothing where there is no subscription or no such letter', async () => {
  const broker = await startTestBroker();
  const { id, letters } = await startRefused(broker, 3);
  const path = `${broker.url}/ngsi-ld/v1/subscriptions/${id}/deadLetters`;
  const page = await fetch(`${path}?limit=1&offset=1&count=true`);
  expect(await page.json()).toEqual([letters[1]]);
  expect(page.headers.get('ngsild-results-count')).toBe('3');
  expect(page.headers.get('link')).toMatch(/rel="next"[^]*rel="prev"/);
  for (const letter of ['x', letters[0]?.id.replace(/\d+$/, '999'), letters[0]?.id.replace(/^./, 'x')])
    expect((await fetch(`${path}/${letter}`)).status).toBe(404);
  expect((await fetch(path.replace(id, 'urn:ngsi-ld:Subscription:none'))).status).toBe(404);
});

test('the oldest letters make room for new ones', async () => {
  const broker = await startTestBroker(['--dead-letters-max', '2']);
  const receiver = await startReceiver(400);
  const id = await broker.subscribe(receiver.url);
  for (const draft of [1, 2, 3, 4]) await broker.sail(1, draft);
  const newest = await eventually(
    () => list(broker, id),
    (letters) => letters.length === 2 && letters[1]?.id.endsWith('.4') === true,
  );
  expect(newest.map((letter) => letter.id.replace(/.*\./, ''))).toEqual(['3', '4']);
  const metrics = await (await fetch(`${broker.url}/metrics`)).text();
  expect(metrics).toMatch(/mlaka_dead_letters_total 4\n[^]*mlaka_notifications_lost_total 2\n/);
});

test('where none are kept, what is given up is lost', async () => {
  const broker = await startTestBroker(['--dead-letters-max', '0']);
  const receiver = await startReceiver(400);
  const id = await broker.subscribe(receiver.url);
  await broker.sail(1, 1);
  await eventually(
    async () => (await fetch(`${broker.url}/metrics`)).text(),
    (metrics) => metrics.includes('mlaka_notifications_lost_total 1\n'),
  );
  expect(await list(broker, id)).toEqual([]);
});

test('letters outlive the broker, and what was given up is not tried again', async () => {
  const broker = await startTestBroker([], folder);
  const { receiver, id, letters } = await startRefused(broker, 2);
  await broker.stop();
  const next = await startTestBroker([], folder);
  expect(await list(next, id)).toEqual(letters);
  receiver.manner = () => 200;
  await next.send(`POST /subscriptions/${id}/deadLetters/replay`);
  await listed(next, id, 0);
  expect(receiver.received.map((one) => valueOf(one, 'draft'))).toEqual([1, 2, 1, 2]);
});

test('sending again when there is nothing to be sent keeps nothing from being sent later', async () => {
  const broker = await startTestBroker();
  const receiver = await startReceiver(400);
  const id = await broker.subscribe(receiver.url);
  await broker.send(`POST /subscriptions/${id}/deadLetters/replay`);
  await broker.sail(1, 1);
  await listed(broker, id, 1);
  receiver.manner = () => 200;
  await broker.send(`POST /subscriptions/${id}/deadLetters/replay`);
  await broker.send(`POST /subscriptions/${id}/deadLetters/replay`);
  await listed(broker, id, 0);
  expect(receiver.received).toHaveLength(2);
});

test('a subscription that is made anew under the same id has none, and no counters, of the old one', async () => {
  const broker = await startTestBroker();
  const receiver = await startReceiver('hang');
  const id = await broker.subscribe(receiver.url, { id: 'urn:ngsi-ld:Subscription:again' });
  await broker.sail(1, 1);
  await receiver.until(({ length }) => length === 1);
  await broker.send(`DELETE /subscriptions/${id}`);
  await broker.subscribe(receiver.url, { id });
  expect(await broker.notification(id)).not.toHaveProperty('timesSent');
  // What was under way ends now, as the old one's.
  receiver.manner = () => 200;
  receiver.release(400);
  await broker.sail(1, 2);
  await receiver.until(({ length }) => length === 2);
  const statistics = await eventually(
    () => broker.notification(id),
    ({ status }) => status !== undefined,
  );
  expect(statistics).toMatchObject({ timesSent: 1, timesFailed: 0, status: 'ok' });
  expect(await list(broker, id)).toEqual([]);
});
