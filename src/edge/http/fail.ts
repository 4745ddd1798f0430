/** Converts thrown errors to HTTP replies. No other module does this. */
import { describeProblem, statusOf } from '../../core/operation/describe-problem.ts';
import { Problem } from '../../core/model/problem.ts';
import type { Observe } from '../../core/port/observe.ts';
import { refusalReply, Refusal } from './refusal.ts';
import { jsonReply, type Reply } from './reply.ts';
import { NotYet } from './routes.ts';

/** Value of Retry-After, in seconds. */
const retrySeconds = 2;

/** The reply to an error. An unexpected error is observed, and the client does not see its cause. */
export function failureReply(error: unknown, { where, observe }: { where: string; observe: Observe }): Reply {
  if (error instanceof Refusal) return refusalReply(error);
  if (error instanceof NotYet) {
    const { type, detail } = new Problem('OperationNotSupported', error.message).report;
    return jsonReply(501, { ...describeProblem({ type, detail }), status: 501 });
  }
  const isKnown = error instanceof Problem;
  if (!isKnown || error.type === 'InternalError') observe({ kind: 'failed', where, cause: error });
  const { type, message } = isKnown ? error : new Problem('InternalError', 'The cause is in the log of the broker.');
  const again = statusOf[type] === statusOf.Unavailable ? { 'Retry-After': String(retrySeconds) } : undefined;
  return jsonReply(statusOf[type], describeProblem({ type, detail: message }), again);
}
