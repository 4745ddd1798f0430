/** The requests of one thread to the writer's thread: their numbers, and the promises of their answers. */
import { Problem } from '../../../core/model/problem.ts';
import { errorOf } from '../failure.ts';
import type { Answer, Job, Reply } from '../message.ts';
import { createPendingRequests, type Size, type WriterLimits } from './pending-requests.ts';

export function sizeOf(job: Job): number {
  if (job.op === 'apply') return lengthOf(job.writes);
  if (job.op === 'record') return lengthOf(job.series);
  if (job.op === 'replace') return job.after?.length ?? 0;
  return job.op === 'put' ? job.documents.reduce((sum, { doc }) => sum + doc.length, 0) : 0;
}

const lengthOf = (texts: readonly string[]): number => texts.reduce((sum, { length }) => sum + length, 0);

export interface Requests {
  /** Waits for the answer to the request that `post` sends with a sequence number. Throws Unavailable when the queue is full or stopped. */
  enter(size: Size, post: (seq: number) => void): Promise<Answer>;
  settle(reply: Reply): void;
  isOpen(): boolean;
  /** Stops the queue. False: it was stopped already. */
  refuse(): boolean;
  /** Rejects all waiting requests. */
  fail(error: Error): void;
}

/** The numbers of the requests of one thread: they tell the threads apart. The main thread is number 0, and has the small ones. */
const seqsEach = 2 ** 42;

/** The thread that sent a request. */
export const clientOf = (seq: number): number => Math.floor(seq / seqsEach);

export function createRequests(limits: WriterLimits, client = 0): Requests {
  const waiting = createPendingRequests(limits);
  let lastSeq = client * seqsEach;
  let isOpen = true;
  return {
    enter(size, post) {
      if (!isOpen) return Promise.reject(new Problem('Unavailable', 'The store does not take writes any more.'));
      if (!waiting.hasCapacityFor(size)) {
        return Promise.reject(new Problem('Unavailable', 'Too many writes are waiting already; try again later.'));
      }
      lastSeq += 1;
      const seq = lastSeq;
      return new Promise<Answer>((resolve, reject) => {
        waiting.add(seq, { ...size, resolve, reject });
        post(seq);
      });
    },
    settle(reply) {
      const one = waiting.take(reply.seq);
      if ('answer' in reply) one?.resolve(reply.answer);
      else one?.reject(errorOf(reply.failure));
    },
    refuse() {
      const was = isOpen;
      isOpen = false;
      return was;
    },
    isOpen: () => isOpen,
    fail(error) {
      for (const one of waiting.takeAll()) one.reject(error);
    },
  };
}
