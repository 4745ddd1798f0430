/** Shelves of JSON documents. */
import { describe, expect, test } from '@jest/globals';
import { isObject } from '../../../src/core/model/json.ts';
import { changeDocument } from '../../../src/core/port/shelf.ts';
import type { Bench } from './bench.ts';

export function describeShelves(bench: Bench): void {
  describe('keeps shelves', () => {
    test('of documents by key', async () => {
      const shelf = bench.store().shelf('subscription');
      expect(await shelf.get('a')).toBeUndefined();
      expect(await shelf.list()).toEqual([]);
      await shelf.put('a', { id: 'a', entities: [{ type: 'Lamp' }] });
      expect(await shelf.get('a')).toEqual({ id: 'a', entities: [{ type: 'Lamp' }] });
      await shelf.put('a', { id: 'a', isActive: false });
      expect(await shelf.get('a')).toEqual({ id: 'a', isActive: false });
      expect(await shelf.list()).toEqual([{ key: 'a', document: { id: 'a', isActive: false } }]);
      expect(await shelf.keys()).toEqual(['a']);
      expect(await shelf.delete('a')).toBe(true);
      expect(await shelf.delete('a')).toBe(false);
      expect(await shelf.get('a')).toBeUndefined();
      expect(await shelf.keys()).toEqual([]);
      expect(await shelf.list()).toEqual([]);
    });

    test('whose documents are replaced only as they were read', async () => {
      const shelf = bench.store().shelf('once');
      expect(await shelf.replace('a', 1, 2)).toBe(false);
      expect(await shelf.replace('a', undefined, { b: [1], 10: null, 9: '' })).toBe(true);
      expect(await shelf.replace('a', undefined, 3)).toBe(false);
      expect(await shelf.replace('a', { b: [2] }, 3)).toBe(false);
      expect(await shelf.replace('a', { b: [2] }, undefined)).toBe(false);
      expect(await shelf.get('a')).toEqual({ b: [1], 10: null, 9: '' });
      expect(await shelf.replace('a', { 9: '', b: [1], 10: null }, null)).toBe(true);
      expect(await shelf.replace('a', null, undefined)).toBe(true);
      expect(await shelf.replace('a', undefined, undefined)).toBe(true);
      expect(await shelf.keys()).toEqual([]);
    });

    test('of which one of several that make or remove the same does', async () => {
      const shelf = bench.store().shelf('once');
      const made = await Promise.all([1, 2, 3].map((n) => shelf.replace('a', undefined, n)));
      expect(made.filter(Boolean)).toHaveLength(1);
      expect(await shelf.get('a')).toBe(made.indexOf(true) + 1);
      const kept = await shelf.get('a');
      const gone = await Promise.all([shelf.replace('a', kept, undefined), shelf.delete('a'), shelf.delete('a')]);
      expect(gone.filter(Boolean)).toHaveLength(1);
    });

    test('of which no change is lost', async () => {
      const shelf = bench.store().shelf('counted');
      const change = (name: string) =>
        changeDocument(shelf, 'a', (now) => ({ ...(isObject(now) ? now : undefined), [name]: true }));
      await Promise.all(Array.from({ length: 12 }, (_, n) => change(`n${n}`)));
      expect(Object.keys((await shelf.get('a')) ?? {})).toHaveLength(12);
      await expect(changeDocument(shelf, 'a', () => Promise.reject(new Error('not so')))).rejects.toThrow('not so');
      await changeDocument(shelf, 'b', () => undefined);
      expect(await shelf.keys()).toEqual(['a']);
    });

    test('to which the broker that has a part puts in order', async () => {
      const tenure = bench.stores().parts.tenure(0);
      if (!tenure) throw new Error("The part is another broker's.");
      const shelf = bench.store().shelf('held');
      const documents = ['a', 'b', 'a'].map((key, n) => ({ key, document: n }));
      expect(await shelf.putHeld([], tenure)).toBe(true);
      expect(await shelf.putHeld(documents, tenure)).toBe(true);
      expect(await Promise.all(['a', 'b'].map((key) => shelf.get(key)))).toEqual([2, 1]);
    });

    test('in the order of the keys', async () => {
      const shelf = bench.store().shelf('subscription');
      for (const key of ['m', 'B', 'a', 'ab', '', 'b', '10', '9', 'é', '🚦']) await shelf.put(key, key);
      expect(await shelf.keys()).toEqual(['', '10', '9', 'B', 'a', 'ab', 'b', 'm', 'é', '🚦']);
      expect((await shelf.list()).map(({ key }) => key)).toEqual(await shelf.keys());
    });

    test('with any JSON and any key', async () => {
      const shelf = bench.store().shelf('any');
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
      for (const [n, key] of keys.entries()) await shelf.put(key, documents[n] ?? null);
      for (const [n, key] of keys.entries()) expect(await shelf.get(key)).toEqual(documents[n] ?? null);
      expect((await shelf.list()).map(({ key }) => key)).toEqual([...keys].sort());
      for (const key of keys) expect(await shelf.delete(key)).toBe(true);
      expect(await shelf.list()).toEqual([]);
    });

    test('that know nothing of each other', async () => {
      const store = bench.store();
      await store.shelf('one').put('a', 1);
      await store.shelf('two').put('a', 2);
      await store.shelf('__proto__').put('a', 3);
      expect(await store.shelf('one').get('a')).toBe(1);
      expect(await store.shelf('two').get('a')).toBe(2);
      expect(await store.shelf('__proto__').get('a')).toBe(3);
      await store.shelf('one').delete('a');
      expect(await store.shelf('two').list()).toEqual([{ key: 'a', document: 2 }]);
      expect(await store.shelf('three').list()).toEqual([]);
    });

    test('with the last of many puts at the same time', async () => {
      const shelf = bench.store().shelf('one');
      await Promise.all(Array.from({ length: 50 }, (_, n) => shelf.put(`key-${n % 5}`, n)));
      expect((await shelf.list()).map(({ document }) => document)).toEqual([45, 46, 47, 48, 49]);
    });
  });
}
