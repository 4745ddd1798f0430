/** The bounds of requests and answers over HTTP. */
import type { Memory } from '../core/port/memory.ts';
import { largestBody } from '../edge/http/arrivals.ts';
import type { HttpOptions } from '../edge/http/server.ts';
import type { Config } from './config/options.ts';

export const httpLimitsOf = (
  { bodyBytesMax, depthMax, membersMax }: Config,
  memory: Memory,
): HttpOptions['limits'] => ({
  bodyBytesMax: Math.min(bodyBytesMax, largestBody(memory)),
  depthMax,
  membersMax,
  headersTimeoutMs: 30_000,
  requestTimeoutMs: 120_000,
  // A piece of an answer is 64 KiB: slower than 2 KiB a second is as good as gone.
  takingTimeoutMs: 30_000,
});
