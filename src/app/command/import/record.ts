/** Brings rows that are measurements into the histories of their entities, in few bytes, and finds out which were refused. */
import { kinds, listMember, valueMember } from '../../../core/model/attribute.ts';
import { isObject, type Json, type JsonObject } from '../../../core/model/json.ts';
import { type BatchOperation, type Client, laterBy, type Refusal } from '../client.ts';
import type { Deliver, Item } from './deliver.ts';

/** Rows of one element: the broker reads an element in one go. */
const elementMax = 1000;

/** Elements of one request. */
const requestMax = 5000;

/**
 * Adds rows to the histories of their entities. They are all in the @context of the client, and what stands beside a value
 * never changes. Of what is fixed, each attribute comes with the first row of an entity that has it and is taken.
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
    // Which of its rows an element was refused for, these tell when they come one by one.
    await sendRows(
      rows.filter(({ id }) => flawed.has(id)),
      partOf,
    );
    // An entity whose first row was refused is still without what is fixed.
    await introduce();
    return refused;
  };
}

type Names = ReadonlyMap<string, ReadonlySet<string>>;

/** The rows that bring something fixed for the first time. `present`: what entities have already. */
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

/** What a row has that does not change from row to row. */
const fixedIn = ({ whole, part }: Item): readonly string[] => Object.keys(whole).filter((name) => !(name in part));

/** Sends rows as series. Answers the entities of which something was refused. */
async function sendSeries(client: Client, rows: readonly Item[]): Promise<ReadonlySet<string>> {
  const elements = [...Map.groupBy(rows, ({ id }) => id).values()].flatMap((ofEntity) =>
    Array.from({ length: Math.ceil(ofEntity.length / elementMax) }, (_, index) =>
      seriesOf(ofEntity.slice(index * elementMax, (index + 1) * elementMax)),
    ),
  );
  const refusals = await send(client, 'temporal/entityOperations/upsert?format=temporalValues', elements);
  return new Set(refusals.map(({ id }) => id));
}

/** Sends elements, however many, and answers what was refused of them. */
async function send(client: Client, operation: BatchOperation, elements: readonly Json[]): Promise<readonly Refusal[]> {
  const refusals: Refusal[] = [];
  for (let start = 0; start < elements.length; start += requestMax) {
    const some = await client.batch(operation, elements.slice(start, start + requestMax));
    refusals.push(...some.map((refusal) => laterBy(start, refusal)));
  }
  return refusals;
}

/** The client says in which @context all rows are. */
const wholeOf = ({ whole: { '@context': _, ...body } }: Item): JsonObject => body;

const partOf = ({ whole: { type = '' }, part: { '@context': _, ...body } }: Item): JsonObject => ({ type, ...body });

interface Series {
  readonly beside: JsonObject;
  readonly list: string;
  readonly value: string;
  readonly pairs: Json[];
}

/** Rows of one entity in the simplified temporal representation (CIM 009 clause 4.5.9). */
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

/** A series as one of its instances is. */
function emptySeries(instance: JsonObject): Series {
  const kind = kinds.find((one) => one === instance['type']) ?? 'Property';
  const { [valueMember[kind]]: _value, observedAt: _observedAt, ...beside } = instance;
  return { beside, list: listMember[kind], value: valueMember[kind], pairs: [] };
}
