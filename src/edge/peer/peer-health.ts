/** Remembers how each host of context sources answered: counts, times, and the last success and failure. */
import type { PeerHealth, SourceAnswer } from '../../core/port/sources.ts';

/** What is known of a host but whether it rests. */
type Known = Omit<PeerHealth, 'isResting' | 'underWay'>;

export interface HealthBook {
  note(host: string, answer: SourceAnswer, tookMs: number): void;
  /** Undefined: the host was not asked, or so long ago that others have taken its place. */
  of(host: string): Known | undefined;
}

/** Most hosts that are remembered. */
const hostsMax = 1000;
/** The share of the newest time in the mean: the last ten or so count. */
const newestShare = 0.1;
const reasonLengthMax = 200;

const unknown: Known = { asked: 0, failed: 0, unanswered: 0, failuresInARow: 0, meanMs: 0, slowestMs: 0 };

export function createHealthBook(now: () => Date): HealthBook {
  const hosts = new Map<string, Known>();
  return {
    note(host, answer, tookMs) {
      const before = hosts.get(host) ?? unknown;
      hosts.delete(host);
      hosts.set(host, after(before, { answer, tookMs, at: now().toISOString() }));
      const [oldest] = hosts.keys();
      if (hosts.size > hostsMax && oldest !== undefined) hosts.delete(oldest);
    },
    of: (host) => hosts.get(host),
  };
}

interface Asked {
  readonly answer: SourceAnswer;
  readonly tookMs: number;
  readonly at: string;
}

/** A source without the entity that it was asked for is well. */
export const isGood = (answer: SourceAnswer): boolean =>
  answer.kind === 'answered' && (answer.status < 300 || answer.status === 404);

function after(before: Known, { answer, tookMs, at }: Asked): Known {
  const times = {
    asked: before.asked + 1,
    meanMs: before.asked === 0 ? tookMs : before.meanMs * (1 - newestShare) + tookMs * newestShare,
    slowestMs: Math.max(before.slowestMs, tookMs),
  };
  if (isGood(answer)) return { ...before, ...times, failuresInARow: 0, lastSuccess: at };
  const isUnanswered = answer.kind === 'unanswered';
  return {
    ...before,
    ...times,
    failed: before.failed + 1,
    unanswered: before.unanswered + (isUnanswered ? 1 : 0),
    failuresInARow: before.failuresInARow + 1,
    lastFailure: at,
    lastReason: (isUnanswered ? answer.reason : `It answered with status ${answer.status}.`).slice(0, reasonLengthMax),
  };
}
