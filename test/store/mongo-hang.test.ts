/** Tests a broker whose primary hangs with open connections: it finds the next primary meanwhile, and nothing is lost. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { type Broker, startBroker } from '../../src/app/broker.ts';
import { readConfig } from '../../src/app/config/read-config.ts';
import { findMongod } from '../mongo/mongod.ts';
import { type ReplicaSet, startReplicaSet } from '../mongo/replica-set.ts';

let servers: ReplicaSet | undefined;
let broker: Broker | undefined;
const told = new Set<string>();
const receiver = createServer((request, response) => {
  void request.toArray().then((chunks) => {
    const { data } = JSON.parse(Buffer.concat(chunks as Buffer[]).toString()) as { data: readonly { id: string }[] };
    for (const { id } of data) told.add(id);
    response.end();
  });
});

afterAll(async () => {
  for (const member of servers?.members ?? []) member.thaw();
  await broker?.stop();
  await servers?.stop();
  receiver.closeAllConnections();
  receiver.close();
});

/** The member that takes writes. */
async function primaryOf({ members }: ReplicaSet): Promise<ReplicaSet['members'][number]> {
  for (const member of members) {
    const client = new MongoClient(`mongodb://127.0.0.1:${member.port}/?directConnection=true`);
    const hello = await client.db('admin').command({ hello: 1 });
    await client.close();
    if (hello['isWritablePrimary'] === true) return member;
  }
  throw new Error('There is no primary.');
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await wait(50);
}

const headers = { 'Content-Type': 'application/json' };
/** No request is to take longer, whatever becomes of it. */
const request = (path: string, body?: unknown): Promise<Response> =>
  fetch(`${broker?.url ?? ''}${path}`, {
    signal: AbortSignal.timeout(45_000),
    ...(body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) }),
  });
const status = async (path: string, body?: unknown): Promise<number> => (await request(path, body)).status;

test('writes, reads and deliveries go on while it hangs, and what was acknowledged is kept when it goes on', async () => {
  servers = await startReplicaSet(await findMongod((text) => process.stderr.write(`${text}\n`)), 3);
  await once(receiver.listen(0, '127.0.0.1'), 'listening');
  const url = servers.url.replace('/?', '/hang?');
  const args = [
    '--port',
    '0',
    '--store',
    'mongo',
    '--mongo-url',
    url,
    '--log-level',
    'silent',
    '--notify-allow-private',
  ];
  broker = await startBroker(readConfig({ args, env: {} }));
  const uri = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  const subscription = { type: 'Subscription', entities: [{ type: 'Boat' }], notification: { endpoint: { uri } } };
  expect(await status('/ngsi-ld/v1/subscriptions', subscription)).toBe(201);

  const written = new Map<string, number>();
  const writing: Promise<void>[] = [];
  const begin = (): void => {
    const id = `urn:boat:${writing.length}`;
    const done = status('/ngsi-ld/v1/entities', {
      id,
      type: 'Boat',
      draft: { type: 'Property', value: writing.length },
    });
    writing.push(done.then((answer) => void written.set(id, answer)));
  };
  begin();
  await until(() => written.size === 1);
  const primary = await primaryOf(servers);
  primary.freeze();
  for (let count = 0; count < 20; count += 1) begin();
  await until(async () => (await status('/health/ready')) === 503);
  // All of this with the primary still hanging.
  await until(async () => (await status('/ngsi-ld/v1/entities/urn:boat:0')) === 200);
  await until(async () => (await status('/health/ready')) === 204);
  begin();
  await Promise.all(writing);
  primary.thaw();
  begin();
  await Promise.all(writing);

  expect([...written.values()].filter((answer) => answer !== 201 && answer !== 503)).toEqual([]);
  expect([...written.values()].slice(-2)).toEqual([201, 201]);
  for (const [id, answer] of written) {
    const found = await request(`/ngsi-ld/v1/entities/${id}?options=keyValues`);
    // What was answered 503 may have been carried out, but not by half.
    if (found.status === 200) {
      expect(await found.json()).toMatchObject({ id, draft: Number(id.slice('urn:boat:'.length)) });
      await until(() => told.has(id));
    } else expect([id, answer, found.status]).toEqual([id, 503, 404]);
  }
}, 180_000);
