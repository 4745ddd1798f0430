/** What an MQTT broker's answer to a message means for its delivery. */
import { ErrorWithReasonCode } from 'mqtt';
import type { Delivery } from '../../core/port/messenger.ts';

/** Reason codes (MQTT 5.0, 2.4): not authorized, topic name invalid, packet too large, payload format invalid, QoS not supported. */
const refusing = new Set([135, 144, 149, 153, 155]);

/** Reason codes: message rate too high, quota exceeded. */
const unavailable = new Set([150, 151]);

export function deliveryOf(error: Error | null | undefined): Delivery {
  if (!error) return { kind: 'taken' };
  const code = error instanceof ErrorWithReasonCode ? error.code : undefined;
  const reason = error.message;
  // Without a code it was the connection that failed.
  if (code === undefined || unavailable.has(code)) return { kind: 'unreached', reason };
  return { kind: refusing.has(code) ? 'refused' : 'failed', reason };
}
