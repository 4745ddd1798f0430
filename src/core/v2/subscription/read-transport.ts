/** Reads where and how a v2 subscription sends: `http`, `httpCustom`, `mqtt`, `mqttCustom`. */
import { isArray, isObject, type Json, type JsonObject } from '../../model/json.ts';
import { withoutMacros } from '../jexl/macros.ts';
import { badRequest, V2Problem } from '../problem.ts';
import { readFlag, readObject, readString, refuseForbidden } from './read-member.ts';
import type { CustomContent, HttpTransport, MqttTransport, Templates, Transport } from './subscription.ts';

const transports = ['http', 'httpCustom', 'mqtt', 'mqttCustom', 'kafka', 'kafkaCustom'] as const;
const transportList = 'http, httpCustom, mqtt, mqttCustom, kafka or kafkaCustom';

/** The transport in `notification`. Throws BadRequest, and NotImplemented for Kafka. */
export function readTransport(notification: JsonObject): Transport {
  const given = transports.filter((name) => notification[name] !== undefined);
  const [name] = given;
  if (name === undefined) throw badRequest(`${transportList} is missing`);
  if (given.length > 1) throw badRequest(`only one of ${transportList} is allowed`);
  const json = readObject(notification, name, `${name} notification`) ?? {};
  switch (name) {
    case 'http':
      return { kind: 'http', url: readHttpUrl(json), ...readTimeout(json) };
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

function readHttpUrl(json: JsonObject): string {
  const url = readUrl(json, 'http');
  refuseForbidden(url, 'http field /url/');
  if (!isUrl(url, /^https?:$/)) throw badRequest('Invalid URL parsing notification url');
  return url;
}

/** A URL with macros is checked when it is known. */
function readCustomUrl(json: JsonObject): string {
  const url = readUrl(json, 'httpCustom');
  refuseForbidden(url, 'custom /url/');
  if (withoutMacros(url) === url && !isUrl(url, /^https?:$/)) throw badRequest('invalid custom /url/');
  return url;
}

function readUrl(json: JsonObject, transport: string): string {
  const what = `url ${transport} notification`;
  const url = readString(json, 'url', what);
  if (url === undefined) throw badRequest(`${what} is missing`);
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
  if (typeof timeout !== 'number' || !Number.isInteger(timeout)) throw badRequest('timeout is not an int');
  if (timeout < 0 || timeout > timeoutMaxMs)
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
    url: readCustomUrl(json),
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
  const what = `notification httpCustom ${name}`;
  const given = readObject(json, name, what);
  if (given && Object.keys(given).length === 0) throw badRequest(`${what} is empty`);
  for (const [key, value] of Object.entries(given ?? {})) {
    if (key === '') throw badRequest(`empty key in ${name}`);
    if (typeof value !== 'string') throw badRequest(`${what} element is not a string`);
    refuseForbidden(name === 'headers' ? value.replaceAll(/["']/g, '') : value, `custom ${what}`);
    refuseForbidden(key, `custom ${what}`);
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
  if (given.length > 1) throw badRequest(oneContent);
  const { payload, json: own, ngsi } = json;
  if (payload !== undefined) return readPayload(payload);
  if (own !== undefined) return { content: readJsonContent(own) };
  return ngsi === undefined ? {} : { content: readFragment(ngsi) };
}

const oneContent =
  'only one of payload, json or ngsi fields accepted at the same time in httpCustom, mqttCustom or kafkaCustom';

/** An empty payload stands for the usual body. */
function readPayload(payload: Json): { readonly content?: CustomContent } {
  if (payload !== null && typeof payload !== 'string') throw badRequest('payload custom notification is not a string');
  refuseForbidden(payload ?? undefined, 'custom /payload/');
  return payload === '' ? {} : { content: { kind: 'payload', text: payload } };
}

function readJsonContent(json: Json): CustomContent {
  if (!isObject(json) && !isArray(json))
    throw badRequest('json fields in httpCustom, mqttCustom or kafkaCustom must be object or array');
  return { kind: 'json', json };
}

function readFragment(fragment: Json): CustomContent {
  if (!isObject(fragment)) throw badRequest('ngsi is not an object');
  for (const [name, attribute] of Object.entries(fragment)) {
    if (name === 'id' || name === 'type') {
      if (typeof attribute !== 'string') throw badRequest(`Invalid JSON type for entity ${name}`);
    } else if (!isObject(attribute))
      throw badRequest('attribute must be a JSON object, unless keyValues option is used');
    else checkFragmentAttribute(attribute);
  }
  return { kind: 'ngsi', fragment };
}

function checkFragmentAttribute({ type, metadata = {} }: JsonObject): void {
  if (type !== undefined && typeof type !== 'string') throw badRequest('invalid JSON type for attribute type');
  checkPriority(metadata);
}

const priorityMax = 100_000;

function checkPriority(metadata: Json): void {
  if (!isObject(metadata)) throw badRequest('metadata must be a JSON object');
  const { evalPriority, ...others } = metadata;
  if (Object.keys(others).length > 0)
    throw badRequest('only evalPriority metadata is allowed in ngsi field in custom notifications');
  if (evalPriority === undefined) return;
  const value = isObject(evalPriority) ? evalPriority['value'] : undefined;
  if (typeof value !== 'number') throw badRequest('evalPriority metadata must be a number');
  if (value < 1) throw badRequest('evalPriority metadata minimum priority is 1');
  if (value > priorityMax) throw badRequest(`evalPriority metadata maximum priority is ${priorityMax}`);
}

function readMqtt(json: JsonObject, isCustom: boolean): MqttTransport {
  const url = readMqttUrl(json);
  const topic = readString(json, 'topic', 'topic mqtt notification');
  if (topic === undefined) throw badRequest('topic mqtt notification is missing');
  if (topic === '') throw badRequest('empty mqtt field /topic/');
  if (/[+#\0]/.test(isCustom ? withoutMacros(topic) : topic))
    throw badRequest('+ and # are not allowed in mqtt field /topic/');
  return {
    kind: 'mqtt',
    url,
    topic,
    qos: readQos(json),
    isRetained: readFlag(json, 'retain') ?? false,
    ...readLogin(json),
  };
}

function readMqttUrl(json: JsonObject): string {
  const url = readUrl(json, 'mqtt');
  refuseForbidden(url, 'mqtt field /url/');
  if (/^https?:/i.test(url)) throw badRequest('http or https URL cannot be used in mqtt notifications');
  if (!isUrl(url, /^mqtts?:$/) || url.includes('@')) throw badRequest('invalid mqtt /url/');
  if (!/^mqtts?:\/\/[^/?#]+\/?$/i.test(url)) throw badRequest('path cannot be used in mqtt url, use topic instead');
  return url;
}

function readQos({ qos = 0 }: JsonObject): MqttTransport['qos'] {
  if (qos === 0 || qos === 1 || qos === 2) return qos;
  throw badRequest('mqtt qos field must be an integer in the 0 to 2 range');
}

function readLogin(json: JsonObject): Pick<MqttTransport, 'login'> {
  const [user, password] = [readString(json, 'user'), readString(json, 'passwd')];
  if ((user === undefined) !== (password === undefined))
    throw badRequest('you must use user and passwd fields simultaneously');
  return user === undefined || password === undefined ? {} : { login: { user, password } };
}
