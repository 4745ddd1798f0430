/** Provides requests of NGSI v2 to a broker, each test in a tenant of its own. Answers are checked against openapi-v2.yaml. */
import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { checkAgainstOpenApiV2 } from './v2-openapi.ts';
import { startTestBroker, type TestBroker, testedStores } from './scenario.ts';

interface V2Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown;
}

interface V2Request {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The port of an additional server. Absent: that of the broker. */
  readonly port?: number;
}

/** Sends a request such as `GET /v2/entities` in the tenant of the test. A text is sent as it is. */
export type Send = (line: string, request?: V2Request) => Promise<V2Answer>;

/** An error of v2. */
export const error = (code: string, description: string): object => ({ error: code, description });

let tenants = 0;

/** Declares tests per store, of a broker with these options. Each test gets a tenant that is empty. */
export function v2Tests(
  about: string,
  tests: Readonly<Record<string, (send: Send) => Promise<void>>>,
  options: readonly string[] = [],
): void {
  describe.each(testedStores)(`${about} (%s)`, (store) => {
    let broker: TestBroker;
    beforeAll(async () => {
      broker = await startTestBroker(['--store', store, ...options]);
    });
    afterAll(() => broker.stop());
    test.each(Object.entries(tests))('%s', async (_, run) => {
      tenants += 1;
      const tenant = `v2test${tenants}`;
      await run((line, request) => send(broker.url, line, { tenant, ...request }));
    });
  });
}

async function send(
  url: string,
  line: string,
  { tenant, body, headers, port }: V2Request & { readonly tenant: string },
): Promise<V2Answer> {
  const [method = 'GET', path = ''] = line.split(/ (.*)/);
  const base = port === undefined ? url : `http://127.0.0.1:${port}`;
  const response = await fetch(base + path, {
    method,
    headers: {
      'Fiware-Service': tenant,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  if (port === undefined) checkAgainstOpenApiV2(line, { status: response.status, headers: response.headers, text });
  return { status: response.status, headers: response.headers, text, json: jsonOf(text) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
