/** Loads a server over keep-alive connections and measures the result. */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';

/** Answers per second and latencies in milliseconds. */
export interface Load {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
}

export interface Shot {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT';
  readonly path: string;
  readonly body?: string;
}

interface LoadOptions {
  readonly connections?: number;
  readonly seconds?: number;
  /** Ends after so many answers instead of after some time. */
  readonly amount?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends shots made one by one from so many connections, for some seconds or a number of answers. */
export async function load(
  url: string,
  shot: () => Shot,
  { connections = 64, seconds = 5, amount, headers = {} }: LoadOptions = {},
): Promise<Load> {
  const result = await autocannon({
    url,
    connections,
    // It ends at a sample.
    ...(amount === undefined ? { duration: seconds } : { amount, sampleInt: 20 }),
    requests: [
      {
        setupRequest: (request) => ({
          ...request,
          ...shot(),
          headers: { 'content-type': 'application/json', ...headers },
        }),
      },
    ],
  });
  return {
    perSecond: result.requests.average,
    p50: result.latency.p50,
    p99: result.latency.p99,
    failed: result.non2xx + result.errors,
  };
}

/** Sends the same request one after the other; median and 99th percentile in milliseconds. */
export async function latencies(send: () => Promise<unknown>, times: number): Promise<{ p50: number; p99: number }> {
  const taken: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const began = performance.now();
    await send();
    taken.push(performance.now() - began);
  }
  return percentiles(taken);
}

export function percentiles(taken: readonly number[]): { p50: number; p99: number } {
  const sorted = [...taken].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

/** Lets a server come to rest between two measurements. */
export const rest = (): Promise<void> => sleep(500);
