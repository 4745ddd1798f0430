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
    const sendRows = async (rows: readonly T[], how: RowSending = {}): Promise<void> => {
      const sending = { ...how, operation: 'temporal/entityOperations/upsert' } as const;
      for (const { element = 0, reason } of await send(client, rows.map(how.bodyOf ?? partOf), sending)) {
        const item = rows[element];
        if (item) refused.set(item, reason);
      }
    };
    const introduce = async (): Promise<readonly T[]> => {
      const firsts = hasFixed ? firstsOf(items, (item) => refused.has(item), present) : [];
      await sendRows(firsts, { bodyOf: wholeOf });
      for (const first of firsts) if (!refused.has(first)) add(present, first);
      return firsts;
    };

    const firsts = new Set(await introduce());
    const rows = firsts.size === 0 ? items : items.filter((item) => !firsts.has(item));
    // A refusal of a series does not tell which row caused it. So the rows of refused entities are sent again one by one, in their order:
    // of rows with the same time, the last one counts.
    for (const { rows: again, isRepeated } of await sendSeries(client, rows)) await sendRows(again, { isRepeated });
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

interface RowSending {
  /** Absent: only the members that change from row to row. */
  readonly bodyOf?: (item: Item) => JsonObject;
  /** The rows were accepted before. */
  readonly isRepeated?: boolean;
}

/** Rows to send one by one. `isRepeated`: they were accepted as a series. */
interface Run<T> {
  readonly rows: T[];
  readonly isRepeated: boolean;
}

/** Sends rows as series. Returns all rows of entities with a refused series, in their order. */
async function sendSeries<T extends Item>(client: Client, rows: readonly T[]): Promise<readonly Run<T>[]> {
  const parts = [...Map.groupBy(rows, ({ id }) => id).values()].flatMap((ofEntity) =>
    Array.from({ length: Math.ceil(ofEntity.length / elementMax) }, (_, index) =>
      ofEntity.slice(index * elementMax, (index + 1) * elementMax),
    ),
  );
  const operation = 'temporal/entityOperations/upsert?format=temporalValues';
  const refusals = await send(client, parts.map(seriesOf), { operation });
  const flawed = new Set(refusals.map(({ id }) => id));
  const refused = new Set(refusals.map(({ element }) => element));
  const runs: Run<T>[] = [];
  for (const [index, part] of parts.entries()) {
    if (!flawed.has(part[0]?.id ?? '')) continue;
    const [isRepeated, last] = [!refused.has(index), runs.at(-1)];
    if (last?.isRepeated === isRepeated) last.rows.push(...part);
    else runs.push({ rows: [...part], isRepeated });
  }
  return runs;
}

/** Sends any number of elements, and returns the refusals. */
async function send(
  client: Client,
  elements: readonly Json[],
  { operation, isRepeated = false }: { readonly operation: BatchOperation; readonly isRepeated?: boolean },
): Promise<readonly Refusal[]> {
  const refusals: Refusal[] = [];
  for (let start = 0; start < elements.length; start += requestMax) {
    const some = await client.batch(operation, elements.slice(start, start + requestMax), { isRepeated });
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
