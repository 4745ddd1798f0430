/** Maintains the counts of types, attributes and kinds: collects differences during a transaction and writes them at its end. */
import type { Database } from 'better-sqlite3';
import { type Attributes, type Instance, kinds } from '../../../core/model/attribute.ts';
import type { Entity } from '../../../core/model/entity.ts';
import { type Names, noName } from '../names.ts';
import type { Interruptible } from '../../../core/model/interruptible.ts';

/** Stands for any kind in the table `attr_count`. */
export const anyKind = -1;

export interface EntityCounts {
  /** Counts the replacement of an entity by another; undefined: no entity. */
  replace(before: Entity | undefined, after: Entity | undefined): Interruptible<undefined>;
  /** Writes the differences since the last flush. */
  flush(): Interruptible<undefined>;
  /** Discards the differences. */
  reset(): void;
}

type Counts = Map<number, number>;
/** The changes to the counts of one type: of entities, and by attribute and kind. */
interface TypeChange {
  entities: number;
  readonly attrs: Map<number, Counts>;
}

export function createEntityCounts(database: Database, names: Names): EntityCounts {
  const write = createCountWriter(database);
  const changes = new Map<number, TypeChange>();
  function* count({ types, attrs }: Counted, step: 1 | -1): Interruptible<undefined> {
    changeOf(changes, noName).entities += step;
    for (const type of new Set(types)) {
      countType(changeOf(changes, names.numOf(type)), attrs, { step, names });
      yield;
    }
    return undefined;
  }
  return {
    *replace(before, after) {
      const differs = before && after && hasSameTypes(before, after) ? unlike(before.attrs, after.attrs) : undefined;
      if (differs?.length === 0) return undefined;
      if (before) yield* count(partOf(before, differs), -1);
      if (after) yield* count(partOf(after, differs), 1);
      return undefined;
    },
    *flush() {
      for (const [type, change] of changes) yield* write(type, change);
      changes.clear();
      return undefined;
    },
    reset: () => changes.clear(),
  };
}

function changeOf(changes: Map<number, TypeChange>, type: number): TypeChange {
  const known = changes.get(type);
  if (known) return known;
  const fresh = { entities: 0, attrs: new Map<number, Counts>() };
  changes.set(type, fresh);
  return fresh;
}

function countType(change: TypeChange, attrs: Attributes, { step, names }: { step: 1 | -1; names: Names }): void {
  change.entities += step;
  for (const [name, instances] of Object.entries(attrs)) {
    const num = names.numOf(name);
    const counts = change.attrs.get(num) ?? new Map<number, number>();
    change.attrs.set(num, counts);
    add(counts, anyKind, step);
    const [first] = instances;
    if (instances.length === 1 && first) add(counts, kinds.indexOf(first.kind), step);
    else for (const kind of new Set(instances.map((one) => one.kind))) add(counts, kinds.indexOf(kind), step);
  }
}

const add = (counts: Counts, key: number, step: number): void => void counts.set(key, (counts.get(key) ?? 0) + step);

type Counted = Pick<Entity, 'types' | 'attrs'>;

/** An entity with only the attributes to count; undefined: all. */
const partOf = ({ types, attrs }: Entity, names: readonly string[] | undefined): Counted => ({
  types,
  attrs: names
    ? Object.fromEntries(names.flatMap((name) => (attrs[name] ? [[name, attrs[name]] as const] : [])))
    : attrs,
});

const hasSameTypes = (before: Entity, after: Entity): boolean =>
  before.types.length === after.types.length && before.types.every((type, index) => type === after.types[index]);

/** The attributes that only one side has, or that differ in kind. For most writes there are none. */
const unlike = (before: Attributes, after: Attributes): readonly string[] => [
  ...Object.keys(after).filter((name) => !hasSameKinds(before[name], after[name])),
  ...Object.keys(before).filter((name) => !Object.hasOwn(after, name)),
];

function hasSameKinds(other: readonly Instance[] | undefined, mine: readonly Instance[] | undefined): boolean {
  if (mine === other) return true;
  return mine?.length === other?.length && (mine?.every((one, index) => one.kind === other?.[index]?.kind) ?? false);
}

/** Removes counts that reach zero. */
function createCountWriter(database: Database): (type: number, change: TypeChange) => Interruptible<undefined> {
  const addType = database.prepare<[number, number]>(
    `INSERT INTO type_count VALUES (?, ?) ON CONFLICT DO UPDATE SET entities = entities + excluded.entities`,
  );
  const dropType = database.prepare<[number]>('DELETE FROM type_count WHERE type = ? AND entities <= 0');
  const addAttr = database.prepare<[number, number, number, number]>(
    `INSERT INTO attr_count VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET entities = entities + excluded.entities`,
  );
  const dropAttr = database.prepare<[number, number]>(
    'DELETE FROM attr_count WHERE type = ? AND name = ? AND entities <= 0',
  );
  return function* (type, { entities, attrs }) {
    if (entities !== 0) addType.run(type, entities);
    if (entities < 0) dropType.run(type);
    for (const [name, counts] of attrs) {
      let hasFallen = false;
      for (const [kind, step] of counts) {
        if (step !== 0) addAttr.run(type, name, kind, step);
        hasFallen ||= step < 0;
      }
      if (hasFallen) dropAttr.run(type, name);
      yield;
    }
    return undefined;
  };
}
