/**
 * Manages one connection to an MQTT broker: publishes messages and reports their delivery. It does not reconnect; the caller
 * opens a new connection.
 */
import { randomBytes } from 'node:crypto';
import type { LookupFunction, Socket } from 'node:net';
import { type IConnackPacket, MqttClient } from 'mqtt';
import type { Delivery } from '../../core/port/messenger.ts';
import { createSlots } from '../slots.ts';
import { openSocket } from './socket.ts';
import type { PublishOptions, Target } from './target.ts';
import { deliveryOf } from './publish-result.ts';

export interface ConnectionOptions {
  readonly target: Target;
  readonly version: PublishOptions['version'];
  /** Time in milliseconds within which the MQTT broker must accept the connection. */
  readonly timeoutMs: number;
  readonly lookup?: LookupFunction;
}

interface OutgoingMessage {
  readonly topic: string;
  readonly payload: string;
  readonly qos: PublishOptions['qos'];
  readonly isRetained: boolean;
}

export interface Connection {
  /** Resolves when the MQTT broker has received the message, for any QoS, or when the connection is lost. Never rejects. */
  publish(letter: OutgoingMessage): Promise<Delivery>;
  /** Resolves with the reason when the connection is closed. */
  readonly closed: Promise<string>;
  /** Disconnects. */
  end(): Promise<void>;
}

/** Keepalive in seconds. The connection counts as lost after one and a half times this interval of silence. */
const keepalive = 20;

export function openConnection(options: ConnectionOptions): Connection {
  let reason = 'the connection was closed';
  const note = (cause: Error): void => {
    reason = cause.message === '' ? String(cause) : cause.message;
  };
  const client = createClient(options, note);
  const closed = new Promise<string>((resolve) => {
    client
      .on('error', note)
      .on('disconnect', ({ reasonCode }) => note(new Error(`the MQTT broker hung up with code ${reasonCode}`)))
      .on('close', () => resolve(reason));
  });
  const channel = openPublishChannel(client);
  const unlessClosed = createBreaker(closed);
  return {
    closed,
    publish: (letter) => unlessClosed(channel.then((one) => one.publish(letter))),
    end: () => end(client),
  };
}

/**
 * Wraps a promise so that it resolves to `unreached` when the connection closes first. `Promise.race` with `closed` would leak:
 * `closed` would retain every race until the connection ends.
 */
function createBreaker(closed: Promise<string>): (expected: Promise<Delivery>) => Promise<Delivery> {
  const open = new Set<(delivery: Delivery) => void>();
  let lost: Delivery | undefined;
  void closed.then((reason) => {
    lost = { kind: 'unreached', reason };
    for (const settle of open) settle(lost);
  });
  return (expected) =>
    new Promise((resolve) => {
      const settle = (delivery: Delivery): void => {
        open.delete(settle);
        resolve(delivery);
      };
      open.add(settle);
      if (lost) settle(lost);
      else void expected.then(settle);
    });
}

/** Time in milliseconds that the MQTT broker has to close the connection. */
const graceMs = 1000;

async function end(client: MqttClient): Promise<void> {
  const timer = setTimeout(() => client.stream.destroy(), graceMs);
  // Closes by force when the connection is not established yet or acknowledgements are outstanding: they are not awaited.
  await client.endAsync(!client.connected || Object.keys(client.outgoing).length > 0);
  clearTimeout(timer);
}

function createClient(
  { target, version, timeoutMs, lookup }: ConnectionOptions,
  note: (cause: Error) => void,
): MqttClient {
  const { user, password } = target;
  const open = (): Socket => openSocket(target, lookup).on('error', note);
  return new MqttClient(open, {
    protocolVersion: version,
    clientId: `mlaka${randomBytes(8).toString('hex')}`,
    ...(user === undefined ? undefined : { username: user }),
    ...(password === undefined ? undefined : { password }),
    keepalive,
    connectTimeout: timeoutMs,
    reconnectPeriod: 0,
    timerVariant: 'native',
  });
}

interface PublishChannel {
  publish(letter: OutgoingMessage): Promise<Delivery>;
}

/** Resolves when the MQTT broker accepts the connection; never resolves otherwise. */
async function openPublishChannel(client: MqttClient): Promise<PublishChannel> {
  const { properties = {} } = await new Promise<IConnackPacket>((resolve) => {
    client.once('connect', resolve);
  });
  const { receiveMaximum = 65_535, maximumQoS = 2, maximumPacketSize = Infinity } = properties;
  const slots = createSlots(receiveMaximum);
  const echo = createProbe(client);
  return {
    async publish(letter) {
      if (letter.qos > maximumQoS)
        return { kind: 'refused', reason: `the MQTT broker takes no message with a QoS above ${maximumQoS}` };
      if (bytesOf(letter) > maximumPacketSize)
        return { kind: 'refused', reason: `the MQTT broker takes no message above ${maximumPacketSize} bytes` };
      if (letter.qos > 0) return slots.within(() => publishOnce(client, letter));
      const written = await publishOnce(client, letter);
      return written.kind === 'taken' ? echo() : written;
    },
  };
}

/** Maximum packet overhead in bytes around topic and payload. */
const frameBytes = 12;

const bytesOf = ({ topic, payload }: OutgoingMessage): number =>
  frameBytes + Buffer.byteLength(topic) + Buffer.byteLength(payload);

const publishOnce = (client: MqttClient, { topic, payload, qos, isRetained }: OutgoingMessage): Promise<Delivery> =>
  new Promise((resolve) => {
    client.publish(topic, payload, { qos, retain: isRetained }, (error) => resolve(deliveryOf(error)));
  });

/**
 * Confirms QoS 0 messages, which MQTT does not acknowledge. Packets are processed in order, so the response to a ping sent after
 * a message proves that the MQTT broker has read the message.
 */
function createProbe(client: MqttClient): () => Promise<Delivery> {
  const waiting: { readonly ping: number; readonly resolve: () => void }[] = [];
  let asked = 0;
  let answered = 0;
  client
    .on('packetsend', ({ cmd }) => {
      if (cmd === 'pingreq') asked += 1;
    })
    .on('packetreceive', ({ cmd }) => {
      if (cmd === 'pingresp') answered += 1;
      while (waiting[0] && waiting[0].ping <= answered) waiting.shift()?.resolve();
    });
  return () =>
    new Promise((resolve) => {
      client.sendPing();
      waiting.push({ ping: asked, resolve: () => resolve({ kind: 'taken' }) });
    });
}
