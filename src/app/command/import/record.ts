/** Adds rows that are measurements to the histories of their entities in a compact form, and determines which rows were refused. */
import { kinds, listMember, valueMember } from '../../../core/model/attribute.ts';
import { isObject, type Json, type JsonObject } from '../../../core/model/json.ts';
import { type BatchOperation, type Client, laterBy, type Refusal } from '../client.ts';
import type { Deliver, Item } from './deliver.ts';

/** Rows per element. The broker reads an element without a pause. */
const elementMax = 1000;

/** Elements per request. */
const requestMax = 5000;

/**
 * Creates the function that adds rows to the histories of their entities. All rows use the @context of the client, and the members beside a
 * value never change. A fixed attribute is sent with the first accepted row of an entity that contains it.
 */
export function createRecording(client: Client, { hasFixed }: { readonly hasFixed: boolean }): Deliver {
  const present = new Map<string, ReadonlySet<string>>();
  return async <T extends Item>(items: readonly T[]) => {
    const refused = new Map<T, string>();
    const sendRows = async (rows: readonly T[], bodyOf: (item: T) => JsonObject): Promise<void> => {
      const bodies = rows.map(bodyOf);
      for (const { element = 0, reason } of await send(client, 'temporal/entityOperations/upsert', bodies)) {
        const item = rows[element];
        if (item) refused.set(item, reason);
      }
    };
    const introduce = async (): Promise<readonly T[]> => {
      const firsts = hasFixed ? firstsOf(items, (item) => refused.has(item), present) : [];
      await sendRows(firsts, wholeOf);
      for (const first of firsts) if (!refused.has(first)) add(present, first);
      return firsts;
    };

    const firsts = new Set(await introduce());
    const rows = firsts.size === 0 ? items : items.filter((item) => !firsts.has(item));
    const flawed = await sendSeries(client, rows);
    // A refusal of an element does not tell which row caused it. So the rows of refused entities are sent again one by one.
    await sendRows(
      rows.filter(({ id }) => flawed.has(id)),
      partOf,
    );
    // When the first row of an entity was refused, its fixed attributes are still missing.
    await introduce();
    return refused;
  };
}

type Names = ReadonlyMap<string, ReadonlySet<string>>;

/** The rows that contain a fixed attribute for the first time. `present`: the attributes that entities already have. */
function firstsOf<T extends Item>(items: readonly T[], isRefused: (item: T) => boolean, present: Names): readonly T[] {
  const coming = new Map(present);
  return items.filter((item) => {
    const known = coming.get(item.id);
    if (isRefused(item) || fixedIn(item).every((name) => known?.has(name))) return false;
    add(coming, item);
    return true;
  });
}

const add = (names: Map<string, ReadonlySet<string>>, item: Item): unknown =>
  names.set(item.id, new Set([...(names.get(item.id) ?? []), ...fixedIn(item)]));

/** The attributes of a row that do not change from row to row. */
const fixedIn = ({ whole, part }: Item): readonly string[] => Object.keys(whole).filter((name) => !(name in part));

/** Sends rows as series. Returns the ids of entities with a refusal. */
async function sendSeries(client: Client, rows: readonly Item[]): Promise<ReadonlySet<string>> {
  const elements = [...Map.groupBy(rows, ({ id }) => id).values()].flatMap((ofEntity) =>
    Array.from({ length: Math.ceil(ofEntity.length / elementMax) }, (_, index) =>
      seriesOf(ofEntity.slice(index * elementMax, (index + 1) * elementMax)),
    ),
  );
  const refusals = await send(client, 'temporal/entityOperations/upsert?format=temporalValues', elements);
  return new Set(refusals.map(({ id }) => id));
}

/** Sends any number of elements, and returns the refusals. */
async function send(client: Client, operation: BatchOperation, elements: readonly Json[]): Promise<readonly Refusal[]> {
  const refusals: Refusal[] = [];
  for (let start = 0; start < elements.length; start += requestMax) {
    const some = await client.batch(operation, elements.slice(start, start + requestMax));
    refusals.push(...some.map((refusal) => laterBy(start, refusal)));
  }
  return refusals;
}

/** The client sets the @context of all rows. */
const wholeOf = ({ whole: { '@context': _, ...body } }: Item): JsonObject => body;

const partOf = ({ whole: { type = '' }, part: { '@context': _, ...body } }: Item): JsonObject => ({ type, ...body });

interface Series {
  readonly beside: JsonObject;
  readonly list: string;
  readonly value: string;
  readonly pairs: Json[];
}

/** Combines rows of one entity in the simplified temporal representation (CIM 009 clause 4.5.9). */
function seriesOf(rows: readonly Item[]): JsonObject {
  const series = new Map<string, Series>();
  const named: Record<string, Json> = {};
  for (const {
    id,
    whole: { type = '' },
    part,
  } of rows) {
    Object.assign(named, { id, type });
    for (const name in part) {
      const instance = part[name];
      if (!isObject(instance)) continue;
      const one = series.get(name) ?? emptySeries(instance);
      one.pairs.push([instance[one.value] ?? null, instance['observedAt'] ?? null]);
      series.set(name, one);
    }
  }
  return {
    ...named,
    ...Object.fromEntries([...series].map(([name, { beside, list, pairs }]) => [name, { ...beside, [list]: pairs }])),
  };
}

/** An empty series with the kind and the other members of an instance. */
function emptySeries(instance: JsonObject): Series {
  const kind = kinds.find((one) => one === instance['type']) ?? 'Property';
  const { [valueMember[kind]]: _value, observedAt: _observedAt, ...beside } = instance;
  return { beside, list: listMember[kind], value: valueMember[kind], pairs: [] };
}
