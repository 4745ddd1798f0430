/** Maintains the counts of types, attributes and kinds: collects differences during a transaction and writes them at its end. */
import type { ClientSession, Collection } from 'mongodb';
import type { Entity } from '../../../core/model/entity.ts';
import { forEachInterruptible, type Interruptible } from '../../../core/model/interruptible.ts';
import { bulkWrite } from '../bulk-write.ts';
import type { CountDocument, CountKey } from '../schema.ts';

export interface EntityCounts {
  /** Counts the replacement of an entity by another; undefined: no entity. */
  replace(before: Entity | undefined, after: Entity | undefined): Interruptible<void>;
  flush(): Promise<void>;
}

/** MongoDB compares keys as documents: they need all members, always in this order. */
export const countKey = (t: string | null, a: string | null, k: string | null): CountKey => ({ t, a, k });

export function createEntityCounts(counts: Collection<CountDocument>, session: ClientSession): EntityCounts {
  const changes = new Map<string, { readonly _id: CountKey; step: number }>();
  const add = (_id: CountKey, step: number): void => {
    // No name is empty or has a line break.
    const key = `${_id.t ?? ''}\n${_id.a ?? ''}\n${_id.k ?? ''}`;
    const change = changes.get(key) ?? { _id, step: 0 };
    change.step += step;
    changes.set(key, change);
  };
  const count = (entity: Entity, step: number): Interruptible<void> =>
    forEachInterruptible(keysOf(entity), (key) => add(key, step));
  return {
    *replace(before, after) {
      if (before && after && isSameShape(before, after)) return;
      if (before) yield* count(before, -1);
      if (after) yield* count(after, 1);
    },
    async flush() {
      const changed = [...changes.values()].filter(({ step }) => step !== 0);
      changes.clear();
      if (changed.length === 0) return;
      const fallen = changed.flatMap(({ _id, step }) => (step < 0 ? _id : []));
      await bulkWrite(
        counts,
        [
          ...changed.map(({ _id, step }) => ({
            updateOne: { filter: { _id }, update: { $inc: { entities: step } }, upsert: true },
          })),
          // Removes counts that reach zero.
          ...(fallen.length > 0 ? [{ deleteMany: { filter: { _id: { $in: fallen }, entities: { $lte: 0 } } } }] : []),
        ],
        { session },
      );
    },
  };
}

function* keysOf({ types, attrs }: Entity): Generator<CountKey, void> {
  yield countKey(null, null, null);
  for (const type of new Set(types)) {
    yield countKey(type, null, null);
    for (const [name, instances] of Object.entries(attrs)) {
      yield countKey(type, name, null);
      for (const kind of new Set(instances.map((one) => one.kind))) yield countKey(type, name, kind);
    }
  }
}

/** True when an update changed no type, attribute or kind: by far the most common write. */
function isSameShape(before: Entity, after: Entity): boolean {
  const names = Object.keys(after.attrs);
  return (
    before.types.join(' ') === after.types.join(' ') &&
    names.length === Object.keys(before.attrs).length &&
    names.every((name) => kindsOf(before, name) === kindsOf(after, name))
  );
}

const kindsOf = ({ attrs }: Entity, name: string): string | undefined =>
  Object.hasOwn(attrs, name) ? attrs[name]?.map(({ kind }) => kind).join(' ') : undefined;
