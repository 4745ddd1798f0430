/** Provides a complete broker with its API for tests of delivery, and helpers for requests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startBroker } from '../../../src/app/broker.ts';
import { readConfig } from '../../../src/app/config/read-config.ts';

export interface Api {
  /** Sends a request; throws when it is not answered by a status below 400. Answers the body. */
  send(line: string, body?: unknown, headers?: Record<string, string>): Promise<unknown>;
  /** Creates a subscription to boats. Answers its id. */
  subscribe(uri: string, members?: object, notification?: object): Promise<string>;
  /** Sets the depth of a boat, which is created when it is not there. */
  sail(boat: number, draft: number): Promise<void>;
  /** The `notification` of a subscription as it is told. */
  notification(id: string): Promise<Account>;
}

interface Account {
  readonly timesSent?: number;
  readonly timesFailed?: number;
  readonly lastNotification?: string;
  readonly lastSuccess?: string;
  readonly lastFailure?: string;
  readonly status?: string;
}

export function createApi(url: string): Api {
  const api: Api = {
    async send(line, body, headers = {}) {
      const [method = 'GET', path = ''] = line.split(' ');
      const answer = await fetch(`${url}/ngsi-ld/v1${path}`, {
        method,
        headers: { 'Content-Type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (answer.status >= 400) throw new Error(`${line}: ${answer.status} ${text}`);
      return text === '' ? answer.headers.get('location') : (JSON.parse(text) as unknown);
    },
    async subscribe(uri, members = {}, notification = {}) {
      const body = {
        type: 'Subscription',
        entities: [{ type: 'Boat' }],
        ...members,
        notification: { endpoint: { uri }, ...notification },
      };
      const location = (await api.send('POST /subscriptions', body)) as string;
      return location.slice('/ngsi-ld/v1/subscriptions/'.length);
    },
    async sail(boat, draft) {
      await api.send('POST /entityOperations/upsert?options=update', [
        { id: `urn:ngsi-ld:Boat:${boat}`, type: 'Boat', draft: { type: 'Property', value: draft } },
      ]);
    },
    notification: async (id) =>
      ((await api.send(`GET /subscriptions/${id}`)) as { notification: Account }).notification,
  };
  return api;
}

export interface TestBroker extends Api {
  readonly url: string;
  readonly folder: string;
  stop(): Promise<void>;
}

const open = new Set<TestBroker>();

/** Starts a broker. With a folder it keeps its data there, in SQLite; else in memory. */
export async function startTestBroker(args: readonly string[] = [], folder?: string): Promise<TestBroker> {
  const own = folder ?? mkdtempSync(join(tmpdir(), 'mlaka-deliver-'));
  const fixed = [
    '--port',
    '0',
    '--data',
    own,
    '--store',
    folder === undefined ? 'memory' : 'sqlite',
    '--log-level',
    'silent',
    '--models',
    'off',
  ];
  const broker = await startBroker(readConfig({ args: [...fixed, '--notify-allow-private', ...args], env: {} }));
  const testBroker: TestBroker = {
    ...createApi(broker.url),
    url: broker.url,
    folder: own,
    stop: async () => {
      open.delete(testBroker);
      await broker.stop();
      if (folder === undefined) rmSync(own, { recursive: true });
    },
  };
  open.add(testBroker);
  return testBroker;
}

export async function stopTestBrokers(): Promise<void> {
  for (const testBroker of open) await testBroker.stop();
}

/** Asks until the answer is as wanted. */
export async function eventually<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isWanted(answer)) return answer;
    await wait(10);
  }
}
