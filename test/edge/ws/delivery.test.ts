/** Tests that the stream loses and duplicates nothing: with concurrent writes, lost connections, and slow consumers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../src/core/model/json.ts';
import type { Mutation } from '../../../src/core/model/mutation.ts';
import type { Store } from '../../../src/core/port/store.ts';
import {
  apply,
  boat,
  type Client,
  change,
  createStarter,
  entitiesIn,
  everything,
  type Frame,
  type Harness,
  idOf,
  put,
  remove,
  startHarness,
  storeOf,
  until,
} from './harness.ts';

const start = createStarter();

/** Stores, and how many commits they are to carry out: one that writes to a disk waits for it. */
const kinds = [
  ['memory', 400],
  ['sqlite', 120],
] as const;
const any = (most: number): number => Math.floor(Math.random() * most);

/** What an entity was made to be, or that it went: the same in a frame, in the log and in the store. */
const mark = (entity: JsonObject): string =>
  entity['deletedAt'] === undefined ? String((entity['n'] as JsonObject)['value']) : 'deleted';

/** Random writes to some entities, each with a number of its own, in commits of one or several. */
async function writeAtRandom(
  { store, services }: Harness,
  { commits, entities }: { commits: number; entities: number },
): Promise<void> {
  let n = 1000;
  for (let commit = 0; commit < commits; commit += 1) {
    const mutations = Array.from({ length: 1 + any(5) }, (): Mutation => {
      const name = any(entities);
      n += 1;
      if (any(6) === 0) return remove(idOf(name));
      return any(3) === 0 ? put(boat(name, n)) : change(idOf(name), { n });
    });
    await apply(store, services, ...mutations);
    if (any(2) === 0) await nextTurn();
  }
}

/** The marks of every record of the log, per entity and in all. */
async function history(store: Store): Promise<readonly { id: string; mark: string }[]> {
  const records = await store.log.read(0, 100_000);
  return records.map(({ id, event, entity }) => {
    const n = Object.entries(entity.attrs).find(([name]) => name.endsWith('/n'))?.[1][0]?.value;
    return { id, mark: event === 'deleted' ? 'deleted' : String(n) };
  });
}

const marksOf = (list: readonly { id: string; mark: string }[], id: string): readonly string[] =>
  list.filter((one) => one.id === id).map((one) => one.mark);

describe.each(kinds)('snapshot, then stream (%s)', (kind, commits) => {
  test('has no gap and no repeat, whatever is written meanwhile', async () => {
    const harness = await start({ kind });
    const { store, services, connect } = harness;
    const initial = 1500;
    await apply(store, services, ...Array.from({ length: initial }, (_, name) => put(boat(name, name))));
    const writing = writeAtRandom(harness, { commits, entities: initial + 100 });
    const clients: Client[] = [];
    for (let count = 0; count < 5; count += 1) {
      const client = await connect();
      client.send({ op: 'subscribe', id: 's', subscription: everything, snapshot: true });
      clients.push(client);
      for (let turns = any(200); turns > 0; turns -= 1) await nextTurn();
    }
    await writing;
    await apply(store, services, put(boat('end', 1)));
    const log = await history(store);
    for (const client of clients) {
      await until(() => entitiesIn(client.frames).some(({ id }) => id === idOf('end')));
      checkReplica(client, log);
      await checkReplicaIsStore(client, store, services.clock.now());
    }
  });
});

/** Per entity: what came is what the snapshot had, and from there on the log to its end, each record once. */
function checkReplica({ frames }: Client, log: readonly { id: string; mark: string }[]): void {
  const came = entitiesIn(frames).map((entity) => ({ id: String(entity['id']), mark: mark(entity) }));
  const complete = frames.findIndex(({ op }) => op === 'snapshot');
  expect(complete).toBeGreaterThan(0);
  for (const [index, frame] of frames.entries()) {
    if (frame.op !== 'notification') continue;
    expect({ index, isSnapshot: frame['snapshot'] === true, hasPosition: frame['position'] !== undefined }).toEqual({
      index,
      isSnapshot: index < complete,
      hasPosition: index > complete,
    });
  }
  for (const id of new Set(log.map((record) => record.id))) checkEntity(id, marksOf(came, id), marksOf(log, id));
}

/**
 * A suffix of what was written. Before it there may be the state of an entity that was found, deleted, created anew, and found
 * again at the end of the order, all while the snapshot was taken.
 */
function checkEntity(id: string, came: readonly string[], written: readonly string[]): void {
  const [first, ...others] = came;
  const suffix = written.slice(-came.length);
  const isFoundAgain =
    first !== suffix[0] && written.slice(0, 1 - came.length).includes(first ?? '') && written.includes('deleted');
  expect({ id, came: isFoundAgain ? others : came }).toEqual({
    id,
    came: came.length === 0 ? [] : isFoundAgain ? suffix.slice(1) : suffix,
  });
}

/** What came amounts to what is there. */
async function checkReplicaIsStore({ frames }: Client, store: Store, now: string): Promise<void> {
  const replica = new Map(entitiesIn(frames).map((entity) => [String(entity['id']), mark(entity)]));
  const present = new Map<string, string>();
  for (const stored of await store.find({ filter: {}, limit: 10_000, now })) {
    present.set(stored.id, String(Object.values(stored.entity().attrs)[0]?.[0]?.value));
  }
  expect(new Map([...replica].filter(([, last]) => last !== 'deleted'))).toEqual(present);
}

describe.each(kinds)('resuming (%s)', (kind, commits) => {
  test('after lost connections, every change has come once and in order', async () => {
    const harness = await start({ kind });
    const { connect, store, services } = harness;
    const seen: { id: string; mark: string }[] = [];
    let position: string | undefined;
    let isOver = false;
    let connections = 0;
    const listen = async (): Promise<void> => {
      while (!isOver) {
        const client = await connect();
        connections += 1;
        client.each((frame) => {
          if (frame.op === 'notification')
            seen.push(...entitiesIn([frame]).map((entity) => ({ id: String(entity['id']), mark: mark(entity) })));
          if (typeof frame['position'] === 'string') position = frame['position'];
          if (seen.some(({ id }) => id === idOf('end'))) isOver = true;
        });
        client.send({
          op: 'subscribe',
          id: 's',
          subscription: everything,
          ...(position === undefined ? undefined : { after: position }),
        });
        await client.next({ op: 'subscribed', recovered: true });
        for (let turns = any(60); turns > 0; turns -= 1) await nextTurn();
        client.socket.terminate();
        await client.closed;
      }
    };
    const listening = listen();
    await until(() => position !== undefined);
    await writeAtRandom(harness, { commits, entities: 20 });
    await apply(store, services, put(boat('end', 1)));
    await listening;
    expect(connections).toBeGreaterThan(3);
    expect(seen).toEqual(await history(store));
  });

  test('from some changes back, and from where an HTTP answer or a response stood', async () => {
    const { connect, store, services } = await start({ kind });
    await apply(store, services, ...Array.from({ length: 30 }, (_, name) => put(boat(name, name))));
    const client = await connect();
    client.send({ op: 'subscribe', id: 'tail', subscription: everything, tail: 3 });
    await until(() => entitiesIn(client.frames).length === 3);
    expect(entitiesIn(client.frames)).toEqual([boat(27, 27), boat(28, 28), boat(29, 29)]);
    client.send({ op: 'request', id: 'r', operation: 'queryEntities', params: { type: 'Boat' } });
    const { position } = await client.next({ op: 'response' });
    await apply(store, services, put(boat(1, 100)));
    client.send({ op: 'subscribe', id: 'on', subscription: everything, after: position });
    expect(entitiesIn([await client.next({ op: 'notification', id: 'on' })])).toEqual([boat(1, 100)]);
    client.send({ op: 'subscribe', id: 'long tail', subscription: everything, tail: 1_000_000 });
    const isOfTail = ({ id }: Frame): boolean => id === 'long tail';
    await until(() => entitiesIn(client.frames.filter(isOfTail)).length === 31);
  });

  test('many at the same point read the log once', async () => {
    const harness = await start({ kind });
    const { connect, store, services } = harness;
    await apply(store, services, ...Array.from({ length: 1000 }, (_, name) => put(boat(name, name))));
    const { read } = store.log;
    let reads = 0;
    store.log.read = (after, limit) => {
      reads += 1;
      return read(after, limit);
    };
    const clients = await Promise.all(Array.from({ length: 20 }, () => connect()));
    for (const client of clients) client.send({ op: 'subscribe', id: 's', subscription: everything, tail: 1000 });
    await until(() => clients.every(({ frames }) => entitiesIn(frames).length === 1000));
    expect(reads).toBeLessThan(50);
  });

  test('where the log was pruned, or is another one, tells of the gap and goes on', async () => {
    const { connect, store, services } = await start({ kind });
    const client = await connect();
    client.send({ op: 'subscribe', id: 'first', subscription: everything });
    const { position } = await client.next({ op: 'subscribed' });
    const [epoch] = String(position).split('.');
    await apply(store, services, ...Array.from({ length: 10 }, (_, name) => put(boat(name, name))));
    await until(() => entitiesIn(client.frames).length === 10);
    await store.log.prune({ before: '2000-01-01T00:00:00Z', records: 3 });
    const resume = async (id: string, after: string): Promise<readonly Frame[]> => {
      client.send({ op: 'subscribe', id, subscription: everything, after });
      const subscribed = await client.next({ op: 'subscribed', id });
      return subscribed['recovered'] === true ? [subscribed] : [subscribed, await client.next({ op: 'gap', id })];
    };
    expect(await resume('old', String(position))).toMatchObject([
      { recovered: false, position: `${epoch ?? ''}.7` },
      { position: `${epoch ?? ''}.7` },
    ]);
    await until(() => entitiesIn(client.frames.filter(({ id }) => id === 'old')).length === 3);
    expect(await resume('exact', `${epoch ?? ''}.7`)).toMatchObject([{ recovered: true }]);
    for (const after of ['other.7', '7', `${epoch ?? ''}.`, `${epoch ?? ''}.11`, `${epoch ?? ''}.-1`]) {
      expect(await resume(after, after)).toMatchObject([{ recovered: false }, { position: `${epoch ?? ''}.10` }]);
    }
    client.send({ op: 'subscribe', id: 'tail', subscription: everything, tail: 8 });
    expect(await client.next({ op: 'subscribed', id: 'tail' })).toMatchObject({
      recovered: true,
      position: `${epoch ?? ''}.7`,
    });
  });
});

test('positions outlive a restart of a durable store, and no other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-ws-'));
  const epochOf = async (): Promise<unknown> => {
    const harness = await startHarness({ kind: 'sqlite', folder });
    const hello = await (await harness.connect()).next({ op: 'hello' });
    await harness.stop();
    return hello['epoch'];
  };
  const first = await epochOf();
  expect(await epochOf()).toBe(first);
  rmSync(folder, { recursive: true });
  expect(await epochOf()).not.toBe(first);
  rmSync(folder, { recursive: true });
});

describe('a slow consumer', () => {
  const padding = { padding: { type: 'Property', value: 'x'.repeat(20_000) } };
  const slowly = async (harness: Harness, overflow: string): Promise<Client> => {
    const client = await harness.connect();
    client.send({ op: 'subscribe', id: 's', subscription: everything, overflow });
    await client.next({ op: 'subscribed' });
    client.socket.pause();
    return client;
  };
  /** Far more than the sockets of both ends hold. */
  const rounds = 300;
  const flood = async ({ store, services }: Harness, reader?: Client): Promise<void> => {
    for (let n = 0; n < rounds; n += 1) {
      await apply(store, services, ...[1, 2, 3, 4].map((name) => put(boat(name, n, padding))));
      // A reader that is not slow has as little room as the slow one: it must not fall behind on a busy machine.
      if (reader && n % 10 === 9) await until(() => entitiesIn(reader.frames).length === 4 * (n + 1));
    }
  };
  const numbers = (client: Client, id: string): readonly number[] =>
    entitiesIn(client.frames).flatMap((entity) => (entity['id'] === id ? [Number(mark(entity))] : []));

  test('that wants everything is cut off at the bound, told to come back, and can go on; others notice nothing', async () => {
    const harness = await start({ limits: { bufferBytes: 2 ** 20 } });
    const good = await harness.connect();
    good.send({ op: 'subscribe', id: 's', subscription: everything });
    await good.next({ op: 'subscribed' });
    const slow = await slowly(harness, 'disconnect');
    await flood(harness, good);
    await until(() => entitiesIn(good.frames).length === rounds * 4);
    expect(harness.observed).toContainEqual({ kind: 'streamDropped', reason: 'disconnect' });
    // What waited for it is released at once, not when it has answered the close frame.
    await until(() => harness.services.memory.held('streams') < 2 ** 18);
    slow.socket.resume();
    expect(await slow.closed).toBe(4008);
    const first = numbers(slow, idOf(1));
    expect(first.length).toBeLessThan(rounds);
    const again = await harness.connect();
    again.send({
      op: 'subscribe',
      id: 's',
      subscription: everything,
      after: slow.frames.findLast(({ position }) => position !== undefined)?.['position'],
    });
    await until(() => numbers(again, idOf(4)).at(-1) === rounds - 1);
    expect([...first, ...numbers(again, idOf(1))]).toEqual(Array.from({ length: rounds }, (_, n) => n));
  });

  test('that wants the latest gets it of each entity, in order, and nothing in between', async () => {
    const harness = await start({ limits: { bufferBytes: 2 ** 20 } });
    const slow = await slowly(harness, 'latest');
    await flood(harness);
    await until(() => harness.observed.some(({ kind }) => kind === 'streamDropped'));
    slow.socket.resume();
    await until(() => [1, 2, 3, 4].every((name) => numbers(slow, idOf(name)).at(-1) === rounds - 1));
    const first = numbers(slow, idOf(1));
    expect(first.length).toBeLessThan(rounds);
    expect(first).toEqual([...first].sort((a, b) => a - b));
    expect(new Set(first).size).toBe(first.length);
    // Up to date again, it is told of every change.
    for (let n = 0; n < 5; n += 1) await apply(harness.store, harness.services, put(boat(1, rounds + n)));
    await until(() => numbers(slow, idOf(1)).at(-1) === rounds + 4);
    expect(numbers(slow, idOf(1)).slice(-5)).toEqual([0, 1, 2, 3, 4].map((n) => rounds + n));
    expect(harness.stream.connections()).toBe(1);
  });

  test('gets long texts in pieces that cut no character', async () => {
    const { connect, store, services } = await start();
    const client = await connect();
    client.send({ op: 'subscribe', id: 's', subscription: everything });
    await client.next({ op: 'subscribed' });
    for (const text of ['😀'.repeat(50_000), `x${'😀'.repeat(50_000)}`]) {
      await apply(store, services, put(boat(1, 1, { text: { type: 'Property', value: text } })));
      const { notification } = await client.next({ op: 'notification' });
      expect(notification).toMatchObject({ data: [{ text: { value: text } }] });
    }
  });

  test.each(['snapshot', 'latest'])('gets large entities one after the other (%s)', async (how) => {
    const { connect, store, services } = await start({ kind: 'sqlite' });
    const mebibyte = { text: { type: 'Property', value: 'x'.repeat(2 ** 20) } };
    const all = Array.from({ length: 12 }, (_, n) => idOf(n));
    for (const [n, id] of all.entries())
      await apply(store, services, put({ ...boat(n, n, n % 3 === 0 ? {} : mebibyte), id }));
    const client = await connect();
    const begin = how === 'snapshot' ? { snapshot: true } : { tail: 12, overflow: 'latest' };
    client.send({ op: 'subscribe', id: 's', subscription: everything, ...begin });
    await until(() => entitiesIn(client.frames).length === 12);
    expect(entitiesIn(client.frames).map(({ id }) => id)).toEqual(all);
    if (how === 'snapshot') await client.next({ op: 'snapshot' });
  });

  test('of a long past is sent no more than it takes', async () => {
    const harness = await start({ limits: { bufferBytes: 2 ** 18 } });
    await flood(harness);
    const client = await harness.connect();
    client.socket.pause();
    for (const [id, more] of [
      ['past', { tail: rounds * 4 }],
      ['now', { snapshot: true }],
    ] as const)
      client.send({ op: 'subscribe', id, subscription: everything, ...more });
    for (let turns = 0; turns < 200; turns += 1) await nextTurn();
    client.socket.resume();
    await until(() => entitiesIn(client.frames.filter(({ id }) => id === 'past')).length === rounds * 4);
    expect(entitiesIn(client.frames.filter(({ id }) => id === 'now'))).toHaveLength(4);
    expect(harness.observed.filter(({ kind }) => kind === 'streamDropped')).toEqual([]);
  });
});

test('a log that is pruned faster than it is read is told as a gap to live consumers', async () => {
  const { connect, store, services } = await start();
  const client = await connect();
  client.send({ op: 'subscribe', id: 's', subscription: everything });
  await client.next({ op: 'subscribed' });
  const { read } = store.log;
  store.log.read = async (after, limit) => {
    store.log.read = read;
    await store.log.prune({ before: '2000-01-01T00:00:00Z', records: 1 });
    return store.log.read(after, limit);
  };
  await apply(store, services, put(boat(1, 1)), put(boat(2, 2)), put(boat(3, 3)));
  expect(await client.next({ op: 'gap' })).toMatchObject({
    id: 's',
    position: expect.stringMatching(/\.2$/) as unknown,
  });
  await until(() => entitiesIn(client.frames).length === 1);
  expect(entitiesIn(client.frames)).toEqual([boat(3, 3)]);
});

test('tenants do not hear of one another', async () => {
  const { connect, services, store } = await start();
  const other = await storeOf(services.stores, 'other');
  const [ours, theirs] = [await connect(), await connect({ query: '?tenant=other' })];
  for (const client of [ours, theirs]) {
    client.send({ op: 'subscribe', id: 's', subscription: everything });
    await client.next({ op: 'subscribed' });
  }
  await apply(store, services, put(boat('ours', 1)));
  await apply(other, services, put(boat('theirs', 1)));
  expect(entitiesIn([await ours.next({ op: 'notification' })])).toEqual([boat('ours', 1)]);
  expect(entitiesIn([await theirs.next({ op: 'notification' })])).toEqual([boat('theirs', 1)]);
});
