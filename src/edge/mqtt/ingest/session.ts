/**
 * A session with an MQTT broker that receives. The client of the library `mqtt` acknowledges each message before it looks
 * at the next, so that no two of them could share a commit; here whoever receives acknowledges, whenever it is time.
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
import type { PublishOptions, Server } from '../target.ts';

/** A message that came. */
export interface Message {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: PublishOptions['qos'];
  /** Says that it is safe with us; without it the MQTT broker sends it again. Acknowledge in the order of arrival. */
  acknowledge(): void;
}

export interface SessionOptions {
  readonly server: Server;
  readonly version: PublishOptions['version'];
  readonly clientId: string;
  /** How long the MQTT broker keeps what comes while we are away; 0: not at all. By 3.1.1 it decides itself. */
  readonly keptSeconds: number;
  /** Most messages of QoS 1 and 2 that are on their way to us without our having acknowledged them. By 5.0 only. */
  readonly underWayMax: number;
  readonly packetBytesMax: number;
  /** Longest time in which the MQTT broker must have let us in. */
  readonly timeoutMs: number;
  readonly subscriptions: readonly { readonly topic: string; readonly qos: PublishOptions['qos'] }[];
  readonly receive: (message: Message) => void;
  /** Ids of messages of QoS 2 that are safe with us and may be sent again. It outlives the session. */
  readonly safe: Set<number>;
}

export interface Session {
  /** Resolves when the MQTT broker has granted all subscriptions; never, when it does not. */
  readonly ready: Promise<void>;
  /** Resolves, with the reason, when nothing will come any more. */
  readonly closed: Promise<string>;
  /** Stops reading, so that the MQTT broker keeps what else it has. */
  pause(): void;
  resume(): void;
  /** Takes its leave. */
  end(): Promise<void>;
}

/** After twice so many seconds of silence the session counts as lost. */
const keepaliveSeconds = 20;

/** The only packet of ours that has an id. */
const subscribeId = 1;

/** How long the MQTT broker may take to hang up. */
const graceMs = 1000;

/** What a session consists of. */
interface PacketChannel {
  readonly socket: Socket;
  readonly write: (packet: Packet) => void;
  /** Breaks it off. */
  readonly fail: (reason: string) => void;
  readonly closed: Promise<string>;
  readonly state: State;
}

interface State {
  hasHeard: boolean;
  pings: NodeJS.Timeout | undefined;
}

export function openSession(options: SessionOptions): Session {
  const line = openPacketChannel(options);
  const { socket, closed } = line;
  const ready = listen(line, options);
  line.write(connectPacket(options));
  return {
    ready,
    closed,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    async end() {
      line.write({ cmd: 'disconnect', reasonCode: 0 });
      socket.end();
      // What still comes is sent again another time.
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
    // What is written in one go leaves in one go: a batch is acknowledged at once.
    socket.cork();
    socket.write(generate(packet, { protocolVersion: version }));
    process.nextTick(() => socket.uncork());
  };
  return { socket, write, fail, closed, state };
}

/** Handles what comes. Resolves when the MQTT broker has granted all subscriptions. */
function listen(line: PacketChannel, options: SessionOptions): Promise<void> {
  const { socket, state, fail, closed } = line;
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
      handle(packet, { line, options, ready });
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
  readonly line: PacketChannel;
  readonly options: SessionOptions;
  readonly ready: () => void;
}

function handle(packet: Packet, handling: Handling): void {
  const { line, options } = handling;
  switch (packet.cmd) {
    case 'connack':
      return welcome(packet, handling);
    case 'suback':
      return welcomed(packet, handling);
    case 'publish':
      return receive(packet, line, options);
    case 'pubrel':
      options.safe.delete(packet.messageId ?? 0);
      return line.write({ cmd: 'pubcomp', messageId: packet.messageId ?? 0, reasonCode: 0 });
    case 'disconnect':
      return line.fail(`the MQTT broker hung up: ${textOfCode(packet.reasonCode)}`);
    default:
      return undefined;
  }
}

/** What a reason code of either version says. */
const textOfCode = (code = 0): string => {
  const found = Object.entries(ReasonCodes).find(([key]) => Number(key) === code);
  return found?.[1] === undefined || found[1] === '' ? `code ${code}` : found[1];
};

function welcome(
  { returnCode, reasonCode, sessionPresent, properties = {} }: IConnackPacket,
  handling: Handling,
): void {
  const { line, options, ready } = handling;
  const { state } = line;
  const code = reasonCode ?? returnCode ?? 0;
  if (code !== 0) return line.fail(`the MQTT broker does not let us in: ${textOfCode(code)}`);
  if (!sessionPresent) options.safe.clear();
  state.pings = setInterval(() => ping(line), (properties.serverKeepAlive ?? keepaliveSeconds) * 1000);
  if (options.subscriptions.length === 0) return ready();
  return line.write({
    cmd: 'subscribe',
    messageId: subscribeId,
    subscriptions: options.subscriptions.map(({ topic, qos }) => ({ topic, qos, nl: false, rap: true, rh: 1 })),
  });
}

/** A topic that is refused would be silent for ever, and nobody would know. */
function welcomed({ granted }: ISubackPacket, { line, options, ready }: Handling): void {
  const refused = granted.findIndex((code) => typeof code === 'number' && code >= 128);
  if (refused < 0) return ready();
  return line.fail(`the MQTT broker refuses the topic ${options.subscriptions[refused]?.topic ?? ''}`);
}

/** A socket that is paused is not heard, and may be all right. */
function ping({ state, socket, write, fail }: PacketChannel): void {
  if (!state.hasHeard && !socket.isPaused()) return fail('the MQTT broker is silent');
  state.hasHeard = false;
  return write({ cmd: 'pingreq' });
}

function receive(packet: IPublishPacket, { write }: PacketChannel, { receive: take, safe }: SessionOptions): void {
  const { topic, payload, qos, dup, messageId = 0 } = packet;
  const acknowledge = (): void => {
    if (qos === 1) write({ cmd: 'puback', messageId, reasonCode: 0 });
    if (qos !== 2) return;
    safe.add(messageId);
    write({ cmd: 'pubrec', messageId, reasonCode: 0 });
  };
  if (qos === 2 && dup && safe.has(messageId)) return acknowledge();
  return take({ topic, payload: Buffer.from(payload), qos, acknowledge });
}
