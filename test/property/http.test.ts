/** Tests the HTTP binding with arbitrary bytes over raw sockets: each request is answered, and no answer is a server error. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { testedStores, startTestBroker, type TestBroker } from '../scenario/scenario.ts';
import { near, nearJson, perhaps, runs, timeoutMs } from './fuzz.ts';
import { httpDocuments, httpHeaders, httpTargets } from './samples.ts';

/** A request before it is bytes. */
interface Draft {
  readonly line: string;
  readonly headers: readonly string[];
  readonly body: string | undefined;
  /** How many bytes the body is said to have beyond those that it has. */
  readonly missing: number;
}

function bytesOf({ line, headers, body, missing }: Draft): Buffer {
  const content = Buffer.from(body ?? '');
  const length = body === undefined ? [] : [`Content-Length: ${Math.max(0, content.length + missing)}`];
  const head = Buffer.from(`${[line, 'Host: localhost', ...length, ...headers].join('\r\n')}\r\n\r\n`, 'latin1');
  return Buffer.concat([head, content]);
}

const isSendable = (text: string): boolean => /^[\x21-\x7e]+$/.test(text);
const percent = (text: string): string => (isSendable(text) ? text : encodeURI(text.toWellFormed()));

const line = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...httpTargets) },
  {
    weight: 6,
    arbitrary: near(httpTargets, [
      '&',
      '?',
      '%',
      '%00',
      '%2F',
      '%C3',
      '/',
      'urn:ngsi-ld:Streetlight:1',
      'options=sysAttrs',
      'limit=0',
      'count=true',
      '(',
      '"',
    ]),
  },
);
const header = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...httpHeaders) },
  { weight: 1, arbitrary: near(httpHeaders) },
);
const headers = fc.oneof(fc.constant([]), fc.array(header, { maxLength: 3 }));
const body = fc.oneof(
  { weight: 6, arbitrary: nearJson(httpDocuments).map((json) => JSON.stringify(json)) },
  { weight: 2, arbitrary: near(httpDocuments.map((json) => JSON.stringify(json))) },
  { weight: 1, arbitrary: fc.nat({ max: 20_000 }).map((depth) => '['.repeat(depth)) },
);

const draft: fc.Arbitrary<Buffer> = fc
  .record({
    line: line.map((text) => {
      const [method = '', target = '', version = ''] = text.split(' ');
      return `${method} ${percent(target)} ${version === '' ? 'HTTP/1.1' : version}`;
    }),
    headers: headers.map((list) => ['Content-Type: application/json', ...list]),
    body: perhaps(body),
    missing: fc.oneof(
      { weight: 100, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: -3, max: 3 }) },
    ),
  })
  .map(bytesOf);

const wellFormed = httpTargets.map((target, index) =>
  bytesOf({
    line: `${target} HTTP/1.1`,
    headers: ['Content-Type: application/json', httpHeaders[index % httpHeaders.length] ?? ''],
    body: JSON.stringify(httpDocuments[index % httpDocuments.length]),
    missing: 0,
  }).toString('latin1'),
);
const broken = near(wellFormed, [
  '\r\n',
  '\r\n\r\n',
  ': ',
  'HTTP/1.1',
  'Transfer-Encoding: chunked\r\n',
  'Content-Length: 5\r\n',
  'Expect: 100-continue\r\n',
  '0\r\n\r\n',
  '\0',
]).map((text) => Buffer.from(text, 'latin1'));

const requests = fc.oneof({ weight: 7, arbitrary: draft }, { weight: 1, arbitrary: broken });

/** Requests that a client in order would send, whatever it asks for. */
const complete = line
  .map((text) => ({ method: text.split(' ')[0] ?? '', target: text.split(' ')[1] ?? '' }))
  .filter(
    ({ method, target }) => /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/.test(method) && /^\/[^/]/.test(target),
  );

function isReadable(answer: string): boolean {
  try {
    JSON.parse(answer);
    return true;
  } catch {
    return false;
  }
}

/** A last request, after which the broker hangs up by itself. */
const farewell = 'GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

/** Nothing is said for so long when the broker waits for more, because a request swallowed the last one. */
const silenceMs = 250;

/** What the broker says until it hangs up. It must do so. */
function answerTo(url: string, bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => {
      socket.write(bytes);
      socket.write(farewell);
    });
    const patience = setTimeout(() => {
      socket.destroy();
      reject(new Error(`No end after ${seen.length} characters, to ${bytes.toString('latin1')}`));
    }, 15_000);
    socket.setTimeout(silenceMs, () => socket.end());
    socket.setEncoding('latin1');
    socket.on('data', (data: string) => (seen += data));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(patience);
      resolve(seen);
    });
  });
}

/** The statuses in what was said; content never begins a line like this, for JSON has no line breaks in strings. */
const statusesOf = (said: string): readonly number[] =>
  [...said.matchAll(/HTTP\/1\.1 (\d{3}) [A-Z]/g)].map((match) => Number(match[1]));

/** Beside 501 for what is to come and 504 for an @context that cannot be had, the broker is never to blame. */
const isBlameless = (status: number): boolean => status < 500 || status === 501 || status === 504;

describe.each(testedStores)('whatever bytes arrive (%s)', (store) => {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await startTestBroker(['--store', store, '--context-timeout-ms', '200']);
  });
  afterAll(() => broker.stop());

  test(
    'are answered, and by no 5xx',
    async () => {
      const told = new Map<number, number>();
      await fc.assert(
        fc.asyncProperty(requests, async (bytes) => {
          const statuses = statusesOf(await answerTo(broker.url, bytes));
          for (const status of statuses) told.set(status, (told.get(status) ?? 0) + 1);
          expect({
            request: bytes.toString('latin1'),
            blamed: statuses.filter((status) => !isBlameless(status)),
          }).toEqual({ request: bytes.toString('latin1'), blamed: [] });
        }),
        runs(400),
      );
      // Requests that all fail at the door would prove nothing.
      expect([...told.keys()]).toEqual(expect.arrayContaining([200, 204, 400, 404]));
      if (process.env['MLAKA_FUZZ'] !== undefined) console.log(store, Object.fromEntries(told));
      expect((await fetch(`${broker.url}/health/ready`)).status).toBe(204);
    },
    timeoutMs,
  );

  test(
    'in a complete request always get an answer',
    async () => {
      await fc.assert(
        fc.asyncProperty(complete, perhaps(body), async ({ method, target }, content) => {
          const hasBody = content !== undefined && method !== 'GET' && method !== 'HEAD';
          const response = await fetch(`${broker.url}${percent(target)}`, {
            method,
            headers: { 'Content-Type': 'application/json' },
            ...(hasBody ? { body: content } : undefined),
          });
          const answer = await response.text();
          const seen = { method, target, content, answer };
          expect({ ...seen, isBlameless: isBlameless(response.status) }).toEqual({ ...seen, isBlameless: true });
          const isJson = response.headers.get('content-type')?.includes('json') === true && answer !== '';
          expect({ ...seen, isReadable: !isJson || isReadable(answer) }).toEqual({ ...seen, isReadable: true });
        }),
        runs(200),
      );
    },
    timeoutMs,
  );
});
