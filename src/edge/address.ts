/** Distinguishes public internet addresses from private, local and reserved ones (IANA special-purpose address registries). */
import { BlockList, isIP } from 'node:net';

/** IPv4 networks that are not on the public internet: first address, and prefix length in bits. */
const specialIpv4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const;

/** IPv6 networks within 2000::/3 that are not public: protocols and tunnels, documentation, 6to4, documentation. */
const specialIpv6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const;

/** The NAT64 network, by which IPv6-only hosts reach IPv4. The last 32 bits are the IPv4 address, which decides whether it is public. */
const nat64 = '64:ff9b::';
const nat64Bits = 96;

const special = new BlockList();
for (const [network, bits] of specialIpv4) {
  special.addSubnet(network, bits, 'ipv4');
  special.addSubnet(`${nat64}${network}`, nat64Bits + bits, 'ipv6');
}
for (const [network, bits] of specialIpv6) special.addSubnet(network, bits, 'ipv6');

/** All IPv6 networks that are routed on the public internet. IPv4 addresses mapped to IPv6 (`::ffff:0:0/96`) are in neither list. */
const routedIpv6 = new BlockList();
routedIpv6.addSubnet('2000::', 3, 'ipv6');
routedIpv6.addSubnet(nat64, nat64Bits, 'ipv6');

/**
 * True for an IPv4 or IPv6 address of the public internet. False for private, loopback, link-local, shared, multicast,
 * documentation and reserved addresses, for IPv4 mapped to IPv6, for an address with a zone (`%eth0`), and for any other text.
 */
export function isPublicAddress(ip: string): boolean {
  const family = isIP(ip);
  if (family === 0 || ip.includes('%')) return false;
  if (family === 4) return !special.check(ip, 'ipv4');
  return routedIpv6.check(ip, 'ipv6') && !special.check(ip, 'ipv6');
}

/**
 * Why the broker may not connect to a host, as a part of a sentence. An IP address, without brackets, is never looked up, so it is checked
 * here. Undefined: it may, as far as is known without a lookup.
 */
export function objectionToHost(host: string, isAnyAllowed: boolean): string | undefined {
  if (isAnyAllowed) return undefined;
  const isPrivate = host === 'localhost' || host.endsWith('.localhost') || (isIP(host) !== 0 && !isPublicAddress(host));
  return isPrivate ? `${host} is no public address, and the broker runs without --notify-allow-private` : undefined;
}

/** Why the broker may not send requests to a URL, as `objectionToHost` tells it. */
export function objectionToUrl(text: string, isAnyAllowed: boolean): string | undefined {
  const url = URL.parse(text);
  if (url === null || url.hostname === '') return 'it is no URL with a host';
  return objectionToHost(url.hostname.replace(/^\[|\]$/g, ''), isAnyAllowed);
}
