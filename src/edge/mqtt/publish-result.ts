/** Maps the result of a publish to a delivery. */
import { ErrorWithReasonCode } from 'mqtt';
import type { Delivery } from '../../core/port/messenger.ts';

/**
 * Reason codes that mean refusal (MQTT 5.0, 2.4): not authorized, topic name invalid, packet too large, payload format invalid,
 * QoS not supported.
 */
const refusing = new Set([135, 144, 149, 153, 155]);

/** Reason codes that allow a retry: message rate too high, quota exceeded. */
const unavailable = new Set([150, 151]);

export function deliveryOf(error: Error | null | undefined): Delivery {
  if (!error) return { kind: 'taken' };
  const code = error instanceof ErrorWithReasonCode ? error.code : undefined;
  const reason = error.message;
  // Without a reason code, the connection failed.
  if (code === undefined || unavailable.has(code)) return { kind: 'unreached', reason };
  return { kind: refusing.has(code) ? 'refused' : 'failed', reason };
}
