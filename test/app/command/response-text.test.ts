/** Tests that a response of any length is read up to a bound only. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { responseText } from '../../../src/app/command/response-text.ts';

test('a text within the bound is read, and an endless one fails', async () => {
  const server = createServer(({ url }, response) => {
    if (url === '/short') return response.end('čas');
    const write = (): void => {
      while (response.write('x'.repeat(10_000)));
      response.once('drain', write);
    };
    return write();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    expect(await responseText(await fetch(`${base}/short`), 4)).toBe('čas');
    await expect(responseText(await fetch(`${base}/short`), 3)).rejects.toThrow('more than 3 bytes');
    await expect(responseText(await fetch(`${base}/endless`), 100_000)).rejects.toThrow('more than 100000 bytes');
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
