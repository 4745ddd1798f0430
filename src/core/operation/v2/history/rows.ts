/**
 * Reads the rows of histories: the instants of some entities, each with the values of the chosen attributes at it. It reads about as many
 * instances as the page needs, however long the histories are.
 */
import type { TemporalQuery } from '../../../language/filter.ts';
import { timeOf } from '../../../language/temporal-query.ts';
import { type EntityHistory, type HistoricInstance, scopeSeries, weightOf } from '../../../model/history.ts';
import { type Micros, microsOfInstant } from '../../../model/instant.ts';
import { forEachInterruptible, type Interruptible, restIfDue, runWithPauses } from '../../../model/interruptible.ts';
import { type HistorySelection, createReadBound, histories, tooManyInstances } from '../../../port/histories.ts';
import type { CallContext } from '../../operation.ts';
import { defaultDataset, type HistoryEntity } from './entities.ts';

/** The rows of one entity. */
export interface Table<T> {
  readonly entity: HistoryEntity;
  /** Ascending. */
  readonly times: readonly Micros[];
  /** What stands in a row, by the expanded name of the attribute. */
  readonly columns: ReadonlyMap<string, ReadonlyMap<Micros, T>>;
}

/** Which rows of all entities together. `isNewest`: they are counted from the newest one back. */
export interface RowPage {
  readonly limit: number;
  readonly offset: number;
  readonly isNewest: boolean;
}

/** What is read of each history. */
interface SeriesReading {
  readonly temporal: TemporalQuery;
  readonly attrs?: readonly string[] | undefined;
}

/** What was read of the history of an entity, by the expanded name of the attribute. */
interface ReadSeries {
  readonly entity: HistoryEntity;
  readonly attrs: EntityHistory['attrs'];
}

const growth = 4;

/** The rows of a page, ascending in each table. Entities without rows are left out. Throws TooManyResults. */
export async function readRows(
  entities: readonly HistoryEntity[],
  { page, ...reading }: SeriesReading & { readonly page: RowPage },
  call: CallContext,
): Promise<readonly Table<HistoricInstance>[]> {
  const needed = page.offset + page.limit + 1;
  const series = entities.reduce((sum, { newest }) => sum + newest.size, 0);
  for (let each = Math.min(needed, Math.ceil((2 * needed) / Math.max(1, series)) + 1); ; each *= growth) {
    const temporal = page.isNewest ? { ...reading.temporal, lastN: each } : reading.temporal;
    const found = await readSeries(
      entities,
      { ...reading, temporal, ...(page.isNewest ? undefined : { limitEach: each }) },
      call,
    );
    const { yieldToEventLoop } = call.services;
    const tables: Table<HistoricInstance>[] = [];
    for (const { entity, attrs } of found) tables.push(await runWithPauses(tableOf(entity, attrs), yieldToEventLoop));
    const { kept, last } = sliceRows(tables, page);
    await restIfDue(yieldToEventLoop);
    if (isComplete(found, { last, each, page })) return kept;
  }
}

/** The chosen series of each entity. Throws TooManyResults. */
export async function readSeries(
  entities: readonly HistoryEntity[],
  reading: SeriesReading & Pick<HistorySelection['parts'], 'rollup' | 'limitEach'>,
  call: CallContext,
): Promise<readonly ReadSeries[]> {
  if (entities.length === 0) return [];
  const { instancesMax } = call.services.limits;
  const { attrs, ...parts } = reading;
  const selection: HistorySelection = {
    filter: { selectors: [{ ids: entities.map(({ id }) => id) }] },
    parts: {
      ...parts,
      ...(attrs ? { attrs } : undefined),
      datasetIds: defaultDataset,
      now: call.now,
      limitInstances: instancesMax,
      onRead: createReadBound(),
    },
  };
  const found = new Map<string, EntityHistory['attrs']>();
  let left = instancesMax;
  for await (const history of histories(selection, entities.length, call)) {
    for (const instances of Object.values(history.attrs)) left -= weightOf(instances);
    if (left < 0) throw tooManyInstances(instancesMax);
    found.set(history.id, history.attrs);
  }
  await restIfDue(call.services.yieldToEventLoop);
  return entities.map((entity) => ({ entity, attrs: found.get(entity.id) ?? {} }));
}

/** Of several instances at one instant, the last one counts. */
function* tableOf(entity: HistoryEntity, attrs: EntityHistory['attrs']): Interruptible<Table<HistoricInstance>> {
  const columns = new Map<string, ReadonlyMap<Micros, HistoricInstance>>();
  for (const [name, instances] of Object.entries(attrs)) {
    if (name === scopeSeries) continue;
    const column = new Map<Micros, HistoricInstance>();
    yield* forEachInterruptible(instances, (instance) => {
      const at = instantIn(instance);
      if (at !== undefined) column.set(at, instance);
    });
    columns.set(name, column);
  }
  return { entity, times: timesOf(columns), columns };
}

/** The instant of an instance; undefined for a deletion. */
function instantIn(instance: HistoricInstance): Micros | undefined {
  const time = timeOf(instance, { timeproperty: 'any' });
  return time === undefined ? undefined : microsOfInstant(time);
}

/** The instants of all columns, ascending. */
export function timesOf(columns: ReadonlyMap<string, ReadonlyMap<Micros, unknown>>): readonly Micros[] {
  const times = new Set<Micros>();
  for (const column of columns.values()) for (const at of column.keys()) times.add(at);
  return [...times].sort((a, b) => a - b);
}

/** The tables with the rows of the page only, and the instant of the last row of it; undefined when there are fewer rows. */
export function sliceRows<T>(
  tables: readonly Table<T>[],
  { limit, offset, isNewest }: RowPage,
): { readonly kept: readonly Table<T>[]; readonly last: Micros | undefined } {
  const rows = tables.flatMap(({ times }, table) => times.map((at) => ({ at, table })));
  rows.sort((a, b) => a.at - b.at || a.table - b.table);
  if (isNewest) rows.reverse();
  const page = rows.slice(offset, offset + limit);
  const times = new Map<number, Micros[]>();
  for (const { at, table } of isNewest ? page.toReversed() : page) {
    const own = times.get(table) ?? [];
    own.push(at);
    times.set(table, own);
  }
  return {
    kept: tables.flatMap((table, index) => {
      const own = times.get(index);
      return own ? [{ ...table, times: own }] : [];
    }),
    last: rows[offset + limit - 1]?.at,
  };
}

/** True when what was not read of the series lies behind the last row of the page. */
function isComplete(
  found: readonly ReadSeries[],
  { last, each, page }: { readonly last: Micros | undefined; readonly each: number; readonly page: RowPage },
): boolean {
  const isKnown = (instances: readonly HistoricInstance[]): boolean => {
    if (instances.length < each) return true;
    const end = page.isNewest ? instances[0] : instances.at(-1);
    const at = end && instantIn(end);
    if (last === undefined || at === undefined) return false;
    return page.isNewest ? at < last : at > last;
  };
  return found.every(({ attrs }) => Object.values(attrs).every(isKnown));
}
