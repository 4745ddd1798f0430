/** Stores the entity before a change as a difference from the entity after it, so that a log does not repeat a large entity. */
import type { Instance } from './attribute.ts';
import type { Entity } from './entity.ts';

/** Restores the entity before a change from the entity after it. */
export type Undo = { readonly whole: Entity } | Difference;

interface Difference {
  /** All members except the attributes. */
  readonly head: Omit<Entity, 'attrs'>;
  /** Attributes that differ: all their instances, or the differing instances by index. */
  readonly attrs: Readonly<Record<string, readonly Instance[] | Readonly<Record<string, Instance>>>>;
  /** Attributes that did not exist before. */
  readonly added: readonly string[];
}

/**
 * The undo of a change. Unchanged instances must be the same objects. When no attribute was removed, its size depends only on the changed
 * parts.
 */
export function undoOf(before: Entity, after: Entity): Undo {
  const [old, next] = [Object.keys(before.attrs), Object.keys(after.attrs)];
  // The undo must restore the order of attributes too.
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

/** The entity before the change. `after` is the entity after it, `undo` the undo of the change. */
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
