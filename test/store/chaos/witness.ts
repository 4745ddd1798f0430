/** Records the changes that consumers receive: subscriptions with a receiver, and a client of the stream that connects to any broker. */
import { type Client, connect } from '../../../src/client/client.ts';
import { startReceiver, valueOf } from '../../edge/deliver/receiver.ts';
import type { Cluster } from './cluster.ts';

interface Telling {
  readonly entity: string;
  readonly value: number;
  /** The id of the notification. */
  readonly id: string;
  readonly atMs: number;
}

export interface Witness {
  readonly name: string;
  readonly told: readonly Telling[];
}

/** Subscribes so often, at either broker. */
export async function subscribe(cluster: Cluster, count: number): Promise<readonly Witness[]> {
  const witnesses = new Map(
    Array.from({ length: count }, (_, n) => [`/${n}`, { name: `subscription ${n}`, told: [] as Telling[] }]),
  );
  const receiver = await startReceiver();
  receiver.manner = (received) => {
    // Nothing else is to be remembered of so many.
    receiver.received.length = 0;
    const { path, body, atMs } = received;
    witnesses.get(path.slice('/notify'.length))?.told.push({
      entity: String(body.data[0]?.['id']),
      value: Number(valueOf(received, 'draft')),
      id: body.id,
      atMs,
    });
    return 200;
  };
  for (const path of witnesses.keys()) await cluster.broker()?.subscribe(`${receiver.url}${path}`);
  return [...witnesses.values()];
}

const clients: Client[] = [];

/** Follows the stream from now on. Whenever the connection is lost, the next one goes to a broker that is up. */
export async function follow(cluster: Cluster): Promise<Witness> {
  class AnyBroker extends WebSocket {
    constructor(url: string, protocol: string) {
      const here = new URL(cluster.broker()?.url ?? url);
      const there = new URL(url);
      there.port = here.port;
      super(there, protocol);
    }
  }
  const told: Telling[] = [];
  const url = cluster.broker()?.url ?? '';
  const opened = Promise.withResolvers<undefined>();
  const client = connect(url, {
    WebSocket: AnyBroker,
    retryLeastMs: 20,
    retryMostMs: 500,
    onState: (state) => {
      if (state === 'open') opened.resolve(undefined);
    },
  });
  clients.push(client);
  await opened.promise;
  const events = client.subscribe({ entities: [{ type: 'Boat' }] });
  const read = async (): Promise<void> => {
    for await (const event of events) {
      if (event.kind !== 'change') throw new Error(`The stream told of a ${event.kind}.`);
      const { id: entity, draft } = event.entity as { id: string; draft?: { value?: unknown } };
      told.push({ entity, value: Number(draft?.value), id: event.position ?? '', atMs: performance.now() });
    }
  };
  read().catch((error: unknown) => told.push({ entity: String(error), value: NaN, id: '', atMs: performance.now() }));
  return { name: 'stream', told };
}

export function closeStreams(): void {
  for (const client of clients.splice(0)) client.close();
}
