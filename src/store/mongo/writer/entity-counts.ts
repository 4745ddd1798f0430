/** Maintains the counts of types, attributes and kinds: collects differences during a transaction and writes them at its end. */
import type { ClientSession, Collection } from 'mongodb';
import type { Entity } from '../../../core/model/entity.ts';
import type { CountDocument, CountKey } from '../schema.ts';

export interface EntityCounts {
  /** Counts the replacement of an entity by another; undefined: no entity. */
  replace(before: Entity | undefined, after: Entity | undefined): void;
  flush(): Promise<void>;
}

/** MongoDB compares keys as documents: they need all members, always in this order. */
export const countKey = (t: string | null, a: string | null, k: string | null): CountKey => ({ t, a, k });

export function createEntityCounts(counts: Collection<CountDocument>, session: ClientSession): EntityCounts {
  const changes = new Map<string, { readonly _id: CountKey; step: number }>();
  const add = (_id: CountKey, step: number): void => {
    const key = JSON.stringify(_id);
    const change = changes.get(key) ?? { _id, step: 0 };
    change.step += step;
    changes.set(key, change);
  };
  const count = (entity: Entity, step: number): void => {
    for (const key of keysOf(entity)) add(key, step);
  };
  return {
    replace(before, after) {
      if (before && after && isSameShape(before, after)) return;
      if (before) count(before, -1);
      if (after) count(after, 1);
    },
    async flush() {
      const changed = [...changes.values()].filter(({ step }) => step !== 0);
      changes.clear();
      if (changed.length === 0) return;
      const fallen = changed.flatMap(({ _id, step }) => (step < 0 ? _id : []));
      await counts.bulkWrite(
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

function keysOf({ types, attrs }: Entity): readonly CountKey[] {
  const names = Object.entries(attrs).flatMap(([name, instances]) => [
    [name, null] as const,
    ...[...new Set(instances.map(({ kind }) => kind))].map((kind) => [name, kind] as const),
  ]);
  const ofType = (type: string): readonly CountKey[] => [
    countKey(type, null, null),
    ...names.map(([name, kind]) => countKey(type, name, kind)),
  ];
  return [countKey(null, null, null), ...[...new Set(types)].flatMap(ofType)];
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
