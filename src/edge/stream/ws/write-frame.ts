/** Writes the frames of the broker. Bodies are JSON text already and are embedded unchanged. */
import { describeProblem } from '../../../core/operation/describe-problem.ts';
import type { Json, JsonObject } from '../../../core/model/json.ts';
import type { ProblemReport } from '../../../core/model/problem.ts';
import type { Mark } from '../notification-writer.ts';

type Member = Json | undefined;

/** A frame with plain members; undefined members are omitted. */
const frame = (members: Readonly<Record<string, Member>>): string => JSON.stringify(members);

/** A frame with one more member, given as JSON text. */
const frameAround = (members: Readonly<Record<string, Member>>, name: string, text: string): string =>
  partsAround(members, name, [text]).join('');

/** As `frameAround`, in parts. */
const partsAround = (
  members: Readonly<Record<string, Member>>,
  name: string,
  texts: readonly string[],
): readonly string[] => [`${frame(members).slice(0, -1)},"${name}":`, ...texts, '}'];

export interface Hello {
  readonly epoch: string | undefined;
  readonly limits: JsonObject;
  readonly pingIntervalMs: number;
}
export const helloFrame = ({ epoch, limits, pingIntervalMs }: Hello): string =>
  frame({ op: 'hello', version: '1', epoch, limits, pingIntervalMs });

export interface Subscribed {
  readonly id: string;
  readonly subscriptionId: string;
  readonly position: string | undefined;
  readonly recovered: boolean;
}
export const subscribedFrame = (subscribed: Subscribed): string => frame({ op: 'subscribed', ...subscribed });

/** `reason` is present when the client did not request the end. */
export const unsubscribedFrame = (id: string, reason?: string): string => frame({ op: 'unsubscribed', id, reason });

export interface NotificationHead {
  readonly id: string;
  /** Undefined during a snapshot, from which the client cannot resume. */
  readonly position: string | undefined;
}
/** A notification frame in parts, of a notification in parts. */
export const notificationFrame = (
  { id, position }: NotificationHead,
  notification: readonly string[],
): readonly string[] =>
  partsAround(
    { op: 'notification', id, position, snapshot: position === undefined ? true : undefined },
    'notification',
    notification,
  );

export const positionFrame = (op: Mark, id: string, position: string): string => frame({ op, id, position });

/** Confirms that everything up to this position is durably acknowledged. */
export const ackedFrame = (id: string, position: string): string => frame({ op: 'acked', id, position });

export const pongFrame = (id: string | undefined): string => frame({ op: 'pong', id });

export const responseFrame = (members: Readonly<Record<string, Member>>, body: string | undefined): string =>
  body === undefined
    ? frame({ op: 'response', ...members })
    : frameAround({ op: 'response', ...members }, 'body', body);

export const errorFrame = (id: string | undefined, report: ProblemReport): string =>
  frame({ op: 'error', id, problem: describeProblem(report) });
