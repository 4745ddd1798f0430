/** Tickets to the stream are good once, for a short time, and do not pile up. */
import { expect, test } from '@jest/globals';
import { anonymous } from '../../../src/core/access/principal.ts';
import { createContexts } from '../../../src/core/jsonld/resolve.ts';
import { instantOf } from '../../../src/core/model/instant.ts';
import { createTickets } from '../../../src/core/operation/stream/tickets.ts';

const { core } = createContexts({ load: () => Promise.reject(new Error('nothing is loaded')), known: {} });
const holder = (tenant: string) => ({ tenant, principal: anonymous, context: core });

function office() {
  let [nowMs, made] = [1_700_000_000_000, 0];
  const tickets = createTickets({
    clock: { now: () => instantOf(nowMs * 1000) },
    ids: { next: (kind) => `urn:ngsi-ld:${kind}:${(made += 1)}` },
    lifetimeMs: 1000,
  });
  return { ...tickets, wait: (ms: number) => (nowMs += ms) };
}

test('a ticket names its holder once', () => {
  const { issue, redeem } = office();
  const [first, second] = [issue(holder('a')), issue(holder('b'))];
  expect(redeem(second)).toEqual(holder('b'));
  expect(redeem(first)).toEqual(holder('a'));
  expect([redeem(first), redeem(second), redeem('3'), redeem('')]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('a ticket is good until its time is over', () => {
  const { issue, redeem, wait } = office();
  const [early, late] = [issue(holder('a')), issue(holder('b'))];
  wait(999);
  expect(redeem(early)).toEqual(holder('a'));
  wait(1);
  expect(redeem(late)).toBeUndefined();
});

test('of very many that wait to be used the oldest are given up', () => {
  const { issue, redeem } = office();
  const all = Array.from({ length: 10_005 }, () => issue(holder('a')));
  expect(all.filter((ticket) => redeem(ticket) !== undefined)).toEqual(all.slice(5));
});
