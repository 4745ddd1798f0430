/** Opens sockets to MQTT brokers. */
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { MqttServer } from './target.ts';

export function openSocket({ isTls, host, port }: MqttServer, lookup?: LookupFunction): Socket {
  const to = { host, port, ...(lookup ? { lookup } : undefined) };
  if (!isTls) return connectTcp(to).setNoDelay();
  return connectTls({ ...to, ...(isIP(host) === 0 ? { servername: host } : undefined) }).setNoDelay();
}
