/** Tests collections of JSON documents. */
import { describe, expect, test } from '@jest/globals';
import { isObject } from '../../../src/core/model/json.ts';
import { changeDocument } from '../../../src/core/port/document-collection.ts';
import type { Bench } from './bench.ts';

export function describeShelves(bench: Bench): void {
  describe('keeps shelves', () => {
    test('of documents by key', async () => {
      const collection = bench.store().collection('subscription');
      expect(await collection.get('a')).toBeUndefined();
      expect(await collection.list()).toEqual([]);
      await collection.put('a', { id: 'a', entities: [{ type: 'Lamp' }] });
      expect(await collection.get('a')).toEqual({ id: 'a', entities: [{ type: 'Lamp' }] });
      await collection.put('a', { id: 'a', isActive: false });
      expect(await collection.get('a')).toEqual({ id: 'a', isActive: false });
      expect(await collection.list()).toEqual([{ key: 'a', document: { id: 'a', isActive: false } }]);
      expect(await collection.keys()).toEqual(['a']);
      expect(await collection.delete('a')).toBe(true);
      expect(await collection.delete('a')).toBe(false);
      expect(await collection.get('a')).toBeUndefined();
      expect(await collection.keys()).toEqual([]);
      expect(await collection.list()).toEqual([]);
    });

    test('whose documents are replaced only as they were read', async () => {
      const collection = bench.store().collection('once');
      expect(await collection.replace('a', 1, 2)).toBe(false);
      expect(await collection.replace('a', undefined, { b: [1], 10: null, 9: '' })).toBe(true);
      expect(await collection.replace('a', undefined, 3)).toBe(false);
      expect(await collection.replace('a', { b: [2] }, 3)).toBe(false);
      expect(await collection.replace('a', { b: [2] }, undefined)).toBe(false);
      expect(await collection.get('a')).toEqual({ b: [1], 10: null, 9: '' });
      expect(await collection.replace('a', { 9: '', b: [1], 10: null }, null)).toBe(true);
      expect(await collection.replace('a', null, undefined)).toBe(true);
      expect(await collection.replace('a', undefined, undefined)).toBe(true);
      expect(await collection.keys()).toEqual([]);
    });

    test('of which one of several that make or remove the same does', async () => {
      const collection = bench.store().collection('once');
      const made = await Promise.all([1, 2, 3].map((n) => collection.replace('a', undefined, n)));
      expect(made.filter(Boolean)).toHaveLength(1);
      expect(await collection.get('a')).toBe(made.indexOf(true) + 1);
      const kept = await collection.get('a');
      const gone = await Promise.all([
        collection.replace('a', kept, undefined),
        collection.delete('a'),
        collection.delete('a'),
      ]);
      expect(gone.filter(Boolean)).toHaveLength(1);
    });

    test('of which no change is lost', async () => {
      const collection = bench.store().collection('counted');
      const change = (name: string) =>
        changeDocument(collection, 'a', (now) => ({ ...(isObject(now) ? now : undefined), [name]: true }));
      await Promise.all(Array.from({ length: 12 }, (_, n) => change(`n${n}`)));
      expect(Object.keys((await collection.get('a')) ?? {})).toHaveLength(12);
      await expect(changeDocument(collection, 'a', () => Promise.reject(new Error('not so')))).rejects.toThrow(
        'not so',
      );
      await changeDocument(collection, 'b', () => undefined);
      expect(await collection.keys()).toEqual(['a']);
    });

    test('to which the broker that has a part puts in order', async () => {
      const tenure = bench.stores().partitions.leaseTerm(0);
      if (!tenure) throw new Error("The part is another broker's.");
      const collection = bench.store().collection('held');
      const documents = ['a', 'b', 'a'].map((key, n) => ({ key, document: n }));
      expect(await collection.putFenced([], tenure)).toBe(true);
      expect(await collection.putFenced(documents, tenure)).toBe(true);
      expect(await Promise.all(['a', 'b'].map((key) => collection.get(key)))).toEqual([2, 1]);
    });

    test('in the order of the keys', async () => {
      const collection = bench.store().collection('subscription');
      for (const key of ['m', 'B', 'a', 'ab', '', 'b', '10', '9', 'é', '🚦']) await collection.put(key, key);
      expect(await collection.keys()).toEqual(['', '10', '9', 'B', 'a', 'ab', 'b', 'm', 'é', '🚦']);
      expect((await collection.list()).map(({ key }) => key)).toEqual(await collection.keys());
    });

    test('with any JSON and any key', async () => {
      const collection = bench.store().collection('any');
      const documents = [null, false, 0, '', 'text', [], [1, [2]], {}, { a: { 'b.c': null } }];
      const keys = [
        "o'clock",
        '__proto__',
        'constructor',
        '$.a',
        'urn:ngsi-ld:a',
        'x'.repeat(2000),
        'nul\u0000nul',
        '%',
        '"',
      ];
      for (const [n, key] of keys.entries()) await collection.put(key, documents[n] ?? null);
      for (const [n, key] of keys.entries()) expect(await collection.get(key)).toEqual(documents[n] ?? null);
      expect((await collection.list()).map(({ key }) => key)).toEqual([...keys].sort());
      for (const key of keys) expect(await collection.delete(key)).toBe(true);
      expect(await collection.list()).toEqual([]);
    });

    test('that know nothing of each other', async () => {
      const store = bench.store();
      await store.collection('one').put('a', 1);
      await store.collection('two').put('a', 2);
      await store.collection('__proto__').put('a', 3);
      expect(await store.collection('one').get('a')).toBe(1);
      expect(await store.collection('two').get('a')).toBe(2);
      expect(await store.collection('__proto__').get('a')).toBe(3);
      await store.collection('one').delete('a');
      expect(await store.collection('two').list()).toEqual([{ key: 'a', document: 2 }]);
      expect(await store.collection('three').list()).toEqual([]);
    });

    test('with the last of many puts at the same time', async () => {
      const collection = bench.store().collection('one');
      await Promise.all(Array.from({ length: 50 }, (_, n) => collection.put(`key-${n % 5}`, n)));
      expect((await collection.list()).map(({ document }) => document)).toEqual([45, 46, 47, 48, 49]);
    });
  });
}
