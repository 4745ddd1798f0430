/** Maintains the counts of types, attributes and kinds on each write, so that a summary need not read all entities. */
import type { Entity } from '../model/entity.ts';
import type { Summary, TypeSummary } from './store.ts';

interface EntityCounts {
  /** Counts the replacement of an entity by another; undefined: no entity. */
  replace(before: Entity | undefined, after: Entity | undefined): void;
  summary(): Summary;
}

/** The number of entities by key. Keys with a count of zero are removed. */
type Counts = Map<string, number>;
interface TypeCounts {
  entities: number;
  readonly attrs: Counts;
  /** By attribute: the number of entities that have it with each kind. */
  readonly kinds: Map<string, Counts>;
}

/** Empty counts. */
export function createEntityCounts(): EntityCounts {
  const types = new Map<string, TypeCounts>();
  let entities = 0;
  const count = (entity: Entity, step: 1 | -1): void => {
    entities += step;
    for (const type of new Set(entity.types)) {
      const counts = types.get(type) ?? { entities: 0, attrs: new Map(), kinds: new Map() };
      countType(counts, entity, step);
      if (counts.entities > 0) types.set(type, counts);
      else types.delete(type);
    }
  };
  return {
    replace: (before, after) => {
      if (before) count(before, -1);
      if (after) count(after, 1);
    },
    summary: () => ({
      entities,
      types: [...types].map(([type, counts]) => typeSummary(type, counts)).sort(by('type')),
    }),
  };
}

function countType(counts: TypeCounts, { attrs }: Entity, step: 1 | -1): void {
  counts.entities += step;
  for (const [name, instances] of Object.entries(attrs)) {
    add(counts.attrs, name, step);
    const kinds = counts.kinds.get(name) ?? new Map<string, number>();
    for (const kind of new Set(instances.map((instance) => instance.kind))) add(kinds, kind, step);
    counts.kinds.set(name, kinds);
  }
}

function add(counts: Counts, key: string, step: 1 | -1): void {
  const next = (counts.get(key) ?? 0) + step;
  if (next > 0) counts.set(key, next);
  else counts.delete(key);
}

function typeSummary(type: string, { entities, attrs, kinds }: TypeCounts): TypeSummary {
  const named = [...attrs].map(([name, having]) => ({
    name,
    kinds: [...(kinds.get(name)?.keys() ?? [])].sort(),
    entities: having,
  }));
  return { type, entities, attrs: named.sort(by('name')) };
}

const by =
  <Key extends string>(key: Key) =>
  (a: Readonly<Record<Key, string>>, b: Readonly<Record<Key, string>>): number =>
    a[key] < b[key] ? -1 : 1;
