/** Parses and validates client frames: one JSON object each, distinguished by `op`. */
import { isArray, isObject, type Json, type JsonObject, parseGiven } from '../../../core/model/json.ts';
import { isDeeper } from '../../../core/model/json-depth.ts';
import { badData, Problem } from '../../../core/model/problem.ts';
import { quoted } from '../../../core/model/read/id.ts';
import type { SubscribeStart } from '../start.ts';

export interface SubscribeFrame {
  readonly op: 'subscribe';
  readonly id: string;
  /** An inline subscription, or the id of a stored one. */
  readonly subject:
    | { readonly subscription: Json; readonly context: Json | undefined }
    | { readonly subscriptionId: string };
  readonly start: SubscribeStart;
  readonly overflow: 'disconnect' | 'latest';
}

export interface RequestFrame {
  readonly op: 'request';
  readonly id: string;
  readonly operation: string;
  /** Query parameters and path parts by name. */
  readonly params: Readonly<Record<string, string>>;
  readonly body?: Json;
  readonly context: Json | undefined;
}

/** Acknowledges a stored subscription up to a position. */
export interface AckFrame {
  readonly op: 'ack';
  readonly id: string;
  readonly position: string;
}

export type ClientFrame =
  | SubscribeFrame
  | RequestFrame
  | AckFrame
  | { readonly op: 'unsubscribe'; readonly id: string }
  | { readonly op: 'ping'; readonly id?: string };

const invalid = (detail: string): Problem => new Problem('InvalidRequest', detail);

/** Parses the JSON object of a frame. Throws InvalidRequest. The nesting depth is checked before parsing. */
export function parseFrame(text: string, depthMax: number): JsonObject {
  if (isDeeper(text, depthMax)) throw invalid(`The frame is nested more than ${depthMax} levels deep.`);
  const json = parsed(text);
  if (!isObject(json)) throw invalid(`A frame must be a JSON object, not ${quoted(json)}.`);
  return json;
}

function parsed(text: string): Json {
  try {
    return parseGiven(text);
  } catch (error) {
    throw invalid(`The frame is not JSON: ${error instanceof Error ? error.message : 'it cannot be parsed'}`);
  }
}

/** The client's id of the exchange, when the frame has a valid one. Error frames repeat it. */
export const exchangeOf = ({ id }: JsonObject): string | undefined =>
  typeof id === 'string' && id !== '' && id.length <= 256 ? id : undefined;

/** The allowed members of a frame, by op. */
export const memberNames: Readonly<Record<ClientFrame['op'], readonly string[]>> = {
  subscribe: ['op', 'id', 'subscription', 'subscriptionId', 'after', 'snapshot', 'tail', 'overflow', '@context'],
  unsubscribe: ['op', 'id'],
  ack: ['op', 'id', 'position'],
  request: ['op', 'id', 'operation', 'params', 'body', '@context'],
  ping: ['op', 'id'],
};

/** Validates a frame. Throws InvalidRequest that names the faulty member. */
export function readFrame(json: JsonObject): ClientFrame {
  const op = readOp(json);
  const unknown = Object.keys(json).find((name) => !memberNames[op].includes(name));
  if (unknown !== undefined) throw invalid(`There is no member ${quoted(unknown)} in a frame of op ${op}.`);
  const id = exchangeOf(json);
  if (op === 'ping') return { op, ...(id === undefined ? undefined : { id }) };
  if (id === undefined)
    throw invalid(`A frame of op ${op} needs an id, a text of 1 to 256 characters, not ${quoted(json['id'])}.`);
  switch (op) {
    case 'unsubscribe':
      return { op, id };
    case 'subscribe':
      return readSubscribe(json, id);
    case 'ack':
      return { op, id, position: readPosition(json, 'position') };
    case 'request':
      return readRequest(json, id);
  }
}

const isOp = (op: Json | undefined): op is ClientFrame['op'] =>
  typeof op === 'string' && Object.hasOwn(memberNames, op);

function readOp({ op }: JsonObject): ClientFrame['op'] {
  if (isOp(op)) return op;
  throw invalid(`The op of a frame may be ${Object.keys(memberNames).join(', ')}, not ${quoted(op)}.`);
}

function readSubscribe(json: JsonObject, id: string): SubscribeFrame {
  const { overflow = 'disconnect' } = json;
  if (overflow !== 'disconnect' && overflow !== 'latest')
    throw invalid(`The overflow may be "disconnect" or "latest", not ${quoted(overflow)}.`);
  return { op: 'subscribe', id, subject: readSubject(json), start: readStart(json), overflow };
}

function readSubject(json: JsonObject): SubscribeFrame['subject'] {
  const { subscription, subscriptionId } = json;
  if ((subscription === undefined) === (subscriptionId === undefined))
    throw invalid('A frame of op subscribe needs a subscription, or the subscriptionId of a stored one.');
  if (subscription !== undefined) {
    const context = isObject(subscription) ? subscription['@context'] : undefined;
    return { subscription, context: context ?? json['@context'] };
  }
  if (json['@context'] !== undefined) throw invalid('A stored subscription has its own @context.');
  if (typeof subscriptionId === 'string') return { subscriptionId };
  throw invalid(`The subscriptionId must be the id of a stored subscription, not ${quoted(subscriptionId)}.`);
}

function readStart(json: JsonObject): SubscribeStart {
  const { after, snapshot = false, tail } = json;
  if (typeof snapshot !== 'boolean') throw invalid(`The snapshot must be true or false, not ${quoted(snapshot)}.`);
  const given = [after !== undefined, snapshot, tail !== undefined].filter(Boolean);
  if (given.length > 1) throw invalid('Of after, snapshot and tail only one may be given.');
  if (after !== undefined) return { from: 'position', after: readPosition(json, 'after') };
  if (tail !== undefined) return { from: 'tail', changes: readTail(tail) };
  return { from: snapshot ? 'snapshot' : 'now' };
}

function readPosition(json: JsonObject, name: 'after' | 'position'): string {
  const position = json[name];
  if (typeof position === 'string') return position;
  throw invalid(`The ${name} must be a position as the broker gave it, not ${quoted(position)}.`);
}

function readTail(tail: Json): number {
  if (typeof tail === 'number' && Number.isSafeInteger(tail) && tail >= 0) return tail;
  throw invalid(`The tail must be a whole number of changes, not ${quoted(tail)}.`);
}

function readRequest(json: JsonObject, id: string): RequestFrame {
  const { operation, body } = json;
  if (typeof operation !== 'string')
    throw invalid(`A frame of op request needs the name of an operation, not ${quoted(operation)}.`);
  const { context, rest } = withoutContext(body);
  return {
    op: 'request',
    id,
    operation,
    params: readParams(json['params'] ?? {}),
    ...(rest === undefined ? undefined : { body: rest }),
    context: context ?? json['@context'],
  };
}

/** Separates a body from its @context. */
function withoutContext(body: Json | undefined): { readonly context?: Json; readonly rest: Json | undefined } {
  if (!isObject(body) || body['@context'] === undefined) return { rest: body };
  const { '@context': context, ...rest } = body;
  return { context, rest };
}

/** Converts parameters to strings. Arrays of strings become comma-separated lists. */
function readParams(json: Json): Readonly<Record<string, string>> {
  if (!isObject(json)) throw invalid(`The params must be an object, not ${quoted(json)}.`);
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, paramText(name, value)]));
}

function paramText(name: string, value: Json): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (isArray(value) && value.every((one) => typeof one === 'string')) return value.join(',');
  throw badData(`The parameter ${name} must be a text, number, boolean or array of texts, not ${quoted(value)}.`);
}
