/** Passes every observation to the metrics, the log, and further listeners. */
import type { Observe } from '../../core/port/observe.ts';
import type { Config } from '../config/options.ts';
import { createLog } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';

export interface Telemetry {
  readonly metrics: Metrics;
  readonly observe: Observe;
  /** Adds a listener for observations. */
  readonly listen: (listener: Observe) => void;
}

export function openTelemetry(config: Config): Telemetry {
  const metrics = createMetrics();
  const listeners = [metrics.observe, createLog(config.logLevel)];
  return {
    metrics,
    observe(observation) {
      for (const listener of listeners) listener(observation);
    },
    listen: (listener) => void listeners.push(listener),
  };
}
