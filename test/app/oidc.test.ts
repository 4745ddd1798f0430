/** Tests a broker with a real OpenID Connect issuer (oidc-provider): discovery, its keys, and access tokens by client credentials. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Provider } from 'oidc-provider';
import { startTestBroker, type TestBroker } from '../scenario/scenario.ts';

const resource = 'urn:example:mlaka';
let server: Server;
let broker: TestBroker;
let issuer: string;

beforeAll(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'app',
        client_secret: 'app-secret',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({ scope: '', audience: resource, accessTokenFormat: 'jwt' }),
      },
    },
    extraTokenClaims: () => ({ groups: ['city-viewers'] }),
  });
  const handle = provider.callback();
  server.on('request', (request, response) => void handle(request, response));
  const issuers = [{ issuer, audience: resource, roles: { 'city-viewers': 'reader' } }];
  broker = await startTestBroker(['--access', 'required', '--store', 'memory', '--issuers', JSON.stringify(issuers)]);
});
afterAll(async () => {
  await broker.stop();
  server.closeAllConnections();
  server.close();
});

async function tokenOf(): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${btoa('app:app-secret')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource }),
  });
  const { access_token: token } = (await response.json()) as { access_token: string };
  return token;
}

test('an access token gives the roles that its groups are mapped to, in both headers', async () => {
  const token = await tokenOf();
  const statusOf = async (headers: Record<string, string>, init: RequestInit = {}): Promise<number> =>
    (await fetch(`${broker.url}/ngsi-ld/v1/entities?type=A`, { ...init, headers })).status;
  expect(await statusOf({ Authorization: `Bearer ${token}` })).toBe(200);
  expect(await statusOf({ 'X-Auth-Token': token })).toBe(200);
  const entity = { method: 'POST', body: JSON.stringify({ id: 'urn:x:1', type: 'A' }) };
  const written = await fetch(`${broker.url}/ngsi-ld/v1/entities`, {
    ...entity,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
  });
  expect(written.status).toBe(403);
  expect(await statusOf({ Authorization: `Bearer ${token.slice(0, -3)}AAA` })).toBe(401);
});
