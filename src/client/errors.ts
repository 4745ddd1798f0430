/** Defines the errors of the client. */
import type { ProblemDetails } from './frame.ts';

/** The broker did not carry out the request. */
export class StreamProblem extends Error {
  override readonly name = 'StreamProblem';
  /** The problem details, as over HTTP. */
  readonly problem: ProblemDetails;

  constructor(problem: ProblemDetails) {
    super(problem.detail ?? problem.title);
    this.problem = problem;
  }
}

/** The broker has ended a subscription for a permanent reason. */
export class SubscriptionEnded extends Error {
  override readonly name = 'SubscriptionEnded';
  /** `expired`; for a stored subscription also `paused`, `deleted`, and `takenOver` by another consumer. */
  readonly reason: string;

  constructor(reason: string) {
    super(`The broker has ended the subscription: ${reason}.`);
    this.reason = reason;
  }
}

/** The connection is lost permanently, or was lost during a request whose result is unknown. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
  /** The close code of the WebSocket. */
  readonly code: number;

  constructor(code: number, reason: string) {
    super(`The connection to the broker has ended with ${code}${reason === '' ? '' : `: ${reason}`}.`);
    this.code = code;
  }
}
