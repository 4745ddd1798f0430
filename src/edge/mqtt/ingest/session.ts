/**
 * Manages a receiving session with an MQTT broker. The client of the library `mqtt` acknowledges each message before it emits the
 * next, so several messages could not share one commit. Here the receiver acknowledges, at any time.
 */
import type { Socket } from 'node:net';
import { ReasonCodes } from 'mqtt';
import {
  generate,
  type IConnackPacket,
  type IPublishPacket,
  type ISubackPacket,
  type Packet,
  parser as createParser,
} from 'mqtt-packet';
import { openSocket } from '../socket.ts';
import type { PublishOptions, MqttServer } from '../target.ts';

/** A received message. */
export interface Message {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: PublishOptions['qos'];
  /** Acknowledges that the message is durable; otherwise the MQTT broker sends it again. Acknowledge in the order of arrival. */
  acknowledge(): void;
}

export interface SessionOptions {
  readonly server: MqttServer;
  readonly version: PublishOptions['version'];
  readonly clientId: string;
  /**
   * Time in seconds for which the MQTT broker keeps messages while disconnected; 0: not at all. With 3.1.1 the MQTT broker
   * decides itself.
   */
  readonly keptSeconds: number;
  /** Maximum number of unacknowledged QoS 1 and 2 messages in flight. With 5.0 only. */
  readonly underWayMax: number;
  readonly packetBytesMax: number;
  /** Time in milliseconds within which the MQTT broker must accept the connection and the subscriptions. */
  readonly timeoutMs: number;
  readonly subscriptions: readonly { readonly topic: string; readonly qos: PublishOptions['qos'] }[];
  readonly receive: (message: Message) => void;
  /** Ids of durable QoS 2 messages that may be sent again. The set outlives the session. */
  readonly durableIds: Set<number>;
}

export interface Session {
  /** Resolves when the MQTT broker has granted all subscriptions; never resolves otherwise. */
  readonly ready: Promise<void>;
  /** Resolves with the reason when the session is closed. */
  readonly closed: Promise<string>;
  /** Stops reading, so that further messages stay at the MQTT broker. */
  pause(): void;
  resume(): void;
  /** Disconnects. */
  end(): Promise<void>;
}

/** Keepalive in seconds. The session counts as lost after twice this interval of silence. */
const keepaliveSeconds = 20;

/** Packet id of SUBSCRIBE, the only packet with an id that is sent here. */
const subscribeId = 1;

/** Time in milliseconds that the MQTT broker has to close the connection. */
const graceMs = 1000;

/** The socket and the state of a session. */
interface PacketChannel {
  readonly socket: Socket;
  readonly write: (packet: Packet) => void;
  /** Closes the connection with a reason. */
  readonly fail: (reason: string) => void;
  readonly closed: Promise<string>;
  readonly state: State;
}

interface State {
  hasHeard: boolean;
  pings: NodeJS.Timeout | undefined;
}

export function openSession(options: SessionOptions): Session {
  const channel = openPacketChannel(options);
  const { socket, closed } = channel;
  const ready = listen(channel, options);
  channel.write(connectPacket(options));
  return {
    ready,
    closed,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    async end() {
      channel.write({ cmd: 'disconnect', reasonCode: 0 });
      socket.end();
      // Data that still arrives is discarded; the MQTT broker sends those messages again later.
      socket.resume();
      const grace = setTimeout(() => socket.destroy(), graceMs);
      await closed;
      clearTimeout(grace);
    },
  };
}

function openPacketChannel({ server, version }: SessionOptions): PacketChannel {
  const socket = openSocket(server);
  const state: State = { hasHeard: false, pings: undefined };
  let reason = 'the connection was closed';
  const fail = (why: string): void => {
    reason = why;
    socket.destroy();
  };
  const closed = new Promise<string>((resolve) => {
    socket.on('error', ({ message }) => {
      reason = message;
    });
    socket.on('close', () => {
      clearInterval(state.pings);
      resolve(reason);
    });
  });
  const write = (packet: Packet): void => {
    if (socket.destroyed || socket.writableEnded) return;
    // Writes of the same turn of the event loop are sent together, so a batch is acknowledged in one send.
    socket.cork();
    socket.write(generate(packet, { protocolVersion: version }));
    process.nextTick(() => socket.uncork());
  };
  return { socket, write, fail, closed, state };
}

/** Handles incoming packets. Resolves when the MQTT broker has granted all subscriptions. */
function listen(channel: PacketChannel, options: SessionOptions): Promise<void> {
  const { socket, state, fail, closed } = channel;
  const { version, timeoutMs } = options;
  const timer = setTimeout(() => fail(`the MQTT broker did not let us in within ${timeoutMs} ms`), timeoutMs);
  void closed.then(() => clearTimeout(timer));
  return new Promise((resolve) => {
    const ready = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const parser = createParser({ protocolVersion: version });
    parser.on('packet', (packet) => {
      state.hasHeard = true;
      handle(packet, { channel, options, ready });
    });
    parser.on('error', (error) => fail(`what the MQTT broker says is no MQTT: ${String(error)}`));
    socket.on('data', (bytes) => {
      try {
        parser.parse(bytes);
      } catch (error) {
        fail(`what the MQTT broker says cannot be understood: ${String(error)}`);
      }
    });
  });
}

function connectPacket(options: SessionOptions): Packet {
  const { server, version, clientId, keptSeconds, underWayMax, packetBytesMax } = options;
  return {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: version,
    clientId,
    clean: keptSeconds === 0,
    keepalive: keepaliveSeconds,
    ...(server.user === undefined ? undefined : { username: server.user }),
    ...(server.password === undefined ? undefined : { password: Buffer.from(server.password) }),
    ...(version === 5
      ? {
          properties: {
            sessionExpiryInterval: keptSeconds,
            receiveMaximum: Math.min(underWayMax, 65_535),
            maximumPacketSize: packetBytesMax,
          },
        }
      : undefined),
  };
}

interface Handling {
  readonly channel: PacketChannel;
  readonly options: SessionOptions;
  readonly ready: () => void;
}

function handle(packet: Packet, handling: Handling): void {
  const { channel, options } = handling;
  switch (packet.cmd) {
    case 'connack':
      return handleConnack(packet, handling);
    case 'suback':
      return handleSuback(packet, handling);
    case 'publish':
      return receive(packet, channel, options);
    case 'pubrel':
      options.durableIds.delete(packet.messageId ?? 0);
      return channel.write({ cmd: 'pubcomp', messageId: packet.messageId ?? 0, reasonCode: 0 });
    case 'disconnect':
      return channel.fail(`the MQTT broker hung up: ${textOfCode(packet.reasonCode)}`);
    default:
      return undefined;
  }
}

/** The text for a reason code of either protocol version. */
const textOfCode = (code = 0): string => {
  const found = Object.entries(ReasonCodes).find(([key]) => Number(key) === code);
  return found?.[1] === undefined || found[1] === '' ? `code ${code}` : found[1];
};

function handleConnack(
  { returnCode, reasonCode, sessionPresent, properties = {} }: IConnackPacket,
  handling: Handling,
): void {
  const { channel, options, ready } = handling;
  const { state } = channel;
  const code = reasonCode ?? returnCode ?? 0;
  if (code !== 0) return channel.fail(`the MQTT broker does not let us in: ${textOfCode(code)}`);
  if (!sessionPresent) options.durableIds.clear();
  state.pings = setInterval(() => ping(channel), (properties.serverKeepAlive ?? keepaliveSeconds) * 1000);
  if (options.subscriptions.length === 0) return ready();
  return channel.write({
    cmd: 'subscribe',
    messageId: subscribeId,
    subscriptions: options.subscriptions.map(({ topic, qos }) => ({ topic, qos, nl: false, rap: true, rh: 1 })),
  });
}

/** Fails when a subscription is refused: otherwise its topic would stay silent without notice. */
function handleSuback({ granted }: ISubackPacket, { channel, options, ready }: Handling): void {
  const refused = granted.findIndex((code) => typeof code === 'number' && code >= 128);
  if (refused < 0) return ready();
  return channel.fail(`the MQTT broker refuses the topic ${options.subscriptions[refused]?.topic ?? ''}`);
}

/** Sends a ping, and fails when the MQTT broker is silent. While the socket is paused nothing is read, so silence is not a failure. */
function ping({ state, socket, write, fail }: PacketChannel): void {
  if (!state.hasHeard && !socket.isPaused()) return fail('the MQTT broker is silent');
  state.hasHeard = false;
  return write({ cmd: 'pingreq' });
}

function receive(
  packet: IPublishPacket,
  { write }: PacketChannel,
  { receive: take, durableIds }: SessionOptions,
): void {
  const { topic, payload, qos, dup, messageId = 0 } = packet;
  const acknowledge = (): void => {
    if (qos === 1) write({ cmd: 'puback', messageId, reasonCode: 0 });
    if (qos !== 2) return;
    durableIds.add(messageId);
    write({ cmd: 'pubrec', messageId, reasonCode: 0 });
  };
  if (qos === 2 && dup && durableIds.has(messageId)) return acknowledge();
  return take({ topic, payload: Buffer.from(payload), qos, acknowledge });
}
