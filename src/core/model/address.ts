/** Tells addresses of the public internet from those that lead into somebody's house (IANA special-purpose registries). */

/** Special IPv4 blocks: the first address and the length of the prefix. */
const specialBlocks: readonly (readonly [number, number])[] = (
  [
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
  ] as const
).map(([address, length]) => [readIpv4(address) ?? 0, length]);

/**
 * True for an IPv4 or IPv6 address that belongs to the public internet. False for private, loopback, link-local, shared,
 * multicast, documentation and reserved addresses, for IPv4 in the guise of IPv6, and for what is no address at all.
 */
export function isPublicAddress(ip: string): boolean {
  const ipv4 = readIpv4(ip);
  if (ipv4 !== undefined) return isPublicIpv4(ipv4);
  const groups = readIpv6(ip);
  return groups !== undefined && isPublicIpv6(groups);
}

/** Arithmetic instead of shifts: an IPv4 address does not fit the signed 32 bits of these. */
const isPublicIpv4 = (address: number): boolean =>
  !specialBlocks.some(
    ([block, length]) => Math.floor(address / 2 ** (32 - length)) === Math.floor(block / 2 ** (32 - length)),
  );

/** Special IPv6 blocks within 2000::/3, by the first two groups: protocols and tunnels, documentation, 6to4. */
const specialIpv6: readonly (readonly [number, number])[] = [
  [0x2001_0000, 0x2001_01ff],
  [0x2001_0db8, 0x2001_0db8],
  [0x2002_0000, 0x2002_ffff],
  [0x3fff_0000, 0x3fff_0fff],
];

/** Only 2000::/3 is routed. */
function isPublicIpv6(groups: readonly number[]): boolean {
  if (isTranslated(groups)) return isPublicIpv4((groups[6] ?? 0) * 65_536 + (groups[7] ?? 0));
  const start = (groups[0] ?? 0) * 65_536 + (groups[1] ?? 0);
  return (
    start >= 0x2000_0000 && start <= 0x3fff_ffff && !specialIpv6.some(([from, to]) => start >= from && start <= to)
  );
}

/** 64:ff9b::/96 is how a network without IPv4 reaches it; what counts is the IPv4 address within. */
const isTranslated = (groups: readonly number[]): boolean =>
  groups[0] === 0x64 && groups[1] === 0xff9b && groups.slice(2, 6).every((group) => group === 0);

function readIpv4(text: string): number | undefined {
  const bytes = text.split('.');
  if (bytes.length !== 4 || !bytes.every((byte) => /^(?:0|[1-9]\d{0,2})$/.test(byte) && Number(byte) < 256))
    return undefined;
  return bytes.reduce((address, byte) => address * 256 + Number(byte), 0);
}

/** The eight groups of an IPv6 address. A zone (`%eth0`) is no part of a public address. */
function readIpv6(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  const [front, back] = halves.map(readGroups);
  if (front === undefined || halves.length > 2) return undefined;
  if (halves.length === 1) return front.length === 8 ? front : undefined;
  if (back === undefined || front.length + back.length > 7) return undefined;
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
}

function readGroups(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':').flatMap((group, index, all) => readGroup(group, index === all.length - 1));
  return groups.every((group) => !Number.isNaN(group)) ? groups : undefined;
}

/** One group, or two when the address ends in dotted bytes. NaN when it is neither. */
function readGroup(text: string, isLast: boolean): readonly number[] {
  const ipv4 = isLast ? readIpv4(text) : undefined;
  if (ipv4 !== undefined) return [Math.floor(ipv4 / 65_536), ipv4 % 65_536];
  return [/^[0-9A-Fa-f]{1,4}$/.test(text) ? Number.parseInt(text, 16) : Number.NaN];
}
