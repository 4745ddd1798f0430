/** Tests quotas: what a party uses up comes back with time, parties do not disturb each other, and memory is bounded. */
import { expect, test } from '@jest/globals';
import type { Identity } from '../../../src/core/access/identity.ts';
import { anonymous, local } from '../../../src/core/access/identity.ts';
import { createQuotas, networkOf, type QuotaLimits, type Quotas } from '../../../src/core/access/quotas.ts';
import { TooManyRequests } from '../../../src/core/model/problem.ts';

const none: QuotaLimits = {
  requestsPerMinute: 0,
  writesPerMinute: 0,
  bytesPerMinute: 0,
  requestsAtOnce: 0,
  streamsAtOnce: 0,
  subscriptions: 0,
};
const named = (subject: string): { readonly identity: Identity } => ({ identity: { kind: 'key', subject, roles: [] } });
const [ana, bor] = [named('key:ana'), named('key:bor')];
const from = (address: string) => ({ identity: anonymous, address });

function open(limits: Partial<QuotaLimits>) {
  const exceeded: string[] = [];
  let now = 0;
  const quotas = createQuotas({
    limits: { ...none, ...limits },
    steadyMs: () => now,
    onExceeded: (name) => exceeded.push(name),
  });
  return { quotas, exceeded, later: (seconds: number) => (now += seconds * 1000) };
}

/** Seconds until the party may try again; 0: it may now. */
function waitOf(work: () => unknown): number {
  try {
    work();
    return 0;
  } catch (error) {
    return error instanceof TooManyRequests ? error.retryAfterSeconds : Number.NaN;
  }
}
const request = (quotas: Quotas, party: Parameters<Quotas['enter']>[0], writes = 0): number =>
  waitOf(() => quotas.enter(party, writes)());

test('requests of a minute may come at once, and then as they come back', () => {
  const { quotas, exceeded, later } = open({ requestsPerMinute: 30 });
  for (let n = 0; n < 30; n += 1) expect(request(quotas, ana)).toBe(0);
  expect([request(quotas, ana), request(quotas, bor)]).toEqual([2, 0]);
  later(1);
  expect(request(quotas, ana)).toBe(1);
  later(1);
  expect([request(quotas, ana), request(quotas, ana)]).toEqual([0, 2]);
  expect(exceeded).toEqual(['requests', 'requests', 'requests']);
  later(600);
  for (let n = 0; n < 30; n += 1) expect(request(quotas, ana)).toBe(0);
  expect(request(quotas, ana)).toBe(2);
});

test('a batch counts with all its elements, and one that is larger than the quota must be made up for', () => {
  const { quotas, later } = open({ writesPerMinute: 60 });
  expect(request(quotas, ana, 180)).toBe(0);
  expect(request(quotas, ana, 1)).toBe(121);
  expect(request(quotas, ana, 0)).toBe(0);
  later(121);
  expect(request(quotas, ana, 1)).toBe(0);
});

test('requests at a time are counted until they end', () => {
  const { quotas, exceeded } = open({ requestsAtOnce: 2 });
  const leave = quotas.enter(ana, 0);
  quotas.enter(ana, 0);
  expect(request(quotas, ana)).toBe(1);
  expect(waitOf(() => quotas.requireRoom(ana))).toBe(1);
  expect(request(quotas, bor)).toBe(0);
  leave();
  expect([request(quotas, ana), exceeded]).toEqual([0, ['concurrency', 'concurrency']]);
});

test('streams at a time are counted until they end', () => {
  const { quotas, exceeded } = open({ streamsAtOnce: 1 });
  const leave = quotas.openStream(ana);
  expect(waitOf(() => quotas.requireStream(ana))).toBe(30);
  expect(waitOf(() => quotas.requireStream(bor))).toBe(0);
  leave();
  expect(waitOf(() => quotas.requireStream(ana))).toBe(0);
  expect(exceeded).toEqual(['streams']);
});

test('bytes are refused at the next request, and a large number is made up for in a minute', () => {
  const { quotas, later } = open({ bytesPerMinute: 600 });
  quotas.countBytes(ana, 1_000_000);
  expect([request(quotas, ana), request(quotas, bor)]).toEqual([60, 0]);
  later(60);
  expect(request(quotas, ana)).toBe(0);
});

test('clients without credentials are told apart by address, and those of one IPv6 network are one', () => {
  const { quotas } = open({ requestsPerMinute: 1 });
  expect(request(quotas, from('10.0.0.1'))).toBe(0);
  expect(request(quotas, from('::ffff:10.0.0.1'))).toBe(60);
  expect(request(quotas, from('10.0.0.2'))).toBe(0);
  expect(request(quotas, from('2001:db8::1'))).toBe(0);
  expect(request(quotas, from('2001:db8:0:0:ffff::2'))).toBe(60);
  expect(request(quotas, from('2001:db8:0:1::1'))).toBe(0);
  expect(networkOf('2001:db8::1')).toBe('2001:db8:0:0');
  expect(request(quotas, { ...ana, address: '10.0.0.1' })).toBe(0);
});

test('the command line is not limited, and without limits nobody is', () => {
  const { quotas } = open({ requestsPerMinute: 1, requestsAtOnce: 1, streamsAtOnce: 1 });
  for (let n = 0; n < 5; n += 1) quotas.enter({ identity: local }, 1);
  const { quotas: free, exceeded } = open({});
  for (let n = 0; n < 1000; n += 1) free.enter(ana, 1000);
  free.countBytes(ana, 1e12);
  free.requireRoom(ana);
  expect(exceeded).toEqual([]);
});

test('more parties than there are accounts share one, until others have used nothing for a minute', () => {
  const { quotas, later } = open({ requestsPerMinute: 2 });
  for (let n = 0; n < 20_000; n += 1) expect(request(quotas, named(`key:${n}`))).toBe(0);
  expect(request(quotas, named('key:more'))).toBe(0);
  expect(request(quotas, named('key:another'))).toBe(0);
  expect(request(quotas, named('key:third'))).toBe(30);
  expect(request(quotas, named('key:7'))).toBe(0);
  later(61);
  expect([request(quotas, named('key:third')), request(quotas, named('key:third'))]).toEqual([0, 0]);
});

test('a party that must make up for a large batch keeps its account until it has, and no longer', () => {
  const { quotas, later } = open({ writesPerMinute: 60 });
  for (let n = 0; n < 20_000; n += 1) expect(request(quotas, named(`key:${n}`), 180)).toBe(0);
  later(61);
  expect([request(quotas, named('key:more'), 60), request(quotas, named('key:another'), 1)]).toEqual([0, 1]);
  expect(request(quotas, named('key:7'), 1)).toBe(60);
  later(180);
  expect([request(quotas, named('key:more'), 60), request(quotas, named('key:another'), 1)]).toEqual([0, 0]);
});

test('a party that sent far too many bytes and never comes again leaves its account', () => {
  const { quotas, later } = open({ bytesPerMinute: 100 });
  for (let n = 0; n < 20_000; n += 1) quotas.countBytes(named(`key:${n}`), 1000);
  later(121);
  quotas.countBytes(named('key:more'), 1000);
  expect([request(quotas, named('key:more')), request(quotas, named('key:another'))]).toEqual([60, 0]);
});
