/** Defines errors that are specific to HTTP: statuses for which CIM 009 has no error type (clauses 6.3.2 to 6.3.4). */
import type { JsonObject } from '../../core/model/json.ts';
import { type Headers, jsonReply, type Reply } from './reply.ts';

/** The stable title of each status. */
const titles = {
  405: 'The method is not defined here',
  406: 'No media type of the answer is acceptable',
  411: 'The length of the body is not given',
  413: 'The body is too large',
  415: 'The media type of the body is not supported',
  421: 'The request is for another host',
} as const;
export type RefusalStatus = keyof typeof titles;

/** Thrown when a request is refused for an HTTP reason. `message` is the reason for the client. */
export class Refusal extends Error {
  readonly status: RefusalStatus;
  readonly headers: Headers;

  constructor(status: RefusalStatus, detail: string, headers: Headers = {}) {
    super(detail);
    this.name = 'Refusal';
    this.status = status;
    this.headers = headers;
  }
}

/** The body of a refusal, in the shape of ProblemDetails (RFC 9457). The type is `about:blank`: only the status identifies it. */
export const describeRefusal = ({ status, message }: Refusal): JsonObject & { readonly status: RefusalStatus } => ({
  type: 'about:blank',
  title: titles[status],
  detail: message,
  status,
});

/** The reply to a refusal; 411 and 415 have no content (clause 6.3.4). */
export const refusalReply = (refusal: Refusal): Reply =>
  refusal.status === 411 || refusal.status === 415
    ? { status: refusal.status, headers: refusal.headers }
    : jsonReply(refusal.status, describeRefusal(refusal), refusal.headers);
