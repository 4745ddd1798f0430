/** Reads the headers and settings that a client gives for a receiver (clause 5.2.22). */
import { isArray, isObject, type Json, type JsonObject } from '../json.ts';
import { badData } from '../problem.ts';
import { isSecretName, mask } from '../secret.ts';
import { quoted } from './id.ts';

/** Headers that frame a message or control a connection. A subscriber may not set them. */
const framing = /^(?:connection|content-length|expect|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i;

/** The headers in `receiverInfo`. Throws BadRequestData for a header that may not be set. */
export function readReceiverInfo(json: JsonObject): Readonly<Record<string, string>> {
  const pairs = readPairs(json, 'receiverInfo');
  for (const [key, value] of Object.entries(pairs)) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(key) || framing.test(key))
      throw badData(
        `A key in the receiverInfo of the endpoint must be the name of a header that may be set, not ${quoted(key)}.`,
      );
    if (/[^\t\P{Cc}]/u.test(value))
      throw badData(
        `The value of ${key} in the receiverInfo of the endpoint cannot stand in a header: ${quoted(isSecretName(key) ? mask : value)}.`,
      );
  }
  return pairs;
}

/** An array of `{key, value}` (clause 5.2.22). The last one of a key counts. */
export function readPairs(json: JsonObject, name: string): Readonly<Record<string, string>> {
  const { [name]: list = [] } = json;
  if (!isArray(list))
    throw badData(`The ${name} of the endpoint must be an array of {"key", "value"}, not ${quoted(list)}.`);
  return Object.fromEntries(list.map((pair) => readPair(pair, name)));
}

function readPair(json: Json, name: string): readonly [string, string] {
  const { key, value } = isObject(json) ? json : {};
  if (typeof key === 'string' && key !== '' && typeof value === 'string') return [key, value];
  const shown = typeof key === 'string' && isSecretName(key) ? { key, value: mask } : json;
  throw badData(
    `The ${name} of the endpoint must hold pairs such as {"key": "Authorization", "value": "…"}, not ${quoted(shown)}.`,
  );
}
