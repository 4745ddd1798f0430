/** Builds the quotas as the options choose them. */
import { performance } from 'node:perf_hooks';
import { createQuotas, type Quotas } from '../core/access/quotas.ts';
import type { Observe } from '../core/port/observe.ts';
import { accessModeOf, isLoopback } from './access-mode.ts';
import type { Config } from './config/options.ts';

/** Adds the quotas to the parts of a broker. There are none when only programs of the same machine reach it without credentials. */
export function withQuotas<Parts extends { readonly observe: Observe }>(
  config: Config,
  parts: Parts,
): Parts & { readonly quotas?: Quotas } {
  if (accessModeOf(config) === 'open' && isLoopback(config.host)) return parts;
  const quotas = createQuotas({
    limits: {
      requestsPerMinute: config.quotaRequests,
      writesPerMinute: config.quotaWrites,
      bytesPerMinute: config.quotaBytes,
      requestsAtOnce: config.quotaConcurrency,
      streamsAtOnce: config.quotaStreams,
      subscriptions: config.quotaSubscriptions,
    },
    steadyMs: () => performance.now(),
    onExceeded: (quota) => parts.observe({ kind: 'quotaExceeded', quota }),
  });
  return { ...parts, quotas };
}
