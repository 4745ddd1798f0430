/** Defines the copy of a subscription at a context source: how this broker remembers it (clause 5.8.1.4). */
import { type RegistrationDocument, registrationIn, registrationJson } from '../../../core/federation/registration.ts';
import { type Instant, isInstant } from '../../../core/model/instant.ts';
import { isObject, type Json } from '../../../core/model/json.ts';
import { unreadable } from '../../../core/model/problem.ts';

export interface Copy {
  /** The id that this broker gave it. Nobody can guess it: a notification that names it is taken. */
  readonly id: string;
  /** The id of the subscription here. */
  readonly subscription: string;
  /** The registration as it was when the copy was last changed. The source can still be reached by it after it was deleted. */
  readonly registration: RegistrationDocument;
  /** The body that the source has accepted last. Absent: it may not have the copy. */
  readonly sent?: string;
  /** The id at the source, if the source has chosen another one. */
  readonly remoteId?: string;
  /** Since when the source is to delete it. */
  readonly leavingAt?: Instant;
}

export const copyJson = ({ registration, ...copy }: Copy): Json => ({
  ...copy,
  registration: registrationJson(registration),
});

/** The copy in a collection. Throws ResourceNotFound when it is none. */
export function copyIn(json: Json): Copy {
  const { id, subscription, registration = null, sent, remoteId, leavingAt } = isObject(json) ? json : {};
  if (typeof id !== 'string' || typeof subscription !== 'string') throw unreadable('A copy of a subscription');
  return {
    id,
    subscription,
    registration: registrationIn(registration),
    ...(typeof sent === 'string' ? { sent } : undefined),
    ...(typeof remoteId === 'string' ? { remoteId } : undefined),
    ...(isInstant(leavingAt) ? { leavingAt } : undefined),
  };
}
