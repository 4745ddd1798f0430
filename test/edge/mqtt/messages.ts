/** Provides messengers and messages for tests of MQTT. */
import type { Message, Messenger } from '../../../src/core/port/messenger.ts';
import { createMqttMessenger, type MqttMessengerOptions } from '../../../src/edge/mqtt/messenger.ts';

const open: Messenger[] = [];

export function messenger(options: Partial<MqttMessengerOptions> = {}): Messenger {
  const made = createMqttMessenger({ timeoutMs: 5000, ...options });
  open.push(made);
  return made;
}

export async function closeMessengers(): Promise<void> {
  for (const one of open.splice(0)) await one.close();
}

/** By MQTT 3.1.1, unless told otherwise. */
export const message = (uri: string, more: Partial<Message> = {}): Message => ({
  uri,
  contentType: 'application/json',
  headers: {},
  notifierInfo: { 'MQTT-Version': 'mqtt3.1.1' },
  body: '{"id":"urn:n:1","data":[]}',
  ...more,
});

export const withQos = (qos: number, version = 'mqtt3.1.1'): Pick<Message, 'notifierInfo'> => ({
  notifierInfo: { 'MQTT-Version': version, 'MQTT-QoS': String(qos) },
});
