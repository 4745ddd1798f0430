/** Dead letters: notifications that were given up, kept by subscription until somebody sends them again or discards them. */
import type { Instant } from '../model/instant.ts';
import { isObject, type Json } from '../model/json.ts';
import { unreadable } from '../model/problem.ts';
import type { Position, DocumentCollection } from './store.ts';

/** A notification as it was sent, without what belongs to the endpoint: its URI, its headers, its settings. */
export interface SerializedNotification {
  readonly contentType: string;
  /** The header Link, where the @context is in it. */
  readonly link?: string;
  readonly body: string;
}

export interface DeadLetter {
  /** The position of the change that it tells of. */
  readonly position: Position;
  /** The id of the entity that changed. */
  readonly entity: string;
  /** Why the last attempt failed. */
  readonly reason: string;
  readonly attempts: number;
  /** When the first attempt began, and when the last one ended. */
  readonly firstAt: Instant;
  readonly lastAt: Instant;
  readonly wording: SerializedNotification;
}

/** The shelf with the dead letters of a subscription. */
export const deadLetterCollection = (subscription: string): string => `deadLetters ${subscription}`;

/** The key of the letter of a change: keys are in the order of positions. */
export const letterKey = (position: Position): string => String(position).padStart(16, '0');

export const letterJson = ({ wording, ...letter }: DeadLetter): Json => ({ ...letter, wording: { ...wording } });

/** The letter that a shelf holds. Throws ResourceNotFound when it is none. */
export function letterIn(json: Json): DeadLetter {
  if (!isObject(json)) throw unreadable('A dead letter');
  const { position, entity, reason, attempts, firstAt, lastAt, wording } = json;
  const isCounted = typeof position === 'number' && typeof attempts === 'number';
  const isTold = typeof entity === 'string' && typeof reason === 'string';
  const isTimed = typeof firstAt === 'string' && typeof lastAt === 'string';
  if (!isCounted || !isTold || !isTimed) throw unreadable('A dead letter');
  return { position, entity, reason, attempts, firstAt, lastAt, wording: wordingIn(wording) };
}

function wordingIn(json: Json | undefined): SerializedNotification {
  const { contentType, link, body } = isObject(json) ? json : {};
  if (typeof contentType !== 'string' || typeof body !== 'string') throw unreadable('A dead letter');
  return { contentType, ...(typeof link === 'string' ? { link } : undefined), body };
}

/** Discards all letters on a shelf. */
export async function discardLetters(collection: DocumentCollection): Promise<void> {
  await Promise.all((await collection.keys()).map((key) => collection.delete(key)));
}
