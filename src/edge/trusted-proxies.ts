/** Tells the address of a client, and the scheme and host by which it reached the broker: also behind reverse proxies that the operator trusts. */
import { BlockList, isIP } from 'node:net';
import type { RequestHead } from '../core/access/identity.ts';

/** What is known of the client of a request. `X-Forwarded-For`, `-Proto` and `-Host` count only when a trusted proxy sent the request. */
export interface TrustedProxies {
  /** The IP address of the client, or of the last proxy that is not trusted. Empty when it has none, as on a Unix socket. */
  readonly clientAddress: (head: RequestHead) => string;
  /** The scheme by which the client reached the broker or its proxy. */
  readonly scheme: (head: RequestHead) => 'http' | 'https';
  /** The host and port that the client asked for. Undefined when it named none. */
  readonly host: (head: RequestHead) => string | undefined;
}

/** Without trusted proxies, only the connection and its header `Host` count. */
export const noProxies: TrustedProxies = {
  clientAddress: ({ socket }) => plainAddress(socket?.remoteAddress ?? ''),
  scheme: ({ socket }) => (socket?.encrypted === true ? 'https' : 'http'),
  host: ({ headers }) => lastOf(headers['host']),
};

/** Trusts the proxies with these addresses, or in these networks (`10.0.0.0/8`). Throws an Error for any other text. */
export function trustProxies(networks: readonly string[]): TrustedProxies {
  const isListed = createListCheck(networks);
  if (networks.length === 0) return noProxies;
  // Requests of one proxy follow each other, so the last answer is nearly always the next one.
  let last = { address: '', isTrusted: false };
  const isTrusted = (address: string): boolean => {
    if (address !== last.address) last = { address, isTrusted: isListed(address) };
    return last.isTrusted;
  };
  const isFromProxy = (head: RequestHead): boolean => isTrusted(noProxies.clientAddress(head));
  return {
    clientAddress: (head) => {
      const address = noProxies.clientAddress(head);
      return isTrusted(address) ? forwardedFor(head, address, isListed) : address;
    },
    scheme: (head) => (isFromProxy(head) ? forwardedScheme(head) : undefined) ?? noProxies.scheme(head),
    host: (head) => (isFromProxy(head) ? lastOf(head.headers['x-forwarded-host']) : undefined) ?? noProxies.host(head),
  };
}

/** The nearest address that is not one of trusted proxies. Each proxy appends the address that it got the request from. */
function forwardedFor({ headers }: RequestHead, proxy: string, isListed: (address: string) => boolean): string {
  let nearest = proxy;
  for (const hop of listOf(headers['x-forwarded-for']).reverse()) {
    const address = plainAddress(withoutPort(hop));
    // A proxy of another kind may write `unknown`: then the proxy before it is the nearest that is known.
    if (isIP(address) === 0) return nearest;
    nearest = address;
    if (!isListed(address)) return nearest;
  }
  return nearest;
}

/** Some proxies call the scheme of a WebSocket by its own name. */
const schemes: Readonly<Record<string, 'http' | 'https'>> = { http: 'http', ws: 'http', https: 'https', wss: 'https' };

const forwardedScheme = ({ headers }: RequestHead): 'http' | 'https' | undefined =>
  schemes[lastOf(headers['x-forwarded-proto'])?.toLowerCase() ?? ''];

const listOf = (value: string | readonly string[] | undefined): string[] =>
  (typeof value === 'string' ? value : (value ?? []).join(','))
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

/** The value of the nearest proxy, when several proxies appended theirs. */
const lastOf = (value: string | readonly string[] | undefined): string | undefined => listOf(value).at(-1);

/** `192.0.2.1:4711` and `[2001:db8::1]:4711`, as some proxies write addresses. */
const withoutPort = (hop: string): string =>
  /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;

/** IPv4 addresses come mapped to IPv6 where the broker listens on both. */
const plainAddress = (address: string): string => address.replace(/^::ffff:(?=[\d.]+$)/i, '');

/** Throws an Error for a text that is neither an address nor a network. */
function createListCheck(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [, address = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(network) ?? [];
    const [family, width] = isIP(address) === 6 ? (['ipv6', 128] as const) : (['ipv4', 32] as const);
    if (isIP(address) === 0 || Number(bits ?? 0) > width)
      throw new Error(`${network} is neither an IP address nor a network such as 10.0.0.0/8`);
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => {
    const version = isIP(address);
    return version !== 0 && list.check(address.replace(/%.*$/, ''), version === 6 ? 'ipv6' : 'ipv4');
  };
}
