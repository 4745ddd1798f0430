/**
 * Masks secrets that a client gives for a receiver: headers and settings such as Authorization, user info and keys in URIs. A response
 * shows a mask. A mask in a request stands for the stored secret.
 */
import { isArray, isObject, type Json, type JsonObject } from './json.ts';
import { badData } from './problem.ts';
import { percentDecoded } from './read/percent.ts';

/** The text that replaces a secret. It is valid in a header and in a URI. */
export const mask = '***';

const secretWords = /authori[sz]ation|cookie|token|secret|passw|passphrase|credential|signature/i;
const secretEnds = /key$|(?:^|[^a-z])(?:auth|pwd|sig)$/i;

/** True for the name of a header, setting or parameter whose value is a secret. It checks for words that are usual in such names. */
export const isSecretName = (name: string): boolean => secretWords.test(name) || secretEnds.test(name);

/** Replaces a secret. `place` distinguishes the secrets of one URI. */
type Rewrite = (secret: string, place: string) => string;

/** A URI with its secrets replaced: the password of its user info, or the whole user info when it has no colon, and secret parameters. */
function rewriteUri(uri: string, rewrite: Rewrite): string {
  const [, scheme = '', userInfo, rest = uri] = /^([a-z][a-z0-9+.-]*:[/\\]*)(?:([^/\\?#]*)@)?(.*)$/is.exec(uri) ?? [];
  const login = userInfo === undefined ? '' : `${rewriteUserInfo(userInfo, rewrite)}@`;
  const parameters = rest.replace(/[?&;][^=&;#]*=[^&;#]*/g, (parameter) => {
    const equals = parameter.indexOf('=');
    const name = parameter.slice(1, equals);
    if (!isSecretName(percentDecoded(name) ?? name)) return parameter;
    return `${parameter.slice(0, equals)}=${rewrite(parameter.slice(equals + 1), `parameter ${name}`)}`;
  });
  return scheme + login + parameters;
}

function rewriteUserInfo(userInfo: string, rewrite: Rewrite): string {
  const colon = userInfo.indexOf(':');
  if (colon < 0) return rewrite(userInfo, 'user');
  const user = userInfo.slice(0, colon);
  return `${user}:${rewrite(userInfo.slice(colon + 1), `password of ${user}`)}`;
}

/** A URI without secrets, for any reader. */
export const maskUri = (uri: string): string => rewriteUri(uri, (secret) => (secret === '' ? '' : mask));

/** A text in which the URIs have no secrets. The scheme is bounded, so that a long text without one is not searched again and again. */
export const maskUris = (text: string): string =>
  text.includes('://') ? text.replace(/\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"'<>\\]+/gi, maskUri) : text;

const pairLists = ['receiverInfo', 'notifierInfo'];

/** The subscription with a mask in place of each secret of its endpoint. A subscription without a valid endpoint stays unchanged. */
export const maskSecrets = (subscription: JsonObject): JsonObject =>
  mapEndpoint(subscription, (endpoint) => ({
    ...endpoint,
    ...(typeof endpoint['uri'] === 'string' ? { uri: maskUri(endpoint['uri']) } : undefined),
    ...mapPairs(endpoint, () => mask),
  }));

/** The members of a snapshot without the secrets of its receiver. */
export function maskSnapshot(members: JsonObject): JsonObject {
  const { endpoint, receiverInfo } = members;
  return {
    ...members,
    ...(typeof endpoint === 'string' ? { endpoint: maskUri(endpoint) } : undefined),
    ...(isArray(receiverInfo) ? { receiverInfo: receiverInfo.map(maskedPair) } : undefined),
  };
}

const maskedPair = (pair: Json): Json =>
  isObject(pair) && typeof pair['key'] === 'string' && isSecretName(pair['key']) ? { ...pair, value: mask } : pair;

/**
 * The subscription with each mask replaced by the secret of the previous version, which must have the same host. Throws BadRequestData that
 * names the member when no stored secret matches the mask. Otherwise the mask would be sent to the receiver, or the secret of one host to
 * another host.
 */
export function withSecretsKept(subscription: JsonObject, before: JsonObject = {}): JsonObject {
  const kept = endpointOf(before) ?? {};
  return mapEndpoint(subscription, (endpoint) => {
    // In the tolerant mode for clients of other brokers, a patch can leave the receiver out.
    const isSameHost = endpoint['uri'] === undefined || hostOf(endpoint['uri']) === hostOf(kept['uri']);
    const unmask = (secret: string, known: string | undefined, where: string): string => {
      if (secret !== mask) return secret;
      if (known !== undefined && isSameHost) return known;
      throw badData(
        `The ${where} of the endpoint is the mask ${mask}, and there is none that is kept for this host: give it whole.`,
      );
    };
    const { uri } = endpoint;
    const inUri = secretsOf(kept['uri']);
    return {
      ...endpoint,
      ...(typeof uri === 'string'
        ? { uri: rewriteUri(uri, (secret, place) => unmask(secret, inUri.get(place), `${place} in the uri`)) }
        : undefined),
      ...mapPairs(endpoint, (value, key, list) =>
        unmask(value, valueOf(kept[list], key), `value of ${key} in the ${list}`),
      ),
    };
  });
}

function endpointOf({ notification }: JsonObject): JsonObject | undefined {
  const endpoint = isObject(notification) ? notification['endpoint'] : undefined;
  return isObject(endpoint) ? endpoint : undefined;
}

function mapEndpoint(subscription: JsonObject, rewrite: (endpoint: JsonObject) => JsonObject): JsonObject {
  const { notification } = subscription;
  const endpoint = endpointOf(subscription);
  if (!endpoint || !isObject(notification)) return subscription;
  return { ...subscription, notification: { ...notification, endpoint: rewrite(endpoint) } };
}

/** The `{key, value}` lists of an endpoint, with the values of secret keys replaced. */
function mapPairs(endpoint: JsonObject, rewrite: (value: string, key: string, list: string) => string): JsonObject {
  const rewritten = (pair: Json, list: string): Json => {
    const { key, value } = isObject(pair) ? pair : {};
    const isSecret = typeof key === 'string' && typeof value === 'string' && isSecretName(key);
    return isSecret && isObject(pair) ? { ...pair, value: rewrite(value, key, list) } : pair;
  };
  return Object.fromEntries(
    pairLists.flatMap((list) => {
      const pairs = endpoint[list];
      return isArray(pairs) ? [[list, pairs.map((pair) => rewritten(pair, list))]] : [];
    }),
  );
}

/** The value of a key. Keys are compared like header names; the last of several equal keys counts. */
function valueOf(pairs: Json | undefined, key: string): string | undefined {
  const found = (isArray(pairs) ? pairs : []).findLast(
    (pair) => isObject(pair) && typeof pair['key'] === 'string' && pair['key'].toLowerCase() === key.toLowerCase(),
  );
  const value = isObject(found) ? found['value'] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function secretsOf(uri: Json | undefined): ReadonlyMap<string, string> {
  const secrets = new Map<string, string>();
  if (typeof uri === 'string')
    rewriteUri(uri, (secret, place) => {
      secrets.set(place, secret);
      return secret;
    });
  return secrets;
}

/** The host of a URI in lower case, without its port. */
const hostOf = (uri: Json | undefined): string | undefined =>
  typeof uri === 'string'
    ? /^[a-z][a-z0-9+.-]*:[/\\]*(?:[^/\\?#]*@)?(\[[^\]]*\]|[^/\\?#:]*)/i.exec(uri)?.[1]?.toLowerCase()
    : undefined;
