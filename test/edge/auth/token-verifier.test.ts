/** Tests tokens of issuers: which are valid, whose they are, and the known attacks on them. */
import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { instantOf } from '../../../src/core/model/instant.ts';
import type { Json } from '../../../src/core/model/json.ts';
import type { Problem } from '../../../src/core/model/problem.ts';
import { readIssuers } from '../../../src/edge/auth/issuers.ts';
import { createTokenVerifier, type TokenVerifier } from '../../../src/edge/auth/token-verifier.ts';
import { type Claims, startIssuer, subject, type TestIssuer } from './issuer.ts';

let seconds = 1_700_000_000;
let issuer: TestIssuer;
let other: TestIssuer;
beforeAll(async () => {
  [issuer, other] = await Promise.all([startIssuer(() => seconds), startIssuer(() => seconds)]);
});
afterAll(async () => {
  await Promise.all([issuer.stop(), other.stop()]);
});

const opened: TokenVerifier[] = [];
afterEach(() => {
  for (const verifier of opened.splice(0)) verifier.close();
  issuer.setAway(false);
});

const failures: unknown[] = [];
function open(more: Record<string, Json> = {}, renewalMs = 600_000): TokenVerifier {
  const verifier = createTokenVerifier({
    issuers: readIssuers([{ issuer: issuer.url, audience: 'mlaka', ...more }]),
    clock: { now: () => instantOf(seconds * 1_000_000) },
    failed: (_, cause) => failures.push(cause),
    renewalMs,
  });
  opened.push(verifier);
  return verifier;
}

const go = (): void => undefined;
/** The subject, or the type and text of the refusal. */
const outcome = (verifier: TokenVerifier, token: string): Promise<string> =>
  verifier.verify(token, go).then(
    (identity) => identity.subject,
    (error: unknown) => `${(error as Problem).type}: ${(error as Problem).message}`,
  );

const encoded = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url');
const payload = (): Claims => ({ iss: issuer.url, aud: 'mlaka', sub: subject, exp: seconds + 300 });
const wrong = 'Unauthenticated: The token is not valid: its signature or form is wrong.';
const stranger = 'Unauthenticated: The token is not valid: it is not a token of an issuer that this broker knows.';

test('a token of an issuer is its subject, until it expires', async () => {
  const verifier = open();
  const token = await issuer.token({ realm_access: { roles: ['reader', 'offline_access'] }, groups: ['/city'] });
  expect(verifier.known(token)?.holder()).toBeUndefined();
  expect(await verifier.verify(token, go)).toEqual({
    kind: 'token',
    subject: `token:${issuer.url}#${subject}`,
    roles: ['reader', 'offline_access', '/city'],
    expiresAt: instantOf((seconds + 330) * 1_000_000),
  });
  expect(verifier.known(token)?.holder()?.subject).toBe(`token:${issuer.url}#${subject}`);
  seconds += 331;
  expect(verifier.known(token)?.holder()).toBeUndefined();
  expect(await outcome(verifier, token)).toBe('Unauthenticated: The token is not valid: it has expired.');
});

describe('attacks', () => {
  test('alg none', async () => {
    for (const alg of ['none', 'None', 'NONE', ''])
      for (const signature of ['', 'AAAA'])
        expect(await outcome(open(), `${encoded({ alg })}.${encoded(payload())}.${signature}`)).toBe(wrong);
  });

  test('key confusion: HS256 with the public key as the secret', async () => {
    for (const secret of [issuer.pem, issuer.pem.trim(), issuer.pem.replaceAll('\n', '')]) {
      const signed = `${encoded({ alg: 'HS256', typ: 'JWT', kid: 'k1' })}.${encoded(payload())}`;
      const token = `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
      expect(await outcome(open(), token)).toBe(wrong);
    }
    expect(() => open({ algorithms: ['HS256'] })).toThrow('has the algorithm HS256');
  });

  test('a key that the token brings along, or names by a URL', async () => {
    const token = await other.token({ iss: issuer.url });
    const [, body = '', signature = ''] = token.split('.');
    expect(await outcome(open(), token)).toBe(wrong);
    for (const header of [
      { jku: `${other.url}/keys` },
      { jwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' } },
      { crit: ['x'], x: 1 },
    ])
      expect(await outcome(open(), `${encoded({ alg: 'RS256', kid: 'k1', ...header })}.${body}.${signature}`)).toBe(
        wrong,
      );
  });

  test.each<[string, () => Claims, string]>([
    ['a wrong audience', () => ({ aud: 'another-app' }), 'its claim aud is not what this broker accepts'],
    ['no audience', () => ({ aud: undefined }), 'its claim aud is not what this broker accepts'],
    ['an expired one', () => ({ exp: seconds - 31 }), 'it has expired'],
    ['one that does not expire', () => ({ exp: undefined }), 'its claim exp is not what this broker accepts'],
    ['one that is not valid yet', () => ({ nbf: seconds + 31 }), 'its claim nbf is not what this broker accepts'],
    ['no subject', () => ({ sub: undefined }), 'its claim sub is not what this broker accepts'],
  ])('%s', async (_, claims, reason) => {
    const token = await issuer.token(claims());
    expect(await outcome(open(), token)).toBe(`Unauthenticated: The token is not valid: ${reason}.`);
  });

  test('a wrong issuer', async () => {
    expect(await outcome(open(), await other.token())).toBe(stranger);
    for (const iss of [`${issuer.url}/`, issuer.url.toUpperCase(), undefined, `${issuer.url}.evil.example`])
      expect(await outcome(open(), await issuer.token({ iss }))).toBe(stranger);
  });

  test('a changed token, a cut one, and texts that are none', async () => {
    const token = await issuer.token();
    const [head = '', , signature = ''] = token.split('.');
    const more = encoded({ ...payload(), realm_access: { roles: ['administrator'] } });
    expect(await outcome(open(), `${head}.${more}.${signature}`)).toBe(wrong);
    expect(await outcome(open(), token.slice(0, -4))).toBe(wrong);
    for (const text of ['..', 'a.b.c', `${head}..${signature}`, `${'a'.repeat(20_000)}.b.c`])
      expect(await outcome(open(), text)).toBe(stranger);
  });
});

test('the clock may differ by the configured skew', async () => {
  const late = await issuer.token({ exp: seconds - 29 });
  expect(await outcome(open(), late)).toBe(`token:${issuer.url}#${subject}`);
  expect(await outcome(open({ clockSkewSeconds: 0 }), late)).toMatch('it has expired');
});

test('roles come from the configured claims, by name or as they are mapped', async () => {
  const claims = {
    resource_access: { 'city.app': { roles: ['viewer', 'chief'] } },
    department: 'roads',
    roles: ['reader'],
  };
  const rolesOf = async (more: Record<string, Json>): Promise<readonly string[]> =>
    (await open(more).verify(await issuer.token(claims), go)).roles;
  const roleClaims = ['resource_access.city.app.roles', 'department'];
  expect(await rolesOf({})).toEqual(['reader']);
  expect(await rolesOf({ roleClaims })).toEqual(['viewer', 'chief', 'roads']);
  expect(await rolesOf({ roleClaims, roles: { chief: ['administrator'], viewer: 'reader' } })).toEqual([
    'reader',
    'administrator',
  ]);
  expect(await rolesOf({ roles: { constructor: 'administrator' } })).toEqual([]);
});

test('an outage of the issuer stops no valid token, and a start during one is told apart from a wrong token', async () => {
  const running = open();
  await outcome(running, await issuer.token());
  issuer.setAway(true);
  expect(await outcome(running, await issuer.token({ sub: 'bor' }))).toBe(`token:${issuer.url}#bor`);
  expect(await outcome(open(), await issuer.token())).toMatch(/^Unavailable: /);
  expect(failures.length).toBeGreaterThan(0);
});

test('keys are renewed in the background', async () => {
  const verifier = open({}, 20);
  await outcome(verifier, await issuer.token());
  const before = issuer.asked();
  while (issuer.asked() < before + 2) await new Promise((resolve) => setTimeout(resolve, 10));
  await issuer.rotate(true);
  const seen = issuer.asked();
  while (issuer.asked() < seen + 2) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await outcome(verifier, await issuer.token())).toBe(`token:${issuer.url}#${subject}`);
  await issuer.rotate(false);
  expect(await outcome(verifier, await issuer.token())).toBe(wrong);
});

test.each<[Json, string]>([
  [{}, 'must be a JSON array'],
  [[{ issuer: 'http://keycloak.example', audience: 'a' }], 'must be an https URL'],
  [[{ issuer: 'https://a.example' }], 'audience of the issuer 1'],
  [[{ issuer: 'https://a.example', audience: 'a', secret: 'x' }], 'unknown member secret'],
  [[{ issuer: 'https://a.example', audience: 'a', clockSkewSeconds: 9999 }], 'clockSkewSeconds'],
  [[{ issuer: 'https://a.example', audience: 'a', jwksUri: 'file:///etc/passwd' }], 'jwksUri'],
])('the issuers %j are refused', (json, message) => expect(() => readIssuers(json)).toThrow(message));
