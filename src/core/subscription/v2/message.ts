/** Writes the message of a v2 notification: body, headers, and the address with its macros replaced. */
import type { JsonObject } from '../../model/json.ts';
import { percentDecoded } from '../../model/read/percent.ts';
import type { SerializedNotification } from '../../port/dead-letters.ts';
import type { Message } from '../../port/messenger.ts';
import type { JexlContext } from '../../v2/jexl/evaluate.ts';
import { hasMacro, replaceInJson, replaceInText } from '../../v2/jexl/macros.ts';
import { servicePathOf } from '../../v2/render-entity.ts';
import { isFraming } from '../../v2/subscription/read-transport.ts';
import type {
  HttpTransport,
  MqttTransport,
  SubscriptionNotification,
  Templates,
} from '../../v2/subscription/subscription.ts';
import type { Sending } from '../dialect.ts';
import { macroContext, type NotifiedChange, notifiedEntity, valuesOf } from './content.ts';

/** A body with its media type, and what the header Ngsiv2-AttrsFormat says of it. */
interface Content {
  readonly contentType: string;
  readonly body: string;
  readonly format: string;
}

/** For texts without macros. */
const noMacros: JexlContext = { names: {}, now: 0 };

/** The message of a change. */
export function writeV2Message(
  notified: NotifiedChange,
  notification: SubscriptionNotification,
  sending: Sending & { readonly correlator: string },
): Message {
  const { transport } = notification;
  const context = transport.custom ? macroContext(notified) : noMacros;
  const content = contentOf(notified, notification, { context, sending });
  const headers = {
    Accept: 'application/json',
    ...(sending.tenant === '' ? undefined : { 'Fiware-Service': sending.tenant }),
    'Fiware-ServicePath': servicePathOf(notified.change.entity),
  };
  const fixed = { 'Ngsiv2-AttrsFormat': content.format, 'Fiware-Correlator': sending.correlator };
  if (transport.kind === 'mqtt')
    return mqttMessage(transport, content, { topic: topicOf(transport, context), headers: { ...headers, ...fixed } });
  const own = replacedHeaders(transport.custom?.headers ?? {}, context);
  return httpMessage(transport, content, {
    uri: uriOf(transport, context),
    headers: { ...withHeaders(headers, own), ...fixed },
  });
}

const json = 'application/json; charset=utf-8';

function contentOf(
  notified: NotifiedChange,
  notification: SubscriptionNotification,
  { context, sending }: { readonly context: JexlContext; readonly sending: Sending },
): Content {
  const custom = notification.transport.custom?.content;
  switch (custom?.kind) {
    case 'payload':
      return { contentType: 'text/plain; charset=utf-8', body: payloadOf(custom.text, context), format: 'custom' };
    case 'json':
      return { contentType: json, body: JSON.stringify(replaceInJson(custom.json, context)), format: 'custom' };
    default: {
      const body = bodyOf(notifiedEntity(notified, notification, context), notification, sending.subscriptionId);
      return { contentType: json, body: JSON.stringify(body), format: notification.attrsFormat };
    }
  }
}

/** The payload is percent-encoded in the subscription, because it may not have the characters that v2 forbids. */
const payloadOf = (text: string | null, context: JexlContext): string =>
  text === null ? '' : replaceInText(percentDecoded(text) ?? text, context);

function bodyOf(
  { id = '', type = '', ...attributes }: JsonObject,
  { attrsFormat }: SubscriptionNotification,
  subscriptionId: string,
): JsonObject {
  const normalized = { id, type, ...attributes };
  const keyValues = { id, type, ...valuesOf(attributes) };
  switch (attrsFormat) {
    case 'normalized':
      return { subscriptionId, data: [normalized] };
    case 'keyValues':
      return { subscriptionId, data: [keyValues] };
    case 'values':
      return { subscriptionId, data: [Object.values(valuesOf(attributes))] };
    case 'simplifiedNormalized':
      return normalized;
    case 'simplifiedKeyValues':
      return keyValues;
  }
}

/**
 * Names and values with their macros replaced. What could end a header is left out of values, and a header that would frame the message is
 * left out as a whole: the values of macros are those of any entity.
 */
function replacedHeaders(templates: Templates, context: JexlContext): Templates {
  const replaced = Object.entries(templates).map(([name, value]): readonly [string, string] => [
    replaceInText(name, context).replace(/[^!#$%&'*+.^_`|~0-9A-Za-z-]/g, ''),
    decoded(replaceInText(value, context)).replace(/[^\t\P{Cc}]/gu, ''),
  ]);
  return Object.fromEntries(replaced.filter(([name]) => !isFraming(name)));
}

/** Values may be percent-encoded, as payloads are. */
const decoded = (text: string): string => (text.includes('%') ? (percentDecoded(text) ?? text) : text);

/** The headers with others in place of those of the same name. An empty value removes a header. */
function withHeaders(headers: Templates, own: Templates): Templates {
  const replaced = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  const others = Object.entries(headers).filter(([name]) => !replaced.has(name.toLowerCase()));
  const given = Object.entries(own).filter(([name, value]) => name !== '' && value !== '');
  return Object.fromEntries([...others, ...given]);
}

function uriOf({ url, custom }: HttpTransport, context: JexlContext): string {
  if (!custom) return url;
  const uri = replaceInText(url, context);
  const query = Object.entries(custom.query).map(
    ([name, value]) =>
      `${encodeURIComponent(replaceInText(name, context))}=${encodeURIComponent(replaceInText(value, context))}`,
  );
  if (query.length === 0) return uri;
  return `${uri}${uri.includes('?') ? '&' : '?'}${query.join('&')}`;
}

const topicOf = ({ topic, custom }: MqttTransport, context: JexlContext): string =>
  custom ? replaceInText(topic, context) : topic;

type Serialized = Pick<Message, 'contentType' | 'body'>;

function httpMessage(
  { timeoutMs, custom }: HttpTransport,
  { contentType, body }: Serialized,
  { uri, headers }: { readonly uri: string; readonly headers: Templates },
): Message {
  const { contentType: own = contentType, others } = splitContentType(headers);
  return {
    uri,
    contentType: own,
    headers: others,
    notifierInfo: {},
    body,
    method: custom?.method ?? 'POST',
    ...(timeoutMs === undefined ? undefined : { timeoutMs }),
  };
}

/** The media type that a custom notification sets as a header. */
function splitContentType(headers: Templates): { readonly contentType?: string; readonly others: Templates } {
  const found = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type');
  if (!found) return { others: headers };
  const { [found[0]]: _, ...others } = headers;
  return { contentType: found[1], others };
}

function mqttMessage(
  transport: MqttTransport,
  { contentType, body }: Serialized,
  { topic, headers }: { readonly topic: string; readonly headers: Templates },
): Message {
  return {
    uri: mqttUri(transport, topic),
    contentType,
    headers,
    notifierInfo: mqttSettings(transport),
    body,
    isBodyAlone: true,
  };
}

/** Orion speaks MQTT 3.1.1, so the brokers of its users do too. */
export const mqttSettings = ({ qos, isRetained }: MqttTransport): Message['notifierInfo'] => ({
  'MQTT-Version': 'mqtt3.1.1',
  'MQTT-QoS': String(qos),
  ...(isRetained ? { 'MQTT-Retain': 'true' } : undefined),
});

/** The URI by which a messenger finds broker, login and topic. */
export function mqttUri({ url, login }: MqttTransport, topic: string): string {
  const [, scheme = '', server = ''] = /^([a-z]+:\/\/)([^/]*)/i.exec(url) ?? [];
  const user = login ? `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@` : '';
  return `${scheme}${user}${server}/${encodeURIComponent(topic)}`;
}

/** True when the receiver depends on the change. */
const isAddressOpen = ({ transport }: SubscriptionNotification): boolean => {
  if (!transport.custom) return false;
  if (transport.kind === 'mqtt') return hasMacro(transport.topic);
  return [transport.url, ...Object.entries(transport.custom.query).flat()].some(hasMacro);
};

/** What is kept of a message as a dead letter. Headers of the subscription that do not depend on the change are not, for they can be secrets. */
export function serializeV2({ transport }: SubscriptionNotification, message: Message): SerializedNotification {
  const { contentType, body, headers, uri } = message;
  const own = transport.kind === 'http' ? (transport.custom?.headers ?? {}) : {};
  const constant = new Set(Object.entries(own).flatMap((pair) => (pair.some(hasMacro) ? [] : [pair[0].toLowerCase()])));
  const kept = Object.entries(headers).filter(([name]) => !constant.has(name.toLowerCase()));
  return { contentType, body, request: { uri: withoutLogin(uri), headers: Object.fromEntries(kept) } };
}

const withoutLogin = (uri: string): string => uri.replace(/^(mqtts?:\/\/)[^/]*@/i, '$1');

/** The message of a dead letter. It goes to the receiver that the subscription has now, unless that depends on the change. */
export function addressV2(
  notification: SubscriptionNotification,
  { request, ...content }: SerializedNotification,
): Message {
  const { transport } = notification;
  const { uri = '', headers = {} } = request ?? {};
  const isOpen = isAddressOpen(notification);
  if (transport.kind === 'mqtt')
    return mqttMessage(transport, content, { topic: isOpen ? topicIn(uri) : transport.topic, headers });
  const constant = Object.entries(transport.custom?.headers ?? {}).filter((pair) => !pair.some(hasMacro));
  return httpMessage(transport, content, {
    uri: isOpen ? uri : uriOf(transport, noMacros),
    headers: withHeaders(headers, Object.fromEntries(constant)),
  });
}

const topicIn = (uri: string): string => percentDecoded(uri.replace(/^[a-z]+:\/\/[^/]*\//i, '')) ?? '';
