/** Tells when a series is silent: nothing has arrived for much longer than is declared, or was learnt. */
import type { Micros } from '../../../core/model/instant.ts';
import type { Finding, Limits } from './checks.ts';
import type { Series } from './series.ts';

/** How many intervals may pass; and how much longer than the longest pause that has come twice. */
const [intervalFactor, pauseFactor] = [3, 1.25];

/** After this time without a value the series is silent. Infinity: never, or not known yet. */
export function silentAfter({ pause, learnt }: Series, { checks, intervalMicros }: Limits): Micros {
  if (!checks.has('silence')) return Number.POSITIVE_INFINITY;
  if (intervalMicros !== undefined) return intervalFactor * intervalMicros;
  if (learnt.pause === undefined || pause === 0) return Number.POSITIVE_INFINITY;
  return Math.max(intervalFactor * pause, pauseFactor * learnt.pause);
}

/** The finding that a series is silent. `from`: silence before this does not count, because the watch was not there. */
export function findSilence(
  series: Series,
  limits: Limits,
  { now, from }: { readonly now: Micros; readonly from: Micros },
): Finding | undefined {
  const allowed = silentAfter(series, limits);
  const { arrivedAt } = series;
  const heardAt = Number.isNaN(arrivedAt) ? from : arrivedAt;
  const elapsed = now - Math.max(heardAt, from);
  if (!(elapsed > allowed)) return undefined;
  const plausibility = Math.round((100 * allowed) / elapsed) / 100;
  return { check: 'silence', since: heardAt, plausibility };
}
