/** Writes histories as rows of a table: a row for each instance, or for each period of an aggregation. */
import type { TimeProperty } from '../language/filter.ts';
import { type EntityHistory, type HistoricInstance, scopeSeries } from '../model/history.ts';
import type { Instant } from '../model/instant.ts';
import { forEachInterruptible, type Interruptible } from '../model/interruptible.ts';
import { isArray, type Json, type JsonObject } from '../model/json.ts';
import { type Aggregation, aggregate } from './aggregate.ts';
import { type HistoryView, seriesOf } from './history.ts';
import { shownValue } from './instance.ts';

/** The columns of instances. A value has two columns: one for numbers, and one for texts and for the JSON of other values. */
export const instanceColumns = [
  'entityId',
  'entityType',
  'attribute',
  'datasetId',
  'observedAt',
  'modifiedAt',
  'deletedAt',
  'number',
  'text',
  'unitCode',
] as const;

/** One line of the table. An undefined cell is empty. */
export type HistoryCells = readonly (Json | undefined)[];

/** The names of the columns. */
export const historyColumns = ({ aggregation }: HistoryView): readonly string[] =>
  aggregation
    ? ['entityId', 'entityType', 'attribute', 'datasetId', 'periodStart', 'periodEnd', ...aggregation.methods]
    : instanceColumns;

/** The rows of one history. The instances keep their order. */
export function* historyRows(
  { id, types, attrs }: EntityHistory,
  view: HistoryView,
): Interruptible<readonly HistoryCells[]> {
  const rows: HistoryCells[] = [];
  const type = types.map((one) => view.terms.compact(one)).join(' ');
  for (const [name, instances] of Object.entries(attrs)) {
    const begin = [id, type, name === scopeSeries ? name : view.terms.compact(name)];
    const { aggregation } = view;
    if (aggregation) for (const row of yield* periodRows(instances, view, aggregation)) rows.push([...begin, ...row]);
    else yield* forEachInterruptible(instances, (instance) => rows.push([...begin, ...instanceRow(instance, view)]));
  }
  return rows;
}

function instanceRow(instance: HistoricInstance, { terms, lang }: HistoryView): HistoryCells {
  const { datasetId, observedAt, modifiedAt, deletedAt, unitCode } = instance;
  const value = deletedAt === undefined ? shownValue(instance, { terms, lang, format: 'simplified' }).value : undefined;
  const cells = typeof value === 'number' ? [value, undefined] : [undefined, value];
  return [datasetId, fixedTime(observedAt), fixedTime(modifiedAt), fixedTime(deletedAt), ...cells, unitCode];
}

/** A row for each period and dataset, with the result of each method that applies to the period. */
function* periodRows(
  instances: readonly HistoricInstance[],
  { timeproperty }: { readonly timeproperty: TimeProperty },
  aggregation: Aggregation,
): Interruptible<readonly HistoryCells[]> {
  const rows: HistoryCells[] = [];
  for (const series of seriesOf(instances)) {
    const results = yield* aggregate(series, timeproperty, aggregation);
    const datasetId = series[0]?.datasetId;
    for (const [start, { end, cells }] of periodsOf(results))
      rows.push([datasetId, start, end, ...aggregation.methods.map((method) => cells.get(method))]);
  }
  return rows;
}

interface PeriodCells {
  readonly end: Json;
  /** The results by method. */
  readonly cells: Map<string, Json>;
}

/** The periods of one series by their starts, ascending. `results` has `[result, start, end]` for each method and period. */
function periodsOf(results: JsonObject): readonly (readonly [start: string, period: PeriodCells])[] {
  const periods = new Map<string, PeriodCells>();
  const rows = Object.entries(results).flatMap(([method, list]) =>
    isArray(list) ? list.filter(isArray).map((row) => [method, ...row] as const) : [],
  );
  for (const [method, value = null, start, end] of rows) {
    if (typeof start !== 'string' || typeof end !== 'string') continue;
    const key = fixedTime(start);
    const period = periods.get(key) ?? { end: fixedTime(end), cells: new Map<string, Json>() };
    period.cells.set(method, value);
    periods.set(key, period);
  }
  return [...periods].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The time with six fractional digits: readers of tables infer one format for a whole column. */
export const fixedTime = <Time extends Instant | undefined>(time: Time): Time | string =>
  time === undefined
    ? time
    : time.replace(/(?:[.,](\d+))?Z$/, (_, digits: string = '') => `.${digits.padEnd(6, '0')}Z`);
