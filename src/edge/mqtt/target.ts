/** Reads MQTT endpoint URIs and publish options (clause 7.2). */
import { quoted } from '../../core/model/read/id.ts';
import { percentDecoded } from '../../core/model/read/percent.ts';

/** The address of an MQTT broker, and the user and password that it expects. */
export interface MqttServer {
  readonly isTls: boolean;
  /** A host name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: string;
}

/** The parts of `mqtt[s]://[user[:password]@]host[:port]/topic[/subtopic…]`. */
export interface Target extends MqttServer {
  readonly topic: string;
}

export interface PublishOptions {
  /** The MQTT protocol level, as in CONNECT packets: 4 is 3.1.1. */
  readonly version: 4 | 5;
  readonly qos: 0 | 1 | 2;
  /** True: the MQTT broker keeps the message for clients that subscribe later. */
  readonly isRetained: boolean;
}

/** The reason why nothing can be sent, as a sentence without a full stop. */
export interface Objection {
  readonly objection: string;
}

/** Maximum length of a topic in bytes (MQTT 5.0, 1.5.4). */
const topicBytesMax = 65_535;

/** Reads `mqtt[s]://host[:port]`, which has neither a login nor a topic. */
export function readServer(uri: string): MqttServer | Objection {
  const url = URL.parse(uri);
  const host = url === null ? undefined : hostOf(url);
  if (url === null || host === undefined || !/^mqtts?:$/.test(url.protocol))
    return { objection: 'it must be mqtt://host or mqtts://host, perhaps with a port' };
  if (url.username !== '' || url.password !== '') return { objection: 'user and password do not belong in it' };
  if (!/^[^:]+:\/\/[^/?#]+\/?$/.test(uri)) return { objection: 'nothing comes after the host and its port' };
  const isTls = url.protocol === 'mqtts:';
  return { isTls, host, port: portOf(url, isTls) };
}

/** Reads the URI of an endpoint. */
export function readTarget(uri: string): Target | Objection {
  const url = URL.parse(uri);
  const host = url === null ? undefined : hostOf(url);
  if (url === null || host === undefined) return { objection: 'it is no URL with a host' };
  if (/[?#]/.test(uri)) return { objection: 'what comes after the host must be a topic alone' };
  const [user, password, topic] = [url.username, url.password, url.pathname.slice(1)].map(percentDecoded);
  if (user === undefined || password === undefined || topic === undefined)
    return { objection: 'a % in it is not followed by the digits of a character' };
  const objection = objectionToTopic(topic) ?? objectionToLogin(user, password);
  if (objection !== undefined) return { objection };
  const isTls = url.protocol === 'mqtts:';
  return { isTls, host, port: portOf(url, isTls), ...loginOf(user, password), topic };
}

/** Normalizes a host with the rules for http URLs, so that names and addresses in unusual notation get one form. */
const hostOf = ({ hostname }: URL): string | undefined =>
  hostname === '' ? undefined : URL.parse(`http://${hostname}/`)?.hostname.replace(/^\[|\]$/g, '');

const portOf = ({ port }: URL, isTls: boolean): number => (port === '' ? (isTls ? 8883 : 1883) : Number(port));

const loginOf = (user: string, password: string): Pick<Target, 'user' | 'password'> => ({
  ...(user === '' ? undefined : { user }),
  ...(password === '' ? undefined : { password }),
});

function objectionToTopic(topic: string): string | undefined {
  if (topic === '') return 'it names no topic';
  if (/[+#\0]/.test(topic)) return 'nobody can publish to a topic with +, # or a null character';
  return Buffer.byteLength(topic) > topicBytesMax ? 'its topic is too long' : undefined;
}

const objectionToLogin = (user: string, password: string): string | undefined =>
  user === '' && password !== '' ? 'it has a password, but no user' : undefined;

/** Versions as named in a `notifierInfo`. */
export const versions: Readonly<Record<string, PublishOptions['version']>> = { 'mqtt3.1.1': 4, 'mqtt5.0': 5 };
const qosLevels: Readonly<Record<string, PublishOptions['qos']>> = { '0': 0, '1': 1, '2': 2 };

/**
 * Reads `MQTT-Version` and `MQTT-QoS` of the `notifierInfo`. The defaults are mqtt5.0 and 0. `MQTT-Retain` is an extension. Other members are
 * ignored.
 */
export function readPublishOptions(notifierInfo: Readonly<Record<string, string>>): PublishOptions | Objection {
  const { 'MQTT-Version': versionName = 'mqtt5.0', 'MQTT-QoS': level = '0' } = notifierInfo;
  const version = Object.hasOwn(versions, versionName) ? versions[versionName] : undefined;
  const qos = Object.hasOwn(qosLevels, level) ? qosLevels[level] : undefined;
  if (version === undefined)
    return { objection: `MQTT-Version may be mqtt3.1.1 or mqtt5.0, not ${quoted(versionName)}` };
  if (qos === undefined) return { objection: `MQTT-QoS may be 0, 1 or 2, not ${quoted(level)}` };
  return { version, qos, isRetained: notifierInfo['MQTT-Retain'] === 'true' };
}
