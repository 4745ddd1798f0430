/** Tests tickets for the stream: each is valid once and for a short time, and the oldest of very many are dropped. */
import { expect, test } from '@jest/globals';
import { anonymous } from '../../../src/core/access/identity.ts';
import { instantOf } from '../../../src/core/model/instant.ts';
import { createTickets } from '../../../src/core/operation/stream/tickets.ts';
import { createOneTimeStore } from '../../../src/core/port/one-time-store.ts';

const holder = (tenant: string) => ({ tenant, identity: anonymous, contextUrl: 'https://boats.example/c.jsonld' });

function office(oneTimeStore = createOneTimeStore()) {
  let [nowMs, made] = [1_700_000_000_000, 0];
  const tickets = createTickets({
    clock: { now: () => instantOf(nowMs * 1000) },
    ids: { next: (kind) => `urn:ngsi-ld:${kind}:${(made += 1)}` },
    oneTimeStore,
    lifetimeMs: 1000,
  });
  return { ...tickets, wait: (ms: number) => (nowMs += ms) };
}

test('a ticket names its holder once', async () => {
  const { issue, redeem } = office();
  const [first, second] = [await issue(holder('a')), await issue(holder('b'))];
  expect(await redeem(second)).toEqual(holder('b'));
  expect(await redeem(first)).toEqual(holder('a'));
  expect(await Promise.all([first, second, '3', ''].map(redeem))).toEqual(Array.from({ length: 4 }, () => undefined));
});

test('a ticket is good until its time is over', async () => {
  const { issue, redeem, wait } = office();
  const [early, late] = [await issue(holder('a')), await issue(holder('b'))];
  wait(999);
  expect(await redeem(early)).toEqual(holder('a'));
  wait(1);
  expect(await redeem(late)).toBeUndefined();
});

test('of very many that wait to be used the oldest are given up', async () => {
  const { issue, redeem } = office();
  const all = await Promise.all(Array.from({ length: 10_005 }, () => issue(holder('a'))));
  const good = await Promise.all(all.map(async (ticket) => (await redeem(ticket)) !== undefined));
  expect(all.filter((_, index) => good[index])).toEqual(all.slice(5));
});

test('what is no ticket where one should be holds nobody', async () => {
  const oneTimeStore = createOneTimeStore();
  const { issue, redeem } = office(oneTimeStore);
  for (const text of ['', '{', 'null', '5', '{}', '{"until":9e99}', '{"holder":{}}']) {
    await oneTimeStore.put('broken', text, 1000);
    expect(await redeem('broken')).toBeUndefined();
  }
  expect(await redeem(await issue(holder('a')))).toEqual(holder('a'));
});
