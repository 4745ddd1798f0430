/** The limits of HTTP requests and answers. */
import type { Memory } from '../core/port/memory.ts';
import { largestBody } from '../edge/http/body-budget.ts';
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
  // An answer is written in pieces of 64 KiB. A client that reads less than 2 KiB a second is disconnected.
  writeTimeoutMs: 30_000,
});
