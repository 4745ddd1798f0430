/** Parses the endpoint of a stored subscription: its `notification.endpoint` (clause 5.2.15). */
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { badData, Problem } from '../model/problem.ts';
import { isUri, quoted } from '../model/read/id.ts';
import { readPairs, readReceiverInfo } from '../model/read/receiver-info.ts';
import { maskUri } from '../model/secret.ts';
import type { Messenger } from '../port/messenger.ts';
import { readTimeMs } from './bounds.ts';
import { type Members, refuseMembers } from '../model/read/json-member.ts';

/** The media type of notifications. */
type Accept = 'application/json' | 'application/ld+json' | 'application/geo+json';

export interface Endpoint {
  readonly uri: string;
  readonly accept: Accept;
  /** Longest time until the receiver must have answered. */
  readonly timeoutMs?: number;
  /** Nothing is sent for this time after a failure. */
  readonly cooldownMs?: number;
  /** Headers for the receiver. */
  readonly receiverInfo: Readonly<Record<string, string>>;
  /** Settings for the messenger. */
  readonly notifierInfo: Readonly<Record<string, string>>;
}

const members: Members = {
  known: ['uri', 'accept', 'timeout', 'cooldown', 'receiverInfo', 'notifierInfo'],
  unsupported: {},
};
const accepted: readonly Accept[] = ['application/json', 'application/ld+json', 'application/geo+json'];

/** Throws BadRequestData that names the faulty member, and OperationNotSupported for a URI scheme of the standard that has no messenger. */
export function readEndpoint(json: Json | undefined, messenger: Messenger): Endpoint {
  if (!isObject(json))
    throw badData(
      `The notification of a subscription needs an endpoint such as {"uri": "http://…"}, not ${quoted(json)}.`,
    );
  refuseMembers(json, members, 'the endpoint of a subscription');
  const timeoutMs = readTimeMs(json, 'timeout', 'the endpoint of a subscription');
  const cooldownMs = readTimeMs(json, 'cooldown', 'the endpoint of a subscription');
  const notifierInfo = readPairs(json, 'notifierInfo');
  return {
    uri: readReceiver(json['uri'], notifierInfo, messenger),
    accept: readAccept(json),
    ...(timeoutMs === undefined ? undefined : { timeoutMs }),
    ...(cooldownMs === undefined ? undefined : { cooldownMs }),
    receiverInfo: readReceiverInfo(json),
    notifierInfo,
  };
}

/** URI schemes of endpoints in the standard. */
const standardSchemes = ['http', 'https', 'mqtt', 'mqtts'];

/** True when nothing is sent to the endpoint: the receiver connects and streams the subscription by its id (docs/streaming.md). */
export const isFetched = ({ uri }: Pick<Endpoint, 'uri'>): boolean => /^ws:/i.test(uri);

function readReceiver(json: Json | undefined, notifierInfo: Endpoint['notifierInfo'], messenger: Messenger): string {
  if (typeof json === 'string' && isFetched({ uri: json })) return readFetched(json);
  if (typeof json !== 'string' || !isUri(json))
    throw badData(
      `The uri of the endpoint must be a URI such as http://localhost:3000/notify, not ${quotedUri(json)}.`,
    );
  const scheme = json.slice(0, json.indexOf(':')).toLowerCase();
  if (!messenger.schemes.includes(scheme)) throw unknownScheme(scheme, messenger);
  const objection = messenger.objection(json, notifierInfo);
  if (objection !== undefined)
    throw badData(`The uri ${quotedUri(json)} of the endpoint cannot be notified: ${objection}.`);
  return json;
}

/** Masks secrets: the problems of a stored subscription are shown to other clients than its creator too. */
const quotedUri = (json: Json | undefined): string => quoted(typeof json === 'string' ? maskUri(json) : json);

function readFetched(uri: string): string {
  if (/^ws:[\w.-]{0,100}$/i.test(uri)) return uri;
  throw badData(
    `The broker connects to nobody by WebSocket, so the endpoint cannot be ${quoted(uri)}; with "ws:" whoever wants the notifications connects to it.`,
  );
}

function unknownScheme(scheme: string, { schemes }: Messenger): Problem {
  const detail = `This broker sends notifications by ${schemes.join(', ')}, not by ${quoted(scheme)}.`;
  return standardSchemes.includes(scheme) ? new Problem('OperationNotSupported', detail) : badData(detail);
}

function readAccept(json: JsonObject): Accept {
  const { accept = 'application/json' } = json;
  const known = accepted.find((one) => one === accept);
  if (known === undefined)
    throw badData(`The accept of the endpoint may be ${accepted.join(', ')}, not ${quoted(accept)}.`);
  return known;
}
