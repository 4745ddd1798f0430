/** Decides whether access is open or required. */
import { BlockList, isIP } from 'node:net';
import type { Config } from './config/options.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * `open`: everybody may do everything. `required`: only with a valid key or token. Initially it is open for clients on the same machine only:
 * on a loopback address, with no proxy in front.
 */
export function accessModeOf({
  access,
  host,
  trustedProxies,
}: Pick<Config, 'access' | 'host' | 'trustedProxies'>): 'open' | 'required' {
  if (access === 'open' || access === 'required') return access;
  return isLoopback(host) && trustedProxies === '' ? 'open' : 'required';
}

/** True for an address that only programs of the same machine reach. */
export function isLoopback(host: string): boolean {
  const version = isIP(host);
  return version === 0 ? host === 'localhost' : loopback.check(host, version === 4 ? 'ipv4' : 'ipv6');
}
