/** Reads the frames that clients send: one JSON object each, told apart by `op`. */
import { isArray, isObject, type Json, type JsonObject, parseGiven } from '../../../core/model/json.ts';
import { isDeeper } from '../../../core/model/json-depth.ts';
import { badData, Problem } from '../../../core/model/problem.ts';
import { quoted } from '../../../core/model/read/id.ts';
import type { SubscribeStart } from '../start.ts';

export interface SubscribeFrame {
  readonly op: 'subscribe';
  readonly id: string;
  /** What is subscribed to: what the frame says, or a stored subscription. */
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
  /** Parameters and parts of the path by name. */
  readonly params: Readonly<Record<string, string>>;
  readonly body?: Json;
  readonly context: Json | undefined;
}

/** The client has taken in what concerns a stored subscription up to a position. */
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

/** The JSON object of a frame. Throws InvalidRequest; depth is looked at before anything is parsed. */
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

/** The client's name for the exchange, as far as the frame has a usable one: it comes back in errors too. */
export const exchangeOf = ({ id }: JsonObject): string | undefined =>
  typeof id === 'string' && id !== '' && id.length <= 256 ? id : undefined;

/** The members that a frame of each op may have. */
export const memberNames: Readonly<Record<ClientFrame['op'], readonly string[]>> = {
  subscribe: ['op', 'id', 'subscription', 'subscriptionId', 'after', 'snapshot', 'tail', 'overflow', '@context'],
  unsubscribe: ['op', 'id'],
  ack: ['op', 'id', 'position'],
  request: ['op', 'id', 'operation', 'params', 'body', '@context'],
  ping: ['op', 'id'],
};

/** The frame in a JSON object. Throws InvalidRequest that names the faulty member. */
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

/** A body and the @context that it brings. */
function withoutContext(body: Json | undefined): { readonly context?: Json; readonly rest: Json | undefined } {
  if (!isObject(body) || body['@context'] === undefined) return { rest: body };
  const { '@context': context, ...rest } = body;
  return { context, rest };
}

/** Parameters as texts; numbers and booleans are written as such, arrays of texts as comma lists. */
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
