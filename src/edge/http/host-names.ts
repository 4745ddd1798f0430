/**
 * Checks the Host header of requests, as a protection against DNS rebinding. In that attack the name of a web page resolves to
 * this machine, and the page sends its own name in Host. To the browser, such a request has the same origin as the page, so the
 * broker refuses it.
 */
import { isIP } from 'node:net';

/** True when the value of a Host header names this broker. */
export type HostCheck = (host: string | undefined) => boolean;

const loopbackNames = ['localhost', '127.0.0.1', '::1'];
/** Addresses that mean all addresses of the machine. */
const everyAddress = ['0.0.0.0', '::'];

export interface HostNameOptions {
  /** The address that the broker listens on. */
  readonly host: string;
  /** More accepted names, without ports. `*` accepts any name. */
  readonly names: readonly string[];
}

/**
 * Creates a check of Host headers. The port is ignored. Loopback names and the listen address always pass. When the broker
 * listens on all addresses, any IP address passes, because DNS cannot rebind an address. An HTTP/1.0 request without Host passes,
 * because no browser sends one.
 */
export function createHostCheck({ host, names }: HostNameOptions): HostCheck {
  if (names.includes('*')) return () => true;
  const known = new Set([...loopbackNames, host, ...names].map((name) => name.toLowerCase()));
  const isAnyAddress = everyAddress.includes(host);
  // Caches the last accepted header, because consecutive requests nearly always have the same one.
  let passed: string | undefined;
  return (header) => {
    if (header === undefined || header === passed) return true;
    const name = nameIn(header);
    const isKnown = known.has(name) || (isAnyAddress && isIP(name) !== 0);
    if (isKnown) passed = header;
    return isKnown;
  };
}

/** The name in a Host header (RFC 9110, 7.2): in lower case, without port, brackets and trailing dot. */
function nameIn(header: string): string {
  const [, address, name = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header) ?? [];
  return (address ?? name).toLowerCase().replace(/\.$/, '');
}

/** The error text for a request whose Host is refused. */
export const foreignHost = (header: string | undefined): string =>
  `This broker is not known as ${JSON.stringify(header)}. Its operator can add the name with --host-names.`;
