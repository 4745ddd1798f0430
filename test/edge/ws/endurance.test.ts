/**
 * Tests a client whose connection is cut repeatedly, in the middle of frames, while changes arrive. In the end it has every change once, in
 * order. STREAM_CUTS and STREAM_CHANGES make the test longer.
 */
import { expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { startTestBroker } from '../../scenario/scenario.ts';
import { createClient, entitiesIn, type Frame, until } from './harness.ts';
import { type Proxy, startProxy } from './proxy.ts';

const cutsWanted = Number(process.env['STREAM_CUTS'] ?? 15);
const changes = Number(process.env['STREAM_CHANGES'] ?? 6000);
const batch = 100;

/** Bytes that a change takes on the wire, at least: so often are connections cut that all cuts fall into the changes. */
const bytesEach = 50;

interface Seen {
  readonly numbers: number[];
  position: string | undefined;
  connections: number;
  gaps: number;
}

const subscription = {
  type: 'Subscription',
  entities: [{ type: 'Counter' }],
  notificationTrigger: ['entityCreated', 'attributeUpdated'],
  notification: { format: 'simplified' },
};

/** Listens, coming back whenever the connection is gone, until `isOver`. */
async function listen(port: number, seen: Seen, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const client = createClient(new WebSocket(`ws://127.0.0.1:${port}/ngsi-ld/v1/stream`, 'ngsi-ld-ws.v1'));
    client.each((frame) => take(frame, seen));
    await client.opened.catch(() => undefined);
    if (client.socket.readyState === WebSocket.OPEN) {
      seen.connections += 1;
      client.send({
        op: 'subscribe',
        id: 'all',
        subscription,
        ...(seen.position === undefined ? {} : { after: seen.position }),
      });
    }
    await Promise.race([client.closed, until(isOver)]);
    client.socket.terminate();
  }
}

function take(frame: Frame, seen: Seen): void {
  if (frame.op === 'gap') seen.gaps += 1;
  if (typeof frame['position'] === 'string') seen.position = frame['position'];
  seen.numbers.push(...entitiesIn([frame]).map(({ n }) => Number(n)));
}

const cutRandomly = (proxy: Proxy): void => {
  const mean = (changes * bytesEach) / cutsWanted;
  proxy.cutAfter = () => (proxy.cuts() < cutsWanted ? Math.ceil(Math.random() * 1.4 * mean) : undefined);
};

test(`${cutsWanted} lost connections during ${changes} changes lose nothing and repeat nothing`, async () => {
  const broker = await startTestBroker(['--models', 'off']);
  const proxy = await startProxy(Number(new URL(broker.url).port));
  cutRandomly(proxy);
  const seen: Seen = { numbers: [], position: undefined, connections: 0, gaps: 0 };
  const began = Date.now();
  try {
    let isOver = false;
    const listening = listen(proxy.port, seen, () => isOver);
    await until(() => seen.position !== undefined);
    let n = 0;
    while (n < changes) {
      const body = Array.from({ length: batch }, (_, at) => ({
        id: `urn:ngsi-ld:Counter:${at}`,
        type: 'Counter',
        n: { type: 'Property', value: (n += 1) },
      }));
      const answer = await fetch(`${broker.url}/ngsi-ld/v1/entityOperations/upsert`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(await answer.text());
    }
    await until(() => seen.numbers.length >= changes);
    isOver = true;
    await listening;
  } finally {
    proxy.stop();
    await broker.stop();
  }
  process.stderr.write(
    `${changes} changes in ${((Date.now() - began) / 1000).toFixed(1)} s, ${proxy.cuts()} connections cut, ${seen.connections} opened\n`,
  );
  expect(seen.numbers).toEqual(Array.from({ length: changes }, (_, at) => at + 1));
  expect([proxy.cuts(), seen.gaps]).toEqual([cutsWanted, 0]);
}, 600_000);
