/** Defines the frames of the stream that docs/streaming.md describes, as far as the client reads them. */

/** Any JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = Readonly<Record<string, Json>>;

/** An entity in a notification, in the requested representation, with `deletedAt` when it was deleted. */
export interface Entity extends JsonObject {
  readonly id: string;
  readonly type: string | readonly string[];
}

/** Problem details (RFC 7807). */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly detail?: string;
  readonly status?: number;
}

/** A frame from the broker. Unknown members and ops are ignored. */
export interface Frame {
  readonly op: string;
  readonly id?: string;
  readonly position?: string;
  readonly subscriptionId?: string;
  readonly notification?: { readonly data: readonly Entity[] };
  readonly reason?: string;
  readonly status?: number;
  readonly body?: Json;
  readonly location?: string;
  readonly count?: number;
  readonly hasMore?: boolean;
  readonly partAfter?: string;
  readonly problem?: ProblemDetails;
  readonly pingIntervalMs?: number;
}

/** Parses a frame; undefined when the text is not a frame, which no broker should send. */
export function parseFrame(text: unknown): Frame | undefined {
  if (typeof text !== 'string') return undefined;
  const frame: unknown = JSON.parse(text);
  return isFrame(frame) ? frame : undefined;
}

const isFrame = (value: unknown): value is Frame =>
  typeof value === 'object' && value !== null && 'op' in value && typeof value.op === 'string';
