/** Tests requests to context sources against servers that hang, reset, lie and never end: bounded time, size and number. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import type { Memory } from '../../../src/core/port/memory.ts';
import type { Observation } from '../../../src/core/port/observe.ts';
import type { SourceAnswer, Sources } from '../../../src/core/port/sources.ts';
import { createHttpSources } from '../../../src/edge/peer/http-sources.ts';
import { createSharedBounds } from '../../../src/edge/peer/shared-bounds.ts';

let held = 0;
const memory: Memory = {
  share: () => 64 * 2 ** 20,
  held: () => held,
  count: (_, bytes) => void (held += bytes),
  discard: () => undefined,
  discardEntity: () => undefined,
  refusal: () => {
    throw new Error('nothing is refused here');
  },
};
const seen: Observation[] = [];
const observe = (observation: Observation): void => void seen.push(observation);
const servers: Server[] = [];
const opened: Sources[] = [];
const open = (timeoutMs = 5000): Sources => {
  const sources = createHttpSources({ timeoutMs, depthMax: 64, memory, observe });
  opened.push(sources);
  return sources;
};
const serve = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
const get = (sources: Sources, url: string, more: object = {}): Promise<SourceAnswer> =>
  sources.ask({ method: 'GET', url: `${url}/ngsi-ld/v1/entities`, headers: {}, registration: 'urn:r:1', ...more });

afterEach(() => expect(held).toBe(0));
afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()));
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

test('requests of one group share a number of bytes, others do not', async () => {
  const url = await serve((_, response) => response.end(JSON.stringify('x'.repeat(15 * 2 ** 20))));
  const [sources, group] = [open(), {}];
  const sizes: boolean[] = [];
  for (const more of [{ group }, { group }, { group }, { group }, { group }, { group: {} }, {}]) {
    const answer = await get(sources, url, more);
    sizes.push(answer.kind === 'answered' && answer.body !== undefined);
  }
  expect(sizes).toEqual([true, true, true, true, false, true, true]);
});

test('requests of one group share a deadline', () => {
  let now = 0;
  const boundsOf = createSharedBounds({ nowMs: () => now, timeMs: 100, bytesMax: 10 });
  const request = { method: 'GET', url: 'http://a.example', headers: {}, registration: 'urn:r:1' } as const;
  const [group, other] = [{}, {}];
  expect(boundsOf({ ...request, group }).leftMs()).toBe(100);
  now = 70;
  expect(boundsOf({ ...request, group }).leftMs()).toBe(30);
  expect(boundsOf({ ...request, group: other }).leftMs()).toBe(100);
  expect(boundsOf(request).leftMs()).toBe(100);
  now = 170;
  expect(boundsOf({ ...request, group }).leftMs()).toBe(0);
});

describe('a context source', () => {
  test('is answered with status, headers and JSON', async () => {
    const url = await serve((request, response) => {
      response.writeHead(200, { 'NGSILD-Warning': '199 x "y"' });
      response.end(JSON.stringify({ path: request.url, via: request.headers.via }));
    });
    const answer = await get(open(), url, { headers: { Via: '1.1 me' } });
    expect(answer).toMatchObject({
      kind: 'answered',
      status: 200,
      headers: { 'ngsild-warning': '199 x "y"' },
      body: { path: '/ngsi-ld/v1/entities', via: '1.1 me' },
    });
  });

  test.each<readonly [string, RequestListener]>([
    ['garbage', (_, response) => void response.end('<html>')],
    ['JSON that is nested too deep', (_, response) => void response.end('['.repeat(1000) + ']'.repeat(1000))],
    ['nothing', (_, response) => void response.end()],
    [
      'a body without end',
      (_, response) => {
        const piece = Buffer.alloc(2 ** 20, 32);
        const write = (): void => {
          while (!response.destroyed && response.write(piece));
        };
        response.on('drain', write);
        write();
      },
    ],
  ])('that sends %s gives no body', async (_, listener) => {
    const answer = await get(open(), await serve(listener));
    expect(answer).toMatchObject({ kind: 'answered', status: 200 });
    expect(answer).not.toHaveProperty('body');
  });

  test.each<readonly [string, RequestListener]>([
    ['hangs before the answer', () => undefined],
    ['hangs in the answer', (_, response) => void response.write('[')],
    ['resets the connection', (request) => void request.socket.destroy()],
  ])('that %s does not answer', async (_, listener) => {
    const answer = await get(open(), await serve(listener), { timeoutMs: 300 });
    expect(answer).toMatchObject({ kind: 'unanswered', reason: expect.any(String) });
  });

  test('rests during its cooldown, but others at the host do not', async () => {
    let asked = 0;
    const url = await serve((_, response) => {
      asked += 1;
      response.writeHead(500).end();
    });
    const sources = open();
    expect(await get(sources, url, { cooldownMs: 60_000 })).toMatchObject({ kind: 'answered', status: 500 });
    expect(await get(sources, url, { cooldownMs: 60_000 })).toMatchObject({
      kind: 'unanswered',
      reason: expect.stringContaining('cooldown'),
    });
    expect(await get(sources, url, { registration: 'urn:r:2' })).toMatchObject({ kind: 'answered', status: 500 });
    expect(asked).toBe(2);
  });

  test('that was not reached five times rests', async () => {
    const sources = open();
    const reasons: string[] = [];
    for (let n = 0; n < 6; n += 1) {
      const answer = await get(sources, 'http://127.0.0.1:1');
      reasons.push(answer.kind === 'unanswered' ? answer.reason : 'answered');
    }
    expect(reasons.at(4)).toMatch(/ECONNREFUSED/);
    expect(reasons.at(5)).toMatch(/did not answer 5 times/);
    expect(sources.health('127.0.0.1:1')).toMatchObject({
      ...{ asked: 5, failed: 5, unanswered: 5, failuresInARow: 5, isResting: true, underWay: 0 },
      lastReason: expect.stringContaining('ECONNREFUSED'),
      lastFailure: expect.stringMatching(/Z$/),
    });
  });

  test('has its health told: counts, times, the last success and failure', async () => {
    let asked = 0;
    const url = await serve((_, response) => {
      asked += 1;
      response.writeHead(asked === 2 ? 500 : asked === 3 ? 404 : 200).end('{}');
    });
    const sources = open();
    const host = new URL(url).host;
    expect(sources.health(host)).toBeUndefined();
    const before = seen.length;
    for (let n = 0; n < 2; n += 1) await get(sources, url);
    const failed = {
      asked: 2,
      failed: 1,
      unanswered: 0,
      failuresInARow: 1,
      lastReason: 'It answered with status 500.',
    };
    expect(sources.health(host)).toMatchObject(failed);
    await get(sources, url);
    expect(sources.health(host)).toMatchObject({ ...failed, asked: 3, failuresInARow: 0, isResting: false });
    expect(seen.slice(before)).toMatchObject(
      ['answered', 'failed', 'answered'].map((result) => ({ kind: 'sourceAsked', host, result })),
    );
  });

  test('is not asked again for an answer that may be kept, unless it is too old, too large or no success', async () => {
    let asked = 0;
    const url = await serve((request, response) => {
      asked += 1;
      const isLarge = request.url?.includes('large') === true;
      response.writeHead(request.url?.includes('missing') === true ? 404 : 200);
      response.end(JSON.stringify(isLarge ? 'x'.repeat(2 ** 20) : asked));
    });
    const sources = open();
    const count = async (path: string, cacheMs?: number): Promise<number> => {
      const before = asked;
      for (let n = 0; n < 2; n += 1)
        await get(sources, `${url}/${path}`, { ...(cacheMs === undefined ? {} : { cacheMs }) });
      return asked - before;
    };
    expect(await count('kept', 60_000)).toBe(1);
    expect(await count('kept')).toBe(2);
    expect(await count('young', 0.001)).toBe(2);
    expect(await count('large', 60_000)).toBe(2);
    expect(await count('missing', 60_000)).toBe(2);
    const long = { method: 'POST', body: 'x'.repeat(2 ** 20), cacheMs: 60_000 };
    await get(sources, url, long);
    expect(await get(sources, url, long)).not.toHaveProperty('isCached');
    expect(await get(sources, `${url}/kept`, { cacheMs: 60_000 })).toMatchObject({ isCached: true, body: 1 });
    await get(sources, `${url}/other`, { method: 'PATCH' });
    expect(await get(sources, `${url}/kept`, { cacheMs: 60_000 })).not.toHaveProperty('isCached');
  });

  test('is asked again after a write, also for what was read while it was written', async () => {
    let arrive: (finish: () => void) => void = () => undefined;
    const arrived = new Promise<() => void>((resolve) => (arrive = resolve));
    const url = await serve((request, response) => {
      if (request.method === 'PATCH') arrive(() => response.writeHead(204).end());
      else response.end('1');
    });
    const sources = open();
    const writing = get(sources, url, { method: 'PATCH' });
    const finish = await arrived;
    await get(sources, url, { cacheMs: 60_000 });
    finish();
    await writing;
    expect(await get(sources, url, { cacheMs: 60_000 })).not.toHaveProperty('isCached');
  });

  test('at a private address is not asked, unless that is allowed', async () => {
    const sources = createHttpSources({ timeoutMs: 500, depthMax: 64, memory, lookupPublic: () => undefined, observe });
    opened.push(sources);
    expect(sources.objection('http://10.0.0.1')).toMatch(/10\.0\.0\.1/);
    expect(await get(sources, 'http://localhost:1')).toMatchObject({
      kind: 'unanswered',
      reason: expect.stringContaining('localhost'),
    });
    expect(open().objection('http://10.0.0.1')).toBeUndefined();
  });
});
