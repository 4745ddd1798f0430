/** Writes the MQTT payload of a notification: one JSON object of the HTTP-style headers and the notification (clause 7.2), or the body. */
import type { Message } from '../../core/port/messenger.ts';

/** Returns `{"metadata": {"Content-Type": …, "Link": …, …}, "body": …}`. The given body is JSON text already. */
export function payloadOf({ contentType, headers, body, isBodyAlone = false }: Message): string {
  if (isBodyAlone) return body;
  const others = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'content-type');
  return `{"metadata":${JSON.stringify(Object.fromEntries([['Content-Type', contentType], ...others]))},"body":${body}}`;
}
