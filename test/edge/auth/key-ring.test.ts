/** Tests API keys on a store: what they open, for how long, and that the secret is nowhere. */
import { expect, test } from '@jest/globals';
import { keyCollection } from '../../../src/core/port/access-key.ts';
import { instantOf } from '../../../src/core/model/instant.ts';
import type { Problem } from '../../../src/core/model/problem.ts';
import type { Store } from '../../../src/core/port/store.ts';
import { createAuthenticator } from '../../../src/edge/auth/authenticator.ts';
import { createFailureLimit } from '../../../src/edge/auth/failure-limit.ts';
import { type KeyRing, openKeyRing } from '../../../src/edge/auth/key-ring.ts';
import { createMemoryStores } from '../../../src/store/memory/stores.ts';

interface Bench {
  readonly store: Store;
  readonly ring: KeyRing;
  /** Lets time pass. */
  later(seconds: number): void;
  /** Another broker on the same store, or on another view of it. */
  open(view?: Store): Promise<KeyRing>;
}

async function openBench(): Promise<Bench> {
  const store = await createMemoryStores({ yieldToEventLoop: () => undefined }).open('', true);
  if (!store) throw new Error('no store');
  let seconds = 1_700_000_000;
  const clock = { now: () => instantOf(seconds * 1_000_000) };
  const open = (view = store): Promise<KeyRing> => openKeyRing({ store: view, clock, observe: () => undefined });
  return {
    store,
    ring: await open(),
    later: (more) => {
      seconds += more;
    },
    open,
  };
}

const go = (): void => undefined;
const subjectOf = (ring: KeyRing, text: string): Promise<string> =>
  ring.verify(text, go).then(
    ({ subject }) => subject,
    (error: unknown) => (error as Error).message,
  );
const refused = 'The key is not valid, or is no longer.';

test('a key opens with its whole text only, and is known after its first use', async () => {
  const { ring } = await openBench();
  const text = await ring.create({ name: 'app', roles: ['reader'] });
  expect(ring.known(text)?.holder()).toBeUndefined();
  expect(await ring.verify(text, go)).toMatchObject({ kind: 'key', subject: 'key:app', roles: ['reader'] });
  expect(ring.known(text)?.holder()?.subject).toBe('key:app');
  const last = text.endsWith('A') ? 'B' : 'A';
  for (const wrong of [text.slice(0, -1) + last, text.slice(0, -1), `${text}x`, text.replace('mlk_', 'mlk_0'), 'mlk_'])
    expect(await subjectOf(ring, wrong)).toBe(refused);
});

test('documents have hashes and no secret, and two keys with one name cannot be', async () => {
  const { ring, store } = await openBench();
  const text = await ring.create({ name: 'app', roles: ['reader'] });
  const kept = JSON.stringify(await store.collection(keyCollection).list());
  expect(kept).toContain('scrypt$14$8$1$');
  expect(kept).not.toContain(text.slice(-43));
  expect(JSON.stringify(await ring.list())).not.toContain('scrypt');
  await expect(ring.create({ name: 'app', roles: ['writer'] })).rejects.toThrow('There is a key "app" already.');
});

test('a revoked key opens nothing, though it was verified before', async () => {
  const { ring } = await openBench();
  const text = await ring.create({ name: 'app', roles: ['reader'] });
  const { credential = '' } = await ring.verify(text, go);
  let calls = 0;
  ring.follow(() => {
    calls += 1;
  });
  await ring.revoke('app');
  expect([ring.known(text), ring.holderOf(credential), calls]).toEqual([undefined, undefined, 1]);
  expect(await subjectOf(ring, text)).toBe(refused);
  await expect(ring.revoke('app')).rejects.toThrow('There is no key "app".');
});

test('a key that is revoked while its document is read opens nothing, though the read ends later', async () => {
  const { store, open, ring: other } = await openBench();
  const text = await other.create({ name: 'app', roles: ['reader'] });
  const collection = store.collection(keyCollection);
  const tell: ((name?: string) => void)[] = [];
  const slow: (() => void)[] = [];
  let isSlow = false;
  const get: typeof collection.get = async (key) => {
    const found = await collection.get(key);
    if (isSlow) await new Promise<void>((resolve) => slow.push(resolve));
    return found;
  };
  const follow = (listener: (name?: string) => void): (() => void) => {
    tell.push(listener);
    return () => undefined;
  };
  const ring = await open({
    ...store,
    collection: (name) => (name === keyCollection ? { ...collection, get, follow } : store.collection(name)),
  });
  isSlow = true;
  tell[0]?.('app');
  while (slow.length === 0) await new Promise((resolve) => setImmediate(resolve));
  isSlow = false;
  const revoked = ring.revoke('app');
  while (ring.holderNamed('app') !== undefined) await new Promise((resolve) => setImmediate(resolve));
  slow[0]?.();
  await revoked;
  await new Promise((resolve) => setImmediate(resolve));
  expect(await subjectOf(ring, text)).toBe(refused);
});

test('a key whose change could not be read is read again, until that succeeds', async () => {
  const { store, open, ring: other } = await openBench();
  const text = await other.create({ name: 'app', roles: ['reader'] });
  const collection = store.collection(keyCollection);
  const tell: ((name?: string) => void)[] = [];
  let isAway = false;
  const whenThere = <T>(read: () => Promise<T>): Promise<T> =>
    isAway ? Promise.reject(new Error('The database is away.')) : read();
  const view = {
    ...collection,
    get: (key: string) => whenThere(() => collection.get(key)),
    list: () => whenThere(() => collection.list()),
    follow: (listener: (name?: string) => void) => {
      tell.push(listener);
      return () => undefined;
    },
  };
  const ring = await open({ ...store, collection: (name) => (name === keyCollection ? view : store.collection(name)) });
  await other.create({ name: 'ana', roles: ['administrator'] });
  await other.revoke('app');
  isAway = true;
  tell[0]?.('app');
  await ring.retry();
  expect(ring.holderNamed('app')?.subject).toBe('key:app');
  isAway = false;
  await ring.retry();
  expect([ring.holderNamed('app'), ring.holderNamed('ana')?.subject]).toEqual([undefined, 'key:ana']);
  expect(await subjectOf(ring, text)).toBe(refused);
});

test('an expired key opens nothing, though it was verified before', async () => {
  const { ring, later } = await openBench();
  const text = await ring.create({ name: 'app', roles: ['reader'], expiresAt: instantOf(1_700_000_100 * 1_000_000) });
  expect(await ring.verify(text, go)).toMatchObject({ expiresAt: '2023-11-14T22:15:00Z' });
  later(99);
  expect(ring.known(text)?.holder()?.subject).toBe('key:app');
  later(1);
  expect(ring.known(text)?.holder()).toBeUndefined();
  expect(await subjectOf(ring, text)).toBe(refused);
});

test('after a rotation both texts open until the overlap has passed, and further rotations do not extend it', async () => {
  const { ring, later } = await openBench();
  const old = await ring.create({ name: 'app', roles: ['reader'] });
  await ring.verify(old, go);
  const next = await ring.rotate('app', 60);
  later(30);
  expect([await subjectOf(ring, old), await subjectOf(ring, next)]).toEqual(['key:app', 'key:app']);
  const third = await ring.rotate('app', 60);
  later(30);
  expect(ring.known(old)?.holder()).toBeUndefined();
  expect(await subjectOf(ring, old)).toBe(refused);
  expect(await subjectOf(ring, next)).toBe('key:app');
  later(30);
  expect([await subjectOf(ring, next), await subjectOf(ring, third)]).toEqual([refused, 'key:app']);
  await ring.rotate('app', 0);
  expect(await subjectOf(ring, third)).toBe(refused);
});

test('the last valid key of an administrator cannot be revoked', async () => {
  const { ring, later } = await openBench();
  await ring.create({ name: 'ana', roles: ['administrator'] });
  await ring.create({ name: 'bor', roles: ['administrator'], expiresAt: instantOf(1_700_000_100 * 1_000_000) });
  later(100);
  await expect(ring.revoke('ana')).rejects.toThrow('"ana" is the last valid key of an administrator.');
  await ring.create({ name: 'cene', roles: ['writer', 'administrator'] });
  await ring.revoke('ana');
  expect((await ring.list()).map(({ name }) => name)).toEqual(['bor', 'cene']);
});

test('the last use is stored when it is noted, and another broker that starts knows all keys', async () => {
  const { ring, open, later } = await openBench();
  const text = await ring.create({ name: 'app', roles: ['reader'] });
  await ring.noteUses();
  expect((await ring.describe('app')).lastUsedAt).toBeUndefined();
  await ring.verify(text, go);
  later(5);
  await ring.noteUses();
  expect((await ring.list())[0]?.lastUsedAt).toBe('2023-11-14T22:13:25Z');
  const other = await open();
  expect(await subjectOf(other, text)).toBe('key:app');
});

test('of many wrong secrets at a time, only a few more than the limit are checked', async () => {
  const { ring } = await openBench();
  const text = await ring.create({ name: 'app', roles: ['reader'] });
  const authenticate = createAuthenticator({
    verifiers: [ring],
    failures: createFailureLimit({ failuresMax: 3, windowMs: 60_000, steadyMs: () => 0 }),
    addressOf: () => '10.0.0.1',
  });
  const wrong = Array.from({ length: 40 }, (_, n) => `${text.slice(0, -2)}${String(n).padStart(2, '0')}`);
  const found = await Promise.allSettled(wrong.map(async (key) => authenticate({ headers: { 'x-auth-token': key } })));
  const types = found.map((one) => (one.status === 'rejected' ? (one.reason as Problem).type : 'let in'));
  const counts = Object.fromEntries([...Map.groupBy(types, (type) => type)].map(([type, all]) => [type, all.length]));
  expect(Object.keys(counts).sort()).toEqual(['TooManyRequests', 'Unauthenticated']);
  expect(counts['Unauthenticated']).toBeLessThanOrEqual(5);
});

test('a document that cannot be read opens nothing, and the others still do', async () => {
  const { store, open, ring } = await openBench();
  const text = await ring.create({ name: 'app', roles: ['reader'] });
  const broken = await ring.create({ name: 'broken', roles: ['reader'] });
  await store.collection(keyCollection).put('broken', { name: 'broken', roles: 'all', secrets: 7 });
  const other = await open();
  expect([await subjectOf(other, text), await subjectOf(other, broken)]).toEqual(['key:app', refused]);
});
