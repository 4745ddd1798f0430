/** Tests which IP addresses count as public. */
import { isIPv4, isIPv6 } from 'node:net';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isPublicAddress } from '../../src/edge/address.ts';

test.each([
  '1.1.1.1',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2a00:1450:4001:82a::200e',
  '2001:4860:4860::8888',
  '2001:200::1',
  '2003::1',
  '64:ff9b::8.8.8.8',
  '64:ff9b::808:808',
])('%s is public', (address) => expect(isPublicAddress(address)).toBe(true));

test.each([
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '100.64.0.1',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.255',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '::ffff:7f00:1',
  '64:ff9b::10.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::8.8.8.8',
  '100::1',
  '2001::1',
  '2001:10::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '3fff::1',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  '4000::1',
])('%s is not public', (address) => expect(isPublicAddress(address)).toBe(false));

test.each([
  '',
  'example.org',
  '1.2.3',
  '01.1.1.1',
  '256.1.1.1',
  '1.1.1.1.1',
  '2606::1::1',
  '2606:1',
  '2606:4700::g',
  '2606:4700:::1',
  '[2606:4700::1]',
  '2606:1:2:3:4:5:6:7:8',
])('"%s" is no address', (text) => expect(isPublicAddress(text)).toBe(false));

test('every spelling of an IPv6 address is judged alike', () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      fc.pre(isIPv6(address));
      const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
      expect(isPublicAddress(address)).toBe(isPublicAddress(canonical));
      expect(isPublicAddress(address.toUpperCase())).toBe(isPublicAddress(canonical));
    }),
  );
});

test('addresses in 2600::/12 are public, and texts that are no addresses never', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 7, maxLength: 7 }),
      fc.string(),
      (groups, text) => {
        expect(isPublicAddress(['2600', ...groups.map((group) => group.toString(16))].join(':'))).toBe(true);
        if (!isIPv4(text) && !isIPv6(text)) expect(isPublicAddress(text)).toBe(false);
      },
    ),
  );
});
