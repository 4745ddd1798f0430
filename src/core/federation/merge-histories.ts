/** Merges what several sources have of the history of one entity (clauses 4.5.5.2, 4.5.6). Pure. */
import type { TemporalQuery } from '../language/filter.ts';
import { timeOf } from '../language/temporal-query.ts';
import type { EntityHistory, HistoricInstance } from '../model/history.ts';
import { compareInstants, type Instant, microsOfInstant } from '../model/instant.ts';

/** What one source has of a history. */
export interface HistoryCopy {
  readonly history: EntityHistory;
  /** True for an auxiliary source: it only adds series that no other source has. */
  readonly isAuxiliary: boolean;
}

/**
 * The history of all copies, which have the same id; there is at least one. Of several instances of a series that were observed at the same
 * time, the one that was modified last counts. With `lastN`, only the newest ones of each series are kept.
 */
export function mergeHistories(copies: readonly HistoryCopy[], temporal: TemporalQuery): EntityHistory {
  const sorted = [...copies.filter((one) => !one.isAuxiliary), ...copies.filter((one) => one.isAuxiliary)];
  const histories = sorted.map(({ history }) => history);
  const names = new Set(histories.flatMap(({ attrs }) => Object.keys(attrs)));
  return {
    id: histories[0]?.id ?? '',
    types: [...new Set(histories.flatMap(({ types }) => types))],
    attrs: Object.fromEntries([...names].map((name) => [name, mergeSeries(sorted, name, temporal)])),
    truncated: histories.some(({ truncated }) => truncated),
    ...kindsOf(histories),
  };
}

function kindsOf(histories: readonly EntityHistory[]): Pick<EntityHistory, 'kinds'> {
  const given = histories.flatMap(({ kinds }) => Object.entries(kinds ?? {}));
  return given.length === 0 ? {} : { kinds: Object.fromEntries(given) };
}

function mergeSeries(
  copies: readonly HistoryCopy[],
  name: string,
  temporal: TemporalQuery,
): readonly HistoricInstance[] {
  const series = new Map<string, Map<string, HistoricInstance>>();
  for (const { history, isAuxiliary } of copies) {
    const before = new Set(series.keys());
    for (const one of history.attrs[name] ?? []) {
      const dataset = one.datasetId ?? '';
      if (isAuxiliary && before.has(dataset)) continue;
      const known = series.get(dataset) ?? new Map<string, HistoricInstance>();
      series.set(dataset, known);
      put(known, one);
    }
  }
  return [...series.values()]
    .flatMap((one) => lastOf([...one.values()].sort(byTime(temporal)), temporal))
    .sort(byTime(temporal));
}

function put(known: Map<string, HistoricInstance>, one: HistoricInstance): void {
  const { observedAt, modifiedAt, value } = one;
  const key = observedAt === undefined ? JSON.stringify([modifiedAt, value]) : String(microsOfInstant(observedAt));
  const other = known.get(key);
  if (!other || compareInstants(modifiedAt, other.modifiedAt) > 0) known.set(key, one);
}

const lastOf = (instances: readonly HistoricInstance[], { lastN }: TemporalQuery): readonly HistoricInstance[] =>
  lastN === undefined ? instances : instances.slice(-lastN);

const byTime =
  (temporal: TemporalQuery) =>
  (a: HistoricInstance, b: HistoricInstance): number =>
    compareInstants(momentOf(a, temporal), momentOf(b, temporal));

const momentOf = (one: HistoricInstance, temporal: TemporalQuery): Instant =>
  timeOf(one, temporal) ?? one.observedAt ?? one.modifiedAt;
