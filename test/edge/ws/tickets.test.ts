/** Tests how a client of the stream passes tenant, principal and @context: in headers, or by a ticket that it requested before. */
import { expect, test } from '@jest/globals';
import { everything, openPolicy } from '../../../src/core/access/policy.ts';
import { createPrincipal } from '../../../src/core/access/principal.ts';
import { anonymous, type Identity } from '../../../src/core/access/identity.ts';
import { apply, boatContext, createStarter, type Harness, idOf, put } from './harness.ts';

const start = createStarter();
const ana: Identity = { kind: 'key', subject: 'key:ana', roles: [] };
const link = { Link: '<https://boats.example/c.jsonld>; rel="http://www.w3.org/ns/json-ld#context"' };

/** A ticket as a client with these headers gets it. */
async function ticketFor({ connect }: Harness, headers: Record<string, string>): Promise<string> {
  const client = await connect({ headers });
  client.send({ op: 'request', id: 't', operation: 'createStreamTicket' });
  const { body } = await client.next({ op: 'response', id: 't' });
  const { ticket, lifetimeMs } = body as { ticket: string; lifetimeMs: number };
  expect([typeof ticket, lifetimeMs]).toEqual(['string', 1000]);
  return ticket;
}

const boats = { type: 'Subscription', entities: [{ type: 'Boat' }], notificationTrigger: ['entityCreated'] };
const boat = { id: idOf(1), type: boatContext.Boat, [boatContext.draft]: { type: 'Property', value: 2 } };

test('the @context of the handshake is that of all frames that name none', async () => {
  const { connect, store, services } = await start();
  const client = await connect({ headers: link });
  client.send({ op: 'subscribe', id: 's', subscription: boats });
  client.send({ op: 'subscribe', id: 'core', subscription: { ...boats, '@context': [] } });
  await client.next({ op: 'subscribed', id: 'core' });
  await apply(store, services, put(boat));
  const { notification } = await client.next({ op: 'notification' });
  expect(notification).toMatchObject({ data: [{ type: 'Boat', draft: { value: 2 } }] });
  client.send({ op: 'request', id: 'r', operation: 'queryEntities', params: { type: 'Boat' } });
  expect(await client.next({ op: 'response' })).toMatchObject({ body: [{ draft: { value: 2 } }] });
  expect(client.frames.filter(({ op, id }) => op === 'notification' && id === 'core')).toEqual([]);
});

test('a ticket stands for tenant, principal and @context, once', async () => {
  const harness = await start({
    authenticate: ({ headers }) => (headers['authorization'] === 'Bearer ana' ? ana : anonymous),
    access: {
      ...openPolicy,
      isOpen: false,
      principalOf: (identity) => createPrincipal(identity, identity.subject === ana.subject ? everything : []),
    },
  });
  await harness.services.stores.open('harbour', true);
  const ticket = await ticketFor(harness, { ...link, Authorization: 'Bearer ana', 'NGSILD-Tenant': 'harbour' });
  const client = await harness.connect({ query: `?ticket=${ticket}&tenant=elsewhere` });
  client.send({ op: 'request', id: 'c', operation: 'createEntity', body: { id: idOf(1), type: 'Boat' } });
  expect(await client.next({ id: 'c' })).toMatchObject({ op: 'response', status: 201 });
  const harbour = await harness.services.stores.open('harbour', false);
  expect((await harbour?.get(idOf(1), harness.services.clock.now()))?.entity().types).toEqual([boatContext.Boat]);
  await expect(harness.connect({ query: `?ticket=${ticket}` })).rejects.toThrow('403');
});

test('a ticket that was never given opens nothing, nor does a Link that cannot be read', async () => {
  const harness = await start();
  await expect(harness.connect({ query: '?ticket=' })).rejects.toThrow('403');
  await expect(harness.connect({ query: '?ticket=guessed' })).rejects.toThrow('403');
  await expect(harness.connect({ headers: { Link: '<' } })).rejects.toThrow('400');
});

test('a ticket is not kept with a @context that is written out', async () => {
  const { connect } = await start();
  const client = await connect();
  client.send({ op: 'request', id: 't', operation: 'createStreamTicket', '@context': boatContext });
  expect(await client.next({ op: 'error' })).toMatchObject({
    problem: { detail: expect.stringContaining('URL') as unknown },
  });
});
