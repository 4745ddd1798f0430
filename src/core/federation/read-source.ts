/** Reads how the source of a registration is reached and asked: endpoint, headers, time limits (clauses 5.2.9, 5.2.22, 5.2.34). */
import { isZero, meanMicros, parseDuration } from '../language/duration.ts';
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { badData } from '../model/problem.ts';
import { isUri, quoted } from '../model/read/id.ts';
import { readBoolean, refuseMembers } from '../model/read/json-member.ts';
import { isSecretName, mask, maskUri } from '../model/secret.ts';
import { forwardingKey, forwardingModes, legacyKey, servicePathKey, statusKey } from '../model/v2/source.ts';
import { isScope } from '../model/scope.ts';
import type { SourceHandling, SourceInfo } from './registration.ts';

/** The endpoint without a slash or `/ngsi-ld/v1` at its end. Throws BadRequestData. */
export function readEndpoint(json: Json | undefined): string {
  if (typeof json === 'string' && isUri(json) && /^https?:\/\/[^/?#@:][^/?#]*(?:\/[^?#]*)?$/i.test(json))
    return json.replace(/\/+$/, '').replace(/\/ngsi-ld\/v1$/, '');
  const shown = typeof json === 'string' ? maskUri(json) : json;
  throw badData(
    `The endpoint of a registration must be a URL without a query such as http://localhost:1026, not ${quoted(shown)}.`,
  );
}

const handlingMembers = { known: ['cacheDuration', 'cooldown', 'localOnly', 'timeout'], unsupported: {} };

/** An hour and a week: a timer can hold them, and an operator can wait for them. */
const timeoutMaxMs = 3_600_000;
const cooldownMaxMs = 604_800_000;

/** Throws BadRequestData that names the faulty member. `localOnly` is a member of the registration or of its `management`. */
export function readHandling({ management, localOnly }: JsonObject): SourceHandling {
  const isLocalOnly = readBoolean({ localOnly: localOnly ?? false }, 'localOnly') ?? false;
  const handling = readManagement(management);
  return isLocalOnly ? { ...handling, isLocalOnly } : handling;
}

function readManagement(json: Json | undefined): SourceHandling {
  if (json === undefined) return { isLocalOnly: false };
  if (!isObject(json)) throw badData(`The management of a registration must be an object, not ${quoted(json)}.`);
  refuseMembers(json, handlingMembers, 'the management of a registration');
  const cacheMs = readCacheMs(json);
  const timeoutMs = readMs(json, 'timeout', timeoutMaxMs);
  const cooldownMs = readMs(json, 'cooldown', cooldownMaxMs);
  return {
    isLocalOnly: readBoolean(json, 'localOnly') ?? false,
    ...(timeoutMs === undefined ? undefined : { timeoutMs }),
    ...(cooldownMs === undefined ? undefined : { cooldownMs }),
    ...(cacheMs === undefined ? undefined : { cacheMs }),
  };
}

function readCacheMs({ cacheDuration }: JsonObject): number | undefined {
  if (cacheDuration === undefined) return undefined;
  const duration = typeof cacheDuration === 'string' ? parseDuration(cacheDuration) : undefined;
  if (duration) return isZero(duration) ? undefined : meanMicros(duration) / 1000;
  throw badData(`The cacheDuration must be a duration of ISO 8601 such as PT1M, not ${quoted(cacheDuration)}.`);
}

function readMs(json: JsonObject, name: string, max: number): number | undefined {
  const value = json[name];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value > 0 && value <= max) return value;
  throw badData(`The ${name} must be a number of milliseconds above 0, at most ${max}, not ${quoted(value)}.`);
}

const isForwardingMode = (value: string): boolean => forwardingModes.some((mode) => mode === value);

const mediaTypes = ['application/json', 'application/ld+json'];

/** What the value of a key with a meaning of its own must be (clause 6.3.18). */
const meanings: Readonly<Record<string, { readonly isGood: (value: string) => boolean; readonly what: string }>> = {
  jsonldContext: { isGood: (value) => /^https?:/i.test(value) && isUri(value), what: 'the URL of an @context' },
  accept: { isGood: (value) => mediaTypes.includes(value), what: mediaTypes.join(' or ') },
  contentType: { isGood: (value) => mediaTypes.includes(value), what: mediaTypes.join(' or ') },
  [forwardingKey]: { isGood: (value) => isForwardingMode(value), what: forwardingModes.join(', ') },
  [servicePathKey]: { isGood: (value) => isScope(value) || value === '/', what: 'a service path such as /Madrid' },
  [statusKey]: { isGood: (value) => value === 'active' || value === 'inactive', what: 'active or inactive' },
  [legacyKey]: { isGood: (value) => value === 'true' || value === 'false', what: 'true or false' },
  ngsildConformance: { isGood: (value) => /^\d+\.\d+$/.test(value), what: 'a version such as 1.9' },
};

/** Headers that frame a message, control a connection, or that the broker sets for each source itself. They are ignored. */
const ownHeaders =
  /^(?:connection|content-length|expect|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|via|link|ngsild-tenant|fiware-service)$/i;

/** Throws BadRequestData that names the faulty pair of `contextSourceInfo`. */
export function readSourceInfo(json: Json | undefined): SourceInfo {
  if (json === undefined) return { headers: [] };
  if (!isArray(json)) throw badData(`The contextSourceInfo must be an array of {"key", "value"}, not ${quoted(json)}.`);
  const pairs = json.map(readPair);
  const special = Object.fromEntries(pairs.filter(([key]) => Object.hasOwn(meanings, key)));
  const { jsonldContext, accept, contentType } = special;
  return {
    headers: pairs.filter(([key]) => !Object.hasOwn(meanings, key) && !ownHeaders.test(key)),
    ...(jsonldContext === undefined ? undefined : { jsonldContext }),
    ...(accept === undefined ? undefined : { accept }),
    ...readV2Source(special),
    ...(contentType === undefined ? undefined : { contentType }),
  };
}

/** Absent when the source speaks NGSI-LD. */
function readV2Source(special: Readonly<Record<string, string>>): Pick<SourceInfo, 'v2'> {
  const forwarding = forwardingModes.find((mode) => mode === special[forwardingKey]);
  if (forwarding === undefined) return {};
  const isActive = special[statusKey] !== 'inactive';
  return { v2: { forwarding, servicePath: special[servicePathKey] ?? '/', isActive } };
}

function readPair(json: Json): readonly [string, string] {
  const { key, value } = isObject(json) ? json : {};
  if (typeof key !== 'string' || typeof value !== 'string') {
    const shown = typeof key === 'string' && isSecretName(key) ? { key, value: mask } : json;
    throw badData(
      `The contextSourceInfo must hold pairs such as {"key": "X-Auth-Token", "value": "…"}, not ${quoted(shown)}.`,
    );
  }
  refuseFaultyPair(key, value);
  return [key, value];
}

function refuseFaultyPair(key: string, value: string): void {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(key))
    throw badData(`A key in contextSourceInfo must be the name of a header, not ${quoted(key)}.`);
  if (/[^\t\P{Cc}]/u.test(value)) throw badData(`The value of ${key} in contextSourceInfo cannot stand in a header.`);
  const meaning = Object.hasOwn(meanings, key) ? meanings[key] : undefined;
  if (meaning && !meaning.isGood(value))
    throw badData(`The value of ${key} in contextSourceInfo must be ${meaning.what}, not ${quoted(value)}.`);
}
