/** Defines the errors of NGSI v2: a code and a text. The texts are those of Orion, because clients compare them. */
import { Problem, type ProblemType } from '../model/problem.ts';

/** The codes of errors, each with the problem of the core that comes closest. */
const problemOf = {
  BadRequest: 'BadRequestData',
  NotFound: 'ResourceNotFound',
  TooManyResults: 'TooManyResults',
  Unprocessable: 'Conflict',
  PartialUpdate: 'Conflict',
  NotImplemented: 'OperationNotSupported',
  ParseError: 'InvalidRequest',
  MethodNotAllowed: 'OperationNotSupported',
  NotAcceptable: 'InvalidRequest',
  ContentLengthRequired: 'InvalidRequest',
  RequestEntityTooLarge: 'InvalidRequest',
  UnsupportedMediaType: 'InvalidRequest',
} as const satisfies Record<string, ProblemType>;

export type V2Code = keyof typeof problemOf;

/** An error with its code in NGSI v2. `message` is the description, `error` the member of this name in the answer. */
export class V2Problem extends Problem {
  readonly code: V2Code;
  readonly error: string;

  /** `error`: absent where it is the code. QuantumLeap has names of its own. */
  constructor(code: V2Code, description: string, error: string = code) {
    super(problemOf[code], description);
    this.code = code;
    this.error = error;
  }
}

/** Shorthand for the most frequent error: something in the URL or in the payload is wrong. */
export const badRequest = (description: string): V2Problem => new V2Problem('BadRequest', description);
