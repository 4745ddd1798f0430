/**
 * The circuit breaker of one receiver. It says how many messages may be in flight to the receiver.
 *
 *   closed ──────── unreachable ───────▶ open: no message
 *   ▲  1 to 16 messages                        │
 *   │                                          │ after the backoff
 *   └──── response ──── half-open: 1 message ◀─┘
 *                             │                ▲
 *                             └─ unreachable ──┘ with a longer backoff
 *
 * A breaker begins half-open, because nothing is known about the receiver. Each response lets one more message be in flight.
 */
import type { Delivery } from '../../core/port/messenger.ts';
import { backoffMs } from '../../core/subscription/backoff.ts';

export interface CircuitBreaker {
  /** True while nothing may be sent. */
  isOpen(): boolean;
  /** The end of the last time in which nothing could be sent, in milliseconds of the monotonic clock. */
  openUntilMs(): number;
  /** The maximum number of messages in flight. It applies while the breaker is not open. */
  inFlightMax(): number;
  /** True when the receiver has accepted a message since it was last unreachable. */
  hasAccepted(): boolean;
  /** Takes the result of an attempt into account. */
  record(delivery: Delivery): void;
}

export interface CircuitBreakerOptions {
  readonly nowMs: () => number;
  readonly chance: () => number;
}

/** The maximum number of messages in flight to one receiver that always responds. */
const inFlightLimit = 16;

export function createCircuitBreaker({ nowMs, chance }: CircuitBreakerOptions): CircuitBreaker {
  let [inFlightMax, failures, hasAccepted, openUntilMs] = [1, 0, false, 0];
  const isOpen = (): boolean => nowMs() < openUntilMs;
  const recordUnreached = (retryAfterMs: number): void => {
    inFlightMax = 1;
    hasAccepted = false;
    // Attempts that started before the first failure count as one failure.
    if (isOpen()) return;
    failures += 1;
    openUntilMs = nowMs() + Math.max(backoffMs(failures, chance()), retryAfterMs);
  };
  const recordResponse = (isAccepted: boolean): void => {
    failures = 0;
    hasAccepted ||= isAccepted;
    inFlightMax = Math.min(inFlightLimit, inFlightMax + 1);
  };
  return {
    isOpen,
    openUntilMs: () => openUntilMs,
    inFlightMax: () => inFlightMax,
    hasAccepted: () => hasAccepted,
    record(delivery) {
      if (delivery.kind === 'abandoned') return;
      if (delivery.kind === 'unreached') recordUnreached(delivery.retryAfterMs ?? 0);
      else recordResponse(delivery.kind === 'taken');
    },
  };
}
