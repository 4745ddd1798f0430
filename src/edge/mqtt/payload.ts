/** Writes notifications as MQTT carries them: one JSON object of what would else be headers, and the notification (clause 7.2). */
import type { Message } from '../../core/port/messenger.ts';

/** `{"metadata": {"Content-Type": …, "Link": …, …}, "body": …}`. The body is JSON already. */
export function payloadOf({ contentType, headers, body }: Message): string {
  const others = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'content-type');
  return `{"metadata":${JSON.stringify(Object.fromEntries([['Content-Type', contentType], ...others]))},"body":${body}}`;
}
