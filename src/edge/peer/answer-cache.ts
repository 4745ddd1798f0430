/** Keeps answers of context sources whose registration allows it (`management.cacheDuration`, clause 5.2.34), within bounds. */
import type { SourceAnswer, SourceRequest } from '../../core/port/sources.ts';

export interface AnswerCache {
  /** The kept answer to the same request, with `isCached`. Undefined: there is none that is young enough. */
  get(request: SourceRequest): SourceAnswer | undefined;
  /**
   * Keeps an answer with status 200 and a body for the `cacheMs` of the request, if it has one. The answer to a write (no GET, and no
   * `cacheMs`) ends what is kept of the source.
   */
  put(request: SourceRequest, answer: SourceAnswer): void;
}

interface Kept {
  readonly registration: string;
  readonly answer: SourceAnswer;
  readonly size: number;
  readonly until: number;
}

/** Most answers, most characters of one with its request, and of all. The oldest go first. */
const answersMax = 1000;
const sizeMax = 2 ** 20;
const sizesMax = 16 * sizeMax;

export function createAnswerCache(nowMs: () => number): AnswerCache {
  const answers = new Map<string, Kept>();
  let sizes = 0;
  const remove = (key: string): void => {
    sizes -= answers.get(key)?.size ?? 0;
    answers.delete(key);
  };
  const forget = (registration: string): void => {
    for (const [key, kept] of answers) if (kept.registration === registration) remove(key);
  };
  return {
    get(request) {
      if (request.cacheMs === undefined) return undefined;
      const key = keyOf(request);
      const kept = answers.get(key);
      if (kept && kept.until > nowMs()) return { ...kept.answer, isCached: true };
      remove(key);
      return undefined;
    },
    put(request, answer) {
      if (request.cacheMs === undefined) {
        if (request.method !== 'GET') forget(request.registration);
        return;
      }
      if (answer.kind !== 'answered' || answer.status !== 200 || answer.body === undefined) return;
      const key = keyOf(request);
      remove(key);
      const size = key.length + JSON.stringify(answer).length;
      if (size > sizeMax) return;
      answers.set(key, { registration: request.registration, answer, size, until: nowMs() + request.cacheMs });
      sizes += size;
      for (const oldest of answers.keys()) {
        if (answers.size <= answersMax && sizes <= sizesMax) return;
        remove(oldest);
      }
    },
  };
}

/** Everything of a request that its answer can depend on. */
const keyOf = ({ method, url, headers, body }: SourceRequest): string => JSON.stringify([method, url, headers, body]);
