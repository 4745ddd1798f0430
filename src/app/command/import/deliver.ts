/** Sends rows to a broker in batches, and determines which rows it refused. */
import type { Json, JsonObject } from '../../../core/model/json.ts';
import type { Client, Refusal } from '../client.ts';

/** A row as an entity. */
export interface Item {
  readonly id: string;
  /** The entity with all members from the row. */
  readonly whole: JsonObject;
  /** The members that change from row to row. */
  readonly part: JsonObject;
}

/** The refused items with their reasons. */
type Refused<T extends Item> = ReadonlyMap<T, string>;

export type Deliver = <T extends Item>(items: readonly T[]) => Promise<Refused<T>>;

/** Writes entities. An existing entity keeps attributes that the rows do not name, and values with a later `observedAt`. */
export const createDelivery =
  (client: Client): Deliver =>
  async (items) => {
    if (items.length === 0) return new Map();
    const wholes = items.map(({ whole }) => whole);
    return matched(items, await client.batch('entityOperations/upsert?options=update,keepNewest', wholes));
  };

/**
 * Assigns each refusal to an item. Refusals name entities and have the order of the items. When only some items of an entity were refused,
 * the refused item is the one that contains the value quoted by the broker ("..., but is 1.04.").
 */
function matched<T extends Item>(items: readonly T[], refusals: readonly Refusal[]): Refused<T> {
  const refused = new Map<T, string>();
  const itemsById = Map.groupBy(items, (item) => item.id);
  for (const [id, ofEntity] of Map.groupBy(refusals, (refusal) => refusal.id)) {
    const candidates = itemsById.get(id) ?? [];
    const areAll = candidates.length === ofEntity.length;
    for (const { reason } of ofEntity) {
      const left = candidates.filter((item) => !refused.has(item));
      const item = areAll ? left[0] : left.find(({ part }) => holdsOne(part, quotedIn(reason)));
      if (item) refused.set(item, reason);
      else if (left[0]) refused.set(left[0], `this row or another of the same entity: ${reason}`);
    }
  }
  return refused;
}

/** The values that a reason quotes, as JSON text. */
const quotedIn = (reason: string): ReadonlySet<string> =>
  new Set([...reason.matchAll(/, but is (.*?)\.(?= |$)/g)].map(([, value = '']) => value));

const holdsOne = (part: JsonObject, texts: ReadonlySet<string>): boolean =>
  Object.values(part).some((attribute) => valuesIn(attribute).some((value) => texts.has(JSON.stringify(value))));

/** A value and all values nested in it. */
function valuesIn(value: Json): readonly Json[] {
  if (typeof value !== 'object' || value === null) return [value];
  return [value, ...Object.values(value).flatMap((one: Json) => valuesIn(one))];
}
