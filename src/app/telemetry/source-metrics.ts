/** Metrics of requests to context sources, by host. */
import { Histogram, type Registry } from 'prom-client';
import type { Observation } from '../../core/port/observe.ts';

type OfSource = Extract<Observation, { kind: 'sourceAsked' }>;

/** Most hosts with numbers of their own. Others are counted together, so that registrations cannot make metrics without end. */
const hostsMax = 100;
const others = 'other';
const seconds = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60];

/** Returns the function that counts observations. */
export function createSourceCount(registry: Registry): (observation: OfSource) => void {
  const requests = new Histogram({
    name: 'mlaka_source_seconds',
    help: 'Time that requests to context sources took.',
    labelNames: ['host', 'result'],
    buckets: seconds,
    registers: [registry],
  });
  const hosts = new Set<string>();
  return ({ host, result, tookMs }) => {
    if (hosts.size < hostsMax) hosts.add(host);
    requests.observe({ host: hosts.has(host) ? host : others, result }, tookMs / 1000);
  };
}
