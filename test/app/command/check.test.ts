/** Tests `mlaka check synchronicity` against this broker, and against one behind a proxy that spoils its answers. */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { check } from '../../../src/app/command/check.ts';
import { startTestBroker, type TestBroker } from '../../scenario/scenario.ts';
import { run } from './test-broker.ts';

let broker: TestBroker;
let key: string;
beforeAll(async () => {
  broker = await startTestBroker(['--store', 'memory', '--access', 'required', '--notify-allow-private']);
  key = readFileSync(join(broker.folder, 'administrator.key'), 'utf8').trim();
});
const stops: (() => void)[] = [];
afterAll(async () => {
  for (const stop of stops) stop();
  await broker.stop();
});

interface Result {
  readonly point: string;
  readonly result: string;
  readonly requests: readonly string[];
  readonly reason?: string;
}

interface Results {
  readonly green: number;
  readonly red: number;
  readonly skipped: number;
  readonly points: readonly Result[];
}

/** Everything that is needed for all points. */
const withKey = (): readonly string[] => ['--key', key, '--client', 'administrator', '--secret', key];

async function results(url: string, args: readonly string[]): Promise<Results & { readonly code: number }> {
  const { out, code } = await run(check, ['synchronicity', url, '--json', ...args]);
  return { ...(JSON.parse(out) as Results), code };
}

const reds = ({ points }: Results): readonly string[] =>
  points.filter(({ result }) => result === 'red').map(({ point, reason }) => `${point}: ${reason}`);

/** What the tenant holds. */
async function kept(tenant: string): Promise<readonly unknown[]> {
  const inTenant = tenant === '' ? undefined : { 'Fiware-Service': tenant, 'NGSILD-Tenant': tenant };
  const headers = { 'X-Auth-Token': key, ...inTenant };
  const history = '/ngsi-ld/v1/temporal/entities?type=OffStreetParking&timerel=after&timeAt=2000-01-01T00:00:00Z';
  const lists = ['/v2/entities', '/v2/subscriptions', `${history}&timeproperty=modifiedAt`];
  const answers = await Promise.all(lists.map(async (path) => fetch(broker.url + path, { headers })));
  return Promise.all(answers.map((answer) => answer.json()));
}

test('this broker is green at every point, with the requests, and nothing is left behind', async () => {
  const found = await results(`${broker.url}/v2/`, [...withKey(), '--tenant', 'Parking']);
  expect(reds(found)).toEqual([]);
  expect(found).toMatchObject({ code: 0, red: 0, skipped: 0 });
  for (const { requests } of found.points) expect(requests.length).toBeGreaterThan(0);
  expect(await kept('parking')).toEqual([[], [], []]);
});

test('results are printed by area, without secrets', async () => {
  const { out, code } = await run(check, ['synchronicity', broker.url, ...withKey()]);
  expect(out).toContain('Context management\n  green   GET /v2 names the resources\n');
  expect(out).toContain(`curl -i '${broker.url}/v2' -H 'Fiware-ServicePath: /mlaka_check' -H "X-Auth-Token: $TOKEN"\n`);
  expect(out).toMatch(/\n\d+ green, 0 red, 0 skipped\.\n$/);
  expect(out).not.toContain(key);
  expect(out).not.toContain(Buffer.from(`administrator:${key}`).toString('base64'));
  expect(code).toBe(0);
});

test('points that need a key are skipped without one', async () => {
  const open = await startTestBroker(['--store', 'memory', '--notify-allow-private']);
  try {
    const { skipped, red } = await results(open.url, []);
    expect({ skipped, red }).toEqual({ skipped: 3, red: 0 });
  } finally {
    await open.stop();
  }
});

interface Spoiled {
  readonly status?: number;
  readonly body?: string;
  readonly without?: string;
}

/** Passes requests on to the broker, and spoils the answers. */
async function spoil(change: (request: IncomingMessage, text: string) => Spoiled): Promise<string> {
  const pass: RequestListener = (request, response) => {
    void (async () => {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      const { connection: _c, host: _h, 'content-length': _l, ...headers } = request.headers;
      const answer = await fetch(broker.url + (request.url ?? ''), {
        method: request.method ?? 'GET',
        headers: headers as Record<string, string>,
        ...(pieces.length === 0 ? {} : { body: Buffer.concat(pieces) }),
      });
      const text = await answer.text();
      const { status = answer.status, body = text, without = '' } = change(request, text);
      const { connection: _cc, 'content-length': _ll, 'keep-alive': _k, ...shown } = Object.fromEntries(answer.headers);
      response.writeHead(status, Object.fromEntries(Object.entries(shown).filter(([name]) => name !== without)));
      response.end(status === 204 ? undefined : body);
    })();
  };
  const server = createServer(pass).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const isRequest = ({ method, url = '' }: IncomingMessage, wanted: string, part: string): boolean =>
  method === wanted && url.includes(part);

test('a broker whose answers are wrong is red there, and says what is wrong', async () => {
  const url = await spoil((request, text) => {
    if (isRequest(request, 'GET', 'orderBy=geo:distance'))
      return { body: JSON.stringify((JSON.parse(text) as unknown[]).toReversed()) };
    if (isRequest(request, 'GET', 'keyValues,count')) return { without: 'fiware-total-count' };
    if (isRequest(request, 'GET', ':none')) return { body: '{"code":"404"}' };
    if (isRequest(request, 'PUT', '/value')) return { status: 200 };
    if (isRequest(request, 'GET', '/v2/types')) return { body: '<html>' };
    return {};
  });
  const found = await results(url, withKey());
  expect(found.code).toBe(1);
  expect(reds(found)).toEqual([
    expect.stringContaining('with its count: Fiware-Total-Count is null, and 3 entities came.'),
    expect.stringMatching(/the nearest first: The ids are \[.*2".*1"\], not \[.*1".*2"\], in this order\./),
    'types are listed: OffStreetParking is not listed: <html>',
    expect.stringContaining('a value alone is updated, as text: The status is 200, not 204'),
    'what does not exist is 404, with error and description: The error is not NotFound: {"code":"404"}',
    'QuantumLeap answers 404 for what it does not have: The error is not Not Found: {"code":"404"}',
  ]);
  expect(await kept('')).toEqual([[], [], []]);
});

test('a broker that does not reach the receiver is red at notifications', async () => {
  const found = await results(broker.url, [...withKey(), '--receiver', 'receiver.invalid', '--wait', '0']);
  expect(reds(found)).toHaveLength(3);
  expect(reds(found)[0]).toContain('No notification arrived at http://receiver.invalid:');
});

test('where nobody listens, every point is red', async () => {
  const { green, red, code } = await results('http://127.0.0.1:9', ['--areas', '']);
  expect({ green, code }).toEqual({ green: 0, code: 1 });
  expect(red).toBeGreaterThan(20);
});

test.each([
  [['synchronicity'], 'Say what to check: check synchronicity URL, check mims'],
  [['orion', 'http://localhost'], 'Say what to check: check synchronicity URL, check mims'],
  [['synchronicity', 'localhost:1026'], 'URL must be a URL such as http://localhost:1026, not "localhost:1026".'],
  [['synchronicity', 'http://localhost', '--areas', 'all'], '--areas can be context, models, history'],
])('%j is refused', async (args, reason) => {
  await expect(run(check, args)).rejects.toThrow(reason);
});
