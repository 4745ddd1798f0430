/** Reads what QuantumLeap shows of histories: values, or aggregates of them, as rows. */
import type { HistoricInstance } from '../../../model/history.ts';
import { type Micros, microsOfInstant } from '../../../model/instant.ts';
import { restIfDue, runWithPauses } from '../../../model/interruptible.ts';
import { isArray, type Json } from '../../../model/json.ts';
import { aggregate, type Aggregation, rollupFor } from '../../../representation/aggregate.ts';
import { type AggregateMethod, measureOf } from '../../../representation/applicable.ts';
import { V2Problem } from '../../../v2/problem.ts';
import { typedValue } from '../../../v2/render-attribute.ts';
import type { CallContext } from '../../operation.ts';
import { findHistoryEntities, type HistoryEntity } from '../history/entities.ts';
import { dividedBy, wholeInterval } from '../history/periods.ts';
import { readRows, readSeries, sliceRows, type Table, timesOf } from '../history/rows.ts';
import { noRecords, type QuantumLeapAggregation, type QuantumLeapQuery } from './request.ts';

/** The rows that a request asks for; a column that has nothing in a row shows null there. Throws NotFound without rows. */
export async function readTables(asked: QuantumLeapQuery, call: CallContext): Promise<readonly Table<Json>[]> {
  const entities = await findHistoryEntities(asked.query, call);
  if (entities.length === 0) throw noRecords();
  const { query, page, aggregation } = asked;
  const tables = aggregation
    ? sliceRows(await aggregated(entities, { ...query, aggregation }, call), page).kept
    : await withPauses(await readRows(entities, { ...query, page }, call), (table) => withValues(table, call), call);
  if (tables.length === 0) throw noRecords();
  await restIfDue(call.services.yieldToEventLoop);
  return tables;
}

/** What becomes of each element, with pauses between them. */
async function withPauses<T, R>(
  elements: readonly T[],
  turn: (element: T) => R | Promise<R>,
  { services }: CallContext,
): Promise<readonly R[]> {
  const turned: R[] = [];
  for (const element of elements) {
    await restIfDue(services.yieldToEventLoop);
    turned.push(await turn(element));
  }
  return turned;
}

/** The values as v2 shows them. An attribute that has nothing in these rows is a column too. */
function withValues({ entity, times, columns }: Table<HistoricInstance>, { context }: CallContext): Table<Json> {
  const shown = [...entity.newest.keys()].map((name) => {
    const column = columns.get(name);
    const values = times.flatMap((at) => {
      const instance = column?.get(at);
      return instance ? [[at, typedValue(instance, context).value] as const] : [];
    });
    return [name, new Map(values)] as const;
  });
  return { entity, times, columns: new Map(shown) };
}

const methodOf: Readonly<Record<QuantumLeapAggregation['method'], AggregateMethod>> = {
  count: 'totalCount',
  sum: 'sum',
  avg: 'avg',
  min: 'min',
  max: 'max',
};

/** One row per period, or a single one. Throws NotFound when the method applies to none of the attributes. */
async function aggregated(
  entities: readonly HistoryEntity[],
  {
    temporal,
    aggregation,
  }: Pick<QuantumLeapQuery['query'], 'temporal'> & Required<Pick<QuantumLeapQuery, 'aggregation'>>,
  call: CallContext,
): Promise<readonly Table<Json>[]> {
  const { method, period } = aggregation;
  const plan: Aggregation = {
    methods: [methodOf[method]],
    ...(period === undefined ? wholeInterval : dividedBy(period)),
  };
  const rollup = rollupFor(plan);
  const attrs = aggregatedNames(entities, method);
  const found = await readSeries(entities, { temporal, attrs, ...(rollup ? { rollup } : undefined) }, call);
  return withPauses(
    found,
    async ({ entity, attrs: series }) => {
      const columns = new Map<string, ReadonlyMap<Micros, Json>>();
      for (const [name, instances] of Object.entries(series)) {
        if (!isAggregated(entity.newest.get(name), method)) continue;
        const results = await runWithPauses(aggregate(instances, 'any', plan), call.services.yieldToEventLoop);
        columns.set(name, columnOf(results[methodOf[method]]));
      }
      return filled({ entity, columns }, method === 'count' ? 0 : null);
    },
    call,
  );
}

/** The attributes that a method applies to. Everything can be counted. Throws NotFound when there are none. */
function aggregatedNames(
  entities: readonly HistoryEntity[],
  method: QuantumLeapAggregation['method'],
): readonly string[] {
  const names = entities.flatMap(({ newest }) =>
    [...newest].filter(([, instance]) => isAggregated(instance, method)).map(([name]) => name),
  );
  if (names.length > 0) return [...new Set(names)];
  throw new V2Problem(
    'NotFound',
    'AggrMethod cannot be applied on type TEXT and BOOLEAN.',
    'AggrMethod cannot be applied',
  );
}

/** The newest value of an attribute decides. */
const isAggregated = (newest: HistoricInstance | undefined, method: QuantumLeapAggregation['method']): boolean =>
  newest !== undefined &&
  (method === 'count' || (typeof newest.value !== 'boolean' && measureOf(newest).sort === 'number'));

/** The results by the beginnings of their periods. */
function columnOf(rows: Json | undefined): ReadonlyMap<Micros, Json> {
  const cells = isArray(rows) ? rows.filter(isArray) : [];
  return new Map(
    cells.flatMap(([value = null, from]) =>
      typeof from === 'string' ? [[microsOfInstant(from), value] as const] : [],
    ),
  );
}

/** The table in which every column has something in every row. */
function filled({ entity, columns }: Omit<Table<Json>, 'times'>, nothing: Json): Table<Json> {
  const times = timesOf(columns);
  const full = [...columns].map(
    ([name, column]) => [name, new Map(times.map((at) => [at, column.get(at) ?? nothing] as const))] as const,
  );
  return { entity, times, columns: new Map(full) };
}
