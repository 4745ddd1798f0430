/** Tests a broker behind a trusted proxy: what it believes of the clients that the proxy passes on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { type Broker, startBroker } from '../../src/app/broker.ts';
import { readConfig } from '../../src/app/config/read-config.ts';

const folders: string[] = [];
const started: Broker[] = [];
afterEach(async () => {
  for (const broker of started.splice(0)) await broker.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function start(...args: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-proxies-'));
  folders.push(folder);
  const fixed = ['--port', '0', '--store', 'memory', '--data', folder, '--log-level', 'silent'];
  const broker = await startBroker(readConfig({ args: [...fixed, ...args], env: {} }));
  started.push(broker);
  return broker.url;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends a GET with any headers, `Host` too. */
function get(url: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    })
      .on('error', reject)
      .end();
  });
}

const passedOn = {
  'X-Forwarded-For': '203.0.113.7',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': 'city.example',
};
const trusting = ['--trusted-proxies', '10.0.0.0/8, 127.0.0.1', '--host-names', 'city.example'];

test('links name the scheme and the host that the client used, when the proxy is trusted', async () => {
  const trusted = await get(`${await start(...trusting)}/openapi.yaml`, passedOn);
  expect(trusted.text).toContain('url: https://city.example\n');
  const url = await start('--host-names', 'city.example');
  expect((await get(`${url}/openapi.yaml`, passedOn)).text).toContain(`url: ${url}\n`);
});

test('browsers hear of TLS where the client used it, and no cache stores what depends on who asks', async () => {
  const url = await start(...trusting);
  const sent = async (path: string, forwarded: string): Promise<readonly unknown[]> => {
    const { headers } = await get(`${url}${path}`, { ...passedOn, 'X-Forwarded-Proto': forwarded });
    return ['strict-transport-security', 'cache-control', 'x-content-type-options', 'referrer-policy'].map(
      (name) => headers[name],
    );
  };
  const year = 'max-age=31536000';
  expect(await sent('/ngsi-ld/v1/types', 'https')).toEqual([year, 'no-store', 'nosniff', 'no-referrer']);
  expect(await sent('/ngsi-ld/v1/types', 'http')).toEqual([undefined, 'no-store', 'nosniff', 'no-referrer']);
  expect(await sent('/', 'https')).toEqual([year, 'no-cache', 'nosniff', 'no-referrer']);
});

test('a host that the proxy passes on must be one of the broker', async () => {
  const url = await start(...trusting);
  const answer = await get(`${url}/version`, { ...passedOn, 'X-Forwarded-Host': 'evil.example' });
  expect(answer.status).toBe(421);
});

test('failures are counted for the client, and not for the proxy', async () => {
  const url = `${await start(...trusting)}/ngsi-ld/v1/types`;
  const wrong = { Authorization: 'Bearer mlk_0000000000000000_wrong' };
  const ask = async (client: string): Promise<number> =>
    (await get(url, { ...wrong, ...passedOn, 'X-Forwarded-For': client })).status;
  for (let n = 0; n < 20; n += 1) expect(await ask('203.0.113.7')).toBe(401);
  expect([await ask('203.0.113.7'), await ask('1.1.1.1, 203.0.113.7'), await ask('203.0.113.8')]).toEqual([
    429, 429, 401,
  ]);
});

test('a page of the host that the proxy passes on may open a stream', async () => {
  const url = (await start(...trusting, '--access', 'open')).replace('http', 'ws');
  const open = (origin: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`${url}/ngsi-ld/v1/stream`, 'ngsi-ld-ws.v1', { headers: passedOn, origin });
      socket.on('open', () => {
        socket.close();
        resolve('open');
      });
      socket.on('error', ({ message }) => resolve(message));
    });
  expect(await open('https://city.example')).toBe('open');
  expect(await open('https://evil.example')).toContain('403');
});
