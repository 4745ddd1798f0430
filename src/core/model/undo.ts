/** What an entity was before a change, told by what differs: so that a log need not repeat the whole of a large entity. */
import type { Instance } from './attribute.ts';
import type { Entity } from './entity.ts';

/** From an entity as it is after a change to what it was before. */
export type Undo = { readonly whole: Entity } | Difference;

interface Difference {
  /** All but the attributes. */
  readonly head: Omit<Entity, 'attrs'>;
  /** Attributes that were others: all their instances, or some by their index. */
  readonly attrs: Readonly<Record<string, readonly Instance[] | Readonly<Record<string, Instance>>>>;
  /** Attributes that were not there. */
  readonly added: readonly string[];
}

/** The undo of a change. What it left alone must be the same objects: as large as what it touched, where attributes did not go. */
export function undoOf(before: Entity, after: Entity): Undo {
  const [old, next] = [Object.keys(before.attrs), Object.keys(after.attrs)];
  // The order of attributes is to come back too.
  if (!old.every((name, index) => name === next[index])) return { whole: before };
  const { attrs: _, ...head } = before;
  const attrs: Record<string, Difference['attrs'][string]> = {};
  for (const name of old) {
    const [was, is] = [before.attrs[name] ?? [], after.attrs[name] ?? []];
    if (was !== is) attrs[name] = was.length === is.length ? othersIn(was, is) : was;
  }
  return { head, attrs, added: next.slice(old.length) };
}

const othersIn = (was: readonly Instance[], is: readonly Instance[]): Readonly<Record<string, Instance>> =>
  Object.fromEntries(was.flatMap((one, index) => (one === is[index] ? [] : [[index, one] as const])));

/** The entity before the change, whose undo this is, of the entity after it. */
export function undone(after: Entity, undo: Undo): Entity {
  if ('whole' in undo) return undo.whole;
  const added = new Set(undo.added);
  const attrs = Object.entries(after.attrs)
    .filter(([name]) => !added.has(name))
    .map(([name, instances]) => [name, instancesBefore(instances, undo.attrs[name])] as const);
  return { ...undo.head, attrs: Object.fromEntries(attrs) };
}

function instancesBefore(
  instances: readonly Instance[],
  others: Difference['attrs'][string] | undefined,
): readonly Instance[] {
  if (others === undefined) return instances;
  return isList(others) ? others : instances.map((one, index) => others[index] ?? one);
}

const isList = (others: Difference['attrs'][string]): others is readonly Instance[] => Array.isArray(others);
