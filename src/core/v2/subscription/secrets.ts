/** Masks the secrets of a v2 subscription: passwords of MQTT and Kafka, and headers such as Authorization. */
import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import { isSecretName, mask, maskUri } from '../../model/secret.ts';
import { badRequest } from '../problem.ts';

const transports = ['http', 'httpCustom', 'mqtt', 'mqttCustom'];

/** The members with a mask in place of each secret. */
export const maskSecretsV2 = (members: JsonObject): JsonObject =>
  inTransport(members, (transport) => ({
    ...transport,
    ...(typeof transport['url'] === 'string' ? { url: maskUri(transport['url']) } : undefined),
    ...(transport['passwd'] === undefined ? undefined : { passwd: mask }),
    ...inPairs(transport, () => mask),
  }));

/**
 * The members with each mask replaced by the secret of the version before. Throws BadRequest for a mask of a secret that is not stored:
 * otherwise the mask would be sent to the receiver.
 */
export function withSecretsKeptV2(members: JsonObject, before: JsonObject = {}): JsonObject {
  const stored = transportOf(before) ?? {};
  const unmask = (secret: Json, known: Json | undefined, name: string): Json => {
    if (secret !== mask) return secret;
    if (known === undefined) throw badRequest(`${name} is the mask ${mask} of a secret that is not stored`);
    return known;
  };
  return inTransport(members, (transport) => {
    const isSamePlace = transport['url'] === undefined || sameServer(transport['url'], stored['url']);
    const known = isSamePlace ? stored : {};
    const { url, passwd } = transport;
    return {
      ...transport,
      ...(typeof url === 'string' && typeof known['url'] === 'string' && url === maskUri(known['url'])
        ? { url: known['url'] }
        : undefined),
      ...(passwd === undefined ? undefined : { passwd: unmask(passwd, known['passwd'], 'passwd') }),
      ...inPairs(transport, (value, name, list) => {
        const pairs = known[list];
        return unmask(value, isObject(pairs) ? pairs[name] : undefined, name);
      }),
    };
  });
}

/** A secret of one receiver is never sent to another. */
const sameServer = (a: Json, b: Json | undefined): boolean => serverOf(a) === serverOf(b);

const serverOf = (url: Json | undefined): string | undefined =>
  typeof url === 'string' ? /^[a-z]+:\/\/(?:[^/?#@]*@)?([^/?#:]*)/i.exec(url)?.[1]?.toLowerCase() : undefined;

function transportOf({ notification }: JsonObject): JsonObject | undefined {
  const given = isObject(notification) ? transports.map((name) => notification[name]).find(isObject) : undefined;
  return isObject(given) ? given : undefined;
}

function inTransport(members: JsonObject, rewrite: (transport: JsonObject) => JsonObject): JsonObject {
  const { notification } = members;
  if (!isObject(notification)) return members;
  const rewritten = transports.flatMap((name): readonly (readonly [string, Json])[] => {
    const transport = notification[name];
    return isObject(transport) ? [[name, rewrite(transport)]] : [];
  });
  return { ...members, notification: { ...notification, ...Object.fromEntries(rewritten) } };
}

/** `headers` and `qs` with the values of secret names replaced. */
function inPairs(transport: JsonObject, rewrite: (value: Json, name: string, list: string) => Json): JsonObject {
  return Object.fromEntries(
    ['headers', 'qs'].flatMap((list): readonly (readonly [string, Json])[] => {
      const pairs = transport[list];
      if (!isObject(pairs)) return [];
      const rewritten = Object.entries(pairs).map(([name, value]): [string, Json] => [
        name,
        isSecretName(name) ? rewrite(value, name, list) : value,
      ]);
      return [[list, Object.fromEntries(rewritten)]];
    }),
  );
}
