/** Follows the faults of a series: a fault begins with a finding, and ends when several values in a row are good. */
import type { Micros } from '../../../core/model/instant.ts';
import type { Check, Fault, Finding } from './checks.ts';
import type { Series } from './series.ts';

export interface FaultEvent {
  readonly kind: 'opened' | 'continued' | 'closed';
  readonly fault: Fault;
}

/** How many good values end a fault. A fault that comes and goes is then one. */
const goodToEnd: Readonly<Partial<Record<Check, number>>> = { silence: 1, flatLine: 1 };
const goodValues = 3;

/** Takes the findings about a value, and returns which faults begin, go on and end. Silence is ended by any value. */
export function followFaults(
  series: Series,
  findings: readonly Finding[],
  { value, at }: { readonly value: number; readonly at: Micros },
): readonly FaultEvent[] {
  if (findings.length === 0 && !series.faults) return [];
  const ended = [...(series.faults ?? [])].filter(
    ([check, fault]) => !findings.some((finding) => finding.check === check) && hasEnded(check, fault),
  );
  for (const [check] of ended) series.faults?.delete(check);
  const events = findings.map((finding) => noteFault(series, finding, { value, at }));
  if (series.faults?.size === 0) series.faults = undefined;
  return [...ended.map(([, fault]) => ({ kind: 'closed', fault }) as const), ...events];
}

/** Counts a good value. */
function hasEnded(check: Check, fault: Fault): boolean {
  fault.good += 1;
  return fault.good >= (goodToEnd[check] ?? goodValues);
}

/** Begins a fault, or goes on with it. The other faults stay as they are. */
export function noteFault(
  series: Series,
  finding: Finding,
  { value, at }: { readonly value: number; readonly at: Micros },
): FaultEvent {
  const faults = (series.faults ??= new Map<Check, Fault>());
  const known = faults.get(finding.check);
  if (!known) {
    const fault: Fault = { finding, count: 1, value, lastAt: at, good: 0 };
    faults.set(finding.check, fault);
    return { kind: 'opened', fault };
  }
  known.count += 1;
  known.value = value;
  known.lastAt = at;
  known.good = 0;
  return { kind: 'continued', fault: known };
}
