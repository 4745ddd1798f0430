/** Tests that a store finds what names a subject piece by piece, and that writes go on while it is erased. */
import { describe, expect, test } from '@jest/globals';
import type { SubjectFinding, SubjectPlace } from '../../../src/core/port/subject.ts';
import type { Store } from '../../../src/core/port/store.ts';
import { apply, type Bench, create, historyOf, iri, minute, property, setTo, thing, urn } from './bench.ts';

const ana = urn('ana');

async function walk(store: Store, place: SubjectPlace, erases = false): Promise<readonly SubjectFinding[]> {
  const all: SubjectFinding[] = [];
  for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
    const { found, next } = await store.subject({ id: ana, place, erases, ...(after === undefined ? {} : { after }) });
    all.push(...found);
    after = next;
  }
  return all;
}

export function describeSubjects(bench: Bench): void {
  describe('what names a subject', () => {
    test('is found in many documents, each of them once', async () => {
      const store = bench.store();
      const collections = ['one', 'two'].map((name) => store.collection(name));
      const naming = (n: number): boolean => n % 100 === 0;
      await Promise.all(
        collections.flatMap((collection) =>
          Array.from({ length: 301 }, (_, n) =>
            collection.put(String(n), naming(n) ? { of: [ana] } : { of: `${ana}x` }),
          ),
        ),
      );
      const found = (await walk(store, 'document')).flatMap((one) =>
        one.place === 'document' ? [`${one.collection} ${one.key}`] : [],
      );
      const expected = ['one', 'two'].flatMap((name) => ['0', '100', '200', '300'].map((key) => `${name} ${key}`));
      expect([...found].sort()).toEqual(expected);
    });

    test('may be written again while the rest of it is erased', async () => {
      const store = bench.store();
      const named = { level: [property(1), property(2, { datasetId: ana })] };
      await apply(store, minute(0), create('a', thing(named)));
      await apply(store, minute(1), {
        op: 'deleteAttr',
        id: urn('a'),
        attr: iri('level'),
        which: { datasetId: ana },
      });
      for (const place of ['history', 'log'] as const) await walk(store, place, true);
      const { next } = await store.subject({ id: ana, place: 'rest', erases: true });
      await apply(store, minute(2), setTo('a', { level: property(3, { datasetId: ana }) }));
      if (next !== undefined) await store.subject({ id: ana, place: 'rest', erases: true, after: next });
      const { attrs } = await historyOf(store, 'a');
      expect(attrs[iri('level')]?.map(({ value, datasetId }) => [value, datasetId])).toEqual([
        [1, undefined],
        [3, ana],
      ]);
    });
  });
}
