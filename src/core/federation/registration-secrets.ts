/** Masks the secrets with which sources are asked: a response shows a mask, and a mask in a request stands for the stored secret. */
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { badData } from '../model/problem.ts';
import { isSecretName, mask, maskUri } from '../model/secret.ts';
import { isCredential, requestedHeader } from './registration.ts';

/** The members of a registration without the secrets of its headers and its endpoint. */
export const withoutSecrets = (members: JsonObject): JsonObject => ({
  ...mapPairs(members, () => mask),
  ...(typeof members['endpoint'] === 'string' ? { endpoint: maskUri(members['endpoint']) } : undefined),
});

/**
 * The members with each mask replaced by the secret of the previous version, whose endpoint must be the same: otherwise a secret could be
 * sent to another host. Throws BadRequestData when there is no secret that the mask can stand for, and when credentials of callers are to be
 * copied.
 */
export function withSecretsOf(members: JsonObject, before: JsonObject): JsonObject {
  refuseCopiedCredentials(members);
  const hasMaskedEndpoint =
    typeof before['endpoint'] === 'string' && members['endpoint'] === maskUri(before['endpoint']);
  const endpoint = hasMaskedEndpoint ? before['endpoint'] : members['endpoint'];
  const whole = endpoint === undefined ? members : { ...members, endpoint };
  return mapPairs(whole, (key, value) => {
    if (value !== mask) return value;
    const kept = endpoint === undefined || endpoint === before['endpoint'] ? secretOf(before, key) : undefined;
    if (kept !== undefined) return kept;
    throw badData(
      `The value of ${key} in contextSourceInfo is the mask ${mask}, and none is kept for this endpoint: give it whole.`,
    );
  });
}

/** Registrations of earlier versions may ask for it: nothing is copied for them. */
function refuseCopiedCredentials({ contextSourceInfo }: JsonObject): void {
  for (const pair of isArray(contextSourceInfo) ? contextSourceInfo : []) {
    const { key, value } = isObject(pair) ? pair : {};
    if (typeof key === 'string' && value === requestedHeader && isCredential(key))
      throw badData(
        `The ${key} of a client is never copied to a source: give ${key} in contextSourceInfo the value that this source needs.`,
      );
  }
}

function mapPairs(members: JsonObject, map: (key: string, value: string) => string): JsonObject {
  const pairs = members['contextSourceInfo'];
  if (!isArray(pairs)) return members;
  const mapPair = (pair: Json): Json => {
    const { key, value } = isObject(pair) ? pair : {};
    const isSecret =
      typeof key === 'string' && typeof value === 'string' && isSecretName(key) && value !== requestedHeader;
    return isSecret && isObject(pair) ? { ...pair, value: map(key, value) } : pair;
  };
  return { ...members, contextSourceInfo: pairs.map(mapPair) };
}

function secretOf({ contextSourceInfo }: JsonObject, key: string): string | undefined {
  const found = (isArray(contextSourceInfo) ? contextSourceInfo : []).findLast(
    (pair) => isObject(pair) && typeof pair['key'] === 'string' && pair['key'].toLowerCase() === key.toLowerCase(),
  );
  const value = isObject(found) ? found['value'] : undefined;
  return typeof value === 'string' ? value : undefined;
}
