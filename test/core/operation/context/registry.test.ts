/** Tests the @context registry: what it stores and when, what it evicts, and which entries share a URL. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Context } from '../../../../src/core/jsonld/context.ts';
import { createContexts } from '../../../../src/core/jsonld/resolve.ts';
import { instantOf } from '../../../../src/core/model/instant.ts';
import type { Json } from '../../../../src/core/model/json.ts';
import { fingerprint } from '../../../../src/core/operation/context/fingerprint.ts';
import { type ContextRegistry, createContextRegistry } from '../../../../src/core/operation/context/registry.ts';
import type { Observation } from '../../../../src/core/port/observe.ts';
import type { DocumentCollection, Stores } from '../../../../src/core/port/store.ts';
import { createMemoryStores } from '../../../../src/store/memory/stores.ts';

let seconds: number;
let stores: Stores;
let library: ContextRegistry;
let observed: Observation[];

const clock = { now: () => instantOf((1_772_000_000 + seconds) * 1_000_000) };

/** A library over a web in which there is a document at every URL. */
const createLibrary = (over: Stores): ContextRegistry =>
  createContextRegistry({
    contexts: createContexts({ load: () => Promise.resolve({ '@context': { a: 'ex:a' } }), known: {} }),
    documents: { forget: () => Promise.resolve(), reload: (url, check) => check({ '@context': { a: url } }) },
    stores: over,
    clock,
    observe: (observation) => observed.push(observation),
  });

const collection = async (tenant = ''): Promise<DocumentCollection> => {
  const store = await stores.open(tenant, true);
  if (!store) throw new Error('There is no such store.');
  return store.collection('contexts');
};
const kept = async (key: string, tenant = ''): Promise<Json | undefined> => (await collection(tenant)).get(key);
const keys = async (): Promise<readonly string[]> => (await (await collection()).list()).map(({ key }) => key);

async function use(value: Json, tenant = ''): Promise<Context> {
  const context = await library.resolve(value, tenant);
  await library.recordUse(context, tenant);
  return context;
}

const idIn = (url: string): string => url.split('/').at(-1) ?? '';

beforeEach(() => {
  [seconds, stores, observed] = [0, createMemoryStores(), []];
  library = createLibrary(stores);
});

describe('uses', () => {
  const url = 'https://a.example/';

  test('are written down at once, then at most once a minute, and known in between', async () => {
    await use(url);
    const began = clock.now();
    expect(await kept(url)).toEqual({ kind: 'Cached', createdAt: began, lastUsage: began });
    seconds = 59;
    await use(url);
    expect(await kept(url)).toMatchObject({ lastUsage: began });
    expect(library.lastUsage(url, '')).toBe(clock.now());
    seconds = 60;
    await use(url);
    expect(await kept(url)).toEqual({ kind: 'Cached', createdAt: began, lastUsage: clock.now() });
  });

  test('need no waiting once they are known', async () => {
    expect(library.recordUse(library.core, '')).toBeUndefined();
    const context = await use([url, { b: 'ex:b' }]);
    expect(library.recordUse(context, '')).toBeUndefined();
    expect(library.recordUse(context, 'other')).toBeInstanceOf(Promise);
  });

  test('are nothing to a tenant that is not there', async () => {
    await use(url, 'nobody');
    expect(await stores.open('nobody', false)).toBeUndefined();
    expect(await kept(url, 'nobody')).toBeUndefined();
  });

  test('of what is deleted meanwhile bring nothing back', async () => {
    const place = { tenant: '', collection: await collection() };
    await library.change('urn:c:1', () => ({ kind: 'Hosted', createdAt: clock.now(), context: { a: 'ex:a' } }), place);
    const context = await library.resolve('http://any/ngsi-ld/v1/jsonldContexts/urn:c:1', '');
    expect(await library.remove('urn:c:1', place)).toBe(true);
    await library.recordUse(context, '');
    expect(await keys()).toEqual([]);
    expect(await library.remove('urn:c:1', place)).toBe(false);
  });

  test('that cannot be written down are observed and harm nobody', async () => {
    const broken: Stores = { ...stores, open: () => Promise.reject(new Error('the disk is full')) };
    const lame = createLibrary(broken);
    await lame.recordUse(await library.resolve(url, ''), '');
    expect(observed).toMatchObject([{ kind: 'failed' }]);
  });

  test('are known again after a restart, and what was not used for longest is given up for what is new', async () => {
    const place = { tenant: '', collection: await collection() };
    await library.change('urn:c:hosted', () => ({ kind: 'Hosted', createdAt: clock.now(), context: {} }), place);
    const lasting = idIn(
      await library.urlOf(await library.resolve({ a: 'ex:lasting' }, ''), { tenant: '', isLasting: true }),
    );
    const passing = idIn(await library.urlOf(await library.resolve({ a: 'ex:passing' }, ''), { tenant: '' }));
    seconds = 1;
    for (let number = 0; number < 1999; number += 1) {
      seconds += 1;
      await use(`https://a.example/${number}`);
    }
    seconds = 3000;
    await use('https://a.example/0');
    library = createLibrary(stores);
    await use('https://a.example/new');
    await use('https://a.example/newer');
    const left = await keys();
    expect(left).toHaveLength(2002);
    expect(left).toEqual(
      expect.arrayContaining(['urn:c:hosted', lasting, 'https://a.example/0', 'https://a.example/newer']),
    );
    expect(left).not.toContain(passing);
    expect(left).not.toContain('https://a.example/1');
  });
});

describe('URLs', () => {
  test('are those of the contexts, where they have one', async () => {
    expect(await library.urlOf(await library.resolve('https://a.example/', ''), { tenant: '' })).toBe(
      'https://a.example/',
    );
    expect(await library.urlOf(library.core, { tenant: '' })).toBe(library.core.url);
    expect(await keys()).toEqual([]);
  });

  test('are made where they have none, once for each @context and tenant, and lead back', async () => {
    const value = [{ a: 'ex:a' }, 'https://a.example/'];
    const context = await library.resolve(value, '');
    const url = await library.urlOf(context, { tenant: '', origin: 'https://broker.example' });
    expect(url).toMatch(/^https:\/\/broker\.example\/ngsi-ld\/v1\/jsonldContexts\/urn:ngsi-ld:Context:[0-9a-f]{16}$/);
    expect(await library.urlOf(context, { tenant: '' })).toBe(url.slice('https://broker.example'.length));
    expect(await keys()).toEqual([url.split('/').at(-1)]);
    expect((await library.resolve(url, '')).expand('a')).toBe('ex:a');
    await expect(library.urlOf(context, { tenant: 'nobody' })).rejects.toThrow('nobody');
  });

  test('that are to last are kept as such, also when they were there before', async () => {
    const context = await library.resolve({ a: 'ex:a' }, '');
    const id = idIn(await library.urlOf(context, { tenant: '' }));
    expect(await kept(id)).not.toHaveProperty('isLasting');
    await library.urlOf(context, { tenant: '', isLasting: true });
    expect(await kept(id)).toHaveProperty('isLasting', true);
    await library.urlOf(context, { tenant: '' });
    expect(await kept(id)).toHaveProperty('isLasting', true);
  });

  test('differ where fingerprints do not', async () => {
    const context = await library.resolve({ a: 'ex:a' }, '');
    const id = `urn:ngsi-ld:Context:${fingerprint(context.writtenText)}`;
    await (await collection()).put(id, {
      kind: 'ImplicitlyCreated',
      createdAt: clock.now(),
      context: { a: 'ex:other' },
    });
    expect(await library.urlOf(context, { tenant: '' })).toBe(`/ngsi-ld/v1/jsonldContexts/${id}-2`);
    expect(await library.urlOf(context, { tenant: '' })).toBe(`/ngsi-ld/v1/jsonldContexts/${id}-2`);
  });
});

describe('fingerprint', () => {
  test('is the same for the same text only', () => {
    const texts = ['', 'a', 'b', 'ab', 'ba', '{"a":"ex:a"}', '{"a":"ex:b"}'];
    expect(new Set(texts.map(fingerprint)).size).toBe(texts.length);
    expect(fingerprint('a')).toBe(fingerprint('a'));
    for (const text of texts) expect(fingerprint(text)).toMatch(/^[0-9a-f]{16}$/);
  });
});
