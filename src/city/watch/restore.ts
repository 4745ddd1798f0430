/** Restores what is known of the series of a tenant after a restart: the documents of the series, and the faults whose alerts are open. */
import { anyOfTypes } from '../../core/language/filter.ts';
import { type Instant, instantOf } from '../../core/model/instant.ts';
import type { Store } from '../../core/port/store.ts';
import { watchedSeriesCollection } from '../../core/port/watch.ts';
import { alertPrefix, closeOrphan, hashOf, readAlertId } from './alert.ts';
import type { Check, Fault } from './detect/checks.ts';
import type { PendingWrites } from './pending-writes.ts';
import type { RuleSet } from './rule-set.ts';
import { seriesIn } from './series-json.ts';
import type { SeriesMap, WatchedSeries } from './series-map.ts';
import { iriOf, irisOf } from './vocabulary.ts';

/** The ids of open alerts, by the hash of their series. */
export type OpenFaults = Map<string, string[]>;

const pageSize = 500;

/** Finds the alerts of the watch that are not closed. */
export async function openFaultsOf(store: Pick<Store, 'find'>, now: Instant): Promise<OpenFaults> {
  const status = { attr: iriOf('status', 'models'), sub: [], inside: [], text: 'status' };
  const filter = {
    selectors: [{ types: anyOfTypes(irisOf('Alert')), idPattern: { source: `^${alertPrefix}` } }],
    q: { op: '!=', path: status, value: { kind: 'json', value: 'closed' } },
  } as const;
  const found: OpenFaults = new Map();
  let after: number | undefined;
  for (;;) {
    const page = await store.find({ filter, limit: pageSize, now, ...(after === undefined ? undefined : { after }) });
    for (const { id } of page) {
      const hash = readAlertId(id)?.hash;
      if (hash !== undefined) found.set(hash, [...(found.get(hash) ?? []), id]);
    }
    after = page.at(-1)?.cursor;
    if (page.length < pageSize || after === undefined) return found;
  }
}

interface Restored {
  readonly store: Pick<Store, 'collection' | 'get'>;
  readonly rules: RuleSet;
  readonly map: SeriesMap;
  readonly pending: PendingWrites;
  readonly startedAt: number;
}

/** Adds all stored series for which there still is a rule. Alerts of other series are closed. */
export async function restoreSeries(
  { store, rules, map, pending, startedAt }: Restored,
  open: OpenFaults,
): Promise<void> {
  const collection = store.collection(watchedSeriesCollection);
  for (const key of await collection.keys()) {
    const kept = seriesIn(await collection.get(key));
    const watched = kept && rules.find(kept.place.types, kept.place.attribute, kept.place.unitCode);
    const one = watched && map.add(kept.place, watched, { now: startedAt, series: kept.series });
    if (!one) {
      await collection.delete(key);
      continue;
    }
    one.isChanged = false;
    restoreFaults(one, open);
    const entity = one.series.faults ? (await store.get(one.place.id, instantOf(startedAt)))?.entity() : undefined;
    if (entity) pending.restoreDevices(one, entity);
  }
  for (const id of [...open.values()].flat()) pending.addWrite({ mutation: closeOrphan(id, instantOf(startedAt)) });
}

function restoreFaults(one: WatchedSeries, open: OpenFaults): void {
  if (open.size === 0) return;
  const hash = hashOf(one.key);
  const faults = new Map<Check, Fault>();
  for (const id of open.get(hash) ?? []) {
    const known = readAlertId(id);
    if (!known) continue;
    const finding = { check: known.check, since: known.since, plausibility: 1 };
    faults.set(known.check, { finding, count: 1, value: Number.NaN, lastAt: Number.NaN, good: 0 });
  }
  open.delete(hash);
  if (faults.size > 0) one.series.faults = faults;
}
