/** Maintains an index over the values of attributes that queries often use. Other attributes add no cost to a write. */
import type { Database } from 'better-sqlite3';
import { indexedText } from '../../../core/language/indexed-text.ts';
import { scalarsOf } from '../../../core/language/matches/matches-value.ts';
import type { Instance } from '../../../core/model/attribute.ts';
import type { Entity } from '../../../core/model/entity.ts';
import type { Json } from '../../../core/model/json.ts';
import { entityIn } from '../own-text.ts';
import type { Interruptible } from '../../../core/model/interruptible.ts';

/** The maximum number of indexed attributes per tenant: each makes writes slower. */
const indexedMax = 16;

/** Entities per slice of an index build: a few milliseconds for entities of usual size. */
const sliceMax = 200;

/** A value in the index: numbers sort before texts. */
export type Key = number | string;

export interface Values {
  /** Writes the differences for an entity, if the index has reached it. */
  replace(num: number, before: Entity | undefined, after: Entity | undefined): void;
  /** Requests the index of an attribute (expanded name). Does nothing when it exists, when there are too many, or when no entity has it. */
  want(name: string): void;
  areComplete(): boolean;
  /** Builds a slice of an incomplete index. */
  buildSlice(): Interruptible<undefined>;
  /** Reads the state of the indexes again. Called after a rollback. */
  reset(): void;
}

interface Indexed {
  readonly name: number;
  readonly text: string;
  /** Entities up to this number are in the index. */
  readonly upto: number;
}

export function createValues(database: Database): Values {
  const rows = createRows(database);
  const progress = createProgress(database);
  let indexed = progress.read();

  const replaceIn = ({ name, text, upto }: Indexed, num: number, { before, after }: Versions): void => {
    const [old, next] = [instancesOf(before, text), instancesOf(after, text)];
    if (num > upto || old === next) return;
    const [oldKeys, nextKeys] = [keysOf(old), keysOf(next)];
    for (const key of oldKeys) if (!nextKeys.has(key)) rows.drop(name, key, num);
    for (const key of nextKeys) if (!oldKeys.has(key)) rows.add(name, key, num);
  };

  return {
    replace(num, before, after) {
      for (const one of indexed) replaceIn(one, num, { before, after });
    },
    want(name) {
      if (indexed.length >= indexedMax || indexed.some(({ text }) => text === name)) return;
      // Queries may name anything: only attributes of entities get a number and an index.
      const num = progress.numOf(name);
      if (num === undefined) return;
      progress.write(num, -1);
      indexed = progress.read();
    },
    areComplete: () => indexed.every(isComplete),
    *buildSlice() {
      const unfinished = indexed.find((one) => !isComplete(one));
      if (!unfinished) return undefined;
      progress.write(unfinished.name, yield* buildOn(rows, unfinished));
      indexed = progress.read();
      return undefined;
    },
    reset() {
      indexed = progress.read();
    },
  };
}

/** Adds some entities to an index. Returns the number of the last entity in it. */
function* buildOn(rows: Rows, { name, text, upto }: Indexed): Interruptible<number> {
  let end = upto;
  for (let left = sliceMax; left > 0; left -= 1) {
    const row = rows.behind(end);
    if (!row) return Infinity;
    for (const key of keysOf(instancesOf(entityIn(row.doc), text))) rows.add(name, key, row.num);
    end = row.num;
    yield;
  }
  return end;
}

const isComplete = ({ upto }: Indexed): boolean => upto === Infinity;

interface Versions {
  readonly before: Entity | undefined;
  readonly after: Entity | undefined;
}

const none: readonly Instance[] = [];

const instancesOf = (entity: Entity | undefined, name: string): readonly Instance[] =>
  entity && Object.hasOwn(entity.attrs, name) ? (entity.attrs[name] ?? none) : none;

/** The keys of all values that a term of `q` without a further path compares with. */
function keysOf(instances: readonly Instance[]): ReadonlySet<Key> {
  return new Set(instances.flatMap(scalarsOf).flatMap((value) => keyOf(value) ?? []));
}

/** The key of a scalar; undefined for other values, which equal nothing. Different values may share a key. */
export function keyOf(value: Json): Key | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') return indexedText(value);
  return typeof value === 'boolean' ? `\u0000${value}` : undefined;
}

interface Rows {
  add(name: number, key: Key, num: number): void;
  drop(name: number, key: Key, num: number): void;
  /** The first entity after a number. */
  behind(num: number): { readonly num: number; readonly doc: string } | undefined;
}

function createRows(database: Database): Rows {
  const add = database.prepare<[number, Key, number]>(
    'INSERT OR IGNORE INTO value (name, value, num) VALUES (?, ?, ?)',
  );
  const drop = database.prepare<[number, Key, number]>('DELETE FROM value WHERE name = ? AND value = ? AND num = ?');
  const behind = database.prepare<[number], { num: number; doc: string }>(
    'SELECT num, doc FROM entity WHERE num > ? ORDER BY num LIMIT 1',
  );
  return {
    add: (name, key, num) => void add.run(name, key, num),
    drop: (name, key, num) => void drop.run(name, key, num),
    behind: (num) => behind.get(num),
  };
}

interface Progress {
  /** The number of an attribute; undefined when no entity has it. */
  numOf(name: string): number | undefined;
  read(): readonly Indexed[];
  /** `upto` Infinity: complete. */
  write(name: number, upto: number): void;
}

function createProgress(database: Database): Progress {
  const read = database.prepare<[], { name: number; text: string; upto: number; complete: number }>(
    'SELECT indexed.name, name.text, upto, complete FROM indexed JOIN name ON name.num = indexed.name',
  );
  const write = database.prepare<[number, number, number]>(
    'INSERT OR REPLACE INTO indexed (name, upto, complete) VALUES (?, ?, ?)',
  );
  const numOf = database
    .prepare<[string], number>('SELECT name FROM attr_count WHERE name = (SELECT num FROM name WHERE text = ?) LIMIT 1')
    .pluck();
  return {
    numOf: (name) => numOf.get(name),
    read: () =>
      read.all().map(({ name, text, upto, complete }) => ({ name, text, upto: complete === 1 ? Infinity : upto })),
    write: (name, upto) => void write.run(name, upto === Infinity ? 0 : upto, upto === Infinity ? 1 : 0),
  };
}
