/** Tests how credentials are read from a request, and that an address cannot try many. */
import { expect, test } from '@jest/globals';
import { type Authenticate, type Identity, type RequestHead } from '../../../src/core/access/identity.ts';
import { Problem } from '../../../src/core/model/problem.ts';
import { createAuthenticator, type Verifier } from '../../../src/edge/auth/authenticator.ts';
import { createFailureLimit } from '../../../src/edge/auth/failure-limit.ts';

const ana: Identity = { kind: 'key', subject: 'key:ana', roles: ['reader'] };

/** Knows one text at once, verifies another one slowly, and counts its checks. */
function openDoor() {
  let [checks, steadyMs] = [0, 0];
  const verifier: Verifier = {
    accepts: (text) => !text.includes('!'),
    known: (text) => (text === 'known' ? { holder: () => ana } : undefined),
    verify: async (text, start) => {
      await Promise.resolve();
      start();
      checks += 1;
      if (text === 'right') return ana;
      throw new Problem('Unauthenticated', 'no');
    },
  };
  const authenticate = createAuthenticator({
    verifiers: [verifier],
    failures: createFailureLimit({ failuresMax: 3, windowMs: 60_000, steadyMs: () => steadyMs }),
    addressOf: ({ socket }) => socket?.remoteAddress ?? '',
  });
  return {
    authenticate,
    checks: () => checks,
    later: (ms: number) => {
      steadyMs += ms;
    },
  };
}

const from = (remoteAddress: string, headers: RequestHead['headers']): RequestHead => ({
  headers,
  socket: { remoteAddress },
});

const outcome = async (authenticate: Authenticate, head: RequestHead): Promise<string> => {
  try {
    return (await authenticate(head)).subject;
  } catch (error) {
    return error instanceof Problem ? error.type : String(error);
  }
};

test.each<[string, RequestHead['headers'], string]>([
  ['nothing', {}, 'anonymous'],
  ['a bearer token', { authorization: 'Bearer known' }, 'key:ana'],
  ['another case of the scheme', { authorization: 'bearer known' }, 'key:ana'],
  ['X-Auth-Token', { 'x-auth-token': 'known' }, 'key:ana'],
  ['the same twice', { authorization: 'Bearer known', 'x-auth-token': 'known' }, 'key:ana'],
  ['two different ones', { authorization: 'Bearer known', 'x-auth-token': 'right' }, 'InvalidRequest'],
  ['another scheme', { authorization: 'Basic a25vd246' }, 'Unauthenticated'],
  ['a scheme alone', { authorization: 'Bearer ' }, 'Unauthenticated'],
  ['several words', { authorization: 'Bearer known known' }, 'Unauthenticated'],
  ['an empty X-Auth-Token', { 'x-auth-token': '' }, 'Unauthenticated'],
  ['a repeated X-Auth-Token', { 'x-auth-token': 'known, known' }, 'Unauthenticated'],
  ['something of no form', { 'x-auth-token': '!' }, 'Unauthenticated'],
  ['a user that a proxy would name', { 'x-forwarded-user': 'administrator', 'x-remote-user': 'root' }, 'anonymous'],
  ['roles in a header', { 'x-roles': 'administrator', 'x-user': 'key:ana', subject: 'local' }, 'anonymous'],
  ['a cookie', { cookie: 'token=known' }, 'anonymous'],
  ['credentials for a proxy', { 'proxy-authorization': 'Bearer known' }, 'anonymous'],
])('%s', async (_, headers, expected) => {
  expect(await outcome(openDoor().authenticate, from('10.0.0.1', headers))).toBe(expected);
});

test('a connection is whom each of its requests says, as long as that is valid', async () => {
  let isValid = true;
  const holderOf = (text: string) => ({ holder: () => (isValid ? { ...ana, subject: text } : undefined) });
  const authenticate = createAuthenticator({
    verifiers: [
      {
        accepts: () => true,
        known: holderOf,
        verify: () => Promise.reject(new Problem('Unauthenticated', 'It has ended.')),
      },
    ],
    failures: createFailureLimit({ failuresMax: 3, windowMs: 60_000, steadyMs: () => 0 }),
    addressOf: () => '',
  });
  const socket = { remoteAddress: '10.0.0.1' };
  const as = (headers: RequestHead['headers']) => outcome(authenticate, { headers, socket });
  const [one, two] = [{ authorization: 'Bearer one' }, { 'x-auth-token': 'two' }];
  expect([await as(one), await as(one), await as(two), await as({}), await as(two), await as(one)]).toEqual([
    ...['one', 'one', 'two', 'anonymous', 'two', 'one'],
  ]);
  expect(await as({ ...one, ...two })).toBe('InvalidRequest');
  isValid = false;
  expect(await as(one)).toBe('Unauthenticated');
});

test('an address that sent too many wrong credentials waits, and is not even checked', async () => {
  const { authenticate, checks, later } = openDoor();
  const wrong = from('10.0.0.1', { 'x-auth-token': 'wrong' });
  for (let attempt = 0; attempt < 3; attempt += 1) expect(await outcome(authenticate, wrong)).toBe('Unauthenticated');
  expect([await outcome(authenticate, wrong), checks()]).toEqual(['TooManyRequests', 3]);
  expect(await outcome(authenticate, from('10.0.0.1', { 'x-auth-token': 'right' }))).toBe('TooManyRequests');
  expect(await outcome(authenticate, from('10.0.0.1', { 'x-auth-token': 'known' }))).toBe('key:ana');
  expect(await outcome(authenticate, from('10.0.0.1', {}))).toBe('anonymous');
  expect(await outcome(authenticate, from('10.0.0.2', { 'x-auth-token': 'right' }))).toBe('key:ana');
  await expect(async () => authenticate(wrong)).rejects.toMatchObject({ retryAfterSeconds: 60 });
  later(60_000);
  expect(await outcome(authenticate, from('10.0.0.1', { 'x-auth-token': 'right' }))).toBe('key:ana');
});

test('the same text is checked once at a time', async () => {
  const { authenticate, checks } = openDoor();
  const same = Array.from({ length: 50 }, () => outcome(authenticate, from('10.0.0.9', { 'x-auth-token': 'right' })));
  expect([...new Set(await Promise.all(same))]).toEqual(['key:ana']);
  expect(checks()).toBe(1);
});

test('IPv6 addresses are counted by their network, IPv4 addresses in both forms together', async () => {
  const { authenticate } = openDoor();
  const attempt = (address: string) => outcome(authenticate, from(address, { 'x-auth-token': 'wrong' }));
  for (const address of ['2001:db8:1:2::1', '2001:db8:1:2:ffff::2', '2001:db8:1:2:3:4:5:6']) await attempt(address);
  expect([await attempt('2001:db8:1:2::9'), await attempt('2001:db8:1:3::9')]).toEqual([
    'TooManyRequests',
    'Unauthenticated',
  ]);
  for (const address of ['10.1.1.1', '::ffff:10.1.1.1', '10.1.1.1']) await attempt(address);
  expect(await attempt('::FFFF:10.1.1.1')).toBe('TooManyRequests');
});
