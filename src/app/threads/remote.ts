/** Calls a function of another thread through a port. */
import type { MessagePort } from 'node:worker_threads';
import { Problem, type ProblemReport, TooManyRequests } from '../../core/model/problem.ts';

/** What a function takes and gives. */
export interface Signature {
  readonly argument: unknown;
  readonly result: unknown;
}

interface Call<Of extends Signature> {
  readonly seq: number;
  readonly argument: Of['argument'];
}

type Answer<Of extends Signature> =
  | { readonly seq: number; readonly result: Of['result'] }
  | { readonly seq: number; readonly failure: Failure };

/** An error as another thread gets it. Without `problem`, it is a bug. */
interface Failure {
  readonly message: string;
  readonly problem?: ProblemReport;
  readonly retryAfterSeconds?: number;
}

/** Answers the calls of another thread. */
export function serveRemote<Of extends Signature>(
  port: MessagePort,
  answer: (argument: Of['argument']) => Of['result'] | Promise<Of['result']>,
): void {
  const answerOf = async ({ seq, argument }: Call<Of>): Promise<Answer<Of>> => {
    try {
      return { seq, result: await answer(argument) };
    } catch (error) {
      return { seq, failure: failureOf(error) };
    }
  };
  port.on('message', (call: Call<Of>) => void answerOf(call).then((answered) => port.postMessage(answered)));
}

interface Waiting<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/** A function that `serveRemote` answers in another thread. It throws the Problems of that function, and Unavailable when the thread has ended. */
export function createRemote<Of extends Signature>(
  port: MessagePort,
): (argument: Of['argument']) => Promise<Of['result']> {
  const waiting = new Map<number, Waiting<Of['result']>>();
  let [last, isClosed] = [0, false];
  port.on('message', (answer: Answer<Of>) => {
    const one = waiting.get(answer.seq);
    waiting.delete(answer.seq);
    if ('result' in answer) one?.resolve(answer.result);
    else one?.reject(errorOf(answer.failure));
  });
  port.on('close', () => {
    isClosed = true;
    for (const { reject } of waiting.values()) reject(gone());
    waiting.clear();
  });
  return (argument) =>
    new Promise((resolve, reject) => {
      if (isClosed) return reject(gone());
      last += 1;
      waiting.set(last, { resolve, reject });
      port.postMessage({ seq: last, argument });
    });
}

const gone = (): Problem => new Problem('Unavailable', 'A thread of the broker has ended; try again.');

const failureOf = (error: unknown): Failure =>
  error instanceof Problem
    ? {
        message: error.message,
        problem: error.report,
        ...(error instanceof TooManyRequests ? { retryAfterSeconds: error.retryAfterSeconds } : undefined),
      }
    : { message: error instanceof Error ? (error.stack ?? error.message) : String(error) };

function errorOf({ message, problem, retryAfterSeconds }: Failure): Error {
  if (retryAfterSeconds !== undefined) return new TooManyRequests(message, retryAfterSeconds);
  return problem ? new Problem(problem.type, problem.detail) : new Error(message);
}
