/** Reads a v2 subscription from JSON. */
import { isArray, isObject, type Json, type JsonObject } from '../../model/json.ts';
import { initialType } from '../../model/v2/initial-type.ts';
import { badRequest } from '../problem.ts';
import { readDate } from '../date.ts';
import { readFlag, readObject, readString, readStrings, refuseForbidden } from './read-member.ts';
import { readSubject } from './read-subject.ts';
import { readTransport } from './read-transport.ts';
import { attrsFormats, type SubscriptionNotification, type V2Subscription } from './subscription.ts';

const descriptionMax = 1024;

/** Throws BadRequest with the wording of Orion, and NotImplemented for a transport that this broker does not have. */
export function readV2Subscription(json: JsonObject): V2Subscription {
  const description = readString(json, 'description');
  if (description !== undefined && description.length > descriptionMax)
    throw badRequest(`max description length exceeded`);
  refuseForbidden(description, 'description');
  const subject = readSubject(json);
  const notification = readNotification(json);
  const expires = readExpires(json['expires']);
  return {
    ...subject,
    notification,
    ...(expires === undefined ? undefined : { expires }),
    status: readStatus(json),
    ...readThrottling(json),
  };
}

function readNotification(json: JsonObject): SubscriptionNotification {
  const given = readObject(json, 'notification');
  if (!given) throw badRequest('no notification for subscription specified');
  const metadata = readStrings(given, 'metadata');
  return {
    transport: readTransport(given),
    ...readShown(given),
    attrsFormat: readFormat(given),
    ...(metadata ? { metadata } : undefined),
    onlyChangedAttrs: readFlag(given, 'onlyChangedAttrs') ?? false,
    ...readFailsLimit(given),
  };
}

/** Which attributes are shown. */
function readShown(given: JsonObject): Pick<SubscriptionNotification, 'attrs' | 'exceptAttrs' | 'covered'> {
  const attrs = readStrings(given, 'attrs') ?? [];
  const exceptAttrs = readStrings(given, 'exceptAttrs');
  const covered = readFlag(given, 'covered') ?? false;
  if (given['attrs'] !== undefined && exceptAttrs) throw badRequest('http notification has attrs and exceptAttrs');
  if (exceptAttrs?.length === 0) throw badRequest('http notification has exceptAttrs is empty');
  if (covered && attrs.length === 0)
    throw badRequest('covered true cannot be used if notification attributes list is empty');
  return { attrs, ...(exceptAttrs ? { exceptAttrs } : undefined), covered };
}

function readFormat(json: JsonObject): SubscriptionNotification['attrsFormat'] {
  const name = readString(json, 'attrsFormat') ?? 'normalized';
  const known = attrsFormats.find((one) => one === name);
  if (known === undefined) throw badRequest(badFormat);
  return known;
}

/** With the spelling of Orion. */
const badFormat =
  'invalid attrsFormat, accepted values: normalized, simplifiedNormalized, keyValues, simplifiedkeyValues, values';

function readFailsLimit({ maxFailsLimit }: JsonObject): Pick<SubscriptionNotification, 'maxFailsLimit'> {
  if (maxFailsLimit === undefined) return {};
  if (typeof maxFailsLimit !== 'number' || !Number.isInteger(maxFailsLimit))
    throw badRequest('maxFailsLimit is not an int');
  if (maxFailsLimit <= 0) throw badRequest('maxFailsLimit must be greater than zero');
  return { maxFailsLimit };
}

/** An empty text stands for never. */
function readExpires(expires: Json | undefined): string | undefined {
  if (expires === undefined || expires === '') return undefined;
  if (typeof expires !== 'string') throw badRequest('expires is not a string');
  const instant = readDate(expires);
  if (instant === undefined) throw badRequest('expires has an invalid format');
  return instant;
}

function readStatus(json: JsonObject): V2Subscription['status'] {
  const status = readString(json, 'status') ?? 'active';
  if (status === 'active' || status === 'inactive' || status === 'oneshot') return status;
  throw badRequest('status is not valid: it has to be either active, inactive or oneshot');
}

/** 0 stands for no throttling. */
function readThrottling({ throttling }: JsonObject): Pick<V2Subscription, 'throttling'> {
  if (throttling === undefined) return {};
  if (typeof throttling !== 'number' || !(throttling >= 0)) throw badRequest('throttling is not an int');
  return throttling === 0 ? {} : { throttling };
}

/** The members of a subscription as they are stored and shown: with the defaults filled in, and without unknown ones. */
export function storedMembers(json: JsonObject): JsonObject {
  const { expires, status, throttling } = readV2Subscription(json);
  const { description } = json;
  const subject = isObject(json['subject']) ? json['subject'] : {};
  const condition = isObject(subject['condition']) ? subject['condition'] : {};
  return {
    ...(description === undefined || description === '' ? undefined : { description }),
    status,
    ...(expires === undefined ? undefined : { expires }),
    ...(throttling === undefined ? undefined : { throttling }),
    subject: {
      entities: knownEntities(subject['entities']),
      condition: known({ attrs: [], notifyOnMetadataChange: true }, condition, conditionMembers),
    },
    notification: notificationOf(json),
  };
}

const conditionMembers = ['attrs', 'expression', 'jexlExpression', 'alterationTypes', 'notifyOnMetadataChange'];

const knownEntities = (entities: Json | undefined): Json =>
  (isArray(entities) ? entities : []).map((entity) => known({}, entity, ['id', 'idPattern', 'type', 'typePattern']));

/** The members of the given names, in this order; a default where the member is absent. */
function known(defaults: JsonObject, given: Json, names: readonly string[]): JsonObject {
  const all = isObject(given) ? { ...defaults, ...given } : defaults;
  return Object.fromEntries(names.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])));
}

/** In the order in which Orion shows them. */
const notificationMembers = [
  ...['attrs', 'exceptAttrs', 'metadata', 'onlyChangedAttrs', 'attrsFormat'],
  ...['http', 'httpCustom', 'mqtt', 'mqttCustom', 'covered', 'maxFailsLimit'],
];

function notificationOf({ notification = {} }: JsonObject): JsonObject {
  const isExcept = isObject(notification) && notification['exceptAttrs'] !== undefined;
  const defaults = { onlyChangedAttrs: false, attrsFormat: 'normalized', covered: false };
  const members = known(isExcept ? defaults : { attrs: [], ...defaults }, notification, notificationMembers);
  const custom = ['httpCustom', 'mqttCustom'].flatMap((name) => {
    const transport = members[name];
    return isObject(transport) ? [[name, customOf(transport)] as const] : [];
  });
  return { ...members, ...Object.fromEntries(custom) };
}

/** Without an empty payload, which says nothing, and with the types of the attributes in `ngsi`. */
function customOf({ payload, ngsi, ...others }: JsonObject): JsonObject {
  return {
    ...others,
    ...(payload === undefined || payload === '' ? undefined : { payload }),
    ...(isObject(ngsi) ? { ngsi: Object.fromEntries(Object.entries(ngsi).map(typed)) } : undefined),
  };
}

const typed = ([name, attribute]: [string, Json]): [string, Json] => [
  name,
  isObject(attribute) && attribute['type'] === undefined
    ? { type: initialType(attribute['value'] ?? null), ...attribute }
    : attribute,
];
