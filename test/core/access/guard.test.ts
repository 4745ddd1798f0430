/** Tests that a partial grant exposes only its part, by every access path: id, query, count, history, or write. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { decide } from '../../../src/core/access/decision.ts';
import { guardStore } from '../../../src/core/access/guard.ts';
import { anonymous } from '../../../src/core/access/identity.ts';
import { openPolicy } from '../../../src/core/access/policy.ts';
import type { Grant, Principal } from '../../../src/core/access/principal.ts';
import type { Fragments } from '../../../src/core/model/attribute.ts';
import type { Mutation } from '../../../src/core/model/mutation.ts';
import type { HistoryPlan, Store } from '../../../src/core/port/store.ts';
import { createMemoryStores } from '../../../src/store/memory/stores.ts';

const iri = (name: string): string => `https://example.org/${name}`;
const now = '2026-03-01T00:00:00Z';
const property = (value: number): Fragments[string] => [{ kind: 'Property', value, observedAt: now }];
const create = (id: string, type: string, scope: string, attrs: Fragments): Mutation => ({
  op: 'create',
  id,
  entity: { id, types: [iri(type)], scope, attrs },
});
const principal = (...grants: readonly Grant[]): Principal => ({ identity: anonymous, grants });
const all = { filter: {}, limit: 100, now };
const past: HistoryPlan = { ...all, temporal: { timeproperty: 'observedAt' }, limitInstances: 100 };

let store: Store;
const guarded = (...grants: readonly Grant[]): Store => guardStore(store, decide(principal(...grants), 'read', ''));
const ids = async (one: Store): Promise<readonly string[]> => (await one.find(all)).map(({ id }) => id);

beforeEach(async () => {
  const opened = await createMemoryStores().open('', true);
  if (!opened) throw new Error('no store');
  store = opened;
  const mutations = [
    create('urn:a:1', 'Meter', '/Kranj/Mlaka', { [iri('volume')]: property(1), [iri('owner')]: property(7) }),
    create('urn:a:2', 'Meter', '/Ljubljana', { [iri('volume')]: property(2) }),
    create('urn:a:3', 'Lamp', '/Kranj', { [iri('power')]: property(3) }),
  ];
  await store.apply(
    mutations.map((mutation) => ({ mutation })),
    now,
  );
});

describe('a decision', () => {
  test('is full for whoever is granted everything, and costs nothing', () => {
    const decision = decide(openPolicy.principalOf(anonymous), 'write', 'any');
    expect(decision).toEqual({ extent: 'full' });
    expect(guardStore(store, decision)).toBe(store);
  });

  test('is none without a grant for the action and tenant', () => {
    expect(decide(principal(), 'read', '').extent).toBe('none');
    expect(decide(principal({ actions: ['read'] }), 'write', '').extent).toBe('none');
    expect(decide(principal({ actions: ['read'], tenants: ['a'] }), 'read', 'b').extent).toBe('none');
    expect(() => guardStore(store, { extent: 'none' })).toThrow(/granted/);
  });
});

describe('a partial grant', () => {
  test('by type finds, counts and retrieves entities of the type only', async () => {
    const meters = guarded({ actions: ['read'], types: [iri('Meter')] });
    expect(await ids(meters)).toEqual(['urn:a:1', 'urn:a:2']);
    expect(await meters.count(all)).toBe(2);
    expect(await meters.get('urn:a:3', now)).toBeUndefined();
    expect((await meters.history(past)).map(({ id }) => id)).toEqual(['urn:a:1', 'urn:a:2']);
  });

  test('by scope sees what is beneath it', async () => {
    expect(await ids(guarded({ actions: ['read'], scopes: [{ levels: ['Kranj'], deep: true }] }))).toEqual([
      'urn:a:1',
      'urn:a:3',
    ]);
  });

  test('by attribute hides the others, also from queries on them and from history', async () => {
    const volumes = guarded({ actions: ['read'], attrs: [iri('volume')] });
    expect(Object.keys((await volumes.get('urn:a:1', now))?.entity().attrs ?? {})).toEqual([iri('volume')]);
    const path = { attr: iri('owner'), sub: [], inside: [], text: 'owner' };
    expect(
      await volumes.find({ ...all, filter: { q: { op: '==', path, value: { kind: 'json', value: 7 } } } }),
    ).toEqual([]);
    expect((await volumes.history(past)).flatMap(({ attrs }) => Object.keys(attrs))).toEqual([
      iri('volume'),
      iri('volume'),
    ]);
  });

  test('keeps order and pages over what it sees', async () => {
    const meters = guarded({ actions: ['read'], types: [iri('Meter')] });
    expect((await meters.find({ ...all, limit: 1, offset: 1 })).map(({ id }) => id)).toEqual(['urn:a:2']);
  });

  test('opens nothing whose content is not entity by entity', async () => {
    const meters = guarded({ actions: ['read'], types: [iri('Meter')] });
    for (const look of [
      meters.summary(),
      meters.sweep(now),
      meters.forgetHistory({ retention: { rules: [] } }),
      meters.collection('x').list(),
      meters.log.read(0, 1),
    ])
      await expect(look).rejects.toThrow(/grant/);
    expect(() => meters.log.follow(() => undefined)).toThrow(/grant/);
  });
});

describe('a partial grant to write', () => {
  const writing = (grant: Omit<Grant, 'actions'>): Store =>
    guardStore(store, decide(principal({ actions: ['write'], ...grant }), 'write', ''));

  test('changes what it covers, and nothing else', async () => {
    const meters = writing({ types: [iri('Meter')] });
    const [outcome] = await meters.apply([{ mutation: { op: 'delete', id: 'urn:a:1' } }], now);
    expect(outcome?.status).toBe('deleted');
    await expect(meters.apply([{ mutation: { op: 'delete', id: 'urn:a:3' } }], now)).rejects.toThrow(/may not write/);
    await expect(meters.apply([{ mutation: create('urn:a:9', 'Lamp', '/Kranj', {}) }], now)).rejects.toThrow(
      /may not write/,
    );
  });

  test('cannot move an entity out of its reach, nor touch a hidden attribute', async () => {
    const kranj = writing({ scopes: [{ levels: ['Kranj'], deep: true }] });
    const move: Mutation = { op: 'update', id: 'urn:a:1', fragment: { scope: '/Ljubljana', attrs: {} } };
    await expect(kranj.apply([{ mutation: move }], now)).rejects.toThrow(/may not write/);
    const volumes = writing({ attrs: [iri('volume')] });
    const touch: Mutation = { op: 'deleteAttr', id: 'urn:a:1', attr: iri('owner'), which: {} };
    await expect(volumes.apply([{ mutation: touch }], now)).rejects.toThrow(/owner/);
  });
});
