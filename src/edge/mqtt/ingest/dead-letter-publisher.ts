/** Publishes rejected messages to the dead-letter topic. It uses its own connection, because the receiving connection may be paused. */
import { setTimeout as wait } from 'node:timers/promises';
import { backoffMs } from '../../../core/subscription/backoff.ts';
import { type Connection, openConnection } from '../connection.ts';
import type { IngestPlan } from './plan.ts';
import type { RejectedMessage } from './rejections.ts';

export interface DeadLetterPublisher {
  /**
   * Resolves with undefined when the MQTT broker has received the message, or with the reason when it refuses it. Rejects when
   * the signal aborts.
   */
  publish(rejected: RejectedMessage): Promise<string | undefined>;
  close(): Promise<void>;
}

/**
 * Maximum number of attempts. An MQTT broker may close the connection of a client that publishes an unwanted message, so retries
 * are limited.
 */
const attempts = 4;

/** Undefined when the plan has no dead-letter topic. */
export function createDeadLetterPublisher(
  { deadLetters: topic, server, version }: IngestPlan,
  timeoutMs: number,
  signal: AbortSignal,
): DeadLetterPublisher | undefined {
  if (topic === undefined) return undefined;
  let connection: Connection | undefined;
  const open = (): Connection => {
    const opened = openConnection({ target: { ...server, topic }, version, timeoutMs });
    void opened.closed.then(() => {
      if (connection === opened) connection = undefined;
    });
    return opened;
  };
  return {
    async publish(rejected) {
      const letter = { topic, payload: deadLetter(rejected), qos: 1, isRetained: false } as const;
      for (let failures = 1; ; failures += 1) {
        connection ??= open();
        const delivery = await connection.publish(letter);
        if (delivery.kind === 'taken') return undefined;
        if (delivery.kind !== 'unreached' || failures === attempts) return delivery.reason;
        await wait(backoffMs(failures, Math.random()), undefined, { signal });
      }
    },
    close: async () => connection?.end(),
  };
}

/** A rejected message as JSON: topic, reason, time of arrival, and the payload as text, or in base64 when it is not UTF-8. */
function deadLetter({ topic, payload, at, reason }: RejectedMessage): string {
  const text = payload.toString();
  const isText = Buffer.from(text).equals(payload);
  return JSON.stringify({
    topic,
    reason,
    arrivedAt: at,
    ...(isText ? { payload: text } : { payloadBase64: payload.toString('base64') }),
  });
}
