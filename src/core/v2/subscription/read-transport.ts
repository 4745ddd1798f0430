/** Reads where and how a v2 subscription sends: `http`, `httpCustom`, `mqtt`, `mqttCustom`. */
import { isArray, isObject, type Json, type JsonObject } from '../../model/json.ts';
import { withoutMacros } from '../jexl/macros.ts';
import { badRequest, V2Problem } from '../problem.ts';
import { readFlag, readObject, readString } from './read-member.ts';
import type { CustomContent, HttpTransport, MqttTransport, Templates, Transport } from './subscription.ts';

const transports = ['http', 'httpCustom', 'mqtt', 'mqttCustom', 'kafka', 'kafkaCustom'] as const;
const transportList = 'http, httpCustom, mqtt, mqttCustom, kafka or kafkaCustom';

/** The transport in `notification`. Throws BadRequest, and NotImplemented for Kafka. */
export function readTransport(notification: JsonObject): Transport {
  const given = transports.filter((name) => notification[name] !== undefined);
  const [name] = given;
  if (name === undefined) throw badRequest(`${transportList} is missing`);
  if (given.length > 1) throw badRequest(`only one of ${transportList} is allowed`);
  const json = readObject(notification, name) ?? {};
  switch (name) {
    case 'http':
      return { kind: 'http', url: readUrl(json, /^https?:$/), ...readTimeout(json) };
    case 'httpCustom':
      return readHttpCustom(json);
    case 'mqtt':
      return readMqtt(json, false);
    case 'mqttCustom':
      return { ...readMqtt(json, true), custom: readContent(json) };
    default:
      throw new V2Problem('NotImplemented', `This broker sends no notifications by ${name}.`);
  }
}

function readUrl(json: JsonObject, schemes: RegExp): string {
  const url = readString(json, 'url');
  if (url === undefined) throw badRequest('url is missing');
  if (!isUrl(withoutMacros(url), schemes)) throw badRequest('Invalid URL parsing notification url');
  return url;
}

/** The core has no parser of URLs; the messengers check the rest. */
function isUrl(url: string, schemes: RegExp): boolean {
  const scheme = /^[a-z]+:/i.exec(url)?.[0] ?? '';
  return schemes.test(scheme.toLowerCase()) && /^[a-z]+:\/\/[^\s/?#]+(?:[/?#]\S*)?$/i.test(url);
}

const timeoutMaxMs = 1_800_000;

/** 0 stands for the timeout of the broker. */
function readTimeout({ timeout }: JsonObject): Pick<HttpTransport, 'timeoutMs'> {
  if (timeout === undefined) return {};
  if (typeof timeout !== 'number' || !Number.isInteger(timeout) || timeout < 0 || timeout > timeoutMaxMs)
    throw badRequest(`timeout field must be an integer between 0 and ${timeoutMaxMs}`);
  return timeout === 0 ? {} : { timeoutMs: timeout };
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'CONNECT'];

function readHttpCustom(json: JsonObject): HttpTransport {
  const method = (readString(json, 'method') ?? 'POST').toUpperCase();
  if (!methods.includes(method)) throw badRequest('unknown method httpCustom notification');
  if (method === 'CONNECT' || method === 'TRACE')
    throw new V2Problem('NotImplemented', `This broker sends no notifications by the method ${method}.`);
  return {
    kind: 'http',
    url: readUrl(json, /^https?:$/),
    ...readTimeout(json),
    custom: {
      headers: readHeaders(json),
      query: readTemplates(json, 'qs'),
      method,
      ...readContent(json),
    },
  };
}

function readTemplates(json: JsonObject, name: string): Templates {
  const templates: Record<string, string> = {};
  for (const [key, value] of Object.entries(readObject(json, name) ?? {})) {
    if (key === '') throw badRequest(`empty key in ${name}`);
    if (typeof value !== 'string') throw badRequest(`${name} element is not a string`);
    templates[key] = value;
  }
  return templates;
}

/** Headers that frame a message or control a connection. A subscriber may not set them. */
const framing = /^(?:connection|content-length|expect|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i;

/** True for the name of such a header. A name with macros is known only when they are replaced. */
export const isFraming = (name: string): boolean => framing.test(name);

function readHeaders(json: JsonObject): Templates {
  const headers = readTemplates(json, 'headers');
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(withoutMacros(name)) || isFraming(name))
      throw badRequest(`the header ${JSON.stringify(name)} cannot be set in a custom notification`);
    if (/[^\t\P{Cc}]/u.test(value)) throw badRequest(`the value of the header ${name} cannot stand in a header`);
  }
  return headers;
}

function readContent(json: JsonObject): { readonly content?: CustomContent } {
  const given = ['payload', 'json', 'ngsi'].filter((name) => json[name] !== undefined);
  if (given.length > 1) throw badRequest('only one of payload, json or ngsi fields is allowed at the same time');
  const { payload, json: own, ngsi } = json;
  if (payload !== undefined) return readPayload(payload);
  if (own !== undefined) return { content: readJsonContent(own) };
  return ngsi === undefined ? {} : { content: readFragment(ngsi) };
}

/** An empty payload stands for the usual body. */
function readPayload(payload: Json): { readonly content?: CustomContent } {
  if (payload !== null && typeof payload !== 'string') throw badRequest('payload is not a string');
  return payload === '' ? {} : { content: { kind: 'payload', text: payload } };
}

function readJsonContent(json: Json): CustomContent {
  if (!isObject(json) && !isArray(json))
    throw badRequest('json fields in httpCustom or mqttCustom must be object or array');
  return { kind: 'json', json };
}

function readFragment(fragment: Json): CustomContent {
  if (!isObject(fragment)) throw badRequest('ngsi is not an object');
  for (const [name, attribute] of Object.entries(fragment)) {
    if (name === 'id' || name === 'type') {
      if (typeof attribute !== 'string') throw badRequest(`${name} in ngsi is not a string`);
    } else if (!isObject(attribute))
      throw badRequest('attribute must be a JSON object, unless keyValues option is used');
  }
  return { kind: 'ngsi', fragment };
}

function readMqtt(json: JsonObject, isCustom: boolean): MqttTransport {
  const url = readUrl(json, /^mqtts?:$/);
  if (!/^mqtts?:\/\/[^/?#@]+\/?$/i.test(url)) throw badRequest('Invalid URL parsing notification url');
  const topic = readString(json, 'topic');
  if (topic === undefined) throw badRequest('topic is missing');
  if (topic === '') throw badRequest('topic is empty');
  if (/[+#\0]/.test(isCustom ? withoutMacros(topic) : topic)) throw badRequest('+ and # are not allowed in topic');
  return {
    kind: 'mqtt',
    url,
    topic,
    qos: readQos(json),
    isRetained: readFlag(json, 'retain') ?? false,
    ...readLogin(json),
  };
}

function readQos({ qos = 0 }: JsonObject): MqttTransport['qos'] {
  if (qos === 0 || qos === 1 || qos === 2) return qos;
  throw badRequest('qos field must be an integer between 0 and 2');
}

function readLogin(json: JsonObject): Pick<MqttTransport, 'login'> {
  const [user, password] = [readString(json, 'user'), readString(json, 'passwd')];
  if ((user === undefined) !== (password === undefined))
    throw badRequest('user and passwd fields have to be used together');
  return user === undefined || password === undefined ? {} : { login: { user, password } };
}
