/** Starts brokers and servers for tests of context sources, and sends requests to the brokers. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from '@jest/globals';
import { startTestBroker, type TestBroker } from './scenario.ts';

let brokers: readonly TestBroker[] = [];
const servers: Server[] = [];

/** Starts three brokers before the tests, which know each other by the name and a number, and stops them and all servers after. */
export function useBrokers(store: string, name: string): void {
  beforeAll(async () => {
    brokers = await Promise.all(
      [0, 1, 2].map((n) => startTestBroker(['--store', store, '--alias', `${name}${n}`, '--notify-allow-private'])),
    );
  });
  afterAll(async () => {
    await Promise.all(brokers.map((one) => one.stop()));
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });
}

export const urlOf = (n: number): string => brokers[n]?.url ?? '';

/** The URL of a new server. */
export async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Answer {
  readonly status: number;
  readonly warning: string | null;
  readonly count: string | null;
  readonly map: string | null;
  readonly link: string | null;
  readonly body: unknown;
}

/** The answer of broker `n` to a request such as `GET /entities`. */
export async function send(n: number, what: string, body?: unknown, headers: object = {}): Promise<Answer> {
  const [method = '', path = ''] = what.split(' ');
  const response = await fetch(`${urlOf(n)}/ngsi-ld/v1${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    warning: response.headers.get('NGSILD-Warning'),
    count: response.headers.get('NGSILD-Results-Count'),
    map: response.headers.get('NGSILD-EntityMap'),
    link: response.headers.get('Link'),
    body: text === '' ? undefined : JSON.parse(text),
  };
}
