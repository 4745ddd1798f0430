/** What can go wrong, in the standard's words (CIM 009 clause 5.5.2). HTTP statuses are the edge's affair. */

export type ProblemType =
  | 'InvalidRequest'
  | 'BadRequestData'
  | 'AlreadyExists'
  | 'Conflict'
  | 'ResourceNotFound'
  | 'NonexistentTenant'
  | 'OperationNotSupported'
  | 'TooComplexQuery'
  | 'TooManyResults'
  | 'LdContextNotAvailable'
  | 'NoMultiTenantSupport'
  | 'Forbidden'
  | 'Unavailable'
  | 'TenantUnavailable'
  | 'InsufficientStorage'
  | 'MemoryBudgetExceeded'
  | 'InternalError';

/**
 * The stable title of each type of problem. `Forbidden`, `Unavailable`, `TenantUnavailable`, `InsufficientStorage` and
 * `MemoryBudgetExceeded` are ours: clause 5.5.2 has no such types.
 */
export const problemTitle: Readonly<Record<ProblemType, string>> = {
  InvalidRequest: 'The request is malformed',
  BadRequestData: 'The request is well-formed but its data is not valid NGSI-LD',
  AlreadyExists: 'Something with this id exists already',
  Conflict: 'The request conflicts with a registration or with stored data',
  ResourceNotFound: 'Not found',
  NonexistentTenant: 'The tenant does not exist',
  OperationNotSupported: 'This broker cannot carry out the operation here',
  TooComplexQuery: 'The query is too complex',
  TooManyResults: 'The answer would be too large',
  LdContextNotAvailable: 'A JSON-LD @context cannot be had',
  NoMultiTenantSupport: 'Tenants are not supported',
  Forbidden: 'Not allowed',
  Unavailable: 'The broker cannot take this now',
  TenantUnavailable: 'The data of this tenant cannot be used now',
  InsufficientStorage: 'The disk is full',
  MemoryBudgetExceeded: 'The memory for this is used up now',
  InternalError: 'Something went wrong inside the broker',
};

/** The problem as plain data: what crosses threads and stands in the result of a batch. */
export interface ProblemReport {
  readonly type: ProblemType;
  /** One or two sentences that name what was wrong and where. */
  readonly detail: string;
}

/** The one error that core throws. `message` is the detail; `cause` is for the log and never leaves the broker. */
export class Problem extends Error {
  readonly type: ProblemType;

  constructor(type: ProblemType, detail: string, cause?: unknown) {
    super(detail, cause === undefined ? undefined : { cause });
    this.name = 'Problem';
    this.type = type;
  }

  get report(): ProblemReport {
    return { type: this.type, detail: this.message };
  }
}

/** Shorthand for the commonest problem: valid JSON that is not valid NGSI-LD. */
export const badData = (detail: string): Problem => new Problem('BadRequestData', detail);

/** What is stored cannot be read: whoever asks for it is told, and nobody else. */
export const unreadable = (what: string): Problem =>
  new Problem(
    'ResourceNotFound',
    `${what} is stored under this name, but in a form that cannot be read. It can be deleted.`,
  );
