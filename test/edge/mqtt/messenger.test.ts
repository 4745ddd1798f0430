/** Tests the MQTT messenger alone: what it publishes, how it reacts to MQTT brokers, and which addresses it refuses. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type LookupFunction } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Messenger } from '../../../src/core/port/messenger.ts';
import { lookupPublic } from '../../../src/edge/document/lookup.ts';
import { startAedes, stopAedes } from './aedes-broker.ts';
import { makeCertificate } from './certificate.ts';
import { closeMessengers, message, messenger, withQos } from './messages.ts';

afterEach(async () => {
  await closeMessengers();
  await stopAedes();
});

describe('a message', () => {
  test.each([0, 1, 2])('is published with QoS %d, metadata beside its body', async (qos) => {
    const broker = await startAedes();
    const headers = { Link: '<https://c.example/>; rel="x"', 'content-type': 'text/plain', 'X-Kje': 'čez "reko"' };
    const sent = message(`mqtt://127.0.0.1:${broker.port}/city/lights%20on`, { headers, ...withQos(qos) });
    expect(await messenger().send(sent).done).toEqual({ kind: 'taken' });
    expect(broker.published).toMatchObject([{ topic: 'city/lights on', qos }]);
    expect(JSON.parse(broker.published[0]?.payload ?? '')).toEqual({
      metadata: { 'Content-Type': 'application/json', Link: headers.Link, 'X-Kje': headers['X-Kje'] },
      body: { id: 'urn:n:1', data: [] },
    });
  });

  test.each([0, 1, 2])('that the MQTT broker breaks off at is not delivered, QoS %d', async (qos) => {
    const broker = await startAedes({ authorizePublish: (_client, _packet, done) => done(new Error('no')) });
    const sent = message(`mqtt://127.0.0.1:${broker.port}/t`, withQos(qos));
    expect(await messenger().send(sent).done).toMatchObject({ kind: 'unreached' });
  });

  test('that is not read is not delivered, even without acknowledgements', async () => {
    const welcome = Buffer.from([0x20, 2, 0, 0]);
    const server = createServer((socket) =>
      socket.on('error', () => undefined).once('data', () => socket.write(welcome)),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const uri = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}/t`;
    const sent = message(uri, withQos(0));
    expect(await messenger({ timeoutMs: 50 }).send(sent).done).toMatchObject({ kind: 'unreached' });
    await closeMessengers();
    server.close();
  });

  test.each([1, 2])('that is not acknowledged in time is not delivered, QoS %d', async (qos) => {
    const broker = await startAedes({ authorizePublish: () => undefined });
    const sent = message(`mqtt://127.0.0.1:${broker.port}/t`, withQos(qos));
    expect(await messenger({ timeoutMs: 50 }).send(sent).done).toEqual({
      kind: 'unreached',
      reason: 'the MQTT broker did not take it within 50 ms',
    });
    const hasty = messenger().send({ ...sent, timeoutMs: 20 });
    expect(await hasty.done).toMatchObject({ kind: 'unreached' });
  });

  test('can be given up, and is when the messenger is closed', async () => {
    const broker = await startAedes({ authorizePublish: () => undefined });
    const one = messenger();
    const sent = message(`mqtt://127.0.0.1:${broker.port}/t`, withQos(1));
    const [first, second] = [one.send(sent), one.send(sent)];
    await broker.until(() => broker.clients.length === 1);
    first.abandon();
    expect(await first.done).toEqual({ kind: 'unreached', reason: 'it was given up' });
    await one.close();
    expect(await second.done).toEqual({ kind: 'unreached', reason: 'the broker stops' });
    await broker.until(() => broker.present.size === 0);
  });
});

describe('a connection', () => {
  test('is shared by all that goes to an MQTT broker as the same user, and closed when nothing does', async () => {
    const logins: string[] = [];
    const broker = await startAedes({
      authenticate: (_client, user, password, done) => {
        logins.push(`${user ?? ''} ${password?.toString() ?? ''}`);
        done(null, true);
      },
    });
    const one = messenger({ idleMs: 30 });
    const at = `127.0.0.1:${broker.port}`;
    const uris = [`mqtt://${at}/a`, `mqtt://${at}/b`, `mqtt://ana:p%40ss%3A@${at}/a`, `mqtt://ana:p%40ss%3A@${at}/b`];
    const done = await Promise.all([...uris, ...uris].map((uri) => one.send(message(uri)).done));
    expect(done).toEqual(done.map(() => ({ kind: 'taken' })));
    expect(broker.published.length).toBe(8);
    expect(logins.toSorted()).toEqual([' ', 'ana p@ss:']);
    await broker.until(() => broker.present.size === 0);
    expect(await one.send(message(uris[0] ?? '')).done).toEqual({ kind: 'taken' });
    expect(broker.clients.length).toBe(3);
  });

  test('that was broken is replaced', async () => {
    const broker = await startAedes();
    const one = messenger();
    const sent = message(`mqtt://127.0.0.1:${broker.port}/t`, withQos(1));
    expect(await one.send(sent).done).toEqual({ kind: 'taken' });
    await broker.down();
    expect(await one.send(sent).done).toMatchObject({ kind: 'unreached' });
    expect(await one.send(sent).done).toMatchObject({
      kind: 'unreached',
      reason: expect.stringContaining('ECONNREFUSED'),
    });
    await broker.up();
    expect(await one.send(sent).done).toEqual({ kind: 'taken' });
  });

  test('that is refused tells why', async () => {
    const broker = await startAedes({
      authenticate: (_client, _user, _password, done) => done(Object.assign(new Error('no'), { returnCode: 4 }), null),
    });
    const uri = `mqtt://ana:wrong@127.0.0.1:${broker.port}/t`;
    expect(await messenger().send(message(uri)).done).toEqual({
      kind: 'unreached',
      reason: 'Connection refused: Bad username or password',
    });
    expect(await messenger().send(message(uri, { notifierInfo: {} })).done).toMatchObject({
      kind: 'unreached',
      reason: expect.stringMatching(/protocol version/i),
    });
  });

  test('to somebody who says nothing, or speaks another language, does no harm', async () => {
    const greetings = ['', 'HTTP/1.1 400 Bad Request\r\n\r\n'];
    const server = createServer((socket) => socket.on('error', () => undefined).write(greetings.shift() ?? ''));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const uri = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}/t`;
    for (const _ of [1, 2])
      expect(await messenger({ timeoutMs: 100 }).send(message(uri)).done).toMatchObject({ kind: 'unreached' });
    await closeMessengers();
    server.close();
  });
});

test('by mqtts, only who shows a certificate that is trusted is told anything', async () => {
  const tls = makeCertificate();
  if (!tls) {
    console.warn('Left out: there is no openssl here.');
    return;
  }
  const broker = await startAedes({ tls });
  const sent = message(`mqtts://localhost:${broker.port}/t`);
  expect(await messenger().send(sent).done).toMatchObject({
    kind: 'unreached',
    reason: expect.stringContaining('self-signed'),
  });
  const trusted = getCACertificates();
  setDefaultCACertificates([...trusted, tls.cert]);
  try {
    expect(await messenger().send(sent).done).toEqual({ kind: 'taken' });
    const other = message(`mqtts://127.0.0.1:${broker.port}/t`);
    expect(await messenger().send(other).done).toMatchObject({ kind: 'unreached' });
  } finally {
    setDefaultCACertificates(trusted);
  }
  expect(broker.published.length).toBe(1);
});

describe('without permission', () => {
  const guarded = (): Messenger => messenger({ lookupPublic });

  test.each([
    'mqtt://127.0.0.1/t',
    'mqtt://LOCALHOST/t',
    'mqtt://a.localhost/t',
    'mqtt://%6cocalhost/t',
    'mqtts://[::1]/t',
    'mqtt://[::ffff:10.0.0.1]/t',
    'mqtt://0x7f000001/t',
    'mqtt://0x7f.1/t',
    'mqtts://user:pass@192.168.1.1:8080/t',
  ])('nothing goes to %s', async (uri) => {
    expect(guarded().objection(uri)).toMatch(/is no public address/);
    expect(await guarded().send(message(uri)).done).toMatchObject({ kind: 'refused' });
  });

  test('nothing goes where a name leads into the house', async () => {
    const broker = await startAedes();
    const insider: LookupFunction = (_, options, callback) => lookupPublic('localhost', options, callback);
    const uri = `mqtt://public.example:${broker.port}/t`;
    expect(guarded().objection(uri)).toBeUndefined();
    expect(await messenger({ lookupPublic: insider }).send(message(uri)).done).toEqual({
      kind: 'unreached',
      reason: 'localhost has no public address',
    });
    expect(broker.clients).toEqual([]);
  });
});

describe('objections', () => {
  test.each([
    ['mqtt:topic', /no URL with a host/],
    ['mqtt:///topic', /no URL with a host/],
    ['mqtt://broker.example', /no topic/],
    ['mqtt://broker.example/', /no topic/],
    ['mqtt://broker.example/a?b', /a topic alone/],
    ['mqtt://broker.example/a#b', /a topic alone/],
    ['mqtt://broker.example/a/+/b', /nobody can publish/],
    ['mqtt://broker.example/a/%23', /nobody can publish/],
    ['mqtt://broker.example/a%00', /nobody can publish/],
    ['mqtt://broker.example/%zz', /% in it/],
    ['mqtt://us%ffer@broker.example/a', /% in it/],
    ['mqtt://:secret@broker.example/a', /no user/],
    [`mqtt://broker.example/${'a'.repeat(65_536)}`, /too long/],
  ])('to %.40s', async (uri, why) => {
    expect(messenger().objection(uri)).toMatch(why);
    expect(await messenger().send(message(uri)).done).toMatchObject({ kind: 'refused' });
  });

  test('to versions and qualities that there are not', () => {
    const object = (notifierInfo: Record<string, string>): string | undefined =>
      messenger().objection('mqtt://broker.example/a', notifierInfo);
    expect(object({ 'MQTT-Version': 'mqtt3.1' })).toBe('MQTT-Version may be mqtt3.1.1 or mqtt5.0, not "mqtt3.1"');
    expect(object({ 'MQTT-QoS': '3' })).toBe('MQTT-QoS may be 0, 1 or 2, not "3"');
    expect(object({ 'MQTT-QoS': 'toString' })).toMatch(/may be/);
    expect(object({ 'MQTT-Version': 'mqtt5.0', 'MQTT-QoS': '2', other: 'x' })).toBeUndefined();
  });
});
