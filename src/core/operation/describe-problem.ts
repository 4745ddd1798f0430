/** Writes a problem as the document that clients get: ProblemDetails of clause 5.5.3, with the numeric status of clause 6.3.2. */
import type { JsonObject } from '../model/json.ts';
import { problemTitle, type ProblemReport, type ProblemType } from '../model/problem.ts';

/** The HTTP status of each problem type. It is here because the document contains it; bindings send the same status. */
export const statusOf: Readonly<Record<ProblemType, number>> = {
  InvalidRequest: 400,
  BadRequestData: 400,
  AlreadyExists: 409,
  Conflict: 409,
  ResourceNotFound: 404,
  NonexistentTenant: 404,
  OperationNotSupported: 422,
  TooComplexQuery: 403,
  TooManyResults: 403,
  LdContextNotAvailable: 504,
  NoMultiTenantSupport: 501,
  Unauthenticated: 401,
  Forbidden: 403,
  TooManyRequests: 429,
  Unavailable: 503,
  TenantUnavailable: 503,
  InsufficientStorage: 507,
  MemoryBudgetExceeded: 503,
  SourceFailed: 502,
  SourceTimeout: 504,
  LoopDetected: 508,
  InternalError: 500,
};

/** Problems of sources, for which the standard has statuses but no types (clause 6.3.17). */
const ofSources: ReadonlySet<ProblemType> = new Set<ProblemType>(['SourceFailed', 'SourceTimeout', 'LoopDetected']);

export const describeProblem = ({ type, detail }: ProblemReport): JsonObject => ({
  type: `https://uri.etsi.org/ngsi-ld/errors/${ofSources.has(type) ? 'InternalError' : type}`,
  title: problemTitle[type],
  detail,
  status: statusOf[type],
});
