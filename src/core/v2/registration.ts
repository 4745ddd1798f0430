/** Reads registrations of NGSI v2 as members of context source registrations, and shows such members as registrations of NGSI v2. */
import { isArray, isObject, isStrings, type Json, type JsonObject } from '../model/json.ts';
import { maskUri } from '../model/secret.ts';
import { uriOfV2Id, v2IdOf } from '../model/v2/id.ts';
import type { Terms } from '../model/entity.ts';
import {
  type ForwardingMode,
  forwardingKey,
  forwardingModes,
  legacyKey,
  servicePathKey,
  statusKey,
} from '../model/v2/source.ts';
import { checkIdentifier, isClean } from './characters.ts';
import { dateText, readDate } from './date.ts';
import { attributeIris, attributeName, typeIri, typeName } from './names.ts';
import { badRequest, V2Problem } from './problem.ts';
import { readStrings } from './subscription/read-member.ts';
import { readSubjectEntities } from './subscription/read-subject.ts';

const descriptionMax = 1024;

/** The members of a registration, with expanded names. Throws BadRequest with the texts of Orion, and NotImplemented. */
export function readV2Registration(json: JsonObject, servicePath: string, terms: Terms): JsonObject {
  if (Object.keys(json).length === 0) throw badRequest('empty payload');
  const description = readDescription(json);
  const information = [readDataProvided(json, terms)];
  const { url, info, forwarding } = readProvider(json);
  return {
    ...description,
    information,
    endpoint: url,
    mode: 'auxiliary',
    ...(isReading(forwarding) ? { operations: ['retrieveOps'] } : undefined),
    ...readExpires(json),
    contextSourceInfo: [...info, ...pairs({ [servicePathKey]: servicePath, ...readStatus(json) })],
  };
}

const isReading = (forwarding: ForwardingMode): boolean => forwarding === 'all' || forwarding === 'query';

const pairs = (texts: Readonly<Record<string, string>>): readonly Json[] =>
  Object.entries(texts).map(([key, value]) => ({ key, value }));

function readDescription({ description }: JsonObject): JsonObject {
  if (description === undefined) return {};
  if (typeof description !== 'string') throw badRequest('invalid description');
  if (description.length > descriptionMax) throw badRequest('max description length exceeded');
  if (!isClean(description)) throw badRequest('forbidden characters in description');
  return description === '' ? {} : { description };
}

function readDataProvided({ dataProvided }: JsonObject, terms: Terms): JsonObject {
  if (dataProvided === undefined) throw badRequest('the field /dataProvided/ is missing in payload');
  if (!isObject(dataProvided)) throw badRequest('/dataProvided/ must be a JSON object');
  const entities = readEntities(dataProvided, terms);
  const names = readAttributes(dataProvided, terms);
  if (entities.length + names.length === 0) throw badRequest('/dataProvided/ is empty');
  return {
    ...(entities.length === 0 ? undefined : { entities }),
    ...(names.length === 0 ? undefined : { attributeNames: names }),
  };
}

const readAttributes = (dataProvided: JsonObject, terms: Terms): readonly string[] =>
  (readStrings(dataProvided, 'attrs') ?? []).flatMap((name) =>
    attributeIris(checkIdentifier(name, 'attribute name'), terms),
  );

function readEntities({ entities = [] }: JsonObject, terms: Terms): readonly JsonObject[] {
  return readSubjectEntities(entities).map(({ id, idPattern, type, typePattern }) => {
    if (idPattern !== undefined && idPattern !== '.*') throw new V2Problem('NotImplemented', 'Unsupported idPattern');
    if (typePattern !== undefined) throw new V2Problem('NotImplemented', 'typePattern is not supported');
    const ofType = type === undefined ? undefined : { type: typeIri(type, terms) };
    if (id === undefined) return ofType ?? { idPattern: '.*' };
    const uri = uriOfV2Id(id);
    if (uri === undefined) throw badRequest('Invalid characters in entity id');
    return { id: uri, ...ofType };
  });
}

interface Provider {
  readonly url: string;
  readonly forwarding: ForwardingMode;
  /** Pairs of `contextSourceInfo`. */
  readonly info: readonly Json[];
}

function readProvider({ provider }: JsonObject): Provider {
  if (provider === undefined) throw badRequest('the field /provider/ is missing in payload');
  if (!isObject(provider)) throw badRequest('/provider/ must be a JSON object');
  if (Object.keys(provider).length === 0) throw badRequest('/provider/ empty');
  const { supportedForwardingMode = 'all', legacyForwarding } = provider;
  if (typeof supportedForwardingMode !== 'string') throw badRequest('/supportedForwardingMode/ must be a JSON string');
  const forwarding = forwardingModes.find((mode) => mode === supportedForwardingMode);
  if (forwarding === undefined) throw badRequest('invalid value of /supportedForwardingMode/');
  if (legacyForwarding !== undefined && typeof legacyForwarding !== 'boolean')
    throw badRequest('the field /legacyForwarding/ must be a boolean');
  const legacy = legacyForwarding === true ? { [legacyKey]: 'true' } : undefined;
  return { url: readUrl(provider), forwarding, info: pairs({ [forwardingKey]: forwarding, ...legacy }) };
}

function readUrl({ http }: JsonObject): string {
  if (http === undefined) throw badRequest('/provider/ must contain a field /http/');
  if (!isObject(http)) throw badRequest('/http/ must be a JSON object');
  const { url } = http;
  if (url === undefined) throw badRequest('/http/ must contain a field /url/');
  if (typeof url !== 'string') throw badRequest('/url/ field of /http/ must be a JSON string');
  if (url === '') throw badRequest('/url/ field of /http/ cannot be the empty string');
  if (!/^https?:\/\/[^/?#\s]+(?:\/[^?#\s]*)?$/i.test(url)) throw badRequest('/url/ field of /http/ is invalid');
  return url;
}

function readStatus({ status = 'active' }: JsonObject): Readonly<Record<string, string>> {
  if (typeof status !== 'string') throw badRequest('/status/ must be a string');
  if (status !== 'active' && status !== 'inactive') throw badRequest('invalid value for /status/');
  return status === 'active' ? {} : { [statusKey]: status };
}

function readExpires({ expires = '' }: JsonObject): JsonObject {
  if (typeof expires !== 'string') throw badRequest('expires is not a string');
  if (expires === '') return {};
  const expiresAt = readDate(expires);
  if (expiresAt === undefined) throw badRequest('the field /expires/ has an invalid format');
  return { expiresAt };
}

/** What is shown beside the members. */
interface ShownSource {
  readonly forwarding: ForwardingMode;
  readonly terms: Terms;
}

/** A registration of one information as one of NGSI v2, without its id. Undefined when NGSI v2 cannot say it. */
export function showV2Registration(members: JsonObject, { forwarding, terms }: ShownSource): JsonObject | undefined {
  const { description, information, endpoint, expiresAt } = members;
  const [only, ...others] = isArray(information) ? information : [];
  if (!isObject(only) || others.length > 0 || typeof endpoint !== 'string') return undefined;
  return {
    ...(description === undefined ? undefined : { description }),
    ...(typeof expiresAt === 'string' ? { expires: dateText(expiresAt) } : undefined),
    dataProvided: { entities: entitiesIn(only, terms), attrs: attributesIn(only, terms) },
    provider: {
      http: { url: endpoint },
      supportedForwardingMode: forwarding,
      legacyForwarding: infoOf(members, legacyKey) === 'true',
    },
    status: infoOf(members, statusKey) ?? 'active',
  };
}

/** The shown registration with the password of its URL masked. */
export function withoutPassword(shown: JsonObject): JsonObject {
  const { provider } = shown;
  const { http } = isObject(provider) ? provider : {};
  const { url } = isObject(http) ? http : {};
  return typeof url === 'string' && isObject(provider)
    ? { ...shown, provider: { ...provider, http: { url: maskUri(url) } } }
    : shown;
}

/** The value of a key of `contextSourceInfo`. */
function infoOf({ contextSourceInfo }: JsonObject, key: string): string | undefined {
  const pair = (isArray(contextSourceInfo) ? contextSourceInfo : []).find((one) => isObject(one) && one['key'] === key);
  const value = isObject(pair) ? pair['value'] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function entitiesIn({ entities }: JsonObject, terms: Terms): readonly Json[] {
  if (!isArray(entities)) return [{ idPattern: '.*' }];
  return entities.flatMap((one) => {
    const { id, idPattern = '.*', type = [] } = isObject(one) ? one : {};
    const named = typeof id === 'string' ? { id: v2IdOf(id) } : { idPattern };
    const types = typeof type === 'string' ? [type] : isStrings(type) ? type : [];
    return types.length === 0 ? [named] : types.map((iri) => ({ ...named, type: typeName(iri, terms) }));
  });
}

function attributesIn(information: JsonObject, terms: Terms): readonly string[] {
  const lists = ['attributeNames', 'propertyNames', 'relationshipNames'].map((name) => information[name]);
  const iris = lists.flatMap((list) => (isStrings(list) ? list : []));
  return [...new Set(iris.map((iri) => attributeName(iri, terms)))];
}
