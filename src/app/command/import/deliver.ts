/** Brings rows to a broker in batches, and finds out which of them it refused. */
import type { Json, JsonObject } from '../../../core/model/json.ts';
import type { Client, Refusal } from '../client.ts';

/** A row that is an entity. */
export interface Item {
  readonly id: string;
  /** The entity with everything that the row says of it. */
  readonly whole: JsonObject;
  /** What changes from row to row. */
  readonly part: JsonObject;
}

/** The reason why an item was refused, by the item. */
type Refused<T extends Item> = ReadonlyMap<T, string>;

export type Deliver = <T extends Item>(items: readonly T[]) => Promise<Refused<T>>;

/**
 * Delivers entities; those that are there keep attributes that rows do not name. With history, the first row of an
 * entity puts it in, and the rows after it are updates in their order, so that each of them is recorded.
 */
export function createDelivery(client: Client, isHistory: boolean): Deliver {
  if (!isHistory) return (items) => send(client, items, 'upsert');
  const present = new Set<string>();
  return async (items) => {
    const refused = new Map<(typeof items)[number], string>();
    let waiting = items;
    // An entity whose first row is refused is put in by its next one: there may be as many rounds as rows.
    while (waiting.some(({ id }) => !present.has(id))) {
      const firsts = firstOfEach(waiting.filter(({ id }) => !present.has(id)));
      const found = await send(client, firsts, 'upsert');
      for (const first of firsts) if (!found.has(first)) present.add(first.id);
      for (const [item, reason] of found) refused.set(item, reason);
      const done = new Set(firsts);
      waiting = waiting.filter((item) => !done.has(item));
    }
    for (const [item, reason] of await send(client, waiting, 'update')) refused.set(item, reason);
    return refused;
  };
}

function firstOfEach<T extends Item>(items: readonly T[]): readonly T[] {
  const firsts = new Map<string, T>();
  for (const item of items) if (!firsts.has(item.id)) firsts.set(item.id, item);
  return [...firsts.values()];
}

async function send<T extends Item>(
  client: Client,
  items: readonly T[],
  how: 'upsert' | 'update',
): Promise<Refused<T>> {
  if (items.length === 0) return new Map();
  const refusals =
    how === 'upsert'
      ? await client.batch(
          'upsert?options=update',
          items.map(({ whole }) => whole),
        )
      : await client.batch(
          'update',
          items.map(({ part }) => part),
        );
  return matched(items, refusals);
}

/**
 * Which item each refusal is about. Refusals name entities and come in the order of items; where only some of an
 * entity's items were refused, it is the one whose value the broker quotes ("..., but is 1.04.").
 */
function matched<T extends Item>(items: readonly T[], refusals: readonly Refusal[]): Refused<T> {
  const refused = new Map<T, string>();
  const itemsById = Map.groupBy(items, (item) => item.id);
  for (const [id, ofEntity] of Map.groupBy(refusals, (refusal) => refusal.id)) {
    const candidates = itemsById.get(id) ?? [];
    const areAll = candidates.length === ofEntity.length;
    for (const { reason } of ofEntity) {
      const left = candidates.filter((item) => !refused.has(item));
      const told = areAll ? left[0] : left.find((item) => holdsOne(item.part, quotedIn(reason)));
      if (told) refused.set(told, reason);
      else if (left[0]) refused.set(left[0], `this row or another of the same entity: ${reason}`);
    }
  }
  return refused;
}

/** The values that a reason quotes, as JSON texts. */
const quotedIn = (reason: string): ReadonlySet<string> =>
  new Set([...reason.matchAll(/, but is (.*?)\.(?= |$)/g)].map(([, value = '']) => value));

const holdsOne = (part: JsonObject, texts: ReadonlySet<string>): boolean =>
  Object.values(part).some((attribute) => valuesIn(attribute).some((value) => texts.has(JSON.stringify(value))));

/** A value and all values in it. */
function valuesIn(value: Json): readonly Json[] {
  if (typeof value !== 'object' || value === null) return [value];
  return [value, ...Object.values(value).flatMap((one: Json) => valuesIn(one))];
}
