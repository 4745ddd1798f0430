/**
 * The names by which the broker may be reached. A web page whose name was pointed at this machine (DNS rebinding) sends
 * its own name in the header Host: such requests are refused, for to the browser they are of one origin with the page.
 */
import { isIP } from 'node:net';

/** True when the value of a Host header names this broker. */
export type HostCheck = (host: string | undefined) => boolean;

const loopbackNames = ['localhost', '127.0.0.1', '::1'];
/** Addresses that stand for every address of the machine. */
const everyAddress = ['0.0.0.0', '::'];

export interface HostNameOptions {
  /** The address that the broker listens on. */
  readonly host: string;
  /** Further names, without ports; `*` is any. */
  readonly names: readonly string[];
}

/**
 * A check of Host headers; the port does not count. Loopback names and the address listened on always pass, and any IP
 * address where the broker listens on all of them, because DNS cannot rebind an address. A request of HTTP/1.0 without
 * a Host passes: no browser sends one.
 */
export function createHostCheck({ host, names }: HostNameOptions): HostCheck {
  if (names.includes('*')) return () => true;
  const known = new Set([...loopbackNames, host, ...names].map((name) => name.toLowerCase()));
  const isAnyAddress = everyAddress.includes(host);
  // Nearly all requests name the broker as the one before did.
  let passed: string | undefined;
  return (header) => {
    if (header === undefined || header === passed) return true;
    const name = nameIn(header);
    const isKnown = known.has(name) || (isAnyAddress && isIP(name) !== 0);
    if (isKnown) passed = header;
    return isKnown;
  };
}

/** The name in a Host header (RFC 9110, 7.2) in lower case, without port, brackets and the dot of the root. */
function nameIn(header: string): string {
  const [, address, name = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header) ?? [];
  return (address ?? name).toLowerCase().replace(/\.$/, '');
}

/** What a client is told whose Host is refused. */
export const foreignHost = (header: string | undefined): string =>
  `This broker is not known as ${JSON.stringify(header)}. Its operator can add the name with --host-names.`;
