/** Tests the explanation why a notification was sent or not: one verdict for each possible reason. */
import { afterEach, expect, jest, test } from '@jest/globals';
import { startReceiver, stopReceivers } from './receiver.ts';
import { eventually, type TestBroker, startTestBroker, stopTestBrokers } from './test-broker.ts';

jest.setTimeout(30_000);

afterEach(async () => {
  await stopTestBrokers();
  await stopReceivers();
});

interface Clause {
  readonly clause: string;
  readonly isMet: boolean;
  readonly asks: string;
  readonly finds?: string;
  readonly parts?: readonly Clause[];
}
interface Explanation {
  readonly verdict: string;
  readonly clauses: readonly Clause[];
  readonly delivery: Readonly<Record<string, unknown>>;
}

const boat = (number: number): string => `urn:ngsi-ld:Boat:${number}`;
const explain = (broker: TestBroker, id: string, number = 1): Promise<Explanation> =>
  broker.send(`GET /subscriptions/${id}/explain?entity=${boat(number)}`) as Promise<Explanation>;
const verdict = async (broker: TestBroker, id: string, number = 1): Promise<string> =>
  (await explain(broker, id, number)).verdict;
const becomes = (broker: TestBroker, id: string, part: string): Promise<Explanation> =>
  eventually(
    () => explain(broker, id),
    (explanation) => explanation.verdict.includes(part),
  );
const clause = ({ clauses }: Explanation, name: string): Clause | undefined =>
  clauses.find((one) => one.clause === name);

test('what does not match is said clause by clause', async () => {
  const broker = await startTestBroker();
  const receiver = await startReceiver();
  const uri = receiver.url;
  await broker.send('POST /entities', {
    id: boat(1),
    type: 'Boat',
    scope: '/Kranj/river',
    draft: 2,
    location: { type: 'Point', coordinates: [14.35, 46.24] },
  });
  const other = await broker.subscribe(uri, { entities: [{ type: 'Ship' }, { type: 'Boat', idPattern: '.*:9$' }] });
  const geoQ = { georel: 'near;maxDistance==10', geometry: 'Point', coordinates: [14.5, 46.05] };
  const far = await broker.subscribe(uri, { geoQ });
  const elsewhere = await broker.subscribe(uri, { scopeQ: '/Bled/#' });
  const watcher = await broker.subscribe(uri, { watchedAttributes: ['name'] });
  const mourner = await broker.subscribe(uri, { notificationTrigger: ['entityDeleted'] });
  await broker.sail(1, 3);
  expect(await verdict(broker, other)).toBe(
    `The last change of ${boat(1)} is not notified, because entities asks for type Ship, or type Boat, idPattern .*:9$, but finds: ${boat(1)}, type Boat.`,
  );
  expect(await verdict(broker, far)).toMatch(
    /because geoQ asks for .*maxDistance==10.*, but finds: location is .*14\.35/,
  );
  expect(await verdict(broker, elsewhere)).toMatch('scopeQ asks for /Bled/#, but finds: the scope is "/Kranj/river"');
  expect(await verdict(broker, watcher)).toMatch(
    'change asks for attributeCreated, attributeUpdated; watched: name, but finds: entity updated, draft updated',
  );
  expect(await verdict(broker, mourner)).toMatch(
    'notificationTrigger asks for entityDeleted, but finds: entity updated',
  );
  expect(clause(await explain(broker, watcher), 'change')?.parts).toMatchObject([
    { clause: 'notificationTrigger', isMet: true },
    { clause: 'watchedAttributes', isMet: false, asks: 'name' },
  ]);
  expect(receiver.received).toEqual([]);
});

test('a q through a relationship is explained by where it leads', async () => {
  const broker = await startTestBroker();
  const receiver = await startReceiver();
  await broker.send('POST /entities', { id: 'urn:ngsi-ld:Port:1', type: 'Port', depth: 4 });
  const id = await broker.subscribe(receiver.url, { q: 'mooredAt{depth}>5' });
  await broker.send('POST /entities', {
    id: boat(1),
    type: 'Boat',
    mooredAt: { type: 'Relationship', object: 'urn:ngsi-ld:Port:1' },
  });
  expect(clause(await explain(broker, id), 'q')).toEqual({
    clause: 'q',
    isMet: false,
    asks: 'mooredAt{depth}>5',
    finds: 'mooredAt is "urn:ngsi-ld:Port:1"',
  });
});

test('what matches was notified, unless it came before the subscription', async () => {
  const broker = await startTestBroker();
  const receiver = await startReceiver();
  await broker.sail(1, 1);
  const id = await broker.subscribe(receiver.url);
  expect(await verdict(broker, id)).toMatch('came before the subscription was made');
  await broker.sail(1, 2);
  const { delivery, clauses } = await becomes(broker, id, `The last change of ${boat(1)} was notified.`);
  expect(delivery).toMatchObject({ unread: 0, waiting: 0, deadLetters: 0, timesSent: 1, status: 'ok' });
  expect(delivery['position']).toBe(delivery['newest']);
  expect(clauses.every(({ isMet }) => isMet)).toBe(true);
  expect(receiver.received).toHaveLength(1);
});

test('what waits for its receiver, and until when', async () => {
  const broker = await startTestBroker();
  const receiver = await startReceiver(503);
  const id = await broker.subscribe(receiver.url);
  await broker.sail(1, 1);
  const waits = await becomes(broker, id, 'waits, because nothing is sent to the endpoint before');
  expect(waits.verdict).toContain('the answer has status 503');
  expect(clause(waits, 'endpoint')).toMatchObject({ isMet: false, asks: receiver.url });
  expect(Date.parse(String(waits.delivery['notBefore']))).toBeGreaterThan(Date.now() - 60_000);
  receiver.manner = () => 200;
  await becomes(broker, id, 'was notified');
});

test('what hangs is on its way, what failed is tried again, what was refused is a dead letter', async () => {
  const broker = await startTestBroker();
  const receiver = await startReceiver('hang');
  const id = await broker.subscribe(receiver.url);
  await broker.sail(1, 1);
  await receiver.until(({ length }) => length === 1);
  expect(await explain(broker, id)).toMatchObject({
    verdict: `The last change of ${boat(1)} is on its way.`,
    delivery: { waiting: 1 },
  });
  receiver.release(500);
  await becomes(broker, id, 'was tried 1 times and will be tried again (last failure: the answer has status 500)');
  receiver.manner = () => 400;
  const { verdict: given, delivery } = await becomes(broker, id, 'was given up (the answer has status 400)');
  expect(given).toMatch(/it is the dead letter \w+\.1\.$/);
  expect(delivery).toMatchObject({ deadLetters: 1, lastReason: 'the answer has status 400' });
  await broker.send(`DELETE /subscriptions/${id}/deadLetters`);
  expect(await verdict(broker, id)).toMatch('is done with');
});

test('what throttling kept back', async () => {
  const broker = await startTestBroker();
  const receiver = await startReceiver();
  const id = await broker.subscribe(receiver.url, { throttling: 3600 });
  await broker.sail(1, 1);
  await becomes(broker, id, 'was notified');
  await broker.sail(1, 2);
  const { clauses } = await becomes(broker, id, 'came too soon after a notification, so that throttling kept it back');
  expect(clause({ verdict: '', clauses, delivery: {} }, 'throttling')).toMatchObject({
    isMet: false,
    asks: '3600 seconds after a notification',
  });
});

test('what is told by the clock is told at the next round', async () => {
  const broker = await startTestBroker();
  const receiver = await startReceiver();
  const id = await broker.subscribe(receiver.url, { timeInterval: 3600, q: 'draft>1' });
  await broker.sail(1, 1);
  expect(await verdict(broker, id)).toMatch(`${boat(1)} is not notified, because q asks for draft>1`);
  await broker.sail(1, 2);
  expect(await verdict(broker, id)).toMatch(/is in the next notification by the clock, due at \d{4}-/);
});

test('what is written again as it was, and a subscription that is over', async () => {
  const broker = await startTestBroker();
  const receiver = await startReceiver();
  const id = await broker.subscribe(receiver.url, { expiresAt: new Date(Date.now() + 300).toISOString() });
  await eventually(
    () => verdict(broker, id),
    (text) => text === 'Nothing is notified, because the subscription is expired.',
  );
  const watcher = await broker.subscribe(receiver.url, { watchedAttributes: ['draft'] });
  const attrs = { draft: { type: 'Property', value: 1 }, name: { type: 'Property', value: 'a' } };
  await broker.send('POST /entities', { id: boat(1), type: 'Boat', ...attrs });
  await broker.send(`PATCH /entities/${boat(1)}/attrs`, { ...attrs, name: { type: 'Property', value: 'b' } });
  expect(await verdict(broker, watcher)).toMatch('name updated');
  expect(await verdict(broker, watcher)).toMatch('draft written again as it was');
});
