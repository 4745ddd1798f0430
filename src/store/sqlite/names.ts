/** Maps frequent texts (type and attribute IRIs, dataset ids) to small numbers. */
import type { Database } from 'better-sqlite3';

/** The number of the default dataset, which has no text. */
export const noName = 0;

/** The number of cached texts: the number of dataset ids has no bound. */
const cacheMax = 20_000;

/** For writing: gives each text a number, new texts in the current transaction. */
export interface Names {
  numOf(text: string): number;
  /** Clears the cache after a rollback. */
  reset(): void;
}

export function createNames(database: Database): Names {
  const find = database.prepare<[string], number>('SELECT num FROM name WHERE text = ?').pluck();
  const add = database.prepare<[string]>('INSERT INTO name (text) VALUES (?)');
  const known = new Map<string, number>();
  return {
    numOf(text) {
      const cached = known.get(text);
      if (cached !== undefined) return cached;
      const num = find.get(text) ?? Number(add.run(text).lastInsertRowid);
      if (known.size >= cacheMax) known.clear();
      known.set(text, num);
      return num;
    },
    reset: () => known.clear(),
  };
}

/** For reading. A number never changes its text, so cached entries stay valid. */
export interface NameReader {
  /** Undefined: the file has no such text. */
  numOf(text: string): number | undefined;
  textOf(num: number): string;
}

export function createNameReader(database: Database): NameReader {
  const find = database.prepare<[string], number>('SELECT num FROM name WHERE text = ?').pluck();
  const read = database.prepare<[number], string>('SELECT text FROM name WHERE num = ?').pluck();
  const nums = new Map<string, number>();
  const texts = new Map<number, string>();
  return {
    numOf(text) {
      const num = nums.get(text) ?? find.get(text);
      if (num !== undefined) remember(nums, text, num);
      return num;
    },
    textOf(num) {
      const text = texts.get(num) ?? read.get(num);
      if (text === undefined) throw new Error(`The file ${database.name} has no text with the number ${num}.`);
      return remember(texts, num, text);
    },
  };
}

function remember<Key, Value>(cache: Map<Key, Value>, key: Key, value: Value): Value {
  if (cache.size >= cacheMax) cache.clear();
  cache.set(key, value);
  return value;
}
