/** Tests the known attacks on tokens and identity against a listening broker, by each way to send them and on each kind of road. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { startIssuer, type TestIssuer } from '../edge/auth/issuer.ts';
import { startTestBroker, type TestBroker } from '../scenario/scenario.ts';

let issuer: TestIssuer;
let other: TestIssuer;
let broker: TestBroker;
const now = (): number => Math.floor(Date.now() / 1000);

beforeAll(async () => {
  [issuer, other] = await Promise.all([startIssuer(now), startIssuer(now)]);
  const issuers = JSON.stringify([{ issuer: issuer.url, audience: 'mlaka' }]);
  broker = await startTestBroker(['--access', 'required', '--store', 'memory', '--issuers', issuers, '--ngsi-proxy']);
});
afterAll(async () => {
  await broker.stop();
  await Promise.all([issuer.stop(), other.stop()]);
});

const roles = { roles: ['administrator'] };
const roads = [
  '/ngsi-ld/v1/entities?type=A',
  '/ngsi-ld/v1/stream?type=A',
  '/ngsi-ld/v1/access/grants',
  '/ngsi-ld/v1/jobs',
  '/v2/entities',
  '/v2/registrations',
  '/ql/v2/entities',
  '/STH/v1/contextEntities/type/A/id/urn:x:1/attributes/n?lastN=1',
  '/dcat/catalog',
  '/data/a.csv',
  '/metrics',
];

async function statusOf(road: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const control = new AbortController();
  const { status } = await fetch(broker.url + road, { headers, signal: control.signal });
  control.abort();
  return status;
}

const connect = (headers: Readonly<Record<string, string>>): Promise<number> =>
  new Promise((resolve) => {
    const url = `${broker.url.replace('http', 'ws')}/ngsi-ld/v1/stream`;
    const socket = new WebSocket(url, 'ngsi-ld-ws.v1', { headers });
    socket
      .on('unexpected-response', (request, { statusCode = 0 }) => {
        request.destroy();
        resolve(statusCode);
      })
      .on('error', () => undefined)
      .on('open', () => {
        socket.terminate();
        resolve(101);
      });
  });

const encoded = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url');
const claims = () => ({ iss: issuer.url, aud: 'mlaka', sub: 'eve', exp: now() + 300, ...roles });
const signedWith = (secret: string): string => {
  const signed = `${encoded({ alg: 'HS256', typ: 'JWT', kid: 'k1' })}.${encoded(claims())}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
};

describe('a token', () => {
  test('that is right opens the same roads', async () => {
    const token = await issuer.token(roles);
    for (const headers of [{ Authorization: `Bearer ${token}` }, { 'X-Auth-Token': token }]) {
      for (const road of roads) expect([road, await statusOf(road, headers)]).not.toEqual([road, 401]);
      expect(await connect(headers)).toBe(101);
    }
  });

  test.each<[string, () => string | Promise<string>]>([
    ['without a signature (alg none)', () => `${encoded({ alg: 'none' })}.${encoded(claims())}.`],
    ['signed with the public key as a secret', () => signedWith(issuer.pem)],
    ['for another audience', () => issuer.token({ ...roles, aud: 'another-app' })],
    ['that has expired', () => issuer.token({ ...roles, exp: now() - 60 })],
    ['that is not valid yet', () => issuer.token({ ...roles, nbf: now() + 600 })],
    ['of an issuer that is not known', () => other.token(roles)],
    ['of another issuer in the name of a known one', () => other.token({ ...roles, iss: issuer.url })],
  ])('%s opens none', async (_, make) => {
    const token = await make();
    for (const headers of [{ Authorization: `Bearer ${token}` }, { 'X-Auth-Token': token }]) {
      // An address that sends many wrong credentials waits: 429 lets nobody in either.
      for (const road of roads) expect([401, 429]).toContain(await statusOf(road, headers));
      expect([401, 429]).toContain(await connect(headers));
    }
  });
});

test.each<[string, Readonly<Record<string, string>>]>([
  ['X-Forwarded-User', { 'X-Forwarded-User': 'administrator' }],
  ['names of users and groups of proxies', { 'X-Remote-User': 'administrator', 'X-Forwarded-Groups': 'administrator' }],
  [
    'names of FIWARE proxies',
    { 'X-User-Id': 'administrator', 'X-Roles': 'administrator', 'X-Nick-Name': 'key:administrator' },
  ],
  [
    'an address of this machine',
    { 'X-Forwarded-For': '127.0.0.1', Forwarded: 'for=127.0.0.1', 'X-Real-IP': '127.0.0.1' },
  ],
  [
    'a certificate that a proxy would have checked',
    { 'X-SSL-Client-S-DN': 'CN=administrator', 'X-Client-Verify': 'SUCCESS' },
  ],
  [
    'another path or verb',
    { 'X-Original-URL': '/health/live', 'X-Rewrite-URL': '/version', 'X-HTTP-Method-Override': 'GET' },
  ],
  ['a cookie', { Cookie: 'X-Auth-Token=administrator; Authorization=administrator' }],
])('%s in headers makes nobody of an anonymous caller', async (_, headers) => {
  for (const road of roads) expect([road, await statusOf(road, headers)]).toEqual([road, 401]);
  expect(await connect(headers)).toBe(401);
});
