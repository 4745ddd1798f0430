/** Builds the quotas as the options choose them. */
import { performance } from 'node:perf_hooks';
import { createQuotas, type Quotas } from '../core/access/quotas.ts';
import type { Observe } from '../core/port/observe.ts';
import { accessModeOf, isLoopback } from './access-mode.ts';
import type { Config } from './config/options.ts';
import { createSharedAccounts } from './threads/shared-accounts.ts';
import { sharedSteadyMs } from './threads/shared-state.ts';

/** Adds the quotas to the parts of a broker. `shared`: the memory of the accounts, where several threads count. There are none when only programs of the same machine reach it without credentials. */
export function withQuotas<Parts extends { readonly observe: Observe }>(
  config: Config,
  parts: Parts,
  shared?: SharedArrayBuffer,
): Parts & { readonly quotas?: Quotas } {
  if (accessModeOf(config) === 'open' && isLoopback(config.host)) return parts;
  const limits = {
    requestsPerMinute: config.quotaRequests,
    writesPerMinute: config.quotaWrites,
    bytesPerMinute: config.quotaBytes,
    requestsAtOnce: config.quotaConcurrency,
    streamsAtOnce: config.quotaStreams,
    subscriptions: config.quotaSubscriptions,
  };
  const quotas = createQuotas({
    limits,
    ...(shared
      ? { accounts: createSharedAccounts(shared, { limits, steadyMs: sharedSteadyMs }), steadyMs: sharedSteadyMs }
      : { steadyMs: () => performance.now() }),
    onExceeded: (quota) => parts.observe({ kind: 'quotaExceeded', quota }),
  });
  return { ...parts, quotas };
}
