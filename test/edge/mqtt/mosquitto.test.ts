/** Tests the MQTT messenger with mosquitto: both versions of the protocol, and the features of 5.0. */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../deliver/test-broker.ts';
import { closeMessengers, message, messenger, withQos } from './messages.ts';
import { hasMosquitto, type Mosquitto, startMosquitto } from './mosquitto.ts';

const started: Mosquitto[] = [];
const start = async (lines?: readonly string[]): Promise<Mosquitto> => {
  const made = await startMosquitto(lines);
  started.push(made);
  return made;
};
afterEach(async () => {
  await closeMessengers();
  for (const one of started.splice(0)) await one.stop();
});

if (!hasMosquitto) console.warn('Left out: mosquitto is not installed here.');

(hasMosquitto ? describe : describe.skip)('mosquitto', () => {
  test.each(['mqtt3.1.1', 'mqtt5.0'])('is told by %s, with every QoS', async (version) => {
    const { port, received } = await start();
    const one = messenger();
    for (const qos of [0, 1, 2]) {
      const sent = message(`mqtt://127.0.0.1:${port}/city/${qos}`, withQos(qos, version));
      expect(await one.send(sent).done).toEqual({ kind: 'taken' });
    }
    await eventually(
      () => Promise.resolve(received.length),
      (length) => length === 3,
    );
    expect(received).toMatchObject([0, 1, 2].map((qos) => ({ topic: `city/${qos}`, qos })));
  });

  test.each([1, 2])('is given no more at a time than it takes, QoS %d', async (qos) => {
    const { port, received } = await start(['max_inflight_messages 2']);
    const one = messenger();
    const sent = message(`mqtt://127.0.0.1:${port}/t`, withQos(qos, 'mqtt5.0'));
    const done = await Promise.all(Array.from({ length: 100 }, () => one.send(sent).done));
    expect(new Set(done.map(({ kind }) => kind))).toEqual(new Set(['taken']));
    await eventually(
      () => Promise.resolve(received.length),
      (length) => length >= 100,
    );
    expect(received.length).toBe(100);
  });

  test('refuses what is too large for it, too good, or not allowed', async () => {
    const acl = join(tmpdir(), `mlaka-mosquitto-${process.pid}.acl`);
    writeFileSync(acl, 'topic readwrite open/#\n');
    const { port } = await start(['max_packet_size 1000', 'max_qos 1', `acl_file ${acl}`]);
    const one = messenger();
    const send = (topic: string, qos: number, body = '{}') =>
      one.send(message(`mqtt://127.0.0.1:${port}/${topic}`, { body, ...withQos(qos, 'mqtt5.0') })).done;
    expect(await send('open/a', 1)).toEqual({ kind: 'taken' });
    expect(await send('open/a', 1, JSON.stringify('x'.repeat(1000)))).toMatchObject({ kind: 'refused' });
    expect(await send('open/a', 2)).toMatchObject({ kind: 'refused', reason: expect.stringContaining('QoS above 1') });
    expect(await send('closed/a', 1)).toMatchObject({ kind: 'refused', reason: expect.stringContaining('uthorized') });
    expect(await send('open/a', 0)).toEqual({ kind: 'taken' });
  });
});
