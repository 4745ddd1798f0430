/** Converts thrown errors to HTTP replies. No other module does this. */
import { describeProblem, statusOf } from '../../core/operation/describe-problem.ts';
import { Problem, type ProblemType, ProblemWithWarnings, TooManyRequests } from '../../core/model/problem.ts';
import type { Observe } from '../../core/port/observe.ts';
import { refusalReply, Refusal } from './refusal.ts';
import { type Headers, jsonReply, type Reply } from './reply.ts';

/** Value of Retry-After, in seconds. */
const retrySeconds = 2;

export interface FailureContext {
  readonly where: string;
  readonly observe: Observe;
  /** True when the request has credentials, whatever they are worth. */
  readonly hasCredentials: boolean;
}

/** The reply to an error. An unexpected error is observed, and the client does not see its cause. */
export function failureReply(error: unknown, { where, observe, hasCredentials }: FailureContext): Reply {
  if (error instanceof Refusal) return refusalReply(error);
  const isKnown = error instanceof Problem;
  if (!isKnown || error.type === 'InternalError') observe({ kind: 'failed', where, cause: error });
  const { type, message } = isKnown ? error : new Problem('InternalError', 'The cause is in the log of the broker.');
  const headers = { ...retryHeader(type, error), ...challengeHeader(type, hasCredentials), ...warningHeader(error) };
  return jsonReply(statusOf[type], describeProblem({ type, detail: message }), headers);
}

function retryHeader(type: ProblemType, error: unknown): Headers | undefined {
  if (error instanceof TooManyRequests) return { 'Retry-After': String(error.retryAfterSeconds) };
  return statusOf[type] === statusOf.Unavailable ? { 'Retry-After': String(retrySeconds) } : undefined;
}

const warningHeader = (error: unknown): Headers | undefined =>
  error instanceof ProblemWithWarnings && error.warnings.length > 0
    ? { 'NGSILD-Warning': error.warnings.join(', ') }
    : undefined;

/** Tells the client which credentials are needed (RFC 6750, section 3). */
function challengeHeader(type: ProblemType, hasCredentials: boolean): Headers | undefined {
  if (type === 'Unauthenticated')
    return { 'WWW-Authenticate': `Bearer realm="mlaka"${hasCredentials ? ', error="invalid_token"' : ''}` };
  return type === 'Forbidden' && hasCredentials
    ? { 'WWW-Authenticate': 'Bearer realm="mlaka", error="insufficient_scope"' }
    : undefined;
}
