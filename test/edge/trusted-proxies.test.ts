/** Tests what the broker believes of the client of a request, with and without trusted proxies. */
import { describe, expect, test } from '@jest/globals';
import { noProxies, trustProxies } from '../../src/edge/trusted-proxies.ts';

const head = (remoteAddress: string, headers: Readonly<Record<string, string | readonly string[]>> = {}) => ({
  headers,
  socket: { remoteAddress },
});
const forwarded = {
  host: '10.0.0.9:1026',
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'city.example',
};

describe('without trusted proxies', () => {
  test('forwarded headers count for nothing', () => {
    const seen = head('10.0.0.1', forwarded);
    expect([noProxies.clientAddress(seen), noProxies.scheme(seen), noProxies.host(seen)]).toEqual([
      '10.0.0.1',
      'http',
      '10.0.0.9:1026',
    ]);
  });

  test('a TLS connection is https, and an IPv4 address is plain', () => {
    expect(noProxies.scheme({ headers: {}, socket: { encrypted: true } })).toBe('https');
    expect(noProxies.clientAddress(head('::ffff:192.0.2.1'))).toBe('192.0.2.1');
    expect(noProxies.clientAddress({ headers: {} })).toBe('');
  });
});

describe('with trusted proxies', () => {
  const proxies = trustProxies(['10.0.0.0/8', '2001:db8::/32', '192.0.2.1']);

  test.each(['10.0.0.1', '::ffff:10.1.2.3', '2001:db8::5', '192.0.2.1'])('%s is believed', (address) => {
    const seen = head(address, forwarded);
    expect([proxies.clientAddress(seen), proxies.scheme(seen), proxies.host(seen)]).toEqual([
      '203.0.113.7',
      'https',
      'city.example',
    ]);
  });

  test.each(['11.0.0.1', '192.0.2.2', '2001:db9::5', '', 'fe80::1%eth0'])('%j is not', (address) => {
    const seen = head(address, forwarded);
    expect([proxies.clientAddress(seen), proxies.scheme(seen), proxies.host(seen)]).toEqual([
      address,
      'http',
      '10.0.0.9:1026',
    ]);
  });

  test.each([
    ['a client cannot prepend an address', '1.1.1.1, 203.0.113.7', '203.0.113.7'],
    ['proxies in a row are skipped', '203.0.113.7, 10.0.0.2, 10.0.0.3', '203.0.113.7'],
    ['the nearest proxy that is not trusted is the client', '203.0.113.7, 198.51.100.1, 10.0.0.3', '198.51.100.1'],
    ['ports are left out', '203.0.113.7:4711', '203.0.113.7'],
    ['ports of IPv6 too', '[2001:db9::1]:4711', '2001:db9::1'],
    ['other texts end the search', '203.0.113.7, unknown, 10.0.0.3', '10.0.0.3'],
    ['an empty header counts for nothing', ' , ', '10.0.0.1'],
    ['only proxies', '10.0.0.2', '10.0.0.2'],
  ])('%s', (_, chain, address) =>
    expect(proxies.clientAddress(head('10.0.0.1', { 'x-forwarded-for': chain }))).toBe(address),
  );

  test('the nearest proxy says the scheme and the host', () => {
    const seen = head('10.0.0.1', {
      'x-forwarded-proto': 'https, http',
      'x-forwarded-host': ['a.example', 'b.example'],
    });
    expect([proxies.scheme(seen), proxies.host(seen)]).toEqual(['http', 'b.example']);
    expect(proxies.scheme(head('10.0.0.1', { 'x-forwarded-proto': 'wss' }))).toBe('https');
    expect(proxies.scheme(head('10.0.0.1', { 'x-forwarded-proto': 'gopher' }))).toBe('http');
  });
});

test.each(['10.0.0.0/33', '10.0.0', 'proxy.example', '10.0.0.0/', '::1/129', '10.0.0.0/8/8', '10.0.0.0/-1'])(
  '%s is no network',
  (network) => expect(() => trustProxies([network])).toThrow(/neither an IP address nor a network/),
);
