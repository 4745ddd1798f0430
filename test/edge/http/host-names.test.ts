/** Tests that requests of a web page whose host name points to this machine (DNS rebinding) are refused. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHostCheck } from '../../../src/edge/http/host-names.ts';
import { type TestServer, startTestServer } from './test-server.ts';

describe('a host', () => {
  const local = createHostCheck({ host: '127.0.0.1', names: ['City.example'] });
  test.each(['localhost', 'localhost:1026', 'LOCALHOST', 'localhost.', '127.0.0.1:1026', '[::1]', '[::1]:1026'])(
    '%s is the machine itself',
    (host) => expect(local(host)).toBe(true),
  );
  test.each(['city.example', 'CITY.example:8080'])('%s is a name of the broker', (host) =>
    expect(local(host)).toBe(true),
  );
  test.each([
    'evil.example',
    'localhost.evil.example',
    'evil.example:1026',
    '127.0.0.1.evil.example',
    '192.0.2.1',
    '[2001:db8::1]',
    'city.example.evil',
    'a b',
    '',
    '*',
    'localhost:x',
    'localhost@evil.example',
  ])('%j is not', (host) => expect(local(host)).toBe(false));

  test('is any address, but no unknown name, where the broker listens on all addresses', () => {
    const everywhere = createHostCheck({ host: '0.0.0.0', names: [] });
    expect(['192.0.2.1:1026', '[2001:db8::1]', 'localhost', 'evil.example'].map((host) => everywhere(host))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  test('is any when the operator says so', () => {
    expect(createHostCheck({ host: '127.0.0.1', names: ['*'] })('evil.example')).toBe(true);
  });
});

describe('a broker', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({
      isOwnHost: createHostCheck({ host: '127.0.0.1', names: [] }),
      onUpgrade: (_request, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
    });
  });
  afterAll(() => server.stop());

  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
  const ask = (target: string, host: string, more = 'Connection: close\r\n') =>
    server.raw(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`);

  test.each(['/', '/version', '/openapi.yaml', '/metrics', '/ngsi-ld/v1/entities'])(
    'refuses %s under a foreign name',
    async (target) => {
      const answer = await ask(target, 'evil.example');
      expect(answer).toMatch(/^HTTP\/1\.1 421 /);
      expect(answer).toContain('"detail":"This broker is not known as \\"evil.example\\".');
    },
  );

  test('refuses a stream under a foreign name, whatever its Origin', async () => {
    expect(await ask('/ngsi-ld/v1/stream', 'evil.example', `Origin: http://evil.example\r\n${upgrade}`)).toMatch(
      /^HTTP\/1\.1 421 /,
    );
    expect(await ask('/ngsi-ld/v1/stream', 'localhost', upgrade)).toMatch(/^HTTP\/1\.1 101 /);
  });

  test('is alive under any name, for probes that come by an address', async () => {
    expect(await ask('/health/live', 'pod-7.example')).toMatch(/^HTTP\/1\.1 204 /);
    expect(await ask('/version', 'localhost')).toMatch(/^HTTP\/1\.1 200 /);
  });
});
