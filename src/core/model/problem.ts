/** Defines the errors of the broker in the terms of the standard (CIM 009 clause 5.5.2). The edge maps them to HTTP statuses. */

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
  | 'Unauthenticated'
  | 'Forbidden'
  | 'TooManyRequests'
  | 'Unavailable'
  | 'TenantUnavailable'
  | 'InsufficientStorage'
  | 'MemoryBudgetExceeded'
  | 'SourceFailed'
  | 'SourceTimeout'
  | 'LoopDetected'
  | 'InternalError';

/**
 * The stable title of each problem type. `Unauthenticated`, `Forbidden`, `TooManyRequests`, `Unavailable`, `TenantUnavailable`,
 * `InsufficientStorage` and `MemoryBudgetExceeded` are extensions of this broker: clause 5.5.2 does not define them.
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
  Unauthenticated: 'Valid credentials are needed',
  Forbidden: 'Not allowed',
  TooManyRequests: 'Too many requests',
  Unavailable: 'The broker cannot take this now',
  TenantUnavailable: 'The data of this tenant cannot be used now',
  InsufficientStorage: 'The disk is full',
  MemoryBudgetExceeded: 'The memory for this is used up now',
  SourceFailed: 'A context source failed',
  SourceTimeout: 'A context source did not answer in time',
  LoopDetected: 'The request is in a loop of brokers',
  InternalError: 'Something went wrong inside the broker',
};

/** The problem as plain data, for messages between threads and for results of batches. */
export interface ProblemReport {
  readonly type: ProblemType;
  /** One or two sentences that name the fault and its position. */
  readonly detail: string;
}

/** The only error that core throws. `message` is the detail. `cause` is for the log and never leaves the broker. */
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

/** A problem of a request that sources were asked for too: `warnings` are the values of NGSILD-Warning (clause 6.3.17). */
export class ProblemWithWarnings extends Problem {
  readonly warnings: readonly string[];

  constructor({ type, detail }: ProblemReport, warnings: readonly string[]) {
    super(type, detail);
    this.warnings = warnings;
  }
}

/** Shorthand for the most frequent problem: valid JSON that is not valid NGSI-LD. */
export const badData = (detail: string): Problem => new Problem('BadRequestData', detail);

/** The stored document cannot be read. Only the request that asks for this document fails. */
export const unreadable = (what: string): Problem =>
  new Problem(
    'ResourceNotFound',
    `${what} is stored under this name, but in a form that cannot be read. It can be deleted.`,
  );

/** Reads a stored document. Throws ResourceNotFound when it is not valid, whatever its fault. */
export function readStored<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof Problem) throw unreadable(what);
    throw cause;
  }
}

/** The client sent too much. It may try again after some seconds. */
export class TooManyRequests extends Problem {
  readonly retryAfterSeconds: number;

  constructor(detail: string, retryAfterSeconds: number) {
    super('TooManyRequests', detail);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export const noSuchTenant = (name: string): Problem =>
  new Problem('NonexistentTenant', `There is no tenant named ${JSON.stringify(name)}.`);
