/** Publishes messages that are of no use where somebody can look at them, over a connection of their own: that for what comes may be paused. */
import { setTimeout as wait } from 'node:timers/promises';
import { backoffMs } from '../../../core/subscription/backoff.ts';
import { type Connection, openConnection } from '../connection.ts';
import type { IngestPlan } from './plan.ts';
import type { RejectedMessage } from './rejections.ts';

export interface DeadLetterPublisher {
  /** Resolves when the MQTT broker has it or, with the reason, does not take it. Rejects when the signal is given meanwhile. */
  publish(rejected: RejectedMessage): Promise<string | undefined>;
  close(): Promise<void>;
}

/** An MQTT broker may hang up on who publishes what it does not want: so it is not asked for ever. */
const attempts = 4;

/** Undefined when the plan has no topic for them. */
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
      const letter = { topic, payload: deadLetter(rejected), qos: 1 } as const;
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

/** A rejected message as JSON: topic, reason, time of arrival, and the payload as text, or in base64 when it is none. */
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
