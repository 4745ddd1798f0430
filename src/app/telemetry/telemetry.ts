/** Passes every observation to the metrics, the log, and further listeners. */
import type { Observe } from '../../core/port/observe.ts';
import type { Config } from '../config/options.ts';
import { createLog } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createRecentLog, type RecentLog } from './recent-log.ts';

export interface Telemetry {
  readonly metrics: Metrics;
  readonly observe: Observe;
  readonly recentLog: RecentLog;
  /** Adds a listener for observations. */
  readonly listen: (listener: Observe) => void;
}

export function openTelemetry(config: Config): Telemetry {
  const metrics = createMetrics();
  const recentLog = createRecentLog();
  const listeners = [metrics.observe, createLog(config.logLevel, recentLog.add)];
  return {
    metrics,
    recentLog,
    observe(observation) {
      for (const listener of listeners) listener(observation);
    },
    listen: (listener) => void listeners.push(listener),
  };
}
