/** Provides an issuer of tokens that the test controls: its keys, its tokens, and whether it answers. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';

export type Claims = Readonly<Record<string, unknown>>;

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

export interface TestIssuer {
  readonly url: string;
  /** The public key as the PEM text that anybody may know. */
  readonly pem: string;
  /** A token of the current key. `claims` replace the usual ones; undefined removes one. */
  token(claims?: Claims): Promise<string>;
  /** Uses a new key from now on, and publishes it only when told to. */
  rotate(isPublished: boolean): Promise<void>;
  /** Stops and starts to answer. */
  setAway(isAway: boolean): void;
  /** How often the keys were asked for. */
  asked(): number;
  stop(): Promise<void>;
}

export const subject = '0f1e2d3c-ana';

export async function startIssuer(now: () => number): Promise<TestIssuer> {
  let [number, asked] = [1, 0];
  const state = { isAway: false };
  let keys = await generateKeyPair('RS256', { extractable: true });
  let published = [await jwkOf(keys, number)];
  const server: Server = createServer((request, response) => {
    if (state.isAway) return void response.writeHead(503).end();
    if (request.url === '/keys') asked += 1;
    const body = request.url === '/keys' ? { keys: published } : { issuer: url, jwks_uri: `${url}/keys` };
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    pem: await exportSPKI(keys.publicKey),
    token: (claims = {}) => {
      const payload: Claims = { iss: url, aud: 'mlaka', sub: subject, iat: now(), exp: now() + 300, ...claims };
      const kept = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined));
      return new SignJWT(kept).setProtectedHeader({ alg: 'RS256', kid: `k${number}` }).sign(keys.privateKey);
    },
    async rotate(isPublished) {
      number += 1;
      keys = await generateKeyPair('RS256', { extractable: true });
      if (isPublished) published = [...published, await jwkOf(keys, number)];
    },
    setAway: (away) => {
      state.isAway = away;
    },
    asked: () => asked,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const jwkOf = async ({ publicKey }: Keys, number: number) => ({
  ...(await exportJWK(publicKey)),
  kid: `k${number}`,
  alg: 'RS256',
  use: 'sig',
});
