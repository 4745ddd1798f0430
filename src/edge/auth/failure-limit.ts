/** Limits how many wrong credentials an address may send, so that nobody can try many of them or load the broker with slow checks. */
import { networkOf } from '../../core/access/quotas.ts';

export interface FailureLimit {
  /** Seconds until the address may try again. Undefined: it may now. */
  blockedFor(address: string): number | undefined;
  /** Counts a failure. */
  note(address: string): void;
}

export interface FailureLimitOptions {
  /** Failures of one address within one window. */
  readonly failuresMax: number;
  readonly windowMs: number;
  /** A clock that nobody sets, in milliseconds. */
  readonly steadyMs: () => number;
}

interface Window {
  failures: number;
  readonly untilMs: number;
}

/** Most addresses that are counted. When one more fails, the oldest is forgotten. */
const addressesMax = 10_000;

export function createFailureLimit({ failuresMax, windowMs, steadyMs }: FailureLimitOptions): FailureLimit {
  const windows = new Map<string, Window>();
  const current = (source: string): Window | undefined => {
    const window = windows.get(source);
    if (window && window.untilMs > steadyMs()) return window;
    windows.delete(source);
    return undefined;
  };
  return {
    blockedFor: (address) => {
      const window = current(networkOf(address));
      if (!window || window.failures < failuresMax) return undefined;
      return Math.max(1, Math.ceil((window.untilMs - steadyMs()) / 1000));
    },
    note: (address) => {
      const source = networkOf(address);
      const window = current(source) ?? { failures: 0, untilMs: steadyMs() + windowMs };
      window.failures += 1;
      windows.set(source, window);
      const [oldest] = windows.keys();
      if (windows.size > addressesMax && oldest !== undefined) windows.delete(oldest);
    },
  };
}
