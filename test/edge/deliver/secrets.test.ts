/** Tests secrets of endpoints: masked in answers, complete for receivers and backups, and kept when a client sends the mask back. */
import { afterEach, expect, test } from '@jest/globals';
import { backup } from '../../../src/app/backup/backup.ts';
import { restore } from '../../../src/app/backup/restore.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../app/command/test-broker.ts';
import { type Receiver, startReceiver, stopReceivers } from './receiver.ts';
import { type TestBroker, startTestBroker, stopTestBrokers } from './test-broker.ts';

afterEach(async () => {
  await stopTestBrokers();
  await stopReceivers();
});

const headers = [
  { key: 'Authorization', value: 'Bearer s3cret' },
  { key: 'x-api-key', value: 's3cret' },
  { key: 'X-Request-Id', value: 'plain' },
];
const masked = headers.map(({ key, value }) => ({ key, value: value.includes('s3cret') ? '***' : value }));

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly notification: { readonly endpoint: object };
}

const subscribe = (broker: TestBroker, { url }: Receiver, id = 'urn:ngsi-ld:Subscription:s'): Promise<string> =>
  broker.subscribe('', { id }, { endpoint: { uri: `${url}?token=s3cret&a=1`, receiverInfo: headers } });

const show = async (broker: TestBroker, id: string, options = ''): Promise<Shown> =>
  (await broker.send(`GET /subscriptions/${id}${options}`)) as Shown;

async function refusal(sent: Promise<unknown>): Promise<string> {
  return sent.then(
    () => 'taken',
    (error: unknown) => String(error),
  );
}

/** The headers, and the path, of the next notification. */
async function told(broker: TestBroker, receiver: Receiver): Promise<readonly unknown[]> {
  const before = receiver.received.length;
  await broker.sail(1, before + 1);
  const last = (await receiver.until((all) => all.length > before)).at(-1);
  return [last?.headers['authorization'], last?.headers['x-api-key'], last?.headers['x-request-id'], last?.path];
}

const whole = ['Bearer s3cret', 's3cret', 'plain', '/notify?token=s3cret&a=1'];

test('are shown to nobody who does not ask for them', async () => {
  const [broker, receiver] = [await startTestBroker(), await startReceiver()];
  const id = await subscribe(broker, receiver);
  expect((await show(broker, id)).notification.endpoint).toEqual({
    uri: `${receiver.url}?token=***&a=1`,
    receiverInfo: masked,
  });
  await receiver.down();
  await broker.sail(1, 1);
  for (const path of [
    '/subscriptions',
    '/subscriptions?options=sysAttrs',
    `/subscriptions/${id}/explain`,
    `/subscriptions/${id}/explain?entity=urn:ngsi-ld:Boat:1`,
    `/subscriptions/${id}/deadLetters`,
  ])
    expect(JSON.stringify(await broker.send(`GET ${path}`))).not.toContain('s3cret');
  expect((await show(broker, id, '?options=secrets')).notification.endpoint).toEqual({
    uri: `${receiver.url}?token=s3cret&a=1`,
    receiverInfo: headers,
  });
});

test('are kept when what was shown is sent back, and others take their place when given', async () => {
  const [broker, receiver] = [await startTestBroker(), await startReceiver()];
  const id = await subscribe(broker, receiver);
  expect(await told(broker, receiver)).toEqual(whole);
  const { id: _id, status: _status, ...shown } = await show(broker, id);
  await broker.send(`PATCH /subscriptions/${id}`, { ...shown, description: 'changed' });
  expect(await told(broker, receiver)).toEqual(whole);
  const other = { uri: `${receiver.url}?a=1&token=***`, receiverInfo: [{ key: 'authorization', value: '***' }] };
  await broker.send(`PATCH /subscriptions/${id}`, { notification: { endpoint: other } });
  expect(await told(broker, receiver)).toEqual(['Bearer s3cret', undefined, undefined, '/notify?a=1&token=s3cret']);
  const given = { uri: receiver.url, receiverInfo: [{ key: 'Authorization', value: 'Bearer other' }] };
  await broker.send(`PATCH /subscriptions/${id}`, { notification: { endpoint: given } });
  expect(await told(broker, receiver)).toEqual(['Bearer other', undefined, undefined, '/notify']);
});

test('a mask that stands for nothing is refused, and nothing that is kept for one host goes to another', async () => {
  const [broker, receiver] = [await startTestBroker(), await startReceiver()];
  const id = await subscribe(broker, receiver);
  const patch = (endpoint: object): Promise<string> =>
    refusal(broker.send(`PATCH /subscriptions/${id}`, { notification: { endpoint } }));
  const wants = (key: string): object[] => [{ key, value: '***' }];
  expect(await patch({ uri: receiver.url, receiverInfo: wants('X-Auth-Token') })).toMatch(/400.*X-Auth-Token.*mask/);
  expect(await patch({ uri: `${receiver.url}?key=***` })).toMatch(/400.*key in the uri.*mask/);
  const elsewhere = receiver.url.replace('127.0.0.1', 'localhost');
  expect(await patch({ uri: elsewhere, receiverInfo: wants('Authorization') })).toMatch(/400.*Authorization/);
  expect(await patch({ uri: `${elsewhere}?token=***` })).toMatch(/400.*token/);
  const { id: _, ...copy } = await show(broker, id);
  expect(await refusal(broker.send('POST /subscriptions', copy))).toMatch(/400.*token in the uri.*mask/);
  expect(await patch({ uri: receiver.url, receiverInfo: [{ key: 'X-Level', value: '***' }] })).toBe('taken');
});

test('are whole in a backup, and where it is restored', async () => {
  const [broker, other, receiver] = [await startTestBroker(), await startTestBroker(), await startReceiver()];
  const id = await subscribe(broker, receiver);
  const { code, out } = await run(backup, ['--url', broker.url]);
  expect([code, out.includes('Bearer s3cret')]).toEqual([0, true]);
  const file = join(broker.folder, 'backup.ndjson');
  writeFileSync(file, out);
  expect(await run(restore, [file, '--url', other.url])).toMatchObject({ code: 0 });
  expect((await show(other, id)).notification.endpoint).toMatchObject({ receiverInfo: masked });
  expect(await told(other, receiver)).toEqual(whole);
});
