/**
 * Maintains an index over the values of attributes that queries often use, and over the owners of entities. Other attributes add no cost to a
 * write.
 */
import type { Database } from 'better-sqlite3';
import { indexedText } from '../../../core/language/indexed-text.ts';
import { scalarsOf } from '../../../core/language/matches/matches-value.ts';
import { defaultInstance } from '../../../core/language/order.ts';
import type { Instance } from '../../../core/model/attribute.ts';
import type { Entity } from '../../../core/model/entity.ts';
import type { Json } from '../../../core/model/json.ts';
import { entityIn } from '../own-text.ts';
import type { Interruptible } from '../../../core/model/interruptible.ts';
import type { Names } from '../names.ts';

/** The maximum number of indexed attributes per tenant: each makes writes slower. */
const indexedMax = 16;

/** Entities per slice of an index build: a few milliseconds for entities of usual size. */
const sliceMax = 200;

/** A value in the index: numbers sort before texts. */
export type Key = number | string;

/** The name of owners in the index. Attributes have IRIs as names. */
export const ownerName = 'owner';

/** An index of attribute values, for queries that compare them. */
export interface ValueIndex {
  /** Writes the differences for an entity, if the index has reached it. */
  replace(num: number, before: Entity | undefined, after: Entity | undefined): void;
  /** Requests the index of an attribute (expanded name). Does nothing when it exists, when there are too many, or when no entity has it. */
  request(name: string): void;
  areComplete(): boolean;
  /** Builds a slice of an incomplete index. */
  buildSlice(): Interruptible<undefined>;
  /** Reads the state of the indexes again. Called after a rollback. */
  reset(): void;
}

interface IndexedAttribute {
  /** The number of the name in the table `name`. */
  readonly nameNum: number;
  /** The expanded name. */
  readonly name: string;
  /** Entities up to this number are in the index. Infinity: all are. */
  readonly upto: number;
  /** True when it says which entities have a value that is no scalar: since it was requested, not by an earlier version. */
  readonly isMarked: boolean;
}

export function createValueIndex(database: Database, names: Names): ValueIndex {
  const rows = createRows(database);
  const progress = createProgress(database);
  let indexed = progress.read();

  const replaceIn = ({ nameNum, name, upto }: IndexedAttribute, num: number, { before, after }: Versions): void => {
    const [old, next] = [instancesOf(before, name), instancesOf(after, name)];
    if (num > upto || old === next) return;
    const [oldKeys, nextKeys] = [keysOf(old), keysOf(next)];
    for (const key of oldKeys) if (!nextKeys.has(key)) rows.delete(nameNum, key, num);
    for (const key of nextKeys) if (!oldKeys.has(key)) rows.add(nameNum, key, num);
  };

  return {
    replace(num, before, after) {
      for (const one of indexed) replaceIn(one, num, { before, after });
      if (before?.owner !== after?.owner) replaceOwner(rows, { num, nameNum: names.numOf(ownerName), before, after });
    },
    request(name) {
      if (indexed.length >= indexedMax || indexed.some((one) => one.name === name)) return;
      // Queries may name anything: only attributes of entities get a number and an index.
      const nameNum = progress.numberOf(name);
      if (nameNum === undefined) return;
      progress.write({ nameNum, upto: -1, isMarked: true });
      indexed = progress.read();
    },
    areComplete: () => indexed.every(isComplete),
    *buildSlice() {
      const unfinished = indexed.find((one) => !isComplete(one));
      if (!unfinished) return undefined;
      progress.write({ ...unfinished, upto: yield* extend(rows, unfinished) });
      indexed = progress.read();
      return undefined;
    },
    reset() {
      indexed = progress.read();
    },
  };
}

function replaceOwner(
  rows: Rows,
  { num, nameNum, before, after }: Versions & { readonly num: number; readonly nameNum: number },
): void {
  if (before?.owner !== undefined) rows.delete(nameNum, indexedText(before.owner), num);
  if (after?.owner !== undefined) rows.add(nameNum, indexedText(after.owner), num);
}

/** Adds some entities to an index. Returns the number of the last entity in it. */
function* extend(rows: Rows, { nameNum, name, upto }: IndexedAttribute): Interruptible<number> {
  let end = upto;
  for (let left = sliceMax; left > 0; left -= 1) {
    const row = rows.next(end);
    if (!row) return Infinity;
    for (const key of keysOf(instancesOf(entityIn(row.doc), name))) rows.add(nameNum, key, row.num);
    end = row.num;
    yield;
  }
  return end;
}

const isComplete = ({ upto }: IndexedAttribute): boolean => upto === Infinity;

interface Versions {
  readonly before: Entity | undefined;
  readonly after: Entity | undefined;
}

const none: readonly Instance[] = [];

const instancesOf = (entity: Entity | undefined, name: string): readonly Instance[] =>
  entity && Object.hasOwn(entity.attrs, name) ? (entity.attrs[name] ?? none) : none;

/** The key of an entity that is ordered by something else than a scalar. */
const noScalar = '\u0001';

/** The keys of all values that a term of `q` without a further path compares with, and `noScalar`. */
function keysOf(instances: readonly Instance[]): ReadonlySet<Key> {
  const keys = new Set(instances.flatMap(scalarsOf).flatMap((value) => keyOf(value) ?? []));
  return instances.length > 0 && typeof defaultInstance(instances)?.value === 'object' ? keys.add(noScalar) : keys;
}

/** The key of a scalar; undefined for other values, which equal nothing. Different values may share a key. */
export function keyOf(value: Json): Key | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') return indexedText(value);
  return typeof value === 'boolean' ? `\u0000${value}` : undefined;
}

interface Rows {
  add(nameNum: number, key: Key, num: number): void;
  delete(nameNum: number, key: Key, num: number): void;
  /** The first entity after a number. */
  next(num: number): { readonly num: number; readonly doc: string } | undefined;
}

function createRows(database: Database): Rows {
  const add = database.prepare<[number, Key, number]>(
    'INSERT OR IGNORE INTO value (name, value, num) VALUES (?, ?, ?)',
  );
  const remove = database.prepare<[number, Key, number]>('DELETE FROM value WHERE name = ? AND value = ? AND num = ?');
  const next = database.prepare<[number], { num: number; doc: string }>(
    'SELECT num, doc FROM entity WHERE num > ? ORDER BY num LIMIT 1',
  );
  return {
    add: (nameNum, key, num) => void add.run(nameNum, key, num),
    delete: (nameNum, key, num) => void remove.run(nameNum, key, num),
    next: (num) => next.get(num),
  };
}

/** What `complete` of an index says that has the key `noScalar`. An index without it, of an earlier version, has 0 or 1. */
const [incompleteMarked, completeMarked] = [-1, 2] as const;

/** True when an index has the key `noScalar`. */
export const isMarkedIn = (complete: number): boolean => complete === incompleteMarked || complete === completeMarked;

interface Progress {
  /** The number of an attribute; undefined when no entity has it. */
  numberOf(name: string): number | undefined;
  read(): readonly IndexedAttribute[];
  write(progress: Omit<IndexedAttribute, 'name'>): void;
}

function createProgress(database: Database): Progress {
  const read = database.prepare<[], { nameNum: number; name: string; upto: number; complete: number }>(
    'SELECT indexed.name AS nameNum, name.text AS name, upto, complete FROM indexed JOIN name ON name.num = indexed.name',
  );
  const write = database.prepare<[number, number, number]>(
    'INSERT OR REPLACE INTO indexed (name, upto, complete) VALUES (?, ?, ?)',
  );
  const numberOf = database
    .prepare<[string], number>('SELECT name FROM attr_count WHERE name = (SELECT num FROM name WHERE text = ?) LIMIT 1')
    .pluck();
  return {
    numberOf: (name) => numberOf.get(name),
    read: () =>
      read.all().map(({ complete, upto, ...names }) => ({
        ...names,
        upto: complete > 0 ? Infinity : upto,
        isMarked: isMarkedIn(complete),
      })),
    write({ nameNum, upto, isMarked }) {
      if (upto === Infinity) write.run(nameNum, 0, isMarked ? completeMarked : 1);
      else write.run(nameNum, upto, isMarked ? incompleteMarked : 0);
    },
  };
}
