/** Filters histories by a scope query: keeps what was observed while a matching scope was valid (clause 4.19 and Annex C.5.16). */
import type { ScopeQuery, TemporalQuery } from '../language/filter.ts';
import { compileFilter } from '../language/matches/matches.ts';
import { isWithin, timeOf } from '../language/temporal-query.ts';
import { type EntityHistory, type HistoricInstance, scopeSeries } from '../model/history.ts';
import { type Instant, type Micros, microsOfInstant } from '../model/instant.ts';
import { isStrings } from '../model/json.ts';
import type { Store } from './store.ts';

/** What histories are read from, and at which time. */
export interface HistorySource {
  readonly store: Pick<Store, 'history'>;
  readonly now: Instant;
  readonly services: { readonly limits: { readonly instancesMax: number } };
}

interface ScopeCondition {
  readonly scopeQ: ScopeQuery;
  readonly temporal: TemporalQuery;
}

/** The interval in which a scope was valid: from the moment it was set until it was replaced or removed. */
interface ValidityInterval {
  readonly from: Micros;
  readonly to: Micros;
  readonly instance: HistoricInstance;
}

/** False for a removal that was recorded before the scope that precedes it in time: setting that scope restored the entity. */
const isInForce = (
  { deletedAt, modifiedAt }: HistoricInstance,
  index: number,
  all: readonly HistoricInstance[],
): boolean => {
  const before = all[index - 1];
  return deletedAt === undefined || !before || microsOfInstant(before.modifiedAt) <= microsOfInstant(modifiedAt);
};

/** The histories with the instances that were observed while a matching scope was valid, and with that scope. */
export async function withinScopes(
  histories: readonly EntityHistory[],
  { scopeQ, temporal }: ScopeCondition,
  source: HistorySource,
): Promise<readonly EntityHistory[]> {
  if (histories.length === 0) return [];
  const matches = compileFilter({ scopeQ });
  const scopes = await readScopes(
    histories.map(({ id }) => id),
    source,
  );
  return histories.flatMap((history) => {
    const validityIntervals = validityIntervalsOf(scopes.get(history.id) ?? []).filter(({ instance: { value } }) => {
      const scope = typeof value === 'string' || isStrings(value) ? value : [];
      return matches({ id: history.id, types: history.types, createdAt: '', attrs: {}, scope });
    });
    return narrowed(history, validityIntervals, temporal);
  });
}

/** All known scopes of some entities. */
async function readScopes(
  ids: readonly string[],
  { store, now, services }: HistorySource,
): Promise<ReadonlyMap<string, readonly HistoricInstance[]>> {
  const found = await store.history({
    filter: { selectors: [{ ids }] },
    attrs: [scopeSeries],
    temporal: { timeproperty: 'modifiedAt' },
    limit: ids.length,
    limitInstances: services.limits.instancesMax,
    now,
  });
  return new Map(found.map(({ id, attrs }) => [id, attrs[scopeSeries] ?? []]));
}

const momentOf = ({ observedAt, modifiedAt }: HistoricInstance): Micros => microsOfInstant(observedAt ?? modifiedAt);

function validityIntervalsOf(instances: readonly HistoricInstance[]): readonly ValidityInterval[] {
  const sorted = [...instances].sort((a, b) => momentOf(a) - momentOf(b)).filter(isInForce);
  return sorted.map((instance, index) => {
    const next = sorted[index + 1];
    return { from: momentOf(instance), to: next ? momentOf(next) : Number.POSITIVE_INFINITY, instance };
  });
}

function narrowed(
  history: EntityHistory,
  validityIntervals: readonly ValidityInterval[],
  temporal: TemporalQuery,
): readonly EntityHistory[] {
  const isCovered = (instance: HistoricInstance): boolean => {
    const moment = microsOfInstant(timeOf(instance, temporal) ?? instance.modifiedAt);
    return validityIntervals.some(({ from, to }) => moment >= from && moment < to);
  };
  const attrs = Object.entries(history.attrs)
    .filter(([name]) => name !== scopeSeries)
    .map(([name, instances]) => [name, instances.filter(isCovered)] as const)
    .filter(([, instances]) => instances.length > 0);
  if (attrs.length === 0) return [];
  const shown = validityIntervals
    .filter(
      ({ from, to }) =>
        to > (temporal.timeAt ?? Number.NEGATIVE_INFINITY) &&
        (isWithin(temporal, from) || from < (temporal.timeAt ?? from)),
    )
    .map(({ instance }) => instance);
  return [
    {
      ...history,
      attrs: { ...Object.fromEntries(attrs), ...(shown.length > 0 ? { [scopeSeries]: shown } : undefined) },
    },
  ];
}
