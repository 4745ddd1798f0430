/** One connection to an MQTT broker: publishes, and tells what became of it. It is not renewed: whoever needs another one opens it. */
import { randomBytes } from 'node:crypto';
import type { LookupFunction, Socket } from 'node:net';
import { type IConnackPacket, MqttClient } from 'mqtt';
import type { Delivery } from '../../core/port/messenger.ts';
import { createSlots } from './slots.ts';
import { openSocket } from './socket.ts';
import type { PublishOptions, Target } from './target.ts';
import { deliveryOf } from './publish-result.ts';

export interface ConnectionOptions {
  readonly target: Target;
  readonly version: PublishOptions['version'];
  /** Longest time in which the MQTT broker must have let us in. */
  readonly timeoutMs: number;
  readonly lookup?: LookupFunction;
}

/** What is published. */
interface OutgoingMessage {
  readonly topic: string;
  readonly payload: string;
  readonly qos: PublishOptions['qos'];
}

export interface Connection {
  /** Resolves when the MQTT broker has it, with any QoS, or the connection is lost. Never rejects. */
  publish(letter: OutgoingMessage): Promise<Delivery>;
  /** Resolves, with the reason, when nothing can be published any more. */
  readonly closed: Promise<string>;
  /** Takes its leave. */
  end(): Promise<void>;
}

/** After one and a half times so many seconds of silence the connection counts as lost. */
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
  const line = openPublishChannel(client);
  const unlessClosed = createBreaker(closed);
  return {
    closed,
    publish: (letter) => unlessClosed(line.then((one) => one.publish(letter))),
    end: () => end(client),
  };
}

/**
 * What is expected, or that it was not reached once the connection is closed. A race with `closed` would be remembered by it
 * for as long as the connection lasts.
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

/** How long the MQTT broker may take to hang up. */
const graceMs = 1000;

async function end(client: MqttClient): Promise<void> {
  const timer = setTimeout(() => client.stream.destroy(), graceMs);
  // Before the connection stands there is nobody to take leave of, and answers that are missing are not waited for.
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

/** Resolves when the MQTT broker has let us in; never, when it does not. */
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

/** Most bytes that stand around topic and payload. */
const frameBytes = 12;

const bytesOf = ({ topic, payload }: OutgoingMessage): number =>
  frameBytes + Buffer.byteLength(topic) + Buffer.byteLength(payload);

const publishOnce = (client: MqttClient, { topic, payload, qos }: OutgoingMessage): Promise<Delivery> =>
  new Promise((resolve) => {
    client.publish(topic, payload, { qos }, (error) => resolve(deliveryOf(error)));
  });

/**
 * Messages of QoS 0 are not acknowledged. But packets are read in order, so that the answer to a ping sent behind one
 * says that the MQTT broker has read it.
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
