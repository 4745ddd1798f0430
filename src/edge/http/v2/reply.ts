/** Converts the results and the errors of operations to the HTTP replies of NGSI v2. */
import { STATUS_CODES } from 'node:http';
import { statusOf } from '../../../core/operation/describe-problem.ts';
import type { OperationResult } from '../../../core/operation/operation.ts';
import { Problem } from '../../../core/model/problem.ts';
import { type V2Code, V2Problem } from '../../../core/v2/problem.ts';
import { mediaTypes } from '../accept.ts';
import { failureReply, type FailureContext } from '../fail.ts';
import { Refusal, type RefusalStatus } from '../refusal.ts';
import { type Headers, jsonReply, type Reply } from '../reply.ts';
import { plainReply } from '../write.ts';

/** The reply to a result. */
export function v2Reply(answer: OperationResult): Reply {
  if (answer.kind !== 'found') {
    const reply = plainReply(answer);
    return answer.kind === 'plain' ? { ...reply, headers: { ...reply.headers, 'Content-Type': 'text/plain' } } : reply;
  }
  const { count } = answer.page ?? {};
  return {
    status: 200,
    headers: {
      'Content-Type': mediaTypes[answer.media ?? 'json'],
      ...(count === undefined ? undefined : { 'Fiware-Total-Count': String(count) }),
    },
    body: answer.text,
  };
}

const statusOfCode: Readonly<Record<V2Code, number>> = {
  ParseError: 400,
  BadRequest: 400,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  TooManyResults: 409,
  ContentLengthRequired: 411,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Unprocessable: 422,
  PartialUpdate: 422,
  NotImplemented: 501,
};

const codeOfRefusal: Readonly<Record<RefusalStatus, V2Code>> = {
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  411: 'ContentLengthRequired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  421: 'BadRequest',
};

/** The code for a status that the core gave to a problem. */
const codeOfStatus: ReadonlyMap<number, string> = new Map([
  [400, 'BadRequest'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [409, 'Unprocessable'],
  [429, 'TooManyRequests'],
  [501, 'NotImplemented'],
  [503, 'ServiceUnavailable'],
]);

/** The reply to an error: code and description. Headers and statuses of other errors are those of the NGSI-LD API. */
export function v2FailureReply(error: unknown, context: FailureContext): Reply {
  const { status, code, text, headers } = describeFailure(error, context);
  return jsonReply(status, { error: code, description: text }, { ...headers, ...jsonType });
}

/** The reply to an error in the form of STH-Comet's first version. */
export function sthFailureReply(error: unknown, context: FailureContext): Reply {
  const { status, text, headers } = describeFailure(error, context);
  const body = { statusCode: status, error: STATUS_CODES[status] ?? '', message: text };
  return jsonReply(status, body, { ...headers, ...jsonType });
}

const jsonType: Headers = { 'Content-Type': 'application/json' };

interface Failure {
  readonly status: number;
  readonly code: string;
  readonly text: string;
  readonly headers?: Headers;
}

function describeFailure(error: unknown, context: FailureContext): Failure {
  if (error instanceof V2Problem) return { status: statusOfCode[error.code], code: error.error, text: error.message };
  if (error instanceof Refusal) {
    const { status, headers } = error;
    return { status, code: codeOfRefusal[status], text: textOf(error), headers };
  }
  const { status, headers } = failureReply(error, context);
  const known = error instanceof Problem;
  const text = known ? error.message : 'The cause is in the log of the broker.';
  if (known && error.type === 'NonexistentTenant') return { status: 404, code: 'NotFound', text };
  const code = codeOfStatus.get(known ? statusOf[error.type] : status) ?? 'InternalServerError';
  return { status, code, text, headers };
}

const textOf = ({ status, message }: Refusal): string => (status === 405 ? 'method not allowed' : message);
