/** Tests ngsijs, the client of WireCloud, against the ngsi-proxy API of the broker. */
import { createRequire } from 'node:module';
import { afterEach, expect, test } from '@jest/globals';
import { EventSource } from 'eventsource';
import { type TestBroker, startTestBroker, stopTestBrokers } from '../deliver/test-broker.ts';

afterEach(stopTestBrokers);

interface Told {
  readonly data: readonly { readonly id: string; readonly draft: { readonly value: number } }[];
  readonly contentType: string;
}

interface Proxy {
  readonly connected: boolean;
  readonly connection_id: string | null;
  requestCallback(method: () => void): Promise<{ callback_id: string; url: string }>;
  closeCallback(id: string): Promise<void>;
  closeSubscriptionCallback(id: string): Promise<void>;
  close(): Promise<void>;
}

/** What is used here of ngsijs, which has no types. */
interface Connection {
  readonly ngsi_proxy: Proxy;
  readonly ld: { createSubscription(subscription: object): Promise<{ subscription: { id: string } }> };
}

type Ngsijs = new (url: string, options: object) => Connection;

/** As in a browser: it takes the text of whatever it is given, and finds a listener again that was added with `true`. */
class BrowserEventSource extends EventSource {
  constructor(url: unknown) {
    super(String(url));
  }

  override removeEventListener(type: string, listener: never, options: unknown): void {
    super.removeEventListener(type, listener, { capture: options === true });
  }
}

function connect({ url }: TestBroker): Connection {
  Object.assign(globalThis, { EventSource: BrowserEventSource });
  const { Connection: Client } = createRequire(import.meta.url)('ngsijs') as { Connection: Ngsijs };
  return new Client(url, { ngsi_proxy_url: url });
}

test('a subscription with a callback is told of changes, until the callback is closed', async () => {
  const broker = await startTestBroker(['--ngsi-proxy']);
  const { ngsi_proxy: proxy, ld } = connect(broker);
  const told: Told[] = [];
  const third = Promise.withResolvers<undefined>();
  const { subscription } = await ld.createSubscription({
    type: 'Subscription',
    entities: [{ type: 'Boat' }],
    notificationTrigger: ['entityCreated', 'entityUpdated'],
    notification: {
      endpoint: {
        accept: 'application/json',
        callback: (payload: Told | null) => {
          if (payload) told.push(payload);
          if (told.length === 3) third.resolve(undefined);
        },
      },
    },
  });
  expect(proxy.connected).toBe(true);
  for (const draft of [1, 2, 3]) await broker.sail(1, draft);
  await third.promise;
  expect(told.map(({ data }) => data[0]?.draft.value)).toEqual([1, 2, 3]);
  expect(told[0]?.contentType).toBe('application/json');
  await proxy.closeSubscriptionCallback(subscription.id);
  await proxy.close();
  expect(proxy.connected).toBe(false);
});

test('callbacks are made and closed on one connection, which is gone when it was closed', async () => {
  const broker = await startTestBroker(['--ngsi-proxy']);
  const { ngsi_proxy: proxy } = connect(broker);
  const one = await proxy.requestCallback(() => undefined);
  const id = proxy.connection_id;
  const other = await proxy.requestCallback(() => undefined);
  expect(proxy.connection_id).toBe(id);
  expect(other.url).toBe(`${broker.url}/callbacks/${other.callback_id}`);
  await proxy.closeCallback(one.callback_id);
  expect((await fetch(one.url, { method: 'POST', body: '{}' })).status).toBe(404);
  await proxy.close();
  expect((await fetch(other.url, { method: 'POST', body: '{}' })).status).toBe(404);
  expect((await fetch(`${broker.url}/eventsource/${id}`)).status).toBe(404);
});
