/** Leaves sources alone that failed: a circuit breaker for each host, and the cooldown of registrations (clause 5.2.34). */
import type { SourceAnswer } from '../../core/port/sources.ts';

export interface Rests {
  /** Why nothing is sent now. Undefined: it may be sent. */
  reason(host: string, registration: string): string | undefined;
  /** True while nothing is sent to the host because it did not answer. */
  isResting(host: string): boolean;
  /** Takes note of what became of a request. */
  note(request: AskedSource, answer: SourceAnswer): void;
}

interface AskedSource {
  readonly host: string;
  readonly registration: string;
  readonly cooldownMs?: number | undefined;
}

/** A host that did not answer this often, one time after the other, rests. After the rest, one request may try it. */
const failuresMax = 5;
const restMs = 2000;
/** Most hosts and registrations that are remembered. */
const rememberedMax = 10_000;

interface Breaker {
  failures: number;
  until: number;
}

export function createRests(nowMs: () => number): Rests {
  const hosts = new Map<string, Breaker>();
  const cooldowns = new Map<string, number>();
  return {
    reason(host, registration) {
      if ((cooldowns.get(registration) ?? 0) > nowMs()) return 'it failed a moment ago (cooldown)';
      const breaker = hosts.get(host);
      if (!breaker || breaker.failures < failuresMax) return undefined;
      if (breaker.until > nowMs()) return `it did not answer ${breaker.failures} times`;
      breaker.until = nowMs() + restMs;
      return undefined;
    },
    isResting(host) {
      const breaker = hosts.get(host);
      return breaker !== undefined && breaker.failures >= failuresMax && breaker.until > nowMs();
    },
    note({ host, registration, cooldownMs }, answer) {
      if (answer.kind === 'answered') hosts.delete(host);
      else remember(hosts, host, { failures: (hosts.get(host)?.failures ?? 0) + 1, until: nowMs() + restMs });
      const hasFailed = answer.kind === 'unanswered' || (answer.status >= 300 && answer.status !== 404);
      if (hasFailed && cooldownMs !== undefined) remember(cooldowns, registration, nowMs() + cooldownMs);
      else cooldowns.delete(registration);
    },
  };
}

/** Forgets the oldest when there are too many. */
function remember<Value>(known: Map<string, Value>, key: string, value: Value): void {
  known.delete(key);
  known.set(key, value);
  const [oldest] = known.keys();
  if (known.size > rememberedMax && oldest !== undefined) known.delete(oldest);
}
