/** Maintains the table of present entities and all its indexes. */
import type { Database } from 'better-sqlite3';
import type { Entity } from '../../../core/model/entity.ts';
import { firstExpiry } from '../../../core/model/expiry.ts';
import type { Micros } from '../../../core/model/instant.ts';
import type { Position } from '../../../core/port/store.ts';
import { createBoxes } from './box-rows.ts';
import type { Names } from '../names.ts';
import { entityIn } from '../own-text.ts';
import type { Interruptible } from '../../../core/model/interruptible.ts';
import { createEntityCounts, type EntityCounts } from './entity-counts.ts';
import { createValueIndex, type ValueIndex } from './value-index.ts';

/** A stored entity, expired or not. */
export interface StoredEntityRow {
  readonly num: number;
  readonly subject: number;
  readonly version: Position;
  readonly expires: Micros | null;
  readonly doc: string;
  readonly entity: Entity;
}

/** The row to store. `doc` is the text of `entity`. */
export type NewEntityRow = Pick<StoredEntityRow, 'num' | 'subject' | 'version' | 'doc' | 'entity'>;

export interface Entities {
  get(id: string): StoredEntityRow | undefined;
  subjectOf(id: string): number | undefined;
  insert(next: NewEntityRow): Interruptible<undefined>;
  update(before: StoredEntityRow, next: NewEntityRow): Interruptible<undefined>;
  remove(before: StoredEntityRow): Interruptible<undefined>;
  /** The ids of at most `limit` entities of which something has expired. */
  due(now: Micros, limit: number): readonly string[];
  readonly valueIndex: ValueIndex;
  /** Writes the collected differences. Called before a commit. */
  flush(): Interruptible<undefined>;
  /** Discards them. Called after a rollback. */
  reset(): void;
}

type Row = Omit<StoredEntityRow, 'entity'>;

export function createEntities(database: Database, names: Names): Entities {
  const find = database.prepare<[string], Row>('SELECT num, subject, version, expires, doc FROM entity WHERE id = ?');
  const subjectOf = database.prepare<[string], number>('SELECT subject FROM entity WHERE id = ?').pluck();
  const due = database
    .prepare<[Micros, number], string>('SELECT id FROM entity WHERE expires <= ? ORDER BY expires LIMIT ?')
    .pluck();
  const rows = createRowWriter(database);
  const indexes = createIndexes(database, names);

  return {
    get(id) {
      const row = find.get(id);
      return row && { ...row, entity: entityIn(row.doc) };
    },
    subjectOf: (id) => subjectOf.get(id),
    *insert(next) {
      rows.insert(next);
      yield;
      return yield* indexes.replace(next.num, undefined, next.entity);
    },
    *update(before, next) {
      rows.update(next, before.expires);
      yield;
      return yield* indexes.replace(next.num, before.entity, next.entity);
    },
    *remove({ num, entity }) {
      rows.remove(num);
      yield;
      return yield* indexes.replace(num, entity, undefined);
    },
    due: (now, limit) => due.all(now, limit),
    valueIndex: indexes.valueIndex,
    flush: () => indexes.counts.flush(),
    reset() {
      indexes.counts.reset();
      indexes.valueIndex.reset();
    },
  };
}

interface Indexes {
  /** Writes the differences between an entity and its replacement to every index. */
  replace(num: number, before: Entity | undefined, after: Entity | undefined): Interruptible<undefined>;
  readonly valueIndex: ValueIndex;
  readonly counts: EntityCounts;
}

function createIndexes(database: Database, names: Names): Indexes {
  const types = createTypes(database, names);
  const boxes = createBoxes(database, names);
  const valueIndex = createValueIndex(database, names);
  const counts = createEntityCounts(database, names);
  return {
    valueIndex,
    counts,
    *replace(num, before, after) {
      types.replace(num, before?.types ?? [], after?.types ?? []);
      yield* boxes.replace(num, before, after);
      valueIndex.replace(num, before, after);
      yield;
      return yield* counts.replace(before, after);
    },
  };
}

interface RowWriter {
  insert(next: NewEntityRow): void;
  update(next: NewEntityRow, expiredBefore: Micros | null): void;
  remove(num: number): void;
}

function createRowWriter(database: Database): RowWriter {
  const insert = database.prepare<[number, string, number, Position, Micros | null, string]>(
    'INSERT INTO entity (num, id, subject, version, expires, doc) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const update = database.prepare<[Position, string, number]>('UPDATE entity SET version = ?, doc = ? WHERE num = ?');
  const updateExpires = database.prepare<[Micros | null, number]>('UPDATE entity SET expires = ? WHERE num = ?');
  const remove = database.prepare<[number]>('DELETE FROM entity WHERE num = ?');
  return {
    insert: ({ num, subject, version, doc, entity }) =>
      void insert.run(num, entity.id, subject, version, firstExpiry(entity) ?? null, doc),
    update({ num, version, doc, entity }, expiredBefore) {
      update.run(version, doc, num);
      const expires = firstExpiry(entity) ?? null;
      if (expires !== expiredBefore) updateExpires.run(expires, num);
    },
    remove: (num) => void remove.run(num),
  };
}

interface Types {
  replace(num: number, before: readonly string[], after: readonly string[]): void;
}

function createTypes(database: Database, names: Names): Types {
  const add = database.prepare<[number, number]>('INSERT OR IGNORE INTO entity_type (type, num) VALUES (?, ?)');
  const drop = database.prepare<[number, number]>('DELETE FROM entity_type WHERE type = ? AND num = ?');
  return {
    replace(num, before, after) {
      for (const type of after) if (!before.includes(type)) add.run(names.numOf(type), num);
      for (const type of before) if (!after.includes(type)) drop.run(names.numOf(type), num);
    },
  };
}
