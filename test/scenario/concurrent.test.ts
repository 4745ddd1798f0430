/**
 * Tests concurrent requests that change the same stored document, at one broker or at two on one database: no acknowledged change is lost.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabases } from '../mongo/database.ts';
import { contextLink, startTestBroker, testedStores, type TestBroker } from './scenario.ts';

const rounds = 25;
const members = ['subscriptionName', 'description', 'q', 'lang', 'scopeQ', 'csf'] as const;
const valueOf = (member: string, round: number): string =>
  ({ q: `n>${round}`, lang: `sl;q=0.${round}`, scopeQ: `/a${round}`, csf: `a==${round}` })[member] ??
  `${member} ${round}`;

describe.each(testedStores)('at the same time (%s)', (store) => {
  const databases = store === 'mongo' ? createTestDatabases() : undefined;
  let nodes: readonly TestBroker[] = [];
  beforeAll(async () => {
    const args = ['--store', store, ...(databases ? ['--mongo-url', databases.url] : [])];
    nodes = [await startTestBroker(args)];
    if (databases) nodes = [...nodes, await startTestBroker(args)];
  }, 60_000);
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    await databases?.drop();
  }, 60_000);

  /** The nth request goes to one broker, the next to another. */
  const send = async (nth: number, method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${nodes[nth % nodes.length]?.url}/ngsi-ld/v1${path}`, {
      method,
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const subscription = (id: string) => ({
    id,
    type: 'Subscription',
    entities: [{ type: 'A' }],
    notification: { endpoint: { uri: 'http://receiver.example/n' } },
  });

  test('patches of different members of a subscription all stay', async () => {
    const id = 'urn:ngsi-ld:Subscription:patched';
    await send(0, 'POST', '/subscriptions', subscription(id));
    for (let round = 1; round <= rounds; round += 1) {
      const answers = await Promise.all(
        members.map((member, n) => send(n, 'PATCH', `/subscriptions/${id}`, { [member]: valueOf(member, round) })),
      );
      expect(answers.map(({ status }) => status)).toEqual(members.map(() => 204));
      const shown: unknown = await (await send(round, 'GET', `/subscriptions/${id}`)).json();
      expect(shown).toMatchObject(Object.fromEntries(members.map((member) => [member, valueOf(member, round)])));
    }
  }, 60_000);

  test('one of several subscriptions of the same id is made', async () => {
    for (let round = 0; round < rounds; round += 1) {
      const id = `urn:ngsi-ld:Subscription:made${round}`;
      const answers = await Promise.all(
        [0, 1, 2, 3].map((n) => send(n, 'POST', '/subscriptions', { ...subscription(id), description: String(n) })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
      const shown = (await (await send(round, 'GET', `/subscriptions/${id}`)).json()) as { description: string };
      expect(answers[Number(shown.description)]?.status).toBe(201);
    }
  }, 60_000);

  test('a subscription that is deleted while it is patched stays away', async () => {
    for (let round = 0; round < rounds; round += 1) {
      const id = `urn:ngsi-ld:Subscription:gone${round}`;
      await send(0, 'POST', '/subscriptions', subscription(id));
      const [patched, gone, again] = await Promise.all([
        send(0, 'PATCH', `/subscriptions/${id}`, { description: 'new' }),
        send(1, 'DELETE', `/subscriptions/${id}`),
        send(2, 'PATCH', `/subscriptions/${id}`, { lang: 'sl' }),
      ]);
      expect(gone.status).toBe(204);
      for (const { status } of [patched, again]) expect([204, 404]).toContain(status);
      expect((await send(round, 'GET', `/subscriptions/${id}`)).status).toBe(404);
    }
  }, 60_000);

  test('a @context that is deleted while it is used or deleted again stays away', async () => {
    for (let round = 0; round < 5; round += 1) {
      const made = await send(0, 'POST', '/jsonldContexts', { '@context': { A: `https://example.org/${round}` } });
      const path = (made.headers.get('Location') ?? '').replace('/ngsi-ld/v1', '');
      const use = (node: TestBroker | undefined) =>
        fetch(`${node?.url}/ngsi-ld/v1/entities?type=A`, {
          headers: { Link: contextLink(`${node?.url}/ngsi-ld/v1${path}`) },
        });
      const [, gone, again] = await Promise.all([
        use(nodes[0]),
        send(0, 'DELETE', path),
        send(1, 'DELETE', path),
        use(nodes.at(-1)),
      ]);
      expect([gone.status, again.status].sort()).toEqual([204, 404]);
      expect((await send(1, 'GET', path)).status).toBe(404);
    }
  }, 60_000);
});
