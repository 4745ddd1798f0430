/** Dead letters: notifications that the broker gave up. Each subscription keeps its own until a client replays or discards them. */
import type { Instant } from '../model/instant.ts';
import { isObject, type Json } from '../model/json.ts';
import { unreadable } from '../model/problem.ts';
import type { Position, DocumentCollection } from './store.ts';

/** A notification as it was sent, without the members of the endpoint: URI, headers and settings, unless they depend on the change. */
export interface SerializedNotification {
  readonly contentType: string;
  /** The Link header, if it holds the @context. */
  readonly link?: string;
  readonly body: string;
  /** Only of a notification of NGSI v2: what else of it depends on the change. */
  readonly request?: SerializedRequest;
}

interface SerializedRequest {
  readonly uri: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A notification that the broker gave up, with the reason and the number of attempts. */
export interface DeadLetter {
  /** The log position of the change that the notification reports. */
  readonly position: Position;
  /** The id of the entity that changed. */
  readonly entity: string;
  /** Why the last attempt failed. */
  readonly reason: string;
  readonly attempts: number;
  /** When the first attempt began and when the last attempt ended. */
  readonly firstAt: Instant;
  readonly lastAt: Instant;
  readonly wording: SerializedNotification;
}

/** The name of the collection that holds the dead letters of a subscription. */
export const deadLetterCollection = (subscription: string): string => `deadLetters ${subscription}`;

/** The document key of the dead letter of a change. Keys sort in the order of positions. */
export const deadLetterKey = (position: Position): string => String(position).padStart(16, '0');

/** The document of a dead letter, as `parseDeadLetter` reads it. */
export const deadLetterJson = ({ wording: { request, ...wording }, ...letter }: DeadLetter): Json => ({
  ...letter,
  wording: {
    ...wording,
    ...(request ? { request: { uri: request.uri, headers: { ...request.headers } } } : undefined),
  },
});

/** Reads a stored dead letter. Throws ResourceNotFound when the document is not a dead letter. */
export function parseDeadLetter(json: Json): DeadLetter {
  if (!isObject(json)) throw unreadable('A dead letter');
  const { position, entity, reason, attempts, firstAt, lastAt, wording } = json;
  const isCounted = typeof position === 'number' && typeof attempts === 'number';
  const isTold = typeof entity === 'string' && typeof reason === 'string';
  const isTimed = typeof firstAt === 'string' && typeof lastAt === 'string';
  if (!isCounted || !isTold || !isTimed) throw unreadable('A dead letter');
  return { position, entity, reason, attempts, firstAt, lastAt, wording: wordingIn(wording) };
}

function wordingIn(json: Json | undefined): SerializedNotification {
  const { contentType, link, body, request } = isObject(json) ? json : {};
  if (typeof contentType !== 'string' || typeof body !== 'string') throw unreadable('A dead letter');
  return { contentType, ...(typeof link === 'string' ? { link } : undefined), body, ...requestIn(request) };
}

function requestIn(json: Json | undefined): Pick<SerializedNotification, 'request'> {
  if (!isObject(json) || typeof json['uri'] !== 'string' || !isObject(json['headers'])) return {};
  const headers = Object.entries(json['headers']).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' ? [[name, value]] : [],
  );
  return { request: { uri: json['uri'], headers: Object.fromEntries(headers) } };
}

/** Deletes all dead letters in a collection. Throws what the collection throws. */
export async function discardLetters(collection: DocumentCollection): Promise<void> {
  await Promise.all((await collection.keys()).map((key) => collection.delete(key)));
}
